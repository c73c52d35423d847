//! How to run a sandbox.

use std::path::PathBuf;
use std::time::Duration;

use super::identity::DEFAULT_ACCOUNT;

/// How to run a sandbox. All but `dir` has a default.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where everything is kept.
    pub dir: PathBuf,
    /// A folder above `dir` that is the user's own, such as the checkout that `dir` may have come with: no part of `dir`
    /// below it may be a symbolic link. The last part never may.
    pub trusted: Option<PathBuf>,
    /// What requests are signed with; without one, a random one for this start. 8 to 128 letters, digits and characters
    /// of `/+=_.-`.
    pub secret: Option<String>,
    /// 0: any free port.
    pub port: u16,
    /// The account of access keys that do not name one.
    pub account: String,
    /// ARNs of the roles that can be assumed; without any, every role can.
    pub roles: Vec<String>,
    /// Regions that no account has opted into: they know nobody's credentials.
    pub closed_regions: Vec<String>,
    /// A bucket that a request names and that does not exist is made, with versioning, in the request's Region. AWS
    /// does no such thing; it lets a first run need no preparation.
    pub auto_create_buckets: bool,
    /// A JSON file of fault rules; see `/_sandbox/faults`.
    pub faults: Option<PathBuf>,
    /// Lambda's quota: so many control-plane calls a second per account and Region. AWS: 15.
    pub lambda_requests_per_second: Option<u32>,
    /// How many of them are answered at once after a pause; without it, as many as in a second.
    pub lambda_burst: Option<u32>,
    /// How long a function takes to be what it was made or changed to; another change is refused meanwhile.
    pub function_change: Duration,
    /// Added before each answer.
    pub delays: Delays,
    /// Seconds by which the clock is ahead of the machine's, or behind, from the start: to a client on the same machine,
    /// its own clock seems as wrong the other way.
    pub clock_offset_seconds: i32,
}

impl Options {
    /// The defaults: any port, no faults, no quota, no delays.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            trusted: None,
            secret: None,
            port: 0,
            account: DEFAULT_ACCOUNT.to_owned(),
            roles: Vec::new(),
            closed_regions: Vec::new(),
            auto_create_buckets: false,
            faults: None,
            lambda_requests_per_second: None,
            lambda_burst: None,
            function_change: Duration::ZERO,
            delays: Delays::default(),
            clock_offset_seconds: 0,
        }
    }
}

/// Delays as a network and a busy service have them, for benchmarks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Delays {
    /// Every S3 call.
    pub s3: Duration,
    /// Every Lambda call but PublishLayerVersion.
    pub lambda: Duration,
    /// PublishLayerVersion.
    pub publish: Duration,
}
