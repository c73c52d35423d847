//! Which lines of a requirements file pip refuses, as pip itself says: each is told, and none that it takes.

use crate::common::project::{Project, layer};
use crate::python::{self, Python, script};

/// Each on its own: what pip of `lock-tools.txt` does with it is asked, not written down here.
const LINES: &[&str] = &[
    "x",
    "x==1",
    "x (==1)",
    "x==1)",
    "x~=1",
    "x[]",
    "x[ a , b ]==1",
    "x[a.b]",
    "x[a,]",
    "x[,a]",
    "x[a,,b]",
    "x[a b]",
    "x[-a]",
    "x[a-]==1",
    "x[a][b]==1",
    "x[a,] @ https://host/x.whl",
    "x==1 ; python_version > '3'",
    "x==1 ; python_version > 3",
    "x==1 ; os_name == posix",
    "x==1 ; os.name == 'a'",
    "x==1 ; 'a' in extras",
    "x==1 ; os_name not in 'nt'",
    "x==1 ; os_name notin 'nt'",
    "x==1 ; os_name=='nt'or os_name=='x'",
    "x==1 ; os_name=='nt' os_name=='nt'",
    "x==1 ; (os_name=='nt'",
    "x==1 ; ((os_name=='nt') or os_name ~= 'x')",
    "x==1 ; place == 'a'",
    "x==1 ; os_name <> 'a'",
    "x==1 ; os_name = 'a'",
    "x==1 ; os_name=='a' and",
    "x==1 ; not os_name=='a'",
    "x==1 ; os_name=='a # b'",
    "x==1 ; os_name=='nt' --hash=sha256:aa",
    "x @ https://host/x.whl ; python_version < '3'",
    "x @ https://host/x.whl ; python_version <",
    "x @ https://host/x.whl ; python_version > 3",
    "x @ https://host/x.whl ; os_name=='nt' and",
    "https://host/x-1.0.zip ; python_version < '3'",
    "https://host/x-1.0.zip; python_version < '3'",
    "https://host/x-1.0.zip ; python_version <",
    "git+https://host/x.git ; python_version < 3",
    "x @",
    "x;",
    "x ; # why",
    "x[a]==1;",
    "x (==1) ;",
    "x==1; --hash=sha256:aa",
    "x;;",
    "x; ;",
    ";",
    "x @ https://host/x.whl;",
    "x @ https://host/x.whl ;",
];

#[test]
fn what_pip_refuses_is_told_and_nothing_else() {
    let Some(python) = Python::with("lock-tools.txt") else { return };
    let project = Project::new("");
    let mut layers = "[defaults]\nbucket = \"artifacts\"\n".to_owned();
    for (index, line) in LINES.iter().enumerate() {
        layers += &layer(&format!("l{index:02}")).replace(&format!("archive = \"l{index:02}/layer\"\n"), "");
        project.write(&format!("l{index:02}/requirements.txt"), format!("{line}\n"));
    }
    project.write("layers.toml", layers);
    let mut command = python.command(&project.folder());
    command.arg(script("pip_lines.py")).args((0..LINES.len()).map(|index| format!("l{index:02}/requirements.txt")));
    let taken: Vec<bool> = serde_json::from_value(python::json(command)).unwrap();
    project.run("check --report json=report.json", 0);
    let report = project.json("report.json");
    for ((line, is_taken), job) in LINES.iter().zip(taken).zip(report["jobs"].as_array().unwrap()) {
        let warnings = job["warnings"].as_array().unwrap();
        let is_told = warnings.iter().any(|one| one["code"] == "manifest-unreadable");
        assert_eq!(is_told, !is_taken, "{line}: {job}");
    }
}
