//! `layership sandbox`: serve until a signal comes, and say how to point a tool at it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::local::not_started;
use crate::cli::SandboxArgs;
use crate::error::{Ended, Error};
use crate::report::Shown;
use crate::report::emit::{stderr, stdout};
use crate::run::{Stop, on_signals};
use crate::shown;
use lambda_layers_sandbox::{ACCESS_KEY, Delays, Options, Sandbox};

/// Where objects and layers are kept by default.
const FOLDER: &str = ".layership/sandbox";

/// Serves until Ctrl-C or SIGTERM.
pub async fn serve(args: SandboxArgs) -> Result<Ended, Error> {
    let stop = Stop::default();
    on_signals(stop.clone()).map_err(|error| Error::other(format!("cannot listen for signals: {error}")))?;
    let dir = args.dir.clone().unwrap_or_else(|| PathBuf::from(FOLDER));
    let options = Options {
        // A checkout may bring the folder, but not lead elsewhere with it.
        trusted: args.dir.is_none().then(PathBuf::new),
        secret: args.secret,
        port: args.port,
        roles: args.roles,
        closed_regions: args.closed_regions,
        faults: args.faults,
        lambda_requests_per_second: args.lambda_requests_per_second,
        lambda_burst: args.lambda_burst,
        auto_create_buckets: !args.strict_buckets,
        clock_offset_seconds: args.clock_offset_seconds,
        function_change: Duration::from_millis(args.function_change_ms),
        delays: Delays {
            s3: Duration::from_millis(args.s3_latency_ms),
            lambda: Duration::from_millis(args.lambda_latency_ms),
            publish: Duration::from_millis(args.publish_latency_ms),
        },
        ..Options::new(&dir)
    };
    let sandbox = Sandbox::start(options).await.map_err(|error| not_started(&dir, &error.to_string()))?;
    let printed = stdout(&variables(&sandbox));
    printed.map_err(|error| Error::other(format!("cannot write to standard output: {error}")))?;
    stderr(&serving(&dir));
    stop.finishing().await;
    sandbox.stop().await;
    Ok(Ended::Well)
}

/// Lines for `eval` in a POSIX shell, and for a person to copy.
fn variables(sandbox: &Sandbox) -> Shown {
    shown!(
        "export AWS_ENDPOINT_URL={}\nexport AWS_ACCESS_KEY_ID={}\nexport AWS_SECRET_ACCESS_KEY={}\nexport AWS_REGION=us-east-1\nexport AWS_DEFAULT_REGION=us-east-1\n",
        sandbox.endpoint(),
        ACCESS_KEY,
        sandbox.secret(),
    )
}

fn serving(dir: &Path) -> Shown {
    shown!("{:>12} S3 and Lambda layers from {}; Ctrl-C stops\n", "Serving", dir)
}
