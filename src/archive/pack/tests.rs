use super::*;
use crate::archive::{Inspection, LocalZip, inspect, inspect_folder};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;
use std::time::{Duration, SystemTime};
use tempfile::{TempDir, tempdir, tempfile};

/// What lies in a folder of a test.
#[derive(Debug, Clone)]
enum Node {
    File(Vec<u8>, u32),
    Link(&'static str),
    Folder,
}

fn file(content: &str) -> Node {
    Node::File(content.as_bytes().to_vec(), 0o644)
}

fn write(folder: &Path, name: &str, node: &Node) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    match node {
        Node::File(content, mode) => {
            fs::write(&path, content).unwrap();
            set_mode(&path, *mode);
        }
        Node::Link(target) => symlink(target, &path),
        Node::Folder => fs::create_dir_all(&path).unwrap(),
    }
}

fn tree(nodes: &[(&str, Node)]) -> TempDir {
    let folder = tempdir().unwrap();
    for (name, node) in nodes {
        write(folder.path(), name, node);
    }
    folder
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn symlink(target: &str, path: &Path) {
    std::os::unix::fs::symlink(target, path).unwrap();
}

fn packed(folder: &Path) -> (Packed, Vec<u8>) {
    let mut zip = tempfile().unwrap();
    let packed = pack(folder, &mut zip).unwrap();
    let mut bytes = Vec::new();
    zip.seek(SeekFrom::Start(0)).unwrap();
    zip.read_to_end(&mut bytes).unwrap();
    (packed, bytes)
}

fn sample() -> TempDir {
    tree(&[
        ("python/requests/__init__.py", file("import urllib3\n")),
        ("python/requests/py.typed", file("")),
        ("python/bin/normalizer", Node::File(b"#!/bin/sh\n".to_vec(), 0o744)),
        ("python/private", Node::File(b"secret".to_vec(), 0o600)),
        ("python/größe.txt", file("ß")),
        ("python/current", Node::Link("requests/__init__.py")),
        ("lib/libz.so.1", Node::Link("../python/requests")),
        ("python/empty/inner", Node::Folder),
        ("python-extra/a", file("a")),
    ])
}

fn explained(error: &PackError, folder: &Path) -> String {
    error.to_string().replace(folder.to_str().unwrap(), "layer")
}

#[test]
fn the_bytes_are_pinned() {
    // A change here makes every layer that is made from a folder look changed: do it on purpose only.
    let folder = sample();
    // Enough to compress that another compressor, or another level of this one, shows.
    let words = (0u32..40_000).map(|index| index.wrapping_mul(2_654_435_761) >> 20);
    write(folder.path(), "python/words.txt", &file(&words.map(|word| format!("{word:x} ")).collect::<String>()));
    let (packed, bytes) = packed(folder.path());
    let hex: String = packed.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "9196037743f057b4a88d0c449eb241b1377f91f9ec26f85f070dffa82c3d1621");
    assert_eq!((packed.entries, packed.size), (10, bytes.len() as u64));
}

#[test]
fn the_digest_is_that_of_the_file() {
    let (packed, bytes) = packed(sample().path());
    let again = digest_of(&bytes[..]).unwrap();
    assert_eq!((again.sha256, again.size), (packed.sha256, packed.size));
}

#[test]
fn everything_is_sorted_and_fixed() {
    let (packed, bytes) = packed(sample().path());
    let mut zip = zip::ZipArchive::new(io::Cursor::new(bytes)).unwrap();
    let mut listed = Vec::new();
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).unwrap();
        assert_eq!(entry.last_modified().unwrap(), DateTime::DEFAULT);
        let mut content = String::new();
        entry.read_to_string(&mut content).unwrap();
        listed.push(format!("{:o} {} {content:?}", entry.unix_mode().unwrap(), entry.name().unwrap()));
    }
    let expected = [
        "120777 lib/libz.so.1 \"../python/requests\"",
        "100644 python-extra/a \"a\"",
        "100755 python/bin/normalizer \"#!/bin/sh\\n\"",
        "120777 python/current \"requests/__init__.py\"",
        "40755 python/empty/inner/ \"\"",
        "100644 python/größe.txt \"ß\"",
        "100644 python/private \"secret\"",
        "100644 python/requests/__init__.py \"import urllib3\\n\"",
        "100644 python/requests/py.typed \"\"",
    ];
    assert_eq!(listed, expected);
    let unzipped: u64 = [18, 1, 10, 20, 0, 2, 6, 15, 0].iter().sum();
    assert_eq!(packed.unzipped, unzipped);
}

#[test]
fn our_own_inspection_agrees() {
    let folder = sample();
    let output = tempdir().unwrap();
    let path = output.path().join("layer.zip");
    let mut zip = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    let packed = pack(folder.path(), &mut zip).unwrap();
    let zip = LocalZip::new(zip, packed.size);
    let inspection = inspect(&zip).unwrap();
    let top_level: BTreeSet<String> = ["lib/", "python-extra/", "python/"].map(str::to_owned).into();
    let expected =
        Inspection { entries: packed.entries, files: 8, unzipped: packed.unzipped, top_level, ..Inspection::default() };
    assert_eq!(inspection, expected);
    assert_eq!(inspect_folder(folder.path()).unwrap(), expected);
    assert_eq!(zip.sha256().unwrap(), packed.sha256);
}

#[test]
fn files_longer_than_a_piece_are_packed_whole() {
    let content: Vec<u8> = (0..PIECE * 2 + 123).map(|index| (index * index / 7) as u8).collect();
    let folder = tree(&[("python/big", Node::File(content.clone(), 0o644))]);
    let (_, bytes) = packed(folder.path());
    let mut zip = zip::ZipArchive::new(io::Cursor::new(bytes)).unwrap();
    let mut unpacked = Vec::new();
    zip.by_index(0).unwrap().read_to_end(&mut unpacked).unwrap();
    assert!(unpacked == content);
}

#[test]
fn folders_that_cannot_be_packed_are_explained() {
    let table: [(&[(&str, Node)], &str); 6] = [
        (&[], "`layer` has no files"),
        (&[("python/empty", Node::Folder)], "`layer` has no files"),
        (
            &[("python/a", Node::Link("/etc/passwd"))],
            "the symbolic link `layer/python/a` leads out of the folder, to `/etc/passwd`",
        ),
        (
            &[("python/a", Node::Link("../../b"))],
            "the symbolic link `layer/python/a` leads out of the folder, to `../../b`",
        ),
        (
            &[("python/a", Node::Link("../.."))],
            "the symbolic link `layer/python/a` leads out of the folder, to `../..`",
        ),
        (&[("a", Node::Link(".."))], "the symbolic link `layer/a` leads out of the folder, to `..`"),
    ];
    for (nodes, message) in table {
        let folder = tree(nodes);
        let error = pack(folder.path(), &mut tempfile().unwrap()).unwrap_err();
        assert_eq!(explained(&error, folder.path()), message);
    }
}

#[test]
fn a_folder_that_is_missing_or_a_file_is_explained() {
    let folder = tree(&[("file", file("x"))]);
    for name in ["missing", "file"] {
        let error = pack(&folder.path().join(name), &mut tempfile().unwrap()).unwrap_err();
        assert_eq!(explained(&error, folder.path()), format!("`layer/{name}` could not be read"));
        assert!(matches!(error, PackError::Unreadable { .. }));
    }
}

#[test]
fn pipes_sockets_and_odd_names_are_explained() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tree(&[("python/a", file("x"))]);
    let socket = folder.path().join("python/socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let error = pack(folder.path(), &mut tempfile().unwrap()).unwrap_err();
    let message = "`layer/python/socket` is neither a file, a folder nor a symbolic link";
    assert_eq!(explained(&error, folder.path()), message);

    fs::remove_file(socket).unwrap();
    fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"python/\xff")), "x").unwrap();
    let error = pack(folder.path(), &mut tempfile().unwrap()).unwrap_err();
    assert!(matches!(error, PackError::NotUtf8 { .. }), "{error}");
}

#[test]
fn a_file_that_changes_while_it_is_read_is_refused() {
    let folder = tree(&[("a", file("12345"))]);
    for (then, accepted) in [("1234", false), ("12345", true), ("123456", false)] {
        let entries = entries(folder.path()).unwrap();
        fs::write(folder.path().join("a"), then).unwrap();
        let outcome = write_zip(&entries, &mut tempfile().unwrap());
        assert_eq!(outcome.is_ok(), accepted, "{then}");
        if let Err(error) = outcome {
            assert_eq!(explained(&error, folder.path()), "`layer/a` changed while it was read");
        }
        fs::write(folder.path().join("a"), "12345").unwrap();
    }
}

#[test]
fn an_output_that_cannot_be_written_is_explained() {
    let output = tempdir().unwrap();
    let path = output.path().join("layer.zip");
    File::create(&path).unwrap();
    let error = pack(sample().path(), &mut File::open(&path).unwrap()).unwrap_err();
    assert!(matches!(error, PackError::Write(_)), "{error}");
}

/// Runs a program if this machine has it; a skip is loud, and an error where `CI` is set.
fn run(program: &str, arguments: &[&str], folder: &Path) -> Option<String> {
    let output = match Command::new(program).args(arguments).current_dir(folder).output() {
        Ok(output) => output,
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "`{program}` is needed in CI: {error}");
            eprintln!("\n!!! SKIPPED: `{program}` is not on this machine ({error}) !!!\n");
            return None;
        }
    };
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {stdout}{}", String::from_utf8_lossy(&output.stderr));
    Some(stdout)
}

fn written_sample() -> TempDir {
    let output = tempdir().unwrap();
    fs::write(output.path().join("layer.zip"), packed(sample().path()).1).unwrap();
    output
}

#[test]
fn python_reads_it() {
    const SCRIPT: &str = "
import zipfile
with zipfile.ZipFile('layer.zip') as z:
    assert z.testzip() is None
    for i in z.infolist():
        print(i.create_system, i.date_time[0], oct(i.external_attr >> 16), i.filename, i.extra, i.flag_bits)
";
    let output = written_sample();
    let Some(listed) = run("python3", &["-X", "utf8", "-c", SCRIPT], output.path()) else { return };
    let expected = "\
3 1980 0o120777 lib/libz.so.1 b'' 0
3 1980 0o100644 python-extra/a b'' 0
3 1980 0o100755 python/bin/normalizer b'' 0
3 1980 0o120777 python/current b'' 0
3 1980 0o40755 python/empty/inner/ b'' 0
3 1980 0o100644 python/größe.txt b'' 2048
3 1980 0o100644 python/private b'' 0
3 1980 0o100644 python/requests/__init__.py b'' 0
3 1980 0o100644 python/requests/py.typed b'' 0
";
    assert_eq!(listed, expected);
}

#[test]
fn unzip_restores_it() {
    use std::os::unix::fs::PermissionsExt;
    let output = written_sample();
    if run("unzip", &["-q", "layer.zip", "-d", "opt"], output.path()).is_none() {
        return;
    }
    let opt = output.path().join("opt");
    let mode = |name: &str| fs::metadata(opt.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("python/bin/normalizer"), 0o755);
    assert_eq!(mode("python/private"), 0o644);
    assert_eq!(fs::read_link(opt.join("python/current")).unwrap(), Path::new("requests/__init__.py"));
    assert_eq!(fs::read_to_string(opt.join("lib/libz.so.1/__init__.py")).unwrap(), "import urllib3\n");
    assert!(opt.join("python/empty/inner").is_dir());
    // What was unzipped is packed to the very same bytes.
    assert!(packed(&opt).1 == fs::read(output.path().join("layer.zip")).unwrap());
}

fn some_tree() -> impl Strategy<Value = BTreeMap<String, Node>> {
    let content = prop::collection::vec(any::<u8>(), 0..200);
    let mode = prop::sample::select(vec![0o644, 0o600, 0o755, 0o744, 0o666]);
    let node = prop_oneof![
        6 => (content, mode).prop_map(|(content, mode)| Node::File(content, mode)),
        1 => Just(Node::Link("x")),
        1 => Just(Node::Folder),
    ];
    // A leaf never has the name of a folder, so every tree can be written.
    let name = "([abé]/){0,2}[xyz-]{1,2}[.][ä.]?";
    prop::collection::btree_map(name, node, 1..12)
        .prop_filter("a tree needs a file", |tree| tree.values().any(|node| !matches!(node, Node::Folder)))
}

/// Modes as they are packed: executable for all or for none.
fn with_same_content(node: &Node) -> Node {
    match node {
        Node::File(content, mode) => Node::File(content.clone(), if mode & 0o111 == 0 { 0o640 } else { 0o711 }),
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn same_content_same_bytes(tree in some_tree(), hours in 0u64..100_000) {
        let first = tempdir().unwrap();
        for (name, node) in &tree {
            write(first.path(), name, node);
        }
        let second = tempdir().unwrap();
        for (name, node) in tree.iter().rev() {
            write(second.path(), name, &with_same_content(node));
            if let Node::File(..) = node {
                let time = SystemTime::UNIX_EPOCH + Duration::from_secs(hours * 3600);
                File::options().write(true).open(second.path().join(name)).unwrap().set_modified(time).unwrap();
            }
        }
        prop_assert!(packed(first.path()).1 == packed(second.path()).1);
    }

    #[test]
    fn other_content_other_bytes(tree in some_tree(), which in any::<prop::sample::Index>()) {
        let folder = tempdir().unwrap();
        for (name, node) in &tree {
            write(folder.path(), name, node);
        }
        let before = packed(folder.path()).0;
        let (name, node) = tree.iter().nth(which.index(tree.len())).unwrap();
        let path = folder.path().join(name);
        match node {
            Node::File(content, mode) => { fs::remove_file(&path).unwrap(); write(folder.path(), name, &Node::File([&content[..], b"!"].concat(), *mode)) }
            Node::Link(_) => { fs::remove_file(&path).unwrap(); write(folder.path(), name, &Node::Link("y")) }
            Node::Folder => fs::write(path.join("new"), "").unwrap(),
        }
        prop_assert_ne!(before.sha256, packed(folder.path()).0.sha256);
    }
}
