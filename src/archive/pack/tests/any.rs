//! Any folder: same content, same bytes, and nothing else.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

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

/// A tree, and its names in the order in which they are written: the order in which a disk then lists them.
fn some_tree_in_any_order() -> impl Strategy<Value = (BTreeMap<String, Node>, Vec<String>)> {
    some_tree().prop_flat_map(|tree| {
        let names: Vec<String> = tree.keys().cloned().collect();
        (Just(tree), Just(names).prop_shuffle())
    })
}

/// What machines, checkouts and file systems make of the same content.
#[derive(Debug, Clone)]
struct Elsewhere {
    /// Of files that nobody may execute.
    plain: u32,
    /// Of files that somebody may execute, whoever that is.
    executable: u32,
    folders: u32,
    hours: u64,
}

fn elsewhere() -> impl Strategy<Value = Elsewhere> {
    let plain = prop::sample::select(vec![0o400, 0o444, 0o600, 0o640, 0o644, 0o664, 0o666]);
    let executable = prop::sample::select(vec![0o500, 0o555, 0o601, 0o610, 0o700, 0o711, 0o744, 0o755, 0o777, 0o4755]);
    let folders = prop::sample::select(vec![0o700, 0o711, 0o750, 0o755, 0o775, 0o1777, 0o2755]);
    (plain, executable, folders, 0u64..100_000).prop_map(|(plain, executable, folders, hours)| Elsewhere {
        plain,
        executable,
        folders,
        hours,
    })
}

impl Elsewhere {
    /// Writes something with the same content as `node`. Of its mode only this counts: may anybody execute it?
    fn write(&self, folder: &Path, name: &str, node: &Node) {
        let Node::File(content, mode) = node else { return write(folder, name, node) };
        let mode = if mode & 0o111 == 0 { self.plain } else { self.executable };
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(self.hours * 3600);
        write(folder, name, &Node::File(content.clone(), 0o644));
        File::options().write(true).open(folder.join(name)).unwrap().set_modified(time).unwrap();
        set_mode(&folder.join(name), mode);
    }

    /// Gives all folders their mode, once everything is in them.
    fn close(&self, folder: &Path) {
        for child in fs::read_dir(folder).unwrap().map(|child| child.unwrap().path()) {
            if child.symlink_metadata().unwrap().is_dir() {
                self.close(&child);
                set_mode(&child, self.folders);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn same_content_same_bytes((tree, names) in some_tree_in_any_order(), elsewhere in elsewhere()) {
        let first = tempdir().unwrap();
        for (name, node) in &tree {
            write(first.path(), name, node);
        }
        let second = tempdir().unwrap();
        for name in &names {
            elsewhere.write(second.path(), name, &tree[name]);
        }
        elsewhere.close(second.path());
        let (first, second) = (Tree::read(first.path(), &Halt::default()).unwrap(), Tree::read(second.path(), &Halt::default()).unwrap());
        let (mut one, mut other) = (Vec::new(), Vec::new());
        let halt = Halt::default();
        let same = pack(&first, &mut one, &halt).unwrap();
        prop_assert_eq!(same, pack(&second, &mut other, &halt).unwrap());
        prop_assert!(one == other);
        prop_assert_eq!(first.digest(&halt).unwrap(), same.tree);
        prop_assert_eq!(second.digest(&halt).unwrap(), same.tree);
    }

    #[test]
    fn other_content_other_bytes(
        tree in some_tree(),
        which in any::<prop::sample::Index>(),
        only_the_mode in any::<bool>(),
    ) {
        let folder = tempdir().unwrap();
        for (name, node) in &tree {
            write(folder.path(), name, node);
        }
        let before = packed(folder.path()).0;
        let (name, node) = tree.iter().nth(which.index(tree.len())).unwrap();
        change(folder.path(), name, node, only_the_mode);
        let after = packed(folder.path()).0;
        prop_assert_ne!(before.sha256, after.sha256);
        prop_assert_ne!(before.tree, after.tree);
    }
}

/// Changes one thing: a file's content, or whether it can be executed; where a link leads; what is in a folder.
fn change(folder: &Path, name: &str, node: &Node, only_the_mode: bool) {
    let path = folder.join(name);
    match node {
        Node::File(_, mode) if only_the_mode => set_mode(&path, if mode & 0o111 == 0 { 0o755 } else { 0o644 }),
        Node::File(content, _) => fs::write(&path, [&content[..], b"!"].concat()).unwrap(),
        Node::Link(_) => {
            fs::remove_file(&path).unwrap();
            symlink("y", &path);
        }
        Node::Folder => fs::write(path.join("new"), "").unwrap(),
    }
}
