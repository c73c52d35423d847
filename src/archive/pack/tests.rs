use super::*;
use crate::archive::blocks::BLOCK;
use crate::archive::{Inspection, LocalZip, inspect};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};
use tempfile::{TempDir, tempdir};

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

fn pack_to(folder: &Path, zip: impl Write + Send) -> Result<Packed, PackError> {
    pack(&Tree::read(folder)?, zip, &Halt::default())
}

fn packed(folder: &Path) -> (Packed, Vec<u8>) {
    let mut bytes = Vec::new();
    (pack_to(folder, &mut bytes).unwrap(), bytes)
}

fn refused(folder: &Path) -> PackError {
    pack_to(folder, io::sink()).unwrap_err()
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
    assert_eq!(hex, "e30eb1c412aeb6a3a6ac8a562e71f4c7e7e58c994c895208ca673dbc542b019c");
    assert_eq!(packed.size, bytes.len() as u64);
}

#[test]
fn the_digest_is_that_of_the_file() {
    let (packed, bytes) = packed(sample().path());
    assert_eq!(packed.sha256, <[u8; 32]>::from(Sha256::digest(&bytes)));
}

#[test]
fn everything_is_sorted_and_fixed() {
    let (_, bytes) = packed(sample().path());
    let mut zip = zip::ZipArchive::new(io::Cursor::new(bytes)).unwrap();
    let mut listed = Vec::new();
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).unwrap();
        assert_eq!(entry.last_modified().unwrap(), zip::DateTime::DEFAULT);
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
}

#[test]
fn our_own_inspection_agrees() {
    let folder = sample();
    let mut zip = tempfile::tempfile().unwrap();
    let packed = pack_to(folder.path(), &zip).unwrap();
    assert_eq!(zip.seek(SeekFrom::End(0)).unwrap(), packed.size);
    let inspection = inspect(&LocalZip::new(zip, packed.size)).unwrap();
    let top_level: BTreeSet<String> = ["lib/", "python-extra/", "python/"].map(str::to_owned).into();
    let unzipped = [18, 1, 10, 20, 0, 2, 6, 15, 0].iter().sum();
    let expected = Inspection { entries: 9, files: 8, unzipped, top_level, ..Inspection::default() };
    assert_eq!(inspection, expected);
    assert_eq!(Tree::read(folder.path()).unwrap().inspection(), expected);
}

/// Lengths around the ends of blocks, of content that deflates well and of content that does not.
#[test]
fn files_of_any_length_are_packed_whole() {
    for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 5 * BLOCK + 123] {
        let smooth: Vec<u8> = (0..length).map(|index| (index / 700) as u8).collect();
        let mut seed = 1u64;
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 56) as u8
        };
        let rough: Vec<u8> = (0..length).map(|_| random()).collect();
        for content in [smooth, rough] {
            let folder = tree(&[("python/big", Node::File(content.clone(), 0o644))]);
            let (_, bytes) = packed(folder.path());
            let mut zip = zip::ZipArchive::new(io::Cursor::new(bytes)).unwrap();
            let mut unpacked = Vec::new();
            zip.by_index(0).unwrap().read_to_end(&mut unpacked).unwrap();
            assert!(unpacked == content, "{length}");
        }
    }
}

#[test]
fn the_number_of_cores_makes_no_difference() {
    let folder = sample();
    let words = (0u32..1_000_000).map(|index| index.wrapping_mul(2_654_435_761) >> 20);
    write(folder.path(), "python/words.txt", &file(&words.map(|word| format!("{word:x} ")).collect::<String>()));
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| packed(folder.path()))
    };
    let (one, bytes) = with(1);
    for threads in [2, 3, 16] {
        let (some, others) = with(threads);
        assert!(one == some && bytes == others, "{threads} threads");
    }
}

#[test]
fn more_than_65535_entries_are_packed() {
    let folder = tree(&[("python/a", file("x"))]);
    let mut tree = Tree::read(folder.path()).unwrap();
    let links = (0..66_000)
        .map(|index| Entry { name: format!("z{index:05}"), kind: Kind::Link { target: "python/a".to_owned() } });
    tree.entries.extend(links);
    let mut bytes = Vec::new();
    pack(&tree, &mut bytes, &Halt::default()).unwrap();
    assert_eq!(zip::ZipArchive::new(io::Cursor::new(bytes)).unwrap().len(), 66_001);
}

#[test]
fn names_that_zips_should_not_have_are_kept() {
    let folder = tree(&[("Foo::Bar.3pm", file("a")), ("back\\slash", file("b")), ("two..dots", file("c"))]);
    let (_, bytes) = packed(folder.path());
    let zip = zip::ZipArchive::new(io::Cursor::new(bytes)).unwrap();
    let names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert_eq!(names, ["Foo::Bar.3pm", "back\\slash", "two..dots"]);
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
        let error = refused(folder.path());
        assert_eq!(explained(&error, folder.path()), message);
    }
}

#[test]
fn a_folder_that_is_missing_or_a_file_is_explained() {
    let folder = tree(&[("file", file("x"))]);
    for name in ["missing", "file"] {
        let error = refused(&folder.path().join(name));
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
    let error = refused(folder.path());
    let message = "`layer/python/socket` is a socket, not a file, folder or symbolic link";
    assert_eq!(explained(&error, folder.path()), message);

    fs::remove_file(socket).unwrap();
    fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"python/\xff")), "x").unwrap();
    let error = refused(folder.path());
    assert!(matches!(error, PackError::NotUtf8 { .. }), "{error}");
}

/// What is done between the look at a folder and its packing shows in both, and nothing from elsewhere gets in.
#[test]
fn what_changes_while_it_is_read_is_refused() {
    let elsewhere = tree(&[("passwd", file("root:x:0:0")), ("a", file("12345"))]);
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    type Change<'a> = (&'a str, &'a dyn Fn(&Path));
    let changes: [Change<'_>; 7] = [
        ("shorter", &|folder| fs::write(folder.join("python/a"), "1234").unwrap()),
        ("longer", &|folder| fs::write(folder.join("python/a"), "123456").unwrap()),
        ("written to", &|folder| {
            File::options().write(true).open(folder.join("python/a")).unwrap().set_modified(old).unwrap()
        }),
        ("removed", &|folder| fs::remove_file(folder.join("python/a")).unwrap()),
        ("replaced by a file", &|folder| {
            fs::write(folder.join("other"), "12345").unwrap();
            fs::rename(folder.join("other"), folder.join("python/a")).unwrap();
        }),
        ("replaced by a link", &|folder| {
            fs::remove_file(folder.join("python/a")).unwrap();
            symlink(elsewhere.path().join("passwd").to_str().unwrap(), &folder.join("python/a"));
        }),
        ("in a folder replaced by a link", &|folder| {
            fs::rename(folder.join("python"), folder.join("moved")).unwrap();
            symlink(elsewhere.path().to_str().unwrap(), &folder.join("python"));
        }),
    ];
    for (what, change) in changes {
        let folder = tree(&[("python/a", file("12345")), ("python/b", file("b"))]);
        let looked = Tree::read(folder.path()).unwrap();
        assert!(pack(&looked, io::sink(), &Halt::default()).is_ok());
        change(folder.path());
        let mut bytes = Vec::new();
        let errors = [pack(&looked, &mut bytes, &Halt::default()).err(), looked.digest(&Halt::default()).err()];
        for error in errors {
            let error = error.unwrap_or_else(|| panic!("accepted: {what}"));
            assert_eq!(explained(&error, folder.path()), "`layer/python/a` changed while it was read", "{what}");
        }
        assert!(!bytes.windows(4).any(|window| window == b"root"), "{what}");
    }
}

#[test]
fn a_folder_that_becomes_a_link_while_it_is_looked_at_is_not_followed() {
    let folder = tree(&[("python/a", file("12345"))]);
    let root = crate::archive::folder::Folder::open(folder.path()).unwrap();
    assert_eq!(root.children("python").unwrap().len(), 1);
    fs::rename(folder.path().join("python"), folder.path().join("moved")).unwrap();
    symlink("/etc", &folder.path().join("python"));
    assert!(root.children("python").is_err());
}

#[test]
fn work_that_nobody_waits_for_ends() {
    let halt = Halt::default();
    let looked = Tree::read(sample().path());
    drop(halt.on_drop());
    let folder = sample();
    let looked_again = Tree::read(folder.path()).unwrap();
    assert!(looked.is_ok());
    assert!(matches!(pack(&looked_again, io::sink(), &halt), Err(PackError::Stopped)));
    assert!(matches!(looked_again.digest(&halt), Err(PackError::Stopped)));
}

#[test]
fn a_folder_of_more_than_lambda_accepts_is_not_read() {
    let folder = tree(&[("python/a", file("x"))]);
    File::create(folder.path().join("python/huge")).unwrap().set_len(10 << 30).unwrap();
    assert_eq!(refused(folder.path()).to_string(), "10737.4 MB unzipped; Lambda accepts 262.1 MB");
}

#[test]
fn a_file_that_may_not_be_read_keeps_its_reason() {
    let folder = tree(&[("python/a", Node::File(b"x".to_vec(), 0o000))]);
    // Root may read everything.
    if File::open(folder.path().join("python/a")).is_ok() {
        return;
    }
    let error = refused(folder.path());
    assert_eq!(explained(&error, folder.path()), "`layer/python/a` could not be read");
    assert_eq!(error.hint(), "make everything in the folder readable for who runs layership");
}

/// A disk with so much room.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(rest) = self.0.checked_sub(bytes.len()) else { return Err(io::ErrorKind::StorageFull.into()) };
        self.0 = rest;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_told_as_such() {
    let folder = sample();
    let (whole, _) = packed(folder.path());
    for room in [0, 1, whole.size as usize - 1] {
        let error = pack_to(folder.path(), Full(room)).unwrap_err();
        assert!(matches!(error, PackError::Write(_)), "{error}");
        assert_eq!(error.hint(), "make room in the folder for temporary files, or let TMPDIR name another");
    }
    assert!(pack_to(folder.path(), Full(whole.size as usize)).is_ok());
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
        print(i.create_system, i.date_time[0], oct(i.external_attr >> 16), i.filename, i.flag_bits)
";
    let output = written_sample();
    let Some(listed) = run("python3", &["-X", "utf8", "-c", SCRIPT], output.path()) else { return };
    let expected = "\
3 1980 0o120777 lib/libz.so.1 8
3 1980 0o100644 python-extra/a 8
3 1980 0o100755 python/bin/normalizer 8
3 1980 0o120777 python/current 8
3 1980 0o40755 python/empty/inner/ 0
3 1980 0o100644 python/größe.txt 2056
3 1980 0o100644 python/private 8
3 1980 0o100644 python/requests/__init__.py 8
3 1980 0o100644 python/requests/py.typed 8
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
        let (first, second) = (Tree::read(first.path()).unwrap(), Tree::read(second.path()).unwrap());
        let (mut one, mut other) = (Vec::new(), Vec::new());
        let halt = Halt::default();
        let same = pack(&first, &mut one, &halt).unwrap();
        prop_assert_eq!(same, pack(&second, &mut other, &halt).unwrap());
        prop_assert!(one == other);
        prop_assert_eq!(first.digest(&halt).unwrap(), same.tree);
        prop_assert_eq!(second.digest(&halt).unwrap(), same.tree);
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
        let after = packed(folder.path()).0;
        prop_assert_ne!(before.sha256, after.sha256);
        prop_assert_ne!(before.tree, after.tree);
    }
}
