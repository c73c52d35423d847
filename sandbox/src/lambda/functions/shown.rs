//! Functions as they are answered.

use serde_json::{Map, Value, json};

use super::Named;
use crate::store::{Configuration, Package, Standing};
use crate::text;

/// The qualifier of what is not published.
pub(super) const LATEST: &str = "$LATEST";

/// A configuration as the lists show it: without its state.
pub(super) fn listed(arn: String, named: &Named, version: &str, this: &Configuration, now: i64) -> Map<String, Value> {
    let fields = [
        ("FunctionName", Some(json!(named.name))),
        ("FunctionArn", Some(json!(arn))),
        ("Runtime", this.runtime.as_ref().map(|runtime| json!(runtime))),
        ("Role", Some(json!(this.role))),
        ("Handler", this.handler.as_ref().map(|handler| json!(handler))),
        ("CodeSize", Some(json!(this.code.size))),
        ("Description", Some(json!(this.description))),
        ("Timeout", Some(json!(this.timeout))),
        ("MemorySize", Some(json!(this.memory))),
        ("LastModified", Some(json!(text::lambda_date(this.modified)))),
        ("CodeSha256", Some(json!(this.code.sha256))),
        ("Version", Some(json!(version))),
        ("Environment", (!this.environment.is_empty()).then(|| json!({"Variables": this.environment}))),
        ("TracingConfig", Some(json!({"Mode": "PassThrough"}))),
        ("RevisionId", Some(json!(this.revision(now)))),
        ("Layers", (!this.layers.is_empty()).then(|| layers(this))),
        ("PackageType", Some(json!(if this.package == Package::Zip { "Zip" } else { "Image" }))),
        ("Architectures", Some(json!(this.architectures))),
        ("EphemeralStorage", Some(json!({"Size": 512}))),
        ("SnapStart", Some(json!({"ApplyOn": "None", "OptimizationStatus": "Off"}))),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn layers(this: &Configuration) -> Value {
    this.layers.iter().map(|layer| json!({"Arn": layer.arn, "CodeSize": layer.size})).collect()
}

/// A configuration with its state.
pub(super) fn described(arn: String, named: &Named, version: &str, this: &Configuration, now: i64) -> Value {
    let mut fields = listed(arn, named, version, this, now);
    let status: &[(&str, &str)] = match this.standing(now) {
        Standing::Creating => {
            &[("State", "Pending"), ("StateReason", "The function is being created."), ("StateReasonCode", "Creating")]
        }
        Standing::Updating => &[
            ("State", "Active"),
            ("LastUpdateStatus", "InProgress"),
            ("LastUpdateStatusReason", "The function is being updated."),
            ("LastUpdateStatusReasonCode", "Updating"),
        ],
        Standing::Done => &[("State", "Active"), ("LastUpdateStatus", "Successful")],
        Standing::Failed(failure) => &[
            ("State", "Active"),
            ("LastUpdateStatus", "Failed"),
            ("LastUpdateStatusReason", &failure.reason),
            ("LastUpdateStatusReasonCode", &failure.code),
        ],
    };
    fields.extend(status.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
    Value::Object(fields)
}
