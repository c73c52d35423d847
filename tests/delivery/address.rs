//! The project's address stands in `Cargo.toml`; wherever else it is needed, it is the same one, and one command moves it.

use std::path::PathBuf;
use std::process::Command;

use crate::common::project::in_crate;
use crate::common::{Ended, folder, write};
use crate::packing::{has, has_python, script, text};

/// The files of this repository that are text, with what is in them.
fn tracked() -> Vec<(String, String)> {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(in_crate("")).output().expect("git");
    let listed = Ended::from(listed).expect(0).stdout;
    let read = |name: &str| Some((name.to_owned(), std::fs::read_to_string(in_crate(name)).ok()?));
    listed.split('\0').filter(|name| !name.is_empty()).filter_map(read).collect()
}

/// `OWNER/NAME`, as `Cargo.toml` has it.
pub fn own() -> String {
    let manifest: toml::Table = std::fs::read_to_string(in_crate("Cargo.toml")).unwrap().parse().unwrap();
    let address = manifest["workspace"]["package"]["repository"].as_str().unwrap();
    address.strip_prefix("https://github.com/").expect("on GitHub").to_owned()
}

#[test]
fn one_command_moves_the_project_to_another_address() {
    if !has_python() || !has("git", &["--version"]) {
        return;
    }
    let (folder, own) = (folder(), own());
    let named: Vec<(String, String)> = tracked().into_iter().filter(|(_, text)| text.contains(&own)).collect();
    for (name, text) in &named {
        write(folder.path(), name, text);
    }
    let ended = script("move.py", &["somebody/elsewhere", "--root", text(folder.path())]).expect(0);
    let left = |name: &str| std::fs::read_to_string(PathBuf::from(folder.path()).join(name)).unwrap();
    for (name, before) in &named {
        let after = left(name);
        assert!(!after.contains(&own), "{name} still has {own}");
        assert_eq!(after.matches("somebody/elsewhere").count(), before.matches(&own).count(), "{name}");
        assert!(ended.stdout.lines().any(|line| line == name), "{name}: {}", ended.stdout);
    }
    assert!(left("Cargo.toml").contains("repository = \"https://github.com/somebody/elsewhere\"\n"));
    assert!(left("docs/ci.md").contains("uses: somebody/elsewhere@v"));
    script("move.py", &["nonsense"]).expect(1);
}
