//! Digests, as hexadecimal text in the lock.

use alloc::string::String;
use core::fmt::{self, Write as _};

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $length]);

        impl $name {
            /// Reads the hexadecimal form; `None` if it is not one.
            pub fn from_hex(text: &str) -> Option<Self> {
                let mut bytes = [0; $length];
                read_hex(text, &mut bytes).then_some(Self(bytes))
            }

            /// The hexadecimal form, in lower case.
            pub fn to_hex(self) -> String {
                hex(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.to_hex())
            }
        }
    };
}

digest!(
    /// SHA-256 of a zip: Lambda's `CodeSha256`.
    Sha256,
    32
);
digest!(
    /// MD5 of a manifest's bytes.
    Md5,
    16
);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn read_hex(text: &str, into: &mut [u8]) -> bool {
    let digits = text.as_bytes();
    digits.len() == into.len() * 2
        && into.iter_mut().zip(digits.chunks_exact(2)).all(|(byte, pair)| {
            let (high, low) = (digit(pair[0]), digit(pair[1]));
            *byte = high.unwrap_or_default() << 4 | low.unwrap_or_default();
            high.is_some() && low.is_some()
        })
}

fn digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
