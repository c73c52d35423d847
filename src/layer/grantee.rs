//! Who may use a version of a layer, beside the account that it belongs to.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::account::AccountId;
use super::word::{Unfit, word};

/// The word for everybody.
const PUBLIC: &str = "public";

word! {
    /// The id of an organization in AWS Organizations, such as `o-abc123def4`.
    OrganizationId, check_organization
}

/// Who a version is shared with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Grantee {
    /// One account.
    Account(AccountId),
    /// All accounts of an organization.
    Organization(OrganizationId),
    /// Everybody.
    Public,
}

impl Grantee {
    /// The id of the statement that lets it in: made of its name, so that two runs never make two statements for one.
    pub fn statement_id(&self) -> String {
        format!("layership-{self}")
    }
}

impl fmt::Display for Grantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Account(account) => account.as_str(),
            Self::Organization(organization) => organization.as_str(),
            Self::Public => PUBLIC,
        })
    }
}

impl FromStr for Grantee {
    type Err = Unfit;

    fn from_str(text: &str) -> Result<Self, Unfit> {
        if text == PUBLIC {
            return Ok(Self::Public);
        }
        let account = text.parse().map(Self::Account);
        let organization = || text.parse().map(Self::Organization);
        account.or_else(|_| organization()).map_err(|_: Unfit| {
            Unfit::because(
                "is no account of twelve digits, no organization such as `o-abc123def4`, and not the word `public`",
            )
        })
    }
}

impl TryFrom<String> for Grantee {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        text.parse()
    }
}

impl From<Grantee> for String {
    fn from(grantee: Grantee) -> Self {
        grantee.to_string()
    }
}

/// `o-[a-z0-9]{10,32}` (API model).
fn check_organization(text: &str) -> Result<(), Unfit> {
    let rest = text.strip_prefix("o-").unwrap_or_default();
    let plain = rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if plain && (10..=32).contains(&rest.len()) {
        return Ok(());
    }
    Err(Unfit::because("is not the id of an organization; expected `o-` and 10 to 32 lower-case letters and digits"))
}

/// One statement of a version's policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Grant {
    /// Id of the statement.
    pub statement: String,
    /// Who it lets in; `None` where it says something that layership has no word for.
    pub to: Option<Grantee>,
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.to {
            Some(to) => to.fmt(f),
            None => write!(f, "statement {}", self.statement),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grantee_is_an_account_an_organization_or_everybody() {
        let longest = format!("o-{}", "z".repeat(32));
        for text in ["123456789012", "o-abc123def4", longest.as_str(), "public"] {
            let grantee: Grantee = text.parse().unwrap();
            assert_eq!(grantee.to_string(), text);
            assert_eq!(serde_json::to_value(&grantee).unwrap(), text);
            // Lambda: `[a-zA-Z0-9-_]+`, 100 characters at most.
            let id = grantee.statement_id();
            assert!(id.len() <= 100 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{id}");
        }
        let too_long = format!("{longest}z");
        for wrong in ["", "Public", "12345", "*", "o-short", "o-ABC123DEF4", "r-abc123def4", too_long.as_str()] {
            assert!(wrong.parse::<Grantee>().is_err(), "{wrong}");
        }
    }
}
