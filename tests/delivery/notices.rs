//! The licences of others, which go along with every copy of the binary.

use serde_json::Value;

use crate::common::project::in_crate;
use crate::common::{folder, write};
use crate::packing::{has_python, packages, packed, script, text, unpacked, wheel};
use crate::supply::{cargo, host};

#[test]
fn the_licences_of_all_that_is_linked_are_up_to_date() {
    if !has_python() {
        return;
    }
    cargo(&["fetch", "--locked", "--quiet"]).expect(0);
    let (folder, path) = (folder(), in_crate("THIRD-PARTY.txt"));
    let out = if std::env::var_os("UPDATE").is_some() { path.clone() } else { folder.path().join("notices.txt") };
    script("notices.py", &["--out", text(&out)]).expect(0);
    let [known, now] = [&path, &out].map(|path| std::fs::read_to_string(path).expect("notices"));
    assert!(
        known == now,
        "THIRD-PARTY.txt is of another Cargo.lock; `packaging/notices.py --out THIRD-PARTY.txt` writes it"
    );

    // Whatever the bill of materials of this platform has stands there, with its version and its licence.
    let (_out, bill) = packed("sbom.py", &["--target", &host()]);
    let bill: Value = serde_json::from_slice(&std::fs::read(bill).unwrap()).unwrap();
    let components = bill["components"].as_array().unwrap();
    let foreign = components.iter().filter(|one| one["hashes"].is_array());
    for one in foreign {
        let name = format!("\n{} {} (", one["name"].as_str().unwrap(), one["version"].as_str().unwrap());
        assert!(known.contains(&name), "{name} is missing");
    }
    for words in ["Copyright (c) 2015 Andrew Gallant", "Apache License\n", "Tokio Contributors"] {
        assert!(known.contains(words), "{words}");
    }
}

#[test]
fn they_go_along_with_every_package_that_has_the_binary() {
    if !has_python() {
        return;
    }
    let known = std::fs::read_to_string(in_crate("THIRD-PARTY.txt")).unwrap();
    let info = format!("layership-{}.dist-info/licenses", env!("CARGO_PKG_VERSION"));
    assert!(unpacked(wheel(), &format!("{info}/THIRD-PARTY.txt")) == known, "the wheel");
    assert!(unpacked(packages()[1], "package/THIRD-PARTY.txt") == known, "the package for npm");
    let folder = folder();
    for (target, name) in [("x86_64-unknown-linux-musl", "layership"), ("x86_64-pc-windows-msvc", "layership.exe")] {
        let program = write(folder.path(), name, "a binary");
        let (_out, archive) = packed("archive.py", &["--binary", text(&program), "--target", target]);
        let inside = format!("layership-{target}/THIRD-PARTY.txt");
        assert!(unpacked(&archive, &inside) == known, "{name}");
    }
    let image = std::fs::read_to_string(in_crate("packaging/Dockerfile")).unwrap();
    assert!(image.rsplit("\nFROM ").next().unwrap().contains("\nCOPY LICENSE THIRD-PARTY.txt /\n"), "{image}");
}
