//! Whose the buckets are: every request says it.

use std::collections::BTreeSet;

use crate::common::project::{Project, of_requests};
use crate::common::requirements;

/// Every command that sends something to S3 names the account that the bucket must belong to, in each request.
#[test]
fn every_request_to_s3_names_the_buckets_owner() {
    let project = Project::new("");
    project.declare(&["alpha", "beta"], "keep = 1\nattest = true");
    for version in ["1.0.0", "2.0.0"] {
        project.build("alpha", requirements("alpha", version));
        for command in ["changed", "plan --stage", "stage", "plan", "publish", "publish", "status --all-versions"] {
            project.run(command, 0);
        }
    }
    project.run("prune --backups --yes", 0);
    let owners = of_requests(&project, "bucket_owner");
    let asked: BTreeSet<&str> = owners.iter().map(|(operation, _)| operation.as_str()).collect();
    let expected = ["DeleteObject", "GetObject", "HeadObject", "PutObject"];
    assert!(expected.iter().all(|operation| asked.contains(operation)), "{asked:?}");
    for (operation, owner) in &owners {
        assert_eq!(owner, "123456789012", "{operation}");
    }
}
