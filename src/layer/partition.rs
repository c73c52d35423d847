//! Partitions: separate clouds of AWS, with their own accounts, ARNs and consoles.

use std::fmt;
use std::str::FromStr;

use super::region::Region;
use super::word::Unfit;

/// A partition, as it stands in ARNs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Partition {
    /// The commercial Regions: `aws`.
    Aws,
    /// China: `aws-cn`.
    China,
    /// AWS GovCloud (US): `aws-us-gov`.
    GovCloud,
    /// AWS European Sovereign Cloud: `aws-eusc`.
    EuropeanSovereign,
    /// One without a public console (`aws-iso` …), or younger than this version.
    Other(String),
}

impl Partition {
    /// The partition of a Region, by the Region's prefix (AWS's `partitions.json`).
    pub fn of(region: &Region) -> Self {
        let prefixes = [
            ("cn-", "aws-cn"),
            ("us-gov-", "aws-us-gov"),
            ("eusc-", "aws-eusc"),
            ("us-iso-", "aws-iso"),
            ("us-isob-", "aws-iso-b"),
            ("eu-isoe-", "aws-iso-e"),
            ("us-isof-", "aws-iso-f"),
        ];
        let named = prefixes.iter().find(|(prefix, _)| region.as_str().starts_with(prefix));
        named.map_or(Self::Aws, |(_, name)| Self::named(name))
    }

    /// The host of the console's S3 pages; `None` where no console is public.
    pub(super) fn s3_console(&self, region: &Region) -> Option<String> {
        match self {
            Self::Aws => Some("s3.console.aws.amazon.com".to_owned()),
            Self::China => Some("console.amazonaws.cn".to_owned()),
            Self::GovCloud => Some("console.amazonaws-us-gov.com".to_owned()),
            Self::EuropeanSovereign => Some(format!("{region}.console.amazonaws-eusc.eu")),
            Self::Other(_) => None,
        }
    }

    fn named(name: &str) -> Self {
        match name {
            "aws" => Self::Aws,
            "aws-cn" => Self::China,
            "aws-us-gov" => Self::GovCloud,
            "aws-eusc" => Self::EuropeanSovereign,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aws => "aws",
            Self::China => "aws-cn",
            Self::GovCloud => "aws-us-gov",
            Self::EuropeanSovereign => "aws-eusc",
            Self::Other(name) => name,
        })
    }
}

impl FromStr for Partition {
    type Err = Unfit;

    fn from_str(text: &str) -> Result<Self, Unfit> {
        let is_name = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        if is_name && (text == "aws" || text.starts_with("aws-")) {
            return Ok(Self::named(text));
        }
        Err(Unfit::because("is not a partition of AWS"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_tells_its_partition() {
        for (region, partition) in [
            ("us-east-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"),
            ("eusc-de-east-1", "aws-eusc"),
        ] {
            let found = Partition::of(&region.parse().unwrap());
            assert_eq!(found.to_string(), partition);
            assert_eq!(partition.parse(), Ok(found));
        }
    }

    #[test]
    fn a_partition_of_the_future_is_read_and_something_else_is_not() {
        assert_eq!("aws-moon".parse(), Ok(Partition::Other("aws-moon".to_owned())));
        for wrong in ["", "azure", "aws_cn", "AWS", "awsome"] {
            assert!(wrong.parse::<Partition>().is_err(), "{wrong}");
        }
    }
}
