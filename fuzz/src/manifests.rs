//! Dependency files: whatever the bytes are, each reader of a group is given them.
//!
//! It may panic, which tells the fuzzer that something is wrong: see the crate.

use crate::bounds::Bounds;
use crate::halt::Halt;
use crate::layer::LayerSettings;
use crate::manifest::{
    Dependencies, Environments, Format, Includes, dependencies, difference, locked, mask, same_meaning,
};

/// `requirements.txt`, read from disk as a run reads it: with what it includes, its open lines and its credentials.
pub fn requirements(bytes: &[u8]) {
    let path = crate::folder().join("requirements.txt");
    std::fs::write(&path, bytes).expect("written");
    let halt = Halt::default();
    if let Ok(manifest) = crate::manifest::read(&path, &Bounds::of(&path).into(), &halt) {
        let _ = (manifest.whole(), manifest.open_lines(), manifest.secret());
        for read in [manifest.dependencies(), manifest.all_dependencies()].into_iter().flatten().flatten() {
            judge(read);
        }
    }
    read("requirements.txt", bytes);
    let text = String::from_utf8_lossy(bytes);
    let masked = mask(&text);
    assert_eq!(mask(&masked), masked, "masking twice is masking once");
}

/// uv, Poetry, PDM, PEP 751 and Cargo.
pub fn toml_locks(bytes: &[u8]) {
    ["uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Cargo.lock"].iter().for_each(|name| read(name, bytes));
}

/// Pipenv, npm and Composer.
pub fn json_locks(bytes: &[u8]) {
    ["Pipfile.lock", "package-lock.json", "composer.lock"].iter().for_each(|name| read(name, bytes));
}

/// Yarn, pnpm, Bundler and Go.
pub fn line_locks(bytes: &[u8]) {
    ["yarn.lock", "pnpm-lock.yaml", "Gemfile.lock", "go.sum"].iter().for_each(|name| read(name, bytes));
}

fn read(name: &str, bytes: &[u8]) {
    let (format, halt) = (Format::from_file_name(name), Halt::default());
    assert!(same_meaning(format, bytes, bytes, &halt), "{name} is not what it is");
    // With a line more at its end it is another text, so that what it means is looked at.
    let longer = [bytes, b"\n"].concat();
    same_meaning(format, bytes, &longer, &halt);
    let Ok(Some(found)) = dependencies(format, bytes, &halt) else { return };
    judge(&found);
    locked(format, bytes, &Includes::default(), &halt);
}

/// What a run asks of dependencies.
fn judge(found: &Dependencies) {
    let here = here();
    for (_, versions) in found.iter() {
        versions.values().for_each(|about| {
            here.install(about, &Halt::default());
        });
    }
    assert!(!difference(found, found).differs());
    let from_nothing = difference(&Dependencies::default(), found);
    assert_eq!(from_nothing.len(), found.iter().map(|(_, versions)| versions.iter().count()).sum::<usize>());
    from_nothing.summary_of(5);
}

fn here() -> Environments {
    let settings = LayerSettings {
        compatible_runtimes: vec!["python3.12".parse().expect("a runtime")],
        compatible_architectures: vec!["arm64".parse().expect("an architecture")],
        ..LayerSettings::default()
    };
    Environments::of(&settings)
}
