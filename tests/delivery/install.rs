//! What the action does before anything else: it puts the binary of a release on the PATH, if it is what it says it is.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::common::project::in_crate;
use crate::common::{Ended, LAYERSHIP, folder, write};
use crate::packing::{binary, has_python, packed, text, version};
use crate::workflows::path_with;

/// GitHub's own command, as far as the script asks it: a release with one archive, whose attestation is right or is not.
fn gh(folder: &Path, archive: &Path, verdict: i32) {
    let script = format!(
        "#!/bin/sh\necho \"$*\" >> '{}'\ncase \"$1\" in release) cp '{}' . ;; attestation) exit {verdict} ;; esac\n",
        folder.join("asked").display(),
        archive.display()
    );
    let path = write(folder, "bin/gh", script);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn install(folder: &Path, path: String, version: &str) -> Ended {
    let mut command = Command::new("bash");
    command.arg(in_crate("packaging/install.sh")).arg(version).env_clear().env("PATH", path);
    command.env("RUNNER_TEMP", folder).env("GITHUB_PATH", write(folder, "path", ""));
    command.output().unwrap().into()
}

/// The archive of a release for this machine, what it is called after, and a folder where GitHub has it with an attestation.
struct Release {
    target: String,
    archive: PathBuf,
    folder: TempDir,
    _out: TempDir,
}

impl Release {
    /// `None`, said loudly, where nothing can be packed.
    fn packed() -> Option<Self> {
        if !has_python() {
            return None;
        }
        let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
        let (_out, archive) = packed("archive.py", &["--binary", text(binary()), "--target", &target]);
        let folder = folder();
        gh(folder.path(), &archive, 0);
        Some(Self { target, archive, folder, _out })
    }
}

#[test]
fn the_archive_is_verified_unpacked_and_found() {
    let Some(Release { target, archive, folder, _out }) = Release::packed() else { return };
    let path = path_with(&folder.path().join("bin"));
    let own = env!("CARGO_PKG_VERSION");
    let ended = install(folder.path(), path.clone(), own).expect(0);
    assert!(ended.stdout.ends_with(&version()), "{ended:?}");
    let found = std::fs::read_to_string(folder.path().join("path")).unwrap();
    assert!(Path::new(found.trim()).join("layership").is_file(), "{found}");
    let asked = std::fs::read_to_string(folder.path().join("asked")).unwrap();
    let name = archive.file_name().unwrap().to_str().unwrap();
    let expected = [
        format!("release download v{own} --repo layership/layership --pattern {name} --clobber"),
        format!(
            "attestation verify {name} --repo layership/layership \
             --signer-workflow layership/layership/.github/workflows/release.yml --source-ref refs/tags/v{own}"
        ),
    ];
    assert_eq!(asked.lines().collect::<Vec<_>>(), expected);

    // Something else than what the workflow built gets nowhere.
    gh(folder.path(), &archive, 1);
    std::fs::remove_dir_all(folder.path().join(format!("layership-{own}"))).unwrap();
    install(folder.path(), path, own).expect(1);
    assert_eq!(std::fs::read_to_string(folder.path().join("path")).unwrap(), "");
    assert!(!folder.path().join(format!("layership-{own}/layership-{target}")).exists());
}

/// An attestation says who built it, and not which version it is.
#[test]
fn an_archive_of_another_version_is_refused() {
    let Some(Release { folder, _out, .. }) = Release::packed() else { return };
    let ended = install(folder.path(), path_with(&folder.path().join("bin")), "0.0.9").expect(1);
    let own = version();
    assert_eq!(ended.stderr, format!("error: the archive of version 0.0.9 has another one in it: {own}"));
    assert_eq!(std::fs::read_to_string(folder.path().join("path")).unwrap(), "");
}

#[test]
fn what_is_there_already_is_left_alone() {
    let folder = folder();
    let path = path_with(Path::new(LAYERSHIP).parent().unwrap());
    let ended = install(folder.path(), path, env!("CARGO_PKG_VERSION")).expect(0);
    assert!(ended.stdout.contains("is there already"), "{ended:?}");
}
