//! Packages are named after what stands in the header of the binary, so that none is labelled for another machine.

use std::process::Command;

use crate::common::{folder, write};
use crate::packing::{has, has_python, script, text};

/// What the wheel of a file would be tagged with, or why there is none.
fn tag(content: &[u8]) -> Result<String, String> {
    let folder = folder();
    let path = write(folder.path(), "layership", content);
    let ended = script("wheel.py", &["--binary", text(&path), "--out", text(&folder.path().join("out"))]);
    let name = || ended.stdout.trim().rsplit("-py3-none-").next().unwrap().trim_end_matches(".whl").to_owned();
    if ended.code == 0 { Ok(name()) } else { Err(ended.stderr.clone()) }
}

/// A Mach-O header with one load command that says which system it needs.
fn mach_o(processor: u32, command: [u32; 4]) -> Vec<u8> {
    let header = [0xfeed_facf, processor, 0, 2, 1, 16, 0, 0];
    header.iter().chain(&command).flat_map(|word: &u32| word.to_le_bytes()).collect()
}

#[test]
fn every_platform_is_told_by_its_header() {
    if !has_python() {
        return;
    }
    let version = |major: u32, minor: u32| major << 16 | minor << 8;
    let arm = mach_o(0x0100_000c, [0x32, 16, 1, version(11, 3)]);
    assert_eq!(tag(&arm).unwrap(), "macosx_11_0_arm64");
    let intel = mach_o(0x0100_0007, [0x24, 16, version(10, 12), 0]);
    assert_eq!(tag(&intel).unwrap(), "macosx_10_12_x86_64");
    let mut windows = [b"MZ".as_slice(), &[0; 58], &64_u32.to_le_bytes(), b"PE\0\0"].concat();
    windows.extend(0x8664_u16.to_le_bytes());
    assert_eq!(tag(&windows).unwrap(), "win_amd64");
}

#[test]
fn a_static_binary_runs_on_every_linux_and_a_dynamic_one_says_which_glibc_it_needs() {
    if !has_python() || !has("gcc", &["--version"]) {
        return;
    }
    let folder = folder();
    let source = write(folder.path(), "one.c", "#include <stdio.h>\nint main(void) { return puts(\"one\") < 0; }\n");
    let built = |flag: &str| {
        let out = folder.path().join(flag);
        assert!(Command::new("gcc").arg(flag).arg("-o").arg(&out).arg(&source).status().unwrap().success());
        tag(&std::fs::read(out).unwrap()).unwrap()
    };
    let cpu = std::env::consts::ARCH;
    assert_eq!(built("-static"), format!("manylinux_2_17_{cpu}.manylinux2014_{cpu}.musllinux_1_1_{cpu}"));
    let dynamic = built("-O1");
    assert!(dynamic.starts_with("manylinux_2_") && !dynamic.contains("musl"), "{dynamic}");
}

#[test]
fn what_is_no_binary_is_refused() {
    if !has_python() {
        return;
    }
    for (content, why) in [
        (b"#!/bin/sh\n".as_slice(), "neither ELF nor Mach-O nor PE"),
        (b"\x7fELF", "the header is cut off"),
        (&mach_o(7, [0x32, 16, 1, 0]), "a processor (0x7) that nothing is packaged for"),
    ] {
        let error = tag(content).unwrap_err();
        assert!(error.starts_with("error: ") && error.contains(why), "{error}");
    }
}
