//! What a bucket has that is made by itself: all that a rehearsal needs.

use serde_json::json;

use crate::account::partition;

/// The policy that lets Lambda read all of a bucket, and nobody else anything.
pub(super) fn for_lambda(bucket: &str, region: &str) -> String {
    let statement = json!({
        "Sid": "LambdaReadsLayers",
        "Effect": "Allow",
        "Principal": { "Service": "lambda.amazonaws.com" },
        "Action": ["s3:GetObject", "s3:GetObjectVersion"],
        "Resource": format!("arn:{}:s3:::{bucket}/*", partition(region)),
    });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}
