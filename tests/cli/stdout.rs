//! Standard output has one document: whatever is asked to go there has it for itself.

use crate::common::project::Project;
use crate::common::run;

#[test]
fn what_goes_to_standard_output_has_it_for_itself() {
    let project = Project::of(&["numpy"]);
    for format in ["json", "csv", "markdown", "junit", "env"] {
        for path in ["-", "/dev/stdout"] {
            let ended = project.run(&format!("check --report {format}={path} --report {format}=r.{format}"), 0);
            assert_eq!(ended.stdout.as_bytes(), project.read(&format!("r.{format}")), "{format}={path}");
        }
    }
    let ended = project.run("rollout --report csv=- --report csv=r.csv", 0);
    assert_eq!(ended.stdout.as_bytes(), project.read("r.csv"));
    for path in ["-", "/dev/stdout"] {
        let events = project.run(&format!("check --events {path}"), 0).stdout;
        assert!(events.lines().all(|line| line.starts_with("{\"events\":1,")), "{events}");
    }
}

#[test]
fn two_documents_on_standard_output_are_refused_before_anything_is_done() {
    let project = Project::of(&["numpy"]);
    project.run("check --report json=r.json", 0);
    for (line, both) in [
        ("plan --report csv=- --report junit=-", "`--report csv=-`, `--report junit=-`"),
        ("plan --report csv=- --report csv=/dev/stdout", "`--report csv=-`, `--report csv=/dev/stdout`"),
        ("publish --stage --events - --report csv=-", "`--report csv=-`, `--events -`"),
        ("publish --stage --events - --format json", "`--events -`, `--format json`"),
        ("changed --report json=- --format lines", "`--report json=-`, `--format lines`"),
        ("plan --stage --out - --report markdown=-", "`--report markdown=-`, `--out -`"),
        ("plan --stage --out - --format text", "`--out -`, `--format text`"),
        ("status --events - --format markdown", "`--events -`, `--format markdown`"),
        ("rollout --events - --report csv=-", "`--report csv=-`, `--events -`"),
        ("rollout --report csv=- --format json", "`--report csv=-`, `--format json`"),
        ("report convert r.json csv=- json=-", "`csv=-`, `json=-`"),
        ("report merge r.json --report csv=- --report json=-", "`--report csv=-`, `--report json=-`"),
    ] {
        let ended = project.run_writing_nothing(line, 2);
        let says = format!("standard output has room for one document, and {both} want it");
        assert_eq!(ended.stderr, format!("error: {says}\n\nhint: name files for the others\n"), "{line}");
        assert_eq!(ended.stdout, "", "{line}");
    }
}

/// `-` is standard input where something is read, and standard output where something is written.
#[test]
fn a_report_from_standard_input_goes_to_standard_output() {
    let project = Project::of(&["numpy"]);
    project.run("check --report json=r.json --report csv=r.csv", 0);
    let mut command = project.command();
    command.stdin(std::fs::File::open(project.folder().join("r.json")).unwrap());
    let ended = run(command, ["report", "convert", "-", "csv=-"]).expect(0);
    assert_eq!(ended.stdout.as_bytes(), project.read("r.csv"));
}
