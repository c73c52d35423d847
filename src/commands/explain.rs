//! `layership explain`

use crate::cli::ExplainArgs;
use crate::config::nearest;
use crate::error::{Ended, Error};
use crate::report::{emit::stdout, explain};

/// Prints what a code means, or all of them.
pub fn explain(args: &ExplainArgs) -> Result<Ended, Error> {
    let text = match &args.code {
        Some(code) => explain::entry(code).ok_or_else(|| unknown(code))?,
        None => explain::page(),
    };
    stdout(&text).map_err(|error| Error::other(format!("cannot write to standard output: {error}")))?;
    Ok(Ended::Well)
}

fn unknown(code: &str) -> Error {
    let known: Vec<String> = explain::all().map(|(code, _)| code).collect();
    let error = Error::usage(format!("there is no code `{code}`"));
    match nearest(code, known.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("`layership explain` lists them all"),
    }
}
