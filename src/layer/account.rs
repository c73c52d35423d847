//! Ids of AWS accounts.

use super::word::{Unfit, word};

word! {
    /// The twelve digits that name an AWS account.
    AccountId, check
}

impl AccountId {
    /// Some account, where something depends on one and none is known.
    pub fn stand_in() -> Self {
        Self("000000000000".to_owned())
    }
}

fn check(text: &str) -> Result<(), Unfit> {
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(Unfit::because("is not an account id; expected twelve digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_twelve_digits() {
        assert_eq!("123456789012".parse::<AccountId>().unwrap().as_str(), "123456789012");
        for wrong in ["", "12345678901", "1234567890123", "12345678901a", "１２３４５６７８９０１２"] {
            assert!(wrong.parse::<AccountId>().is_err(), "{wrong}");
        }
    }
}
