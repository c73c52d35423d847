//! The words of a failed call: what failed, on what, why, and what to do.

use std::fmt::Write as _;

use super::call::{Call, Service};
use super::failure::{Failure, ServiceAnswer};
use super::refusal::{self, shortened};
use crate::layer::S3Location;
use crate::outcome::{ErrorCode, JobError};

/// What Lambda, STS and S3 say of credentials that they do not know.
const NOBODYS: [&str; 3] = ["UnrecognizedClientException", "InvalidClientTokenId", "InvalidToken"];

impl Failure {
    /// The failure as the error of a job, with message, causes and hint.
    pub fn into_error(self, call: &Call) -> JobError {
        let said = self.answer.message.as_deref().unwrap_or_default();
        let by_s3 = call.service == Service::Lambda && self.code == ErrorCode::AccessDenied && refusal::is_by_s3(said);
        let (message, hint) = if by_s3 {
            denied_by_s3(refusal::denied_object(said), call)
        } else {
            (message(self.code, call, &self.answer), hint(self.code, call, &self.answer))
        };
        let mut error = JobError::new(self.code, message);
        error.hint = hint;
        error.causes = self.causes();
        error.request_id = self.answer.request_id;
        error
    }

    fn causes(&self) -> Vec<String> {
        let Some(status) = self.answer.status else { return vec![self.detail.clone()] };
        let mut seen = format!("HTTP {status}");
        if let Some(id) = &self.answer.request_id {
            let _ = write!(seen, ", request {id}");
        }
        // Answers to HEAD have no code.
        if let Some(code) = &self.answer.code {
            seen = format!("{code} ({seen})");
        }
        let words = self.answer.message.clone().filter(|words| !words.is_empty());
        words.map(|words| shortened(&words)).into_iter().chain([seen]).collect()
    }
}

/// Lambda may publish, but not read the zip: the permission that is missing is another one, on another resource.
fn denied_by_s3(object: Option<S3Location>, call: &Call) -> (String, Option<String>) {
    let object = object.map_or_else(|| format!("the staged archive of {}", call.resource), |at| at.to_string());
    let message = format!("not authorized to perform `s3:GetObject` on {object}, which Lambda reads for this role");
    let hint = "allow `s3:GetObject`, and `s3:GetObjectVersion` in a versioned bucket, for this role; check the bucket's \
                policy and its key too";
    (message, Some(hint.to_owned()))
}

fn message(code: ErrorCode, call: &Call, answer: &ServiceAnswer) -> String {
    let Call { service, action, resource, .. } = call;
    match code {
        ErrorCode::AccessDenied => format!("not authorized to perform `{action}` on {resource}"),
        ErrorCode::BucketMissing => format!("the bucket of {resource} does not exist"),
        ErrorCode::WrongRegion => wrong_region(call, answer.bucket_region.as_deref()),
        ErrorCode::Credentials => format!("the credentials were not accepted for {resource}"),
        ErrorCode::SettingsRefused => format!("{service} refuses the runtimes or architectures of {resource}"),
        ErrorCode::Throttled => format!("{service} kept throttling `{action}`"),
        ErrorCode::Timeout => format!("{service} did not answer `{action}` on {resource} in time"),
        ErrorCode::Network => format!("no usable answer from {service} to `{action}` on {resource}"),
        _ => format!("`{action}` failed on {resource}"),
    }
}

fn wrong_region(call: &Call, bucket: Option<&str>) -> String {
    let bucket = bucket.unwrap_or("another Region");
    match &call.region {
        Some(target) => format!("the bucket of {} is in {bucket}, the target in {target}", call.resource),
        None => format!("the bucket of {} is in {bucket}", call.resource),
    }
}

fn hint(code: ErrorCode, call: &Call, answer: &ServiceAnswer) -> Option<String> {
    let said = answer.code.as_deref().unwrap_or_default();
    Some(match code {
        ErrorCode::AccessDenied => access_denied(call),
        ErrorCode::BucketMissing => bucket_missing(call),
        ErrorCode::WrongRegion => {
            "Lambda reads layers from buckets of its own Region only: give each Region its bucket, for example `bucket = \"name-{region}\"`"
                .to_owned()
        }
        ErrorCode::Credentials if NOBODYS.contains(&said) => {
            "check the credentials; a Region that the account has not opted into answers the same: opt in, or remove the target"
                .to_owned()
        }
        ErrorCode::Credentials if said.starts_with("Expired") => "the session has expired: log in again".to_owned(),
        ErrorCode::Credentials => "check AWS_PROFILE, the environment or the target's `profile` and `role-arn`".to_owned(),
        ErrorCode::SettingsRefused => {
            "correct `compatible-runtimes` and `compatible-architectures`; a Region may learn a new runtime later than others"
                .to_owned()
        }
        ErrorCode::Throttled if call.service == Service::Ssm => {
            "run the same command again: it does what is left; an account can have a higher throughput of Parameter Store"
                .to_owned()
        }
        ErrorCode::Throttled if call.service == Service::S3 => {
            "run the same command again: it does what is left; if S3 is still too busy, lower `concurrency`".to_owned()
        }
        ErrorCode::Throttled => "lower `lambda-requests-per-second`: other tools use the same quota".to_owned(),
        ErrorCode::CodeStorageExceeded => {
            "delete versions of layers (`layership prune`) and of functions that nothing uses, or ask for a higher quota"
                .to_owned()
        }
        ErrorCode::Timeout => "try again; `request-timeout-seconds` sets the deadline".to_owned(),
        ErrorCode::Network => "check the network, proxies and AWS_ENDPOINT_URL, then try again".to_owned(),
        _ if answer.status >= Some(500) => {
            format!("{} failed, the request was not at fault: try again later", call.service)
        }
        _ => return None,
    })
}

fn access_denied(call: &Call) -> String {
    let owner = call.bucket.as_ref().and_then(|(_, owner)| owner.as_ref());
    let also = match (call.action, owner) {
        ("sts:AssumeRole", _) => {
            return "allow `sts:AssumeRole` on the role for these credentials, and let the role's trust policy name them"
                .to_owned();
        }
        ("s3:GetObject", _) => {
            ", and `s3:ListBucket` on the bucket: without it S3 answers 403 for objects that do not exist"
        }
        _ => "; running the same command again then does what is left",
    };
    let elsewhere = owner.map_or_else(String::new, |owner| {
        format!("; a bucket of another account than {owner} is refused too, unless `bucket-owner` names it")
    });
    format!("allow `{}` for this role{also}{elsewhere}", call.action)
}

/// The commands that make it: S3 makes buckets private by itself, and versioned ones let a publish be pinned.
fn bucket_missing(call: &Call) -> String {
    let (Some((bucket, _)), Some(region)) = (&call.bucket, &call.region) else {
        return "create the bucket, or correct `bucket` in the layers file".to_owned();
    };
    // The one Region that must not be named.
    let place = match region.as_str() {
        "us-east-1" => String::new(),
        region => format!(" --create-bucket-configuration LocationConstraint={region}"),
    };
    format!(
        "correct `bucket` in the layers file, or create it with the credentials of the target, private and versioned: `aws s3api create-bucket --bucket {bucket} \
         --region {region}{place} && aws s3api put-bucket-versioning --bucket {bucket} --region {region} \
         --versioning-configuration Status=Enabled`"
    )
}
