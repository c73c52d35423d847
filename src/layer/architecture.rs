//! Instruction set architectures.

use super::word::{Unfit, word};

word! {
    /// An instruction set architecture in Lambda's words. A layers file names one of [`Architecture::KNOWN`]; a version
    /// that Lambda has may name one that is younger than this tool.
    Architecture, check
}

impl Architecture {
    /// The architectures that Lambda runs on (API model).
    pub const KNOWN: [&str; 2] = ["x86_64", "arm64"];
}

fn check(text: &str) -> Result<(), Unfit> {
    if text.is_empty() { Err(Unfit::because("is empty")) } else { Ok(()) }
}
