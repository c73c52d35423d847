//! Names and ARNs of layers, and which layer a request means.

use super::errors::Refusal;
use super::validate::Validation;
use crate::account::{is_account, partition};
use crate::store::Place;

/// A layer's ARN.
pub(crate) fn layer_arn(place: &Place, name: &str) -> String {
    let Place { account, region } = place;
    format!("arn:{}:lambda:{region}:{account}:layer:{name}", partition(region))
}

/// A layer, by where it lives and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LayerId {
    pub place: Place,
    pub name: String,
}

impl LayerId {
    /// From the name of a request's path: a plain name, or a layer's ARN.
    pub fn parse(text: &str, place: &Place) -> Result<Self, Refusal> {
        let id = if text.starts_with("arn:") { from_arn(text) } else { None };
        let id = id.unwrap_or_else(|| Self { place: place.clone(), name: text.to_owned() });
        let mut validation = Validation::default();
        validation.layer_name(&id.name);
        validation.finish()?;
        if id.place.region != place.region {
            return Err(Refusal::no_such_version());
        }
        Ok(id)
    }

    /// The layer's ARN.
    pub fn arn(&self) -> String {
        layer_arn(&self.place, &self.name)
    }
}

fn from_arn(arn: &str) -> Option<LayerId> {
    let parts: Vec<&str> = arn.split(':').collect();
    let ["arn", _, "lambda", region, account, "layer", name] = parts[..] else { return None };
    let place = Place { account: account.to_owned(), region: region.to_owned() };
    is_account(account).then(|| LayerId { place, name: name.to_owned() })
}

/// From the ARN of a layer version.
pub(super) fn from_version_arn(arn: &str) -> Result<(LayerId, u64), Refusal> {
    let parsed = arn.rsplit_once(':').and_then(|(layer, version)| Some((from_arn(layer)?, version.parse().ok()?)));
    parsed.ok_or_else(|| {
        let mut validation = Validation::default();
        let pattern = "(arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)";
        validation.problem(arn, "arn", format!("Member must satisfy regular expression pattern: {pattern}"));
        validation.finish().err().unwrap_or_else(Refusal::no_such_version)
    })
}

/// A version number of a request's path.
pub(super) fn version_number(text: &str) -> Result<u64, Refusal> {
    match text.parse::<i64>() {
        Ok(number) if number >= 1 => Ok(number.unsigned_abs()),
        Ok(_) => Err(Refusal::invalid_parameter("Layer Version Cannot be less than 1.")),
        Err(_) => Err(Refusal::invalid_parameter(format!("Layer version `{text}` is not a number."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(region: &str) -> Place {
        Place { account: "123456789012".to_owned(), region: region.to_owned() }
    }

    #[test]
    fn arns_have_the_partition_of_the_region() {
        assert_eq!(layer_arn(&place("cn-north-1"), "a"), "arn:aws-cn:lambda:cn-north-1:123456789012:layer:a");
    }

    #[test]
    fn a_layer_can_be_named_by_its_arn() {
        let here = place("eu-west-1");
        let id = LayerId::parse("arn:aws:lambda:eu-west-1:210987654321:layer:numpy", &here).expect("parsed");
        assert_eq!((id.place.account.as_str(), id.name.as_str()), ("210987654321", "numpy"));
        assert!(LayerId::parse("arn:aws:lambda:us-east-1:210987654321:layer:numpy", &here).is_err());
        assert!(LayerId::parse("arn:nonsense", &here).is_err());
    }

    #[test]
    fn version_arns_end_in_a_number() {
        let (id, version) = from_version_arn("arn:aws:lambda:eu-west-1:210987654321:layer:numpy:7").expect("parsed");
        assert_eq!((id.name.as_str(), version), ("numpy", 7));
        assert!(from_version_arn("arn:aws:lambda:eu-west-1:210987654321:layer:numpy").is_err());
    }
}
