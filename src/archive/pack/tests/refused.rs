//! What is not packed, and why: everything that is refused has a reason that a person can act on.

use super::*;

#[test]
fn folders_that_cannot_be_packed_are_explained() {
    let table: [(&[(&str, Node)], &str); 2] =
        [(&[], "`layer` has no files"), (&[("python/empty", Node::Folder)], "`layer` has no files")];
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
        let looked = Tree::read(folder.path(), &Halt::default()).unwrap();
        assert!(pack(&looked, io::sink(), &Halt::default()).is_ok());
        change(folder.path());
        let mut bytes = Vec::new();
        let errors = [pack(&looked, &mut bytes, &Halt::default()).err(), looked.digest(&Halt::default()).err()];
        for error in errors {
            let error = error.unwrap_or_else(|| panic!("accepted: {what}"));
            // They are read on all cores: where both files are gone, either is told.
            let told = explained(&error, folder.path()).replace("python/b", "python/a");
            assert_eq!(told, "`layer/python/a` changed while it was read", "{what}");
        }
        assert!(!bytes.windows(4).any(|window| window == b"root"), "{what}");
    }
}

#[test]
fn a_folder_that_becomes_a_link_while_it_is_looked_at_is_not_followed() {
    let folder = tree(&[("python/a", file("12345"))]);
    let root = crate::archive::folder::Folder::open(folder.path()).unwrap();
    assert_eq!(root.children("python", &Halt::default()).unwrap().len(), 1);
    fs::rename(folder.path().join("python"), folder.path().join("moved")).unwrap();
    symlink("/etc", &folder.path().join("python"));
    assert!(root.children("python", &Halt::default()).is_err());
}

#[test]
fn work_that_nobody_waits_for_ends() {
    let halt = Halt::default();
    let looked = Tree::read(sample().path(), &Halt::default());
    drop(halt.on_drop());
    let folder = sample();
    let looked_again = Tree::read(folder.path(), &Halt::default()).unwrap();
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
    assert_eq!(error.hint(), "make everything in the folder readable for the user who runs layership");
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
        assert_eq!(error.hint(), "free space in the folder for temporary files, or set TMPDIR to another folder");
    }
    assert!(pack_to(folder.path(), Full(whole.size as usize)).is_ok());
}

/// A real one.
#[cfg(target_os = "linux")]
#[test]
fn a_device_that_is_full_is_told_as_such() {
    let device = File::options().write(true).open("/dev/full").unwrap();
    let error = pack_to(sample().path(), device).unwrap_err();
    assert!(matches!(&error, PackError::Write(why) if why.kind() == io::ErrorKind::StorageFull), "{error:?}");
    for (why, hint) in [
        (rustix::io::Errno::DQUOT, "free space in the folder for temporary files, or set TMPDIR to another folder"),
        (
            rustix::io::Errno::FBIG,
            "raise the limit of file sizes (`ulimit -f`), or set TMPDIR to a folder on another disk",
        ),
        (rustix::io::Errno::ACCESS, "set TMPDIR to a folder for temporary files that may be written to"),
        (rustix::io::Errno::ROFS, "set TMPDIR to a folder for temporary files that may be written to"),
        (rustix::io::Errno::IO, "set TMPDIR to another folder for temporary files"),
    ] {
        assert_eq!(PackError::Write(why.into()).hint(), hint);
    }
}

/// How many files the folders of the next test have in all.
const FILES: usize = 300;

/// Told by how often it asks, not by a clock.
#[test]
fn a_folder_is_looked_at_no_longer_than_somebody_waits() {
    const POLLS: usize = 50;
    let names: Vec<String> = (0..FILES).map(|number| format!("python/{}/a{number}.so", number % 3)).collect();
    let folder = tree(&names.iter().map(|name| (name.as_str(), file("x"))).collect::<Vec<_>>());
    let whole = Halt::default();
    let looked = Tree::read(folder.path(), &whole).unwrap();
    assert!(whole.polls() >= FILES, "it asks {} times", whole.polls());
    let halt = Halt::after(POLLS);
    assert!(matches!(Tree::read(folder.path(), &halt), Err(PackError::Stopped)));
    assert!(halt.polls() <= POLLS + 2, "it went on: {} questions", halt.polls());

    let (whole, halt) = (Halt::default(), Halt::after(POLLS));
    looked.inspection(&whole);
    assert!(whole.polls() >= 2 * FILES, "it asks {} times", whole.polls());
    assert_eq!(looked.inspection(&halt).files as usize, POLLS);
    assert!(halt.polls() <= POLLS + 2, "it went on: {} questions", halt.polls());
}
