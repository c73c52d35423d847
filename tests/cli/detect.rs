//! What counts as a change: `detect`.

use crate::common::project::Project;

fn publishes(project: &Project) -> bool {
    let found = project.requests().iter().any(|request| request.starts_with("PublishLayerVersion "));
    project.forget_requests();
    found
}

/// A published layer for which what its manifest says counts, and not how it is written.
fn published(detect: &str) -> Project {
    let project = Project::of(&[]);
    project.declare(&["requests"], &format!("detect = [{detect}]"));
    project.build("requests", "requests==2.32.3\nidna==3.7\n");
    project.run("publish --stage", 0);
    project.forget_requests();
    project
}

#[test]
fn comments_and_order_alone_do_not_publish() {
    let project = published("\"dependencies\", \"settings\"");
    project.write("requests/requirements.txt", "# sorted\r\nidna==3.7  # via requests\r\nrequests==2.32.3\r\n");
    project.run("changed --exit-code", 0);
    // Not built, not staged: the staged archive is that of the same dependencies.
    project.run_writing_nothing("plan --exit-code", 0);
    project.run_writing_nothing("publish", 0);
    project.run("publish --stage", 0);
    project.run_writing_nothing("publish --stage", 0);
    assert!(!publishes(&project));
    for manifest in ["idna==3.7\nrequests[socks]==2.32.3\n", "--pre\nidna==3.7\nrequests[socks]==2.32.3\n"] {
        project.build("requests", manifest);
        project.run("changed --exit-code", 3);
        project.run("publish", 1);
        project.run("publish --stage", 0);
        assert!(publishes(&project), "{manifest}");
    }
}

#[test]
fn beside_the_manifest_the_dependencies_change_nothing() {
    for detect in ["\"manifest\"", "\"manifest\", \"dependencies\""] {
        let project = published(detect);
        project.write("requests/requirements.txt", "idna==3.7\nrequests==2.32.3\n");
        project.run("publish --stage", 0);
        assert!(publishes(&project), "{detect}");
    }
}
