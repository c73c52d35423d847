//! Numbers of a command line.

use std::str::FromStr;

/// A number of a command line. Whether a setting is within its bounds is looked at together with those of files and variables.
///
/// # Errors
/// What was expected, in words that follow the value.
pub fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let why = match text.bytes().all(|byte| byte == b'0') {
        true if is_number => "expected 1 or more",
        false if is_number => "the number is too large",
        _ => "expected a whole number",
    };
    text.parse().map_err(|_| why.to_owned())
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;

    #[test]
    fn whatever_is_no_number_is_told_in_words() {
        assert_eq!(whole::<u32>("0"), Ok(0));
        for (text, why) in [
            ("", "expected a whole number"),
            ("-1", "expected a whole number"),
            ("1.5", "expected a whole number"),
            ("99999999999", "the number is too large"),
        ] {
            assert_eq!(whole::<u32>(text), Err(why.to_owned()), "{text}");
        }
        assert_eq!(whole::<NonZeroUsize>("0"), Err("expected 1 or more".to_owned()));
    }
}
