//! What a run reads, and no report may overwrite: the layers file, manifests with all that they include, archives.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf, absolute};
use std::sync::{Arc, OnceLock};

use crate::bounds::Bounds;
use crate::manifest::included_paths;

/// The files and folders that a layers file names, and the layers file itself.
///
/// Where they really are is looked up once something is to be written: it costs more than reading a small one.
#[derive(Debug, Default)]
pub struct Inputs {
    named: Vec<(PathBuf, &'static str)>,
    known: OnceLock<BTreeMap<PathBuf, &'static str>>,
    /// Manifests, each with how far its layers file reaches: what they include is known once they are read.
    manifests: Vec<(PathBuf, Arc<Bounds>)>,
    included: OnceLock<BTreeSet<PathBuf>>,
}

impl Inputs {
    /// Adds a file, or a folder and everything in it; `what` it is follows "it is" and "it lies in".
    pub fn add(&mut self, path: &Path, what: &'static str) {
        self.named.push((path.to_owned(), what));
        self.known.take();
    }

    /// Adds a manifest, and the files that it includes.
    pub fn add_manifest(&mut self, path: &Path, reach: &Arc<Bounds>) {
        self.add(path, "a manifest");
        self.manifests.push((path.to_owned(), Arc::clone(reach)));
        self.included.take();
    }

    /// All files that are included. Manifests are read for that, which only a file that would be replaced is worth.
    fn included(&self) -> &BTreeSet<PathBuf> {
        self.included.get_or_init(|| {
            let once: BTreeMap<_, _> = self.manifests.iter().map(|(path, reach)| (path, reach)).collect();
            let all = once.into_iter().flat_map(|(path, reach)| included_paths(path, reach));
            all.map(|path| real(&path)).collect()
        })
    }

    fn known(&self) -> &BTreeMap<PathBuf, &'static str> {
        self.known.get_or_init(|| {
            // What was added first says what it is.
            self.named.iter().rev().map(|(path, what)| (real(path), *what)).collect()
        })
    }

    /// Why nothing may be written there, if so.
    pub fn forbids(&self, path: &Path) -> Option<String> {
        if path == Path::new("-") {
            return None;
        }
        let (path, inputs) = (real(path), self.known());
        if let Some(what) = inputs.get(&path) {
            return Some(format!("it is {what}"));
        }
        if path.is_file() && self.included().contains(&path) {
            return Some("a manifest includes it".to_owned());
        }
        let mut above = path.ancestors().skip(1).filter_map(|above| inputs.get_key_value(above));
        above.find(|(known, _)| known.is_dir()).map(|(known, what)| format!("it lies in {what} `{}`", known.display()))
    }
}

/// The path without links and dots, also where there is nothing yet: then its folder has to tell.
pub fn real(path: &Path) -> PathBuf {
    let path = followed(path);
    let there = |path: &Path| path.canonicalize().ok();
    let in_folder = || Some(there(&parent(&path))?.join(path.file_name()?));
    there(&path).or_else(in_folder).or_else(|| absolute(&path).ok()).unwrap_or(path)
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => Component::CurDir.as_os_str().into(),
    }
}

/// Where links lead, also where there is nothing at their end.
pub fn followed(path: &Path) -> PathBuf {
    /// As many as Linux follows.
    const LINKS_AT_MOST: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..LINKS_AT_MOST {
        let Ok(to) = path.read_link() else { break };
        path = parent(&path).join(to);
    }
    path
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_path_is_known_however_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        std::fs::create_dir_all(at("a/layer/python")).unwrap();
        std::fs::write(at("layers.toml"), "").unwrap();
        symlink("layers.toml", at("link")).unwrap();
        symlink("a/missing.zip", at("dangling")).unwrap();
        let mut inputs = Inputs::default();
        inputs.add(&at("layers.toml"), "the layers file");
        inputs.add(&at("a/layer"), "the archive");
        inputs.add(&at("a/missing.zip"), "an archive");
        let why = |path: &str| inputs.forbids(&at(path));
        for path in ["layers.toml", "./layers.toml", "a/../layers.toml", "link"] {
            assert_eq!(why(path).unwrap(), "it is the layers file", "{path}");
        }
        for path in ["a/missing.zip", "dangling", "a/layer/../missing.zip"] {
            assert_eq!(why(path).unwrap(), "it is an archive", "{path}");
        }
        assert!(why("a/layer/python/report.json").unwrap().starts_with("it lies in the archive `/"));
        for path in ["report.json", "a/report.json", "layers.toml.json", "layers.toml/report.json", "none/at/all"] {
            assert_eq!(why(path), None, "{path}");
        }
    }
}
