//! ARNs: of a layer, of one version of it, of a role.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::account::AccountId;
use super::name::LayerName;
use super::partition::Partition;
use super::region::Region;
use super::word::{Unfit, word};

/// Longest ARN of a layer version (API model); it is what really bounds a layer's name.
const VERSION_ARN_LIMIT: usize = 140;
/// Room for a version number of six digits.
const VERSION_DIGITS: usize = 6;

/// `arn:PARTITION:lambda:REGION:ACCOUNT:layer:NAME`
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct LayerArn {
    /// The cloud that the Region is part of.
    pub partition: Partition,
    /// Where the layer is.
    pub region: Region,
    /// The account that it belongs to.
    pub account: AccountId,
    /// Its name.
    pub name: LayerName,
}

impl LayerArn {
    /// The ARN of a layer of this account and Region.
    pub fn new(region: Region, account: AccountId, name: LayerName) -> Self {
        Self { partition: Partition::of(&region), region, account, name }
    }

    /// One version of it.
    pub fn version(self, number: u64) -> VersionArn {
        VersionArn { layer: self, number }
    }
}

impl fmt::Display for LayerArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, region, account, name } = self;
        write!(f, "arn:{partition}:lambda:{region}:{account}:layer:{name}")
    }
}

impl FromStr for LayerArn {
    type Err = Unfit;

    fn from_str(text: &str) -> Result<Self, Unfit> {
        let parts: Vec<&str> = text.split(':').collect();
        let ["arn", partition, "lambda", region, account, "layer", name] = parts[..] else {
            return Err(Unfit::because("is not the ARN of a layer"));
        };
        Ok(Self {
            partition: partition.parse()?,
            region: region.parse()?,
            account: account.parse()?,
            name: name.parse()?,
        })
    }
}

/// `arn:PARTITION:lambda:REGION:ACCOUNT:layer:NAME:NUMBER`
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct VersionArn {
    /// The layer.
    pub layer: LayerArn,
    /// The number that Lambda assigned, from 1; never used again, even after deletion.
    pub number: u64,
}

impl fmt::Display for VersionArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.layer, self.number)
    }
}

impl FromStr for VersionArn {
    type Err = Unfit;

    fn from_str(text: &str) -> Result<Self, Unfit> {
        let unfit = || Unfit::because("is not the ARN of a layer version");
        let (layer, number) = text.rsplit_once(':').ok_or_else(unfit)?;
        let number = number.parse().ok().filter(|number| *number > 0).ok_or_else(unfit)?;
        Ok(Self { layer: layer.parse()?, number })
    }
}

impl LayerName {
    /// A name for a layer in this Region: the ARNs of its versions must fit, too, and a long Region or partition leaves
    /// less room for the name.
    ///
    /// # Errors
    /// How much too long it is, or what Lambda does not accept in it.
    pub fn in_region(text: &str, region: &Region) -> Result<Self, Unfit> {
        let around = format!("arn:{}:lambda:{region}:000000000000:layer::", Partition::of(region)).len();
        let limit = VERSION_ARN_LIMIT.saturating_sub(around + VERSION_DIGITS);
        let length = text.chars().count();
        if length <= limit {
            return text.parse();
        }
        Err(Unfit::because(format!(
            "has {length} characters; in {region} Lambda accepts {limit} (a version ARN has at most {VERSION_ARN_LIMIT})"
        )))
    }
}

word! {
    /// The ARN of a role to assume: `arn:PARTITION:iam::ACCOUNT:role/NAME`.
    RoleArn, check_role
}

impl RoleArn {
    /// The partition that it belongs to; credentials of a role are good in no other one.
    pub fn partition(&self) -> Option<Partition> {
        self.as_str().split(':').nth(1)?.parse().ok()
    }
}

fn check_role(text: &str) -> Result<(), Unfit> {
    let unfit = || Unfit::because("is not the ARN of a role; expected `arn:aws:iam::123456789012:role/NAME`");
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, role] = parts[..] else { return Err(unfit()) };
    let (partition, account) = (partition.parse::<Partition>(), account.parse::<AccountId>());
    // IAM: names and paths are printable ASCII.
    let name =
        role.strip_prefix("role/").is_some_and(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic()));
    if partition.is_ok() && account.is_ok() && name { Ok(()) } else { Err(unfit()) }
}

macro_rules! text_form {
    ($($name:ident),*) => {$(
        impl TryFrom<String> for $name {
            type Error = Unfit;

            fn try_from(text: String) -> Result<Self, Unfit> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(arn: $name) -> Self {
                arn.to_string()
            }
        }
    )*};
}

text_form!(LayerArn, VersionArn);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_read_and_written() {
        let text = "arn:aws-cn:lambda:cn-north-1:123456789012:layer:requests:3";
        let arn: VersionArn = text.parse().unwrap();
        assert_eq!((arn.number, arn.layer.name.as_str(), &arn.layer.partition), (3, "requests", &Partition::China));
        assert_eq!(arn.to_string(), text);
        let LayerArn { region, account, name, .. } = arn.layer.clone();
        assert_eq!(LayerArn::new(region, account, name).version(3), arn);
        assert_eq!(serde_json::from_str::<VersionArn>(&serde_json::to_string(&arn).unwrap()).unwrap(), arn);
    }

    #[test]
    fn what_is_not_a_version_arn_is_refused() {
        let arn = "arn:aws:lambda:us-east-1:123456789012:layer:requests:3";
        let wrong = ["", "requests:3", "arn:aws:lambda:us-east-1:123456789012:layer:requests"].map(str::to_owned);
        let altered = [
            (":3", ":0"),
            (":3", ":-3"),
            (":3", ":"),
            ("lambda", "s3"),
            ("layer", "function"),
            ("us-east-1", ""),
            ("9012", ""),
            ("requests", "a b"),
            ("arn:aws", "arn:gcp"),
        ];
        for wrong in wrong.into_iter().chain(altered.map(|(from, to)| arn.replace(from, to))) {
            assert!(wrong.parse::<VersionArn>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_fits_as_long_as_the_arn_of_its_versions_does() {
        for region in ["us-east-1", "us-gov-west-1", "ap-southeast-2"] {
            let region: Region = region.parse().unwrap();
            let arn = |name: &str| {
                let account = "123456789012".parse().unwrap();
                LayerArn::new(region.clone(), account, name.parse().unwrap()).version(999_999).to_string()
            };
            let longest = "a".repeat(VERSION_ARN_LIMIT - arn("a").len() + 1);
            assert_eq!(arn(&longest).len(), VERSION_ARN_LIMIT);
            assert_eq!(LayerName::in_region(&longest, &region), longest.parse());
            assert!(LayerName::in_region(&format!("{longest}a"), &region).is_err());
        }
    }

    #[test]
    fn roles_are_told_from_what_is_only_their_name() {
        for right in
            ["arn:aws:iam::123456789012:role/publish", "arn:aws-us-gov:iam::123456789012:role/ci/a+b=c,d.e@f_g-h"]
        {
            assert!(right.parse::<RoleArn>().is_ok(), "{right}");
        }
        for wrong in [
            "publish",
            "arn:aws:iam::123456789012:user/publish",
            "arn:aws:iam::1234:role/publish",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam:us-east-1:123456789012:role/publish",
            "arn:aws:iam::123456789012:role/pub lish",
        ] {
            assert!(wrong.parse::<RoleArn>().is_err(), "{wrong}");
        }
    }
}
