//! The secret of a sandbox: what its requests are signed with, and what its control asks for.
//!
//! The sandbox's port can be reached by every program of the machine. Who does not know the secret gets nothing.

use std::{fmt, io};

use subtle::ConstantTimeEq as _;

use super::text;

/// Characters that need no quotes in a shell, and that AWS's own secrets have.
const PUNCTUATION: &[u8] = b"/+=_.-";

/// A secret. It is not shown by accident.
#[derive(Clone)]
pub(super) struct Secret(String);

impl Secret {
    /// A secret of this start alone, or the one that the caller chose.
    pub fn new(chosen: Option<&str>) -> io::Result<Self> {
        chosen.map_or_else(Self::random, Self::parse)
    }

    fn random() -> io::Result<Self> {
        let mut bytes = [0; 20];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Self(text::hex(&bytes)))
    }

    fn parse(text: &str) -> io::Result<Self> {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || PUNCTUATION.contains(&byte));
        if plain && (8..=128).contains(&text.len()) {
            return Ok(Self(text.to_owned()));
        }
        let message = "a secret has 8 to 128 letters, digits and characters of /+=_.-";
        Err(io::Error::new(io::ErrorKind::InvalidInput, message))
    }

    /// To sign with.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether somebody knows it, in a time that tells nothing.
    pub fn is(&self, claimed: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(claimed).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_start_has_its_own() {
        let (one, other) = (Secret::new(None).expect("random"), Secret::new(None).expect("random"));
        assert_eq!(one.as_str().len(), 40);
        assert!(one.is(one.as_str().as_bytes()) && !one.is(other.as_str().as_bytes()) && !one.is(b""));
        assert!(!format!("{one:?}").contains(one.as_str()));
    }

    #[test]
    fn a_chosen_one_is_safe_in_a_shell() {
        assert!(Secret::new(Some("wJalrXUtnFEMI/K7MDENG+bPx=")).is_ok());
        for bad in ["", "short", "with space in it", "$(reboot)1234", "semicolon;1234", &"x".repeat(129)] {
            assert!(Secret::new(Some(bad)).is_err(), "{bad}");
        }
    }
}
