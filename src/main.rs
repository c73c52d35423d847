//! Parse, run, exit code.

// A job with all that its requests to AWS consist of is one value, and nests deeper than a release build goes by default.
#![recursion_limit = "512"]

use std::panic::resume_unwind;
use std::process::ExitCode;

use layership::{Cli, Error, complete, dispatch, say_usage};

fn main() -> ExitCode {
    if let Some(answered) = complete() {
        return answered;
    }
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            say_usage(&error.render().to_string(), Cli::color_of_unread(std::env::args_os()));
            return ExitCode::from(2);
        }
        Err(help) => {
            let _ = help.print();
            return ExitCode::SUCCESS;
        }
    };
    let color = cli.color();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Error::other(format!("cannot start: {error}")).say(color),
    };
    // On a worker: this thread would be woken for every job that ends.
    let ended = runtime.block_on(runtime.spawn(dispatch(cli)));
    let ended = ended.unwrap_or_else(|broken| resume_unwind(broken.into_panic()));
    // A zip that is still being packed for a run that was stopped is of no use to anybody.
    runtime.shutdown_background();
    match ended {
        Ok(ended) => ended.into(),
        Err(error) => error.say(color),
    }
}
