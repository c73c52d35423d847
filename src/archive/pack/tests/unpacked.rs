//! Zips that others read.

use super::*;
use std::process::Command;

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
