//! AWS Regions.

use super::word::{Unfit, word};

word! {
    /// An AWS Region such as `us-east-1`. Its form is checked, not its existence: AWS opens new ones.
    Region, check
}

impl Region {
    /// Whether it was known when this version was made; if not, it may be misspelt.
    pub fn is_known(&self) -> bool {
        KNOWN_REGIONS.contains(&self.as_str())
    }

    /// Some Region, where something depends on one and none is known.
    pub fn stand_in() -> Self {
        Self("us-east-1".to_owned())
    }
}

/// The Regions known when this version was made (AWS's `partitions.json`).
pub const KNOWN_REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-isoe-west-1",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "us-iso-west-1",
    "us-isob-east-1",
    "us-isob-west-1",
    "us-isof-east-1",
    "us-isof-south-1",
    "us-west-1",
    "us-west-2",
];

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
        for known in KNOWN_REGIONS {
            assert!(known.parse::<Region>().is_ok_and(|region| region.is_known()), "{known}");
        }
        for wrong in ["", "tokyo", "us-east", "us-east-1a", "US-EAST-1", "us--1", "east-1", "us-east-", "us/east-1"] {
            assert!(wrong.parse::<Region>().is_err(), "{wrong}");
        }
    }
}
