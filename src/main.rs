//! Parse, run, exit code.

use std::process::ExitCode;

use clap::Parser as _;
use layership::{cli::Cli, commands, report};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            report::emit::stderr(&format!("error: cannot start: {error}\n"));
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(commands::dispatch(cli));
    // A zip that is still being packed for a run that was stopped is of no use to anybody.
    runtime.shutdown_background();
    match ended {
        Ok(ended) => ended.into(),
        Err(error) => {
            report::emit::stderr(&error.render());
            error.exit_code()
        }
    }
}
