//! What each command is typed like. `layership help COMMAND` shows it, and tests/cli/help.rs runs it.

/// What it is good for, and the command line.
pub struct Example(pub &'static str, pub &'static str);

/// The examples of each command.
pub const EXAMPLES: &[(&str, &[Example])] = &[
    (
        "init",
        &[
            Example("Find the lock files below this folder", "layership init"),
            Example("Write another file than layers.toml", "layership init --config services/layers.toml"),
        ],
    ),
    (
        "check",
        &[
            Example("Everything that can be told without the network", "layership check"),
            Example("Fail where there is a warning about the content of a zip", "layership check --strict"),
        ],
    ),
    (
        "changed",
        &[
            Example("What has to be built, and why", "layership changed"),
            Example("The same for a script, one layer a line", "layership changed --format lines"),
            Example("A matrix for GitHub Actions", "layership changed --format github-matrix"),
        ],
    ),
    (
        "build",
        &[
            Example("Build what changed", "layership build"),
            Example("Build two layers, changed or not", "layership build --all requests numpy"),
        ],
    ),
    (
        "plan",
        &[
            Example("What would be published, and why", "layership plan"),
            Example(
                "The same for local archives that are not staged yet, at some targets",
                "layership plan --stage --target 'us-*'",
            ),
            Example(
                "The same on a machine that has no archives: what changed is built first",
                "layership plan --build",
            ),
            Example("Exit with 3 if anything would be published", "layership plan --stage --exit-code"),
            Example("Keep a plan, look at it, carry out exactly that", "layership plan --out plan.json"),
            Example("Print a plan that was kept", "layership plan --show plan.json"),
        ],
    ),
    (
        "stage",
        &[
            Example("Upload what is not staged yet", "layership stage"),
            Example("Only some layers", "layership stage 'num*'"),
        ],
    ),
    (
        "publish",
        &[
            Example("Stage the archives and publish what changed", "layership publish --stage"),
            Example("Rehearse it without AWS: nothing leaves this machine", "layership publish --stage --sandbox"),
            Example(
                "Write the ARNs for a shell and for Terraform",
                "layership publish --report env=layers.env --report tfvars=layers.auto.tfvars.json",
            ),
            Example("Write nothing at all if one layer cannot be published", "layership publish --all-or-nothing"),
            Example("Carry out a plan that was kept", "layership publish --plan plan.json"),
        ],
    ),
    (
        "status",
        &[
            Example("What is published where", "layership status"),
            Example("The same with older versions and their backups", "layership status 'num*' --all-versions"),
            Example("For a script that is to notice when something is off", "layership status --format json"),
        ],
    ),
    (
        "prune",
        &[
            Example("What would be deleted, and why the rest stays", "layership prune --dry-run"),
            Example("Delete it, with the copies of the manifests", "layership prune --backups --yes"),
        ],
    ),
    (
        "rollout",
        &[
            Example("Which functions use older versions, and what would become of them", "layership rollout"),
            Example("Move one first, then the others", "layership rollout --apply --canary 1"),
            Example(
                "Some functions, each with a version that an alias leads to",
                "layership rollout requests --function 'orders-*' --alias live --apply",
            ),
        ],
    ),
    ("schema", &[Example("The schema with which an editor completes layers files", "layership schema layers")]),
    (
        "report convert",
        &[
            Example("A comment for a pull request", "layership report convert report.json markdown=comment.md"),
            Example("JUnit for a build server", "layership report convert report.json junit=report.xml"),
        ],
    ),
    (
        "report merge",
        &[Example(
            "One report of two machines that did a half each",
            "layership report merge part-1.json part-2.json --report json=report.json --report html=report.html",
        )],
    ),
    (
        "explain",
        &[
            Example("What an error means, and what to do", "layership explain archive-inconsistent"),
            Example("Every code", "layership explain"),
        ],
    ),
    ("completions", &[Example("The script for bash", "layership completions bash")]),
    (
        "sandbox",
        &[Example(
            "Serve until it is interrupted, and keep everything in a folder",
            "layership sandbox --dir .sandbox",
        )],
    ),
];
