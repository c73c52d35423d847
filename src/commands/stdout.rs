//! Who has standard output. Two documents on it, one behind the other, are none that a program could read.

use std::path::Path;

use crate::error::Error;
use crate::report::is_stdout;

/// What a command line asks to be written, and where, in the order in which it is told.
#[derive(Debug, Default)]
pub struct Wishes(Vec<String>);

impl Wishes {
    /// Notes what is to be written to a path; it counts where that is standard output.
    pub fn file(&mut self, asked: &str, path: &Path) {
        if is_stdout(path) {
            self.0.push(format!("`{asked}{}`", path.display()));
        }
    }

    /// Whether standard output is taken by something that is not `printed` there: that is a `--format`, where one is asked for.
    ///
    /// # Errors
    /// Two or more want it.
    pub fn settle(mut self, printed: Option<&str>) -> Result<bool, Error> {
        let is_taken = !self.0.is_empty();
        self.0.extend(printed.map(|asked| format!("`{asked}`")));
        if self.0.len() < 2 {
            return Ok(is_taken);
        }
        let error =
            Error::usage(format!("standard output has room for one document, and {} want it", self.0.join(", ")));
        Err(error.hint("name files for the others"))
    }
}
