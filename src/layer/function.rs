//! Functions, as far as they have to do with layers.

use super::word::{Unfit, word};

/// Longest name of a function (API model).
const LONGEST: usize = 140;

word! {
    /// The name of a Lambda function.
    FunctionName, check
}

fn check(text: &str) -> Result<(), Unfit> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match text {
        "" => Err(Unfit::because("is empty")),
        long if long.len() > LONGEST => Err(Unfit::because(format!("has more than {LONGEST} characters"))),
        text if text.bytes().all(fits) => Ok(()),
        _ => Err(Unfit::because("has characters that no function's name has")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_letters_digits_and_two_signs() {
        assert!("orders-Prod_1".parse::<FunctionName>().is_ok());
        for wrong in ["", "a b", "a:1", "ö", &"a".repeat(141)] {
            assert!(wrong.parse::<FunctionName>().is_err(), "{wrong}");
        }
    }
}
