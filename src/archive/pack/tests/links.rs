//! Links of a folder: they are packed as what they are, and those that lead out are found in the folder as in its zip.

use super::*;
use crate::archive::oddities::Oddity;

fn told(inspection: &Inspection) -> Vec<(Oddity, u64, &str)> {
    inspection.oddities.iter().map(|(oddity, met)| (oddity, met.times, met.first.as_str())).collect()
}

#[test]
fn links_that_lead_out_are_found_in_the_folder_as_in_its_zip() {
    type Row<'a> = (&'a [(&'a str, &'static str)], &'a [(Oddity, u64, &'a str)]);
    let table: [Row<'_>; 8] = [
        (&[("python/b", "a"), ("lib/c", "../python"), ("d", "/opt/python")], &[]),
        (&[("python/b", "/etc/passwd")], &[(Oddity::Elsewhere, 1, "python/b -> /etc/passwd")]),
        (&[("python/b", "../../b")], &[(Oddity::Leaving, 1, "python/b -> ../../b")]),
        (&[("python/b", "../..")], &[(Oddity::Leaving, 1, "python/b -> ../..")]),
        (&[("b", "..")], &[(Oddity::Leaving, 1, "b -> ..")]),
        (
            &[("python/s", "."), ("python/t", "s/s/s/../../../../etc/passwd")],
            &[(Oddity::Leaving, 1, "python/t -> s/s/s/../../../../etc/passwd")],
        ),
        (
            &[("b", "c"), ("c", "b"), ("d", "/tmp")],
            &[(Oddity::Leaving, 2, "b -> c"), (Oddity::Elsewhere, 1, "d -> /tmp")],
        ),
        (&[("b", "../https://user:SECRET@host/x")], &[(Oddity::Leaving, 1, "b -> ../https://****@host/x")]),
    ];
    for (links, expected) in table {
        let links: Vec<(&str, Node)> = links.iter().map(|(path, target)| (*path, Node::Link(target))).collect();
        let folder = tree(&[&links[..], &[("python/a", file("x"))]].concat());
        let looked = Tree::read(folder.path(), &Halt::default()).unwrap();
        assert_eq!(told(&looked.inspection(&Halt::default())), expected);
        let mut zip = tempfile::tempfile().unwrap();
        let packed = pack(&looked, &zip, &Halt::default()).unwrap();
        zip.seek(SeekFrom::Start(0)).unwrap();
        assert_eq!(told(&inspect(&LocalZip::new(zip, packed.size)).unwrap()), expected);
    }
}

/// Whoever puts a link into a checkout gets nothing of the machine that packs it.
#[test]
fn a_link_is_packed_and_not_what_it_leads_to() {
    let elsewhere = tree(&[("secret", file("root:x:0:0")), ("folder/secret", file("root:x:0:0"))]);
    let folder = tree(&[("python/a", file("x"))]);
    for name in ["secret", "folder"] {
        let target = elsewhere.path().join(name);
        std::os::unix::fs::symlink(&target, folder.path().join("python").join(name)).unwrap();
    }
    let (_, bytes) = packed(folder.path());
    let mut zip = zip::ZipArchive::new(io::Cursor::new(bytes)).unwrap();
    let names: BTreeSet<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert_eq!(names, ["python/a", "python/folder", "python/secret"].map(str::to_owned).into());
    for name in ["secret", "folder"] {
        let mut link = zip.by_name(&format!("python/{name}")).unwrap();
        let mut target = String::new();
        link.read_to_string(&mut target).unwrap();
        assert!(link.is_symlink());
        assert_eq!(Path::new(&target), elsewhere.path().join(name));
    }
}
