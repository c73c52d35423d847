//! Names of parameters in Parameter Store.

use super::partition::Partition;
use super::region::Region;
use super::word::{Unfit, word};

/// Levels of a hierarchy (AWS's user guide).
const DEEPEST: usize = 15;
/// Characters of a parameter's ARN, which is what really bounds its name (AWS's user guide).
const ARN_LIMIT: usize = 1011;

word! {
    /// The name of a parameter, such as `/layers/numpy/prod`.
    ParameterName, check_name
}

impl ParameterName {
    /// A name for a parameter in this Region, whose ARN must fit, too.
    ///
    /// # Errors
    /// How much too long it is, or what Parameter Store does not accept in it.
    pub fn in_region(text: &str, region: &Region) -> Result<Self, Unfit> {
        let around = format!("arn:{}:ssm:{region}:000000000000:parameter/", Partition::of(region)).len();
        let limit = ARN_LIMIT.saturating_sub(around);
        let length = text.trim_start_matches('/').chars().count();
        if length <= limit {
            return text.parse();
        }
        Err(Unfit::because(format!("has {length} characters; in {region} Parameter Store accepts {limit}")))
    }
}

fn check_name(text: &str) -> Result<(), Unfit> {
    let because = |reason: &'static str| Err(Unfit::because(reason));
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/');
    if let Some(bad) = text.chars().find(|c| !allowed(*c)) {
        let bad = bad.escape_debug();
        return Err(Unfit::because(format!(
            "has the character `{bad}`; Parameter Store accepts letters, digits, `.`, `-`, `_` and `/`"
        )));
    }
    let levels = text.matches('/').count();
    let below = text.strip_prefix('/').unwrap_or(text);
    let first = below.to_ascii_lowercase();
    if text.is_empty() {
        return because("is empty");
    }
    if below.split('/').any(str::is_empty) {
        return because("has a level without a name: `/` at its end, or twice");
    }
    if levels > 0 && below.len() == text.len() {
        return because("has levels and must begin with `/`");
    }
    if levels > DEEPEST {
        return Err(Unfit::because(format!("has {levels} levels; Parameter Store accepts {DEEPEST}")));
    }
    if first.starts_with("aws") || first.starts_with("ssm") {
        return because("begins with `aws` or `ssm`, which AWS keeps for itself");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_parameter_store_accepts() {
        for right in ["numpy", "/numpy", "/layers/numpy/eu-west-1", "/a_b/C.d-e", "/teams/aws/x"] {
            assert!(right.parse::<ParameterName>().is_ok(), "{right}");
        }
        let deep = "/x".repeat(16);
        for wrong in ["", "/", "a/b", "/a/", "/a//b", "/a b", "/ü", "/a\n", "/aws/x", "AWS-x", "/ssm/x", "/a:1", &deep]
        {
            assert!(wrong.parse::<ParameterName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn its_arn_fits() {
        let longest = |region: &str| {
            let region: Region = region.parse().unwrap();
            let fits = |length: usize| ParameterName::in_region(&format!("/{}", "x".repeat(length)), &region).is_ok();
            (1..1100).take_while(|length| fits(*length)).last().unwrap()
        };
        assert_eq!(longest("us-east-1"), 966);
        assert!(longest("us-gov-west-1") < 966);
    }
}
