use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use super::*;
use crate::event::Mode;
use crate::outcome::Outcome;
use crate::report::samples::{job, report};

fn sample() -> Report {
    report(Mode::Publish, vec![job("a", "x", Outcome::Published)])
}

fn opened(path: &Path) -> Result<ReportFile, ReportFileError> {
    ReportFile::open(crate::report::json::render, path, &Inputs::default())
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_new_file_appears_only_when_the_report_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let mut file = opened(&path).unwrap();
    assert_eq!(names(folder.path()), Vec::<String>::new());
    file.write(&sample()).unwrap();
    assert_eq!(names(folder.path()), ["report.json"]);
    assert_eq!(serde_json::from_str::<Report>(&fs::read_to_string(&path).unwrap()).unwrap(), sample());
    // As any new file, whatever umask the tests run with.
    let other = folder.path().join("other");
    fs::write(&other, "").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&path), mode(&other));
}

#[test]
fn an_existing_file_keeps_its_content_until_then_and_its_permissions_after() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    fs::write(&path, "before").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o646)).unwrap();
    let link = folder.path().join("link.json");
    symlink("report.json", &link).unwrap();
    let mut file = opened(&link).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "before");
    file.write(&sample()).unwrap();
    assert!(fs::read_to_string(&path).unwrap().starts_with('{'));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o646);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(names(folder.path()), ["link.json", "report.json"]);
}

#[test]
fn what_cannot_be_written_is_found_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let why = |path: &Path| opened(path).unwrap_err().why;
    assert_eq!(why(folder.path()), "it is a folder");
    let missing = folder.path().join("missing");
    assert_eq!(why(&missing.join("report.json")), format!("the folder `{}` does not exist", missing.display()));
    let plain = folder.path().join("plain");
    fs::write(&plain, "").unwrap();
    assert_eq!(why(&plain.join("report.json")), format!("`{}` is not a folder", plain.display()));
    let error = opened(&missing.join("r.json")).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("cannot write the report to `{}`: ", missing.join("r.json").display())),
        "{error}"
    );
}

/// Nobody is waited for, who would read a report that is not written.
#[test]
fn all_that_cannot_be_written_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    let paths = [at("a"), at("missing/b"), at("pipe"), at("a"), folder.path().to_owned(), at("c")];
    let wanted = paths.iter().map(|path| (crate::report::json::render as fn(&Report) -> Shown, path.as_path()));
    let errors = ReportFile::open_each(wanted, &Inputs::default()).unwrap_err();
    let whys: Vec<&str> = errors.0.iter().map(|error| error.why.as_str()).collect();
    let missing = format!("the folder `{}` does not exist", at("missing").display());
    assert_eq!(whys, [missing.as_str(), "another report is written there", "it is a folder"]);
    assert_eq!(errors.to_string().matches("; and cannot write the report to `").count(), 2, "{errors}");
    assert_eq!(names(folder.path()), ["pipe"]);
}

#[test]
fn a_pipe_is_written_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let reader = std::thread::spawn({
        let path = path.clone();
        move || fs::read_to_string(path).unwrap()
    });
    let mut file = opened(&path).unwrap();
    file.write(&sample()).unwrap();
    drop(file);
    assert_eq!(serde_json::from_str::<Report>(&reader.join().unwrap()).unwrap(), sample());
    assert_eq!(names(folder.path()), ["pipe"]);
}

#[test]
fn devices_are_written_to_and_a_full_one_is_an_error() {
    opened(Path::new("/dev/null")).unwrap().write(&sample()).unwrap();
    if Path::new("/dev/full").exists() {
        let error = opened(Path::new("/dev/full")).unwrap().write(&sample()).unwrap_err();
        assert_eq!(error.to_string(), "cannot write the report to `/dev/full`: no space left");
        assert_eq!(error.hint, Some("free space on that disk, or name a place on another one"));
    }
}
