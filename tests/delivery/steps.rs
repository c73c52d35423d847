//! The steps of a release, as its page writes them: run in their order, with programs that only note what they were asked.

use std::path::Path;

use crate::common::{Ended, folder, write};
use crate::packing::text;
use crate::workflows::path_with;

/// Notes what it was asked; everything below `dist` that it is given must be there.
const STAND_IN: &str = r#"#!/bin/sh
echo "${0##*/} $*" >> "$NOTES"
for word; do case $word in dist/*) [ -e "$word" ] || { echo "there is no $word" >&2; exit 9; } ;; esac; done
"#;

/// Downloads what a workflow drafted, and attests everything but what `FORGED` names.
const GH: &str = r#"
case $1 in
  release)
    mkdir dist && cd dist
    for system in darwin linux win32; do echo $system > layership-$system-x64-0.1.0.tgz; done
    for file in layership-0.1.0-py3-none-any.whl layership-0.1.0.tgz; do echo $file > $file; done
    echo BUILD_IMAGE=rust@sha256:1 > layership-images.txt
    sha256sum * > ../sums && mv ../sums SHA256SUMS
    [ -z "$DAMAGED" ] || echo x >> "$DAMAGED" ;;
  attestation) [ "$3" != "$FORGED" ] ;;
esac
"#;

/// The commands of a page's section, block by block.
fn blocks(page: &str, section: &str) -> Vec<String> {
    let page = std::fs::read_to_string(crate::common::project::in_crate(page)).unwrap();
    let section = page.split_once(&format!("\n{section}\n")).expect("the section").1;
    let section = section.split("\n## ").next().unwrap();
    section.split("   ```sh\n").skip(1).map(|block| block.split("   ```").next().unwrap().to_owned()).collect()
}

/// How the blocks end, and what was asked of which program.
fn released(variables: &[(&str, &str)]) -> (Ended, String) {
    let place = folder();
    let bin = place.path().join("bin");
    for program in ["gh", "cargo", "uvx", "npm", "docker"] {
        let more = if program == "gh" { GH } else { "" };
        executable(&write(&bin, program, format!("{STAND_IN}{more}")));
    }
    let notes = write(place.path(), "notes", "");
    let mut bash = std::process::Command::new("bash");
    bash.args(["-e", "-c", &blocks("docs/releasing.md", "## To release").concat()]).current_dir(place.path());
    bash.env_clear().env("PATH", path_with(&bin)).env("NOTES", text(&notes)).envs(variables.iter().copied());
    (bash.output().unwrap().into(), std::fs::read_to_string(notes).unwrap())
}

fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn the_steps_of_a_release_run_in_their_order() {
    let (ended, notes) = released(&[]);
    ended.expect(0);
    for asked in [
        "cargo publish -p layership-protocol",
        "uvx twine upload dist/layership-0.1.0-py3-none-any.whl",
        "npm publish --access public dist/layership-linux-x64-0.1.0.tgz",
        "npm publish dist/layership-0.1.0.tgz",
        "--build-arg BUILD_IMAGE=rust@sha256:1",
    ] {
        assert!(notes.contains(asked), "{asked}: {notes}");
    }
}

#[test]
fn nothing_is_published_that_is_not_what_was_built() {
    let file = "layership-0.1.0.tgz";
    for wrong in ["DAMAGED", "FORGED"] {
        let (ended, notes) = released(&[(wrong, file)]);
        assert!(ended.code != 0 && !notes.contains("publish"), "{wrong}: {notes}");
    }
}
