//! A folder that came from a stranger, such as a checkout with a `.layership/sandbox` of its own: serving it harms
//! nothing outside, and shows nothing of what lies there.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use lambda_layers_sandbox::{Options, Sandbox};
use tempfile::TempDir;

/// A file name as the sandbox gives it to the bytes of an object.
const BLOB: &str = "0123456789abcdef0123456789abcdef";

/// A sandbox's folder that a stranger made, beside a file of somebody else.
struct Checkout {
    root: TempDir,
}

impl Checkout {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("sandbox/data")).unwrap();
        fs::create_dir(root.path().join("home")).unwrap();
        let made = Self { root };
        fs::write(made.inside("lock"), "").unwrap();
        fs::write(made.victim(), "precious\n").unwrap();
        made
    }

    fn inside(&self, path: &str) -> PathBuf {
        self.root.path().join("sandbox").join(path)
    }

    /// Somebody else's file; its name is one that the sandbox could have given.
    fn victim(&self) -> PathBuf {
        self.root.path().join("home").join(BLOB)
    }

    fn journal(&self, lines: &[serde_json::Value]) {
        let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(self.inside("journal.jsonl"), lines).unwrap();
    }

    /// Serves the folder once; what it said where it refused to.
    async fn serve(&self) -> Result<(), String> {
        serve(&self.inside("")).await
    }

    #[track_caller]
    fn assert_unharmed(&self) {
        assert_eq!(fs::read_to_string(self.victim()).ok().as_deref(), Some("precious\n"));
        let home: Vec<_> = fs::read_dir(self.root.path().join("home")).unwrap().collect();
        assert_eq!(home.len(), 1, "{home:?}");
    }
}

async fn serve(dir: &Path) -> Result<(), String> {
    let sandbox = Sandbox::start(Options::new(dir)).await.map_err(|error| error.to_string())?;
    sandbox.stop().await;
    Ok(())
}

fn layer_version(blob: &str, number: u64) -> serde_json::Value {
    serde_json::json!({"layer-published": {
        "place": {"account": "123456789012", "region": "us-east-1"}, "name": "numpy",
        "version": {"version": number, "created": 0, "blob": blob, "size": 9, "sha256": "",
            "description": null, "license": null, "runtimes": null, "architectures": null},
    }})
}

#[tokio::test]
async fn a_journal_that_names_files_elsewhere_is_refused() {
    for name in ["/etc/hostname", "../../home/0123456789abcdef0123456789abcdef", "..", "", "lock", "0123/4567"] {
        let made = Checkout::new();
        made.journal(&[layer_version(name, 1)]);
        let error = made.serve().await.expect_err(name);
        assert!(error.contains("journal.jsonl line 1"), "{error}");
        made.assert_unharmed();
    }
}

#[tokio::test]
async fn a_journal_with_numbers_that_no_layer_has_is_refused() {
    let made = Checkout::new();
    made.journal(&[layer_version(BLOB, u64::MAX)]);
    assert!(made.serve().await.expect_err("refused").contains("journal.jsonl line 1"));
}

#[tokio::test]
async fn a_journal_of_one_endless_line_is_not_read_into_memory() {
    let made = Checkout::new();
    // Sparse: it takes no room on the disk.
    fs::File::create(made.inside("journal.jsonl")).unwrap().set_len(1 << 36).unwrap();
    assert!(made.serve().await.expect_err("refused").contains("journal.jsonl line 1"));
}

#[tokio::test]
async fn links_at_the_files_of_the_folder_are_not_followed() {
    for name in ["journal.new", "journal.jsonl", "lock", ".gitignore"] {
        let made = Checkout::new();
        let _ = fs::remove_file(made.inside(name));
        symlink(made.victim(), made.inside(name)).unwrap();
        // Refused, or replaced by a file of the sandbox's own.
        let _ = made.serve().await;
        made.assert_unharmed();
    }
}

#[tokio::test]
async fn links_that_lead_nowhere_make_no_file_elsewhere() {
    for name in ["journal.new", "journal.jsonl", "lock", ".gitignore"] {
        let made = Checkout::new();
        let _ = fs::remove_file(made.inside(name));
        symlink(made.root.path().join("home/new"), made.inside(name)).unwrap();
        let _ = made.serve().await;
        made.assert_unharmed();
    }
}

#[tokio::test]
async fn a_linked_folder_of_data_is_refused_and_not_swept() {
    let made = Checkout::new();
    fs::remove_dir(made.inside("data")).unwrap();
    symlink(made.root.path().join("home"), made.inside("data")).unwrap();
    made.serve().await.expect_err("refused");
    made.assert_unharmed();
}

#[tokio::test]
async fn a_folder_that_is_a_link_is_refused() {
    let made = Checkout::new();
    let link = made.root.path().join("linked-sandbox");
    symlink(made.root.path().join("sandbox"), &link).unwrap();
    let error = serve(&link).await.expect_err("refused");
    assert!(error.contains("linked-sandbox") && error.contains("link"), "{error}");
}

#[tokio::test]
async fn of_what_comes_with_a_checkout_no_part_may_be_a_link() {
    let made = Checkout::new();
    let checkout = made.root.path().join("checkout");
    fs::create_dir(&checkout).unwrap();
    symlink(made.root.path().join("home"), checkout.join(".layership")).unwrap();
    let options = Options { trusted: Some(checkout.clone()), ..Options::new(checkout.join(".layership/sandbox")) };
    let error = Sandbox::start(options).await.expect_err("refused").to_string();
    assert!(error.contains(".layership is a symbolic link"), "{error}");
    made.assert_unharmed();
}

#[tokio::test]
async fn pipes_and_folders_in_the_place_of_files_are_refused_at_once() {
    for name in ["journal.jsonl", "lock"] {
        for command in ["mkfifo", "mkdir"] {
            let made = Checkout::new();
            let _ = fs::remove_file(made.inside(name));
            assert!(std::process::Command::new(command).arg(made.inside(name)).status().unwrap().success());
            let served = tokio::time::timeout(std::time::Duration::from_secs(60), made.serve()).await;
            let error = served.expect("it waits for nobody").expect_err(name);
            assert!(error.contains(name), "{error}");
        }
    }
}

#[tokio::test]
async fn what_is_made_is_private_and_ignored_by_git() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("deep/sandbox");
    serve(&dir).await.unwrap();
    assert_eq!(fs::read_to_string(dir.join(".gitignore")).unwrap(), "*\n");
    for path in ["", "data", "lock", "journal.jsonl", ".gitignore"] {
        let mode = fs::metadata(dir.join(path)).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode & 0o077, 0, "{path} has mode {mode:o}");
    }
}

#[tokio::test]
async fn a_folder_that_others_can_read_becomes_private() {
    let made = Checkout::new();
    fs::set_permissions(made.inside(""), fs::Permissions::from_mode(0o755)).unwrap();
    made.serve().await.unwrap();
    assert_eq!(fs::metadata(made.inside("")).unwrap().permissions().mode() & 0o777, 0o700);
}
