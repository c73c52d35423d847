//! A question to whoever sits at the terminal, before anything is started.

use std::io::{BufRead as _, IsTerminal as _, stdin};

use crate::report::{Shown, emit};
use crate::shown;

/// Whether somebody can be asked.
pub fn somebody_is_there() -> bool {
    stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks, and takes nothing but `y` and `yes` for agreement; `None` where nobody can be asked.
pub fn agreed(question: &Shown) -> Option<bool> {
    if !somebody_is_there() {
        return None;
    }
    emit::stderr(&shown!("{} [y/N] ", question));
    let mut answer = String::new();
    // More than a few letters are no answer.
    let _ = std::io::Read::take(stdin().lock(), 100).read_line(&mut answer);
    Some(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
