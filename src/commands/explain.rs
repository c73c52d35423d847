//! `layership explain`

use crate::cli::ExplainArgs;
use crate::config::nearest;
use crate::error::{Ended, Error};
use crate::report::{Shown, Surroundings, When, emit::stdout, explain, wrapped};

/// Prints what codes mean, or which there are: at a terminal a list, elsewhere a page of all.
pub fn explain(args: &ExplainArgs) -> Result<Ended, Error> {
    let facts = Surroundings::of_this_process(When::Auto, When::Auto, false, 0);
    let entry = |code: &String| explain::entry(code).ok_or_else(|| unknown(code));
    let text = match args.codes.as_slice() {
        [] if facts.stdout_is_terminal => explain::list(facts.stdout_columns),
        [] => explain::page(),
        codes => {
            let entries = Shown::join(codes.iter().map(entry).collect::<Result<Vec<_>, _>>()?, "\n");
            wrapped(&entries, facts.stdout_columns)
        }
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
