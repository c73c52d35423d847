//! `--sandbox`: the same run against a local stand-in for S3 and Lambda. Only the endpoint differs.

use crate::aws::Endpoint;
use crate::cli::Manner;
use crate::error::Error;
use crate::report::{Notices, Same};

#[cfg(feature = "sandbox")]
pub use imp::not_started;
pub use imp::{RunSandbox, region, same, start, wants_a_folder};

#[cfg(feature = "sandbox")]
mod imp {
    use std::path::Path;

    use super::{Endpoint, Error, Manner, Notices, Same};
    use crate::shown;
    use lambda_layers_sandbox::{ACCESS_KEY, Options, Sandbox};

    /// The sandbox of a run, if it has one.
    pub struct RunSandbox(Option<Sandbox>);

    /// The Region of a sandbox where nothing names one.
    pub fn region(args: &Manner) -> Option<String> {
        args.sandbox.as_ref().map(|_| "us-east-1".to_owned())
    }

    /// Whether the command line asks for a sandbox without saying where.
    pub fn wants_a_folder(args: &Manner) -> bool {
        args.sandbox == Some(None)
    }

    /// What commands need that are to be about the same.
    pub fn same(args: &Manner, config: &Path) -> Same {
        Same::of(config, args.sandbox.as_ref().map(Option::as_deref))
    }

    /// Starts the sandbox that the command line asks for.
    pub async fn start(args: &Manner, config: &Path, notices: &Notices) -> Result<RunSandbox, Error> {
        let Some(options) = options(args, config) else { return Ok(RunSandbox(None)) };
        let dir = options.dir.clone();
        let sandbox = Sandbox::start(options).await.map_err(|error| not_started(&dir, &error.to_string()))?;
        notices.note("Sandbox", &shown!("{} (nothing leaves this machine)", dir));
        Ok(RunSandbox(Some(sandbox)))
    }

    /// Why a sandbox did not start. What went wrong in its folder begins with that.
    pub fn not_started(dir: &Path, why: &str) -> Error {
        let dir = dir.display().to_string();
        let why = why.strip_prefix(&format!("{dir}: ")).unwrap_or(why);
        Error::other(format!("cannot start the sandbox in `{dir}`: {why}"))
    }

    /// A checkout may bring the folder beside its layers file, but not lead elsewhere with it.
    fn options(args: &Manner, config: &Path) -> Option<Options> {
        let beside = config.parent().unwrap_or(Path::new(""));
        let chosen = args.sandbox.as_ref()?.clone();
        let trusted = chosen.is_none().then(|| beside.to_owned());
        let dir = chosen.unwrap_or_else(|| beside.join(".layership/sandbox"));
        Some(Options { trusted, auto_create_buckets: true, ..Options::new(dir) })
    }

    impl RunSandbox {
        /// Where to send requests; `None` for AWS itself.
        pub fn endpoint(&self) -> Option<Endpoint> {
            self.0.as_ref().map(|sandbox| Endpoint {
                url: sandbox.endpoint(),
                access_key: ACCESS_KEY.to_owned(),
                secret_key: sandbox.secret().to_owned(),
            })
        }

        /// Stops serving.
        pub async fn stop(self) {
            if let Some(sandbox) = self.0 {
                sandbox.stop().await;
            }
        }
    }
}

#[cfg(not(feature = "sandbox"))]
mod imp {
    use std::path::Path;

    use super::{Endpoint, Error, Manner, Notices, Same};

    /// There is no sandbox in this build.
    pub struct RunSandbox;

    /// Nothing stands in for the ambient Region.
    pub fn region(_: &Manner) -> Option<String> {
        None
    }

    /// Nothing asks for a sandbox.
    pub fn wants_a_folder(_: &Manner) -> bool {
        false
    }

    /// What commands need that are to be about the same.
    pub fn same(_: &Manner, config: &Path) -> Same {
        Same::of(config, None)
    }

    /// Starts nothing.
    pub async fn start(_: &Manner, _: &Path, _: &Notices) -> Result<RunSandbox, Error> {
        Ok(RunSandbox)
    }

    impl RunSandbox {
        /// Requests go to AWS.
        pub fn endpoint(&self) -> Option<Endpoint> {
            None
        }

        /// There is nothing to stop.
        pub async fn stop(self) {}
    }
}
