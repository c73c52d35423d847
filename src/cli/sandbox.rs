//! The command line of `layership sandbox`.

use std::path::PathBuf;

use clap::Args;

use crate::config::whole;

/// `layership sandbox`
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// Folder that keeps its objects and layers [default: .layership/sandbox]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// What requests are signed with, for scripts; without it, a random one for each start
    #[arg(long, value_name = "SECRET")]
    pub secret: Option<String>,
    /// A role that can be assumed; repeatable. Without it, every role can
    #[arg(long = "role", value_name = "ARN")]
    pub roles: Vec<String>,
    /// A Region that the account has not opted into, and that knows no credentials; repeatable
    #[arg(long = "closed-region", value_name = "REGION")]
    pub closed_regions: Vec<String>,
    /// Rules of faults to inject, as JSON; see docs/sandbox.md
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// Answer Lambda calls beyond so many a second with a throttle
    #[arg(long, value_name = "N", value_parser = whole::<u32>, allow_negative_numbers = true)]
    pub lambda_requests_per_second: Option<u32>,
    /// How many Lambda calls are answered at once after a pause; without it, as many as in a second
    #[arg(long, value_name = "N", requires = "lambda_requests_per_second")]
    #[arg(value_parser = whole::<u32>, allow_negative_numbers = true)]
    pub lambda_burst: Option<u32>,
    /// Delay every S3 request
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = whole::<u64>, allow_negative_numbers = true)]
    pub s3_latency_ms: u64,
    /// Delay every Lambda request but PublishLayerVersion
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = whole::<u64>, allow_negative_numbers = true)]
    pub lambda_latency_ms: u64,
    /// Delay PublishLayerVersion
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = whole::<u64>, allow_negative_numbers = true)]
    pub publish_latency_ms: u64,
    /// How long a function takes to be what it was made or changed to
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = whole::<u64>, allow_negative_numbers = true)]
    pub function_change_ms: u64,
    /// Refuse buckets that were not created, as S3 does
    #[arg(long)]
    pub strict_buckets: bool,
    /// Seconds by which its clock is ahead of this machine's, or behind: to rehearse a machine whose clock is wrong
    #[arg(long, value_name = "S", default_value_t = 0, allow_negative_numbers = true)]
    pub clock_offset_seconds: i32,
}
