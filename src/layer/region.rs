//! Regions.

use super::word::{Unfit, word};

word! {
    /// An AWS Region such as `us-east-1`. Its form is checked, not its existence: AWS opens new ones.
    Region, check
}

/// At least two words and a number: `eu-west-1`, `us-gov-west-1`, `eusc-de-east-1`.
fn check(text: &str) -> Result<(), Unfit> {
    let mut parts: Vec<&str> = text.split('-').collect();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    if parts.pop().is_some_and(is_number) && parts.len() >= 2 && parts.iter().all(is_word) {
        return Ok(());
    }
    Err(Unfit::because("is not an AWS Region"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_has_words_and_a_number() {
        for right in ["us-east-1", "ap-southeast-2", "us-gov-west-1", "us-isob-east-1", "eusc-de-east-1", "mx-new-12"] {
            assert!(right.parse::<Region>().is_ok(), "{right}");
        }
        for wrong in ["", "tokyo", "us-east", "us-east-1a", "US-EAST-1", "us--1", "east-1", "us-east-", "us/east-1"] {
            assert!(wrong.parse::<Region>().is_err(), "{wrong}");
        }
    }
}
