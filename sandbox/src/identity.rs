//! Who calls: access keys, accounts, and the names AWS gives them.

/// An access key of the default account. Any other that is not twelve digits is as good.
pub const ACCESS_KEY: &str = "sandbox";

/// The account of access keys that do not name one.
pub const DEFAULT_ACCOUNT: &str = "123456789012";

/// The account of an access key: one of twelve digits is the account of that number.
pub(super) fn account_of(access_key: &str, default: &str) -> String {
    if is_account(access_key) { access_key.to_owned() } else { default.to_owned() }
}

/// Twelve digits.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The one user that every account has.
pub(super) fn user_arn(region: &str, account: &str) -> String {
    format!("arn:{}:iam::{account}:user/sandbox", partition(region))
}

/// The partition of a Region's ARNs.
pub(super) fn partition(region: &str) -> &'static str {
    match region.split('-').next() {
        Some("cn") => "aws-cn",
        Some("eusc") => "aws-eusc",
        Some("us") if region.starts_with("us-gov-") => "aws-us-gov",
        Some("us") if region.starts_with("us-isob-") => "aws-iso-b",
        Some("us") if region.starts_with("us-iso-") => "aws-iso",
        _ => "aws",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_follow_the_region() {
        assert_eq!(partition("cn-north-1"), "aws-cn");
        assert_eq!(partition("us-gov-west-1"), "aws-us-gov");
        assert_eq!(partition("us-west-2"), "aws");
    }

    #[test]
    fn twelve_digits_are_an_account() {
        assert_eq!(account_of("210987654321", DEFAULT_ACCOUNT), "210987654321");
        assert_eq!(account_of("AKIAIOSFODNN7EXAMPLE", DEFAULT_ACCOUNT), DEFAULT_ACCOUNT);
    }
}
