//! What is told of native code, and what is not.

use super::*;

/// Files with the beginnings of their contents, and the architectures that are declared or what is found.
type Row<'a> = (&'a [(&'a str, &'a [u8])], &'a [&'a str]);

fn told(paths: &[&str], runtimes: &[&str], architectures: &[&str]) -> String {
    let mut natives = Natives::default();
    paths.iter().for_each(|path| natives.meet(path.as_bytes()));
    let settings = LayerSettings {
        compatible_runtimes: runtimes.iter().map(|name| name.parse().unwrap()).collect(),
        compatible_architectures: architectures.iter().map(|name| name.parse().unwrap()).collect(),
        ..LayerSettings::default()
    };
    let found = natives.judge(&settings);
    found.iter().map(|found| format!("{} {}", found.check, found.message)).collect::<Vec<_>>().join("\n")
}

const X86: &str = "python/charset_normalizer/md.cpython-312-x86_64-linux-gnu.so";
const X86_ON_ARM: &str = "python/charset_normalizer/md.cpython-312-aarch64-linux-gnu.so";
const ARM: &str = "python/numpy/_core/_simd.cpython-312-aarch64-linux-gnu.so";
const OLD: &str = "python/lib/python3.11/site-packages/yaml/_yaml.cpython-311-x86_64-linux-gnu.so";

#[test]
fn what_is_declared_is_held_against_what_was_built() {
    let fine: [(&[&str], &[&str], &[&str]); 9] = [
        (&[X86, &X86.replace("-gnu", "-musl")], &["python3.12"], &["x86_64"]),
        (&[X86], &["python3.12"], &["x86_64"]),
        (&[X86, X86_ON_ARM], &["python3.12"], &["x86_64", "arm64"]),
        (&[X86, X86_ON_ARM, ARM], &["python3.12"], &["arm64"]),
        (&[X86, OLD], &["python3.12", "python3.11"], &["x86_64"]),
        (&[X86], &["nodejs22.x"], &[]),
        (&[X86], &[], &[]),
        (&[], &["python3.12"], &["arm64"]),
        (&[X86], &["python3.12"], &["riscv64"]),
    ];
    for (paths, runtimes, architectures) in fine {
        assert_eq!(told(paths, runtimes, architectures), "", "{paths:?} {runtimes:?} {architectures:?}");
    }
    insta::assert_snapshot!(told(&[X86], &["python3.12"], &["arm64"]), @"archive-architecture its native libraries are for x86_64 and not for arm64: `python/charset_normalizer/md.cpython-312-x86_64-linux-gnu.so`");
    insta::assert_snapshot!(told(&[X86, OLD], &["python3.12", "python3.13", "python3.14"], &["x86_64", "arm64"]), @"
    archive-python its native modules are for python3.11 and python3.12 and not for python3.13 and python3.14: `python/lib/python3.11/site-packages/yaml/_yaml.cpython-311-x86_64-linux-gnu.so`
    archive-architecture its native libraries are for x86_64 and not for arm64: `python/lib/python3.11/site-packages/yaml/_yaml.cpython-311-x86_64-linux-gnu.so`
    ");
}

/// Wheels for Alpine: the header says nothing of it.
#[test]
fn modules_for_another_c_library_are_told() {
    let musl = X86.replace("-gnu", "-musl");
    insta::assert_snapshot!(told(&[&musl], &["python3.12"], &["x86_64"]), @"archive-architecture its native libraries are for x86_64 (musl) and not for x86_64: `python/charset_normalizer/md.cpython-312-x86_64-linux-musl.so`");
    insta::assert_snapshot!(told(&[&musl, "python/a.cpython-312-x86_64-linux-gnu.so"], &["python3.12"], &["x86_64"]), @"archive-architecture its modules of `charset_normalizer` are for x86_64 (musl) and not for x86_64: `python/charset_normalizer/md.cpython-312-x86_64-linux-musl.so`");
    assert_eq!(headed(&[(musl.as_str(), X86_64), (X86, X86_64)], &["x86_64"]), "");
    let library = ("python/charset_normalizer.libs/libz.so", X86_64);
    insta::assert_snapshot!(headed(&[(&musl, X86_64), library], &["x86_64"]), @"its native libraries are for x86_64 (musl) and not for x86_64: `python/charset_normalizer/md.cpython-312-x86_64-linux-musl.so`");
}

/// One right library hid all that were not.
#[test]
fn a_library_or_program_for_another_machine_beside_the_right_ones_is_told() {
    let arm: &[u8] = b"\x7fELF\x02\x01\0\0\0\0\0\0\0\0\0\0\0\0\xb7\0";
    let files: &[(&str, &[u8])] = &[
        ("nodejs/node_modules/a/a.node", X86_64),
        ("nodejs/node_modules/b/b.node", arm),
        ("lib/libfoo.so.1", arm),
        ("extensions/x", X86_64),
        ("bin/y", arm),
        (X86, X86_64),
    ];
    insta::assert_snapshot!(headed(files, &["x86_64"]), @"
    one of its native libraries is for arm64 and not for x86_64: `lib/libfoo.so.1`, and 1 more library like that
    one of its programs is for arm64 and not for x86_64: `bin/y`
    ");
    insta::assert_snapshot!(headed(files, &["arm64"]), @"
    one of its native libraries is for x86_64 and not for arm64: `nodejs/node_modules/a/a.node`
    one of its programs is for x86_64 and not for arm64: `extensions/x`
    ");
    for architectures in [&["x86_64", "arm64"][..], &["riscv64"], &[]] {
        assert_eq!(headed(&files[..5], architectures), "", "{architectures:?}");
    }
}

/// An archive that was built twice, for one machine and for another: objects of the right one hid the others.
#[test]
fn a_package_for_another_architecture_beside_the_right_ones_is_told() {
    let found = |architectures: &[&str], read: &[(&str, u8)], is_whole: bool| {
        let mut natives = Natives::default();
        [X86, ARM].iter().for_each(|path| natives.meet(path.as_bytes()));
        for (path, machine) in read {
            let header = [b"\x7fELF\x02\x01".as_slice(), &[0; 12], &[*machine, 0]].concat();
            natives.see(path.as_bytes(), &header, is_whole);
        }
        let compatible_architectures = architectures.iter().map(|name| name.parse().unwrap()).collect();
        let settings = LayerSettings { compatible_architectures, ..LayerSettings::default() };
        let told = natives.judge(&settings).into_iter().map(|found| format!("{:?}: {}", found.level, found.message));
        told.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(found(&["arm64"], &[], true), @"Warning: its modules of `charset_normalizer` are for x86_64 and not for arm64: `python/charset_normalizer/md.cpython-312-x86_64-linux-gnu.so`");
    insta::assert_snapshot!(found(&["x86_64", "arm64"], &[], true), @"Advice: its modules of `charset_normalizer` are for x86_64 and not for arm64: `python/charset_normalizer/md.cpython-312-x86_64-linux-gnu.so`, and 1 more package like that");
    let read = [("python/cffi.abi3.so", 62), ("python/lib/python3.12/site-packages/rust/_rust.abi3.so", 183)];
    insta::assert_snapshot!(found(&["arm64"], &read, true), @"Warning: its modules of `cffi` are for x86_64 and not for arm64: `python/cffi.abi3.so`, and 1 more package like that");
    assert_eq!(found(&["arm64"], &read, false), "", "what was not read may be for it");
    // What is no module may be there for several machines.
    insta::assert_snapshot!(found(&["x86_64"], &[("python/a/arm.so", 183)], true), @"Warning: its modules of `numpy` are for arm64 and not for x86_64: `python/numpy/_core/_simd.cpython-312-aarch64-linux-gnu.so`");
}

/// What the headers of these libraries and programs tell, for these architectures.
fn headed(files: &[(&str, &[u8])], architectures: &[&str]) -> String {
    let mut natives = Natives::default();
    for (path, content) in files {
        natives.meet(path.as_bytes());
        let is_program = !path.ends_with(".dll") && (path.starts_with("bin/") || path.starts_with("extensions/"));
        let see = if is_program { Natives::see_program } else { Natives::see };
        see(&mut natives, path.as_bytes(), content, true);
    }
    let compatible_architectures = architectures.iter().map(|name| name.parse().unwrap()).collect();
    let found = natives.judge(&LayerSettings { compatible_architectures, ..LayerSettings::default() });
    found.into_iter().map(|found| found.message).collect::<Vec<_>>().join("\n")
}

const X86_64: &[u8] = b"\x7fELF\x02\x01\0\0\0\0\0\0\0\0\0\0\0\0\x3e\0";
const ARM_32: &[u8] = b"\x7fELF\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\x28\0";
const MACH_O: &[u8] = b"\xcf\xfa\xed\xfe";

/// The commonest mistake is a layer that was built on a Mac.
#[test]
fn code_for_another_system_or_machine_is_told() {
    let darwin = "python/numpy/a.cpython-312-darwin.so";
    let all: &[&str] = &[];
    let table: [Row<'_>; 8] = [
        (&[(darwin, MACH_O)], all),
        (&[("python/a.abi3.so", MACH_O)], &["arm64"]),
        (&[("python/a.pyd", b"MZ\x90\0")], all),
        (&[("lib/a.dylib", MACH_O), ("lib/a.so", ARM_32)], &["x86_64"]),
        (&[("bin/tool", X86_64), ("lib/a.so", ARM_32)], &["arm64"]),
        (&[("extensions/agent", MACH_O)], all),
        (&[("python/a.cpython-312-aarch64-linux-gnu.so", X86_64)], &["arm64"]),
        (&[(darwin, MACH_O), (X86, X86_64)], &["x86_64", "arm64"]),
    ];
    let told: Vec<String> = table.iter().map(|(files, architectures)| headed(files, architectures)).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    its native libraries are for macOS and not for Lambda's x86_64 or arm64: `python/numpy/a.cpython-312-darwin.so`
    its native libraries are for macOS and not for arm64: `python/a.abi3.so`
    its native libraries are for Windows and not for Lambda's x86_64 or arm64: `python/a.pyd`
    its native libraries are for 32-bit ARM and macOS and not for x86_64: `lib/a.so`
    its native libraries are for 32-bit ARM and not for arm64: `lib/a.so`
    its programs are for x86_64 and not for arm64: `bin/tool`
    its programs are for macOS and not for Lambda's x86_64 or arm64: `extensions/agent`
    a native library is for x86_64, whatever its name says: `python/a.cpython-312-aarch64-linux-gnu.so`
    its native libraries are for macOS and x86_64 and not for arm64: `python/numpy/a.cpython-312-darwin.so`
    its modules of `numpy` are for macOS and not for x86_64: `python/numpy/a.cpython-312-darwin.so`
    ");
    let fine: [Row<'_>; 6] = [
        (&[("nodejs/a/darwin.node", MACH_O), ("nodejs/a/linux.node", X86_64)], &["x86_64"]),
        (&[("lib/32.so", ARM_32), ("lib/64.so", X86_64)], all),
        (&[("dotnetcore/a.dll", b"MZ\x90\0"), ("extensions/x/b.dll", b"MZ\x90\0")], all),
        (&[("bin/script", b"#!/bin/sh"), ("bin/tool", X86_64)], &["x86_64"]),
        (&[("bin/tool", X86_64)], all),
        (&[("bin/tool", X86_64)], &["riscv64"]),
    ];
    for (files, architectures) in fine {
        let told = headed(files, architectures);
        assert_eq!(told, "", "{files:?} {architectures:?}");
    }
}

/// Left from an earlier build in the same folder.
#[test]
fn modules_that_no_declared_python_finds_are_told_beside_others() {
    let name = |module: &str, python: &str| format!("python/{module}.cpython-{python}-x86_64-linux-gnu.so");
    let told = |paths: &[String], runtimes: &[&str]| {
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        told(&paths, runtimes, &["x86_64"])
    };
    let mixed = [name("p/a", "312"), name("p/b", "311"), name("p/c", "310")];
    insta::assert_snapshot!(told(&mixed, &["python3.12"]), @"archive-python one of its native modules is for python3.11 and not for python3.12: `python/p/b.cpython-311-x86_64-linux-gnu.so`, and 1 more module like that");
    let several = [name("p/a", "312"), name("p/b", "311"), name("p/b", "312")];
    assert_eq!(told(&several, &["python3.12"]), "");
    let any = [name("p/a", "312"), name("p/b", "311"), "python/p/b.abi3.so".to_owned()];
    assert_eq!(told(&any, &["python3.12"]), "");
    let elsewhere = [name("p/a", "312"), name("lib/python3.11/site-packages/p/b", "311")];
    assert_eq!(told(&elsewhere, &["python3.12"]), "");
    assert_eq!(told(&mixed[..2], &["python3.12", "python3.11"]), "");
    assert_eq!(told(&mixed, &["nodejs22.x"]), "");
}

#[test]
fn kinds_are_bounded() {
    let mut natives = Natives::default();
    for minor in 0..1_000 {
        natives.meet(format!("python/a.cpython-3{minor}-x86_64-linux-gnu.so").as_bytes());
    }
    assert_eq!(natives.named.len(), LIMIT);
    for package in 0..2 * PACKAGES_LIMIT {
        natives.meet(format!("python/{package}/a.cpython-312-x86_64-linux-gnu.so").as_bytes());
    }
    assert_eq!(natives.packages.len(), PACKAGES_LIMIT);
    for module in 0..2 * MODULES_LIMIT {
        natives.meet(format!("python/m/{module}.cpython-312-x86_64-linux-gnu.so").as_bytes());
    }
    assert_eq!(natives.modules.len(), MODULES_LIMIT);
}
