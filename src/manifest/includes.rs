//! The files that a requirements file includes: `-r FILE`, and `-c FILE`, which only bounds versions.
//!
//! pip looks for them beside the file that includes them, and so does this. What a checkout brings may be hostile: only
//! regular files are read, few and small ones, each once, and none that lies outside of the git checkout or is one of git's own.

use super::alike::requirement_lines;
use super::bytes_of::{ReadError, bytes_of};
use super::constraints::dependencies_with;
use super::dependencies::Dependencies;
use super::environment::Environments;
use super::mask::mask_place;
use super::pins::{OpenLines, Unsettled};
use super::survey::{Mention, Survey, bound_names, open_within, survey};
use super::text::decode;
use super::unreadable::Unreadable;
use crate::bounds::{Bounds, Outside};
use crate::halt::Halt;
use crate::layer::Md5;
use std::collections::{BTreeSet, HashSet};
use std::path::{Component, Path, PathBuf};

/// More files than this nobody includes.
const FILES: usize = 100;

/// How far includes may lead to includes.
const DEPTH: usize = 10;

/// What all of them may have in bytes.
const BYTES: u64 = 16 * 1024 * 1024;

/// A file that was included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Included {
    /// Its path, seen from the folder of the manifest; `None` where it may not be shown.
    pub path: Option<PathBuf>,
    /// Whether it only bounds versions (`-c`).
    pub bounds: bool,
    /// What it leaves open, together with all others.
    pub open: OpenLines,
    unsettled: Unsettled,
    text: String,
}

/// A file that is included, and was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotIncluded {
    /// The file that includes it, seen from the folder of the manifest; empty for the manifest itself, `None` where it may not
    /// be shown.
    pub within: Option<PathBuf>,
    /// The line there, counted from 1.
    pub line: usize,
    /// What the line says, without credentials; `None` where it may not be shown.
    pub named: Option<String>,
    /// Why it was not read, in words that follow its name.
    pub why: String,
}

/// What a requirements file includes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Includes {
    /// What was read, in the order in which pip reads it.
    pub files: Vec<Included>,
    /// What was not.
    pub problems: Vec<NotIncluded>,
    /// All of them, seen from the folder of the manifest.
    paths: Vec<PathBuf>,
    /// What the files say, comments and order aside.
    digest: Option<Md5>,
    /// Where the first of them lies that is not where the layers file reaches.
    outside: Option<Outside>,
}

impl Includes {
    /// What the files say, comments and order aside: equal where nothing that counts differs. `None` where nothing is
    /// included.
    pub fn digest(&self) -> Option<Md5> {
        self.digest
    }

    /// A digest of what the files ask for where the layer is installed, hashes aside: equal where the archive need not be
    /// another one. Files that only bound versions ask for nothing. `None` where one of the others cannot be read.
    pub fn asked(&self, environments: &Environments, halt: &Halt) -> Option<Md5> {
        let asking = self.files.iter().filter(|file| !file.bounds).map(|file| file.text.as_str());
        let asked = dependencies_with("", asking, std::iter::empty(), halt).ok()?;
        let mut digested = Vec::new();
        for (name, versions) in halt.over(asked.iter()) {
            let installed = versions.iter().filter(|(_, about)| environments.install(about, halt));
            digested.extend(installed.map(|(version, about)| format!("{name} {}", about.content_of(version))));
        }
        Some(Md5::of(self.in_vain().chain(digested).collect::<Vec<_>>().join("\n").as_bytes()))
    }

    /// All files that are included, and those that are included in vain, seen from the folder of the manifest: to be looked at,
    /// and not to be shown.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Where the first of the files lies that is not where the layers file reaches.
    pub(super) fn outside(&self) -> Option<Outside> {
        self.outside
    }

    /// The names that are bound to one version by files that only bound them.
    pub(super) fn bound_names(&self, halt: &Halt) -> BTreeSet<String> {
        let bounds = self.files.iter().filter(|file| file.bounds);
        bounds.flat_map(|file| bound_names(&file.text, halt)).collect()
    }

    /// What the manifest and the files leave open, all of them together, where these names are bound to one version.
    pub(super) fn settle(&mut self, manifest: Unsettled, bound: &BTreeSet<String>, halt: &Halt) -> OpenLines {
        if !bound.is_empty() {
            for file in self.files.iter_mut().filter(|file| !file.bounds) {
                file.unsettled = open_within(&file.text, bound, halt);
            }
        }
        let of_all = self.files.iter().fold(manifest.hashes(), |all, file| all.and(file.unsettled.hashes()));
        for file in &mut self.files {
            file.open = std::mem::take(&mut file.unsettled).settle(of_all);
        }
        manifest.settle(of_all)
    }

    /// How many bytes the files have.
    pub(super) fn size(&self) -> usize {
        self.files.iter().map(|file| file.text.len()).sum()
    }

    /// Forgets what lines say: of what is read, what packages it names is left.
    pub(super) fn hide(&mut self) {
        for file in &mut self.files {
            file.path = None;
            file.open.hide();
        }
        for problem in &mut self.problems {
            problem.named = None;
            problem.within = problem.within.take().filter(|path| path.as_os_str().is_empty());
        }
    }

    fn digested(&self, halt: &Halt) -> Option<Md5> {
        let files = self.files.iter().flat_map(|file| {
            let kind = if file.bounds { "-c" } else { "-r" };
            std::iter::once(kind.to_owned()).chain(requirement_lines(&file.text, halt))
        });
        let said: Vec<String> = files.chain(self.in_vain()).collect();
        (!said.is_empty()).then(|| Md5::of(said.join("\n").as_bytes()))
    }

    fn in_vain(&self) -> impl Iterator<Item = String> {
        let named = self.problems.iter().filter_map(|problem| problem.named.as_deref());
        named.map(|named| format!("not read {named}"))
    }

    /// What the manifest names together with all that it includes.
    pub(super) fn joined(&self, text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
        let of = |bounds| self.files.iter().filter(move |file| file.bounds == bounds).map(|file| file.text.as_str());
        dependencies_with(text, of(false), of(true), halt)
    }
}

/// Reads what the requirements file at this path includes, by the lines that say so. It blocks.
pub(super) fn includes(path: &Path, bounds: &Bounds, mentions: &[Mention], halt: &Halt) -> Includes {
    if mentions.is_empty() {
        return Includes::default();
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let canonical = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut reading = Reading {
        folder,
        halt,
        bounds,
        checkout: canonical.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned),
        read: HashSet::from([(canonical.clone(), false)]),
        open: vec![canonical],
        bytes: 0,
        found: Includes::default(),
    };
    reading.follow(Path::new(""), mentions);
    let found = reading.found;
    Includes { digest: found.digested(halt), ..found }
}

struct Reading<'a> {
    folder: &'a Path,
    halt: &'a Halt,
    bounds: &'a Bounds,
    checkout: Option<PathBuf>,
    /// What was read, and whether it was to bound versions.
    read: HashSet<(PathBuf, bool)>,
    /// The files whose includes are being read.
    open: Vec<PathBuf>,
    bytes: u64,
    found: Includes,
}

/// A file that a line names.
struct Named {
    path: PathBuf,
    bounds: bool,
}

impl Reading<'_> {
    /// Reads what a file includes; `within` is its path from the manifest's folder.
    fn follow(&mut self, within: &Path, mentions: &[Mention]) {
        let halt = self.halt;
        for Mention { line, named, bounds } in halt.over(mentions) {
            let beside = within.parent().unwrap_or(Path::new(""));
            let path = beside.join(named);
            if let Err(why) = self.include(named, Named { path, bounds: *bounds }) {
                if self.found.problems.len() >= FILES {
                    return;
                }
                self.found.paths.push(beside.join(named));
                let (within, named) = (Some(within.to_owned()), Some(mask_place(named).into_owned()));
                self.found.problems.push(NotIncluded { within, line: *line, named, why });
            }
        }
    }

    fn include(&mut self, named: &str, Named { path, bounds }: Named) -> Result<(), String> {
        if let Some(why) = elsewhere(named) {
            return Err(why.to_owned());
        }
        let full = self.folder.join(&path);
        let canonical = full.canonicalize().map_err(|error| ReadError::of(error).to_string())?;
        if self.checkout.as_ref().is_some_and(|checkout| !canonical.starts_with(checkout)) {
            return Err("lies outside of the git checkout".to_owned());
        }
        let outside = self.bounds.check(&canonical).err();
        if outside == Some(Outside::Git) {
            return Err(Outside::Git.to_string());
        }
        if self.open.contains(&canonical) {
            return Err("includes itself".to_owned());
        }
        if self.read.contains(&(canonical.clone(), bounds)) {
            return Ok(());
        }
        if self.found.files.len() == FILES || self.open.len() > DEPTH {
            return Err(format!("is one too many: at most {FILES} files are read, {DEPTH} deep"));
        }
        let (text, Survey { open, mentions, .. }) = self.text(&canonical)?;
        self.read.insert((canonical.clone(), bounds));
        self.found.outside = self.found.outside.or(outside);
        self.found.paths.push(plain(&path));
        let (unsettled, open) = (if bounds { open.of_bounds() } else { open }, OpenLines::default());
        self.found.files.push(Included { path: Some(plain(&path)), bounds, open, unsettled, text });
        self.open.push(canonical);
        self.follow(&path, &mentions);
        self.open.pop();
        Ok(())
    }

    fn text(&mut self, path: &Path) -> Result<(String, Survey), String> {
        let bytes = bytes_of(path, BYTES - self.bytes).map_err(|error| match error {
            ReadError::TooLarge => format!("is too large: all included files may have {} MB", BYTES / 1_000_000),
            other => other.to_string(),
        })?;
        self.bytes += bytes.len() as u64;
        let text = decode(&bytes).ok_or_else(|| "is not text".to_owned())?;
        let survey = survey(&text, self.halt);
        if let Err(unreadable) = &survey.named {
            return Err(match unreadable.line {
                Some(line) => format!("cannot be read: line {line}: {}", unreadable.why),
                None => format!("cannot be read: {}", unreadable.why),
            });
        }
        Ok((text.into_owned(), survey))
    }
}

/// Why a name leads away from the files that belong together.
fn elsewhere(named: &str) -> Option<&'static str> {
    let is_drive = matches!(named.as_bytes(), [drive, b':', ..] if drive.is_ascii_alphabetic());
    match named {
        _ if named.contains("://") => Some("is a URL, which is not fetched"),
        _ if named.contains("${") => Some("takes its name from a variable, which is not read"),
        _ if Path::new(named).is_absolute() || is_drive => Some("is an absolute path, which is another file elsewhere"),
        _ => None,
    }
}

/// A path without `.`, and without `..` where that is possible.
pub fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(plain.components().next_back(), Some(Component::Normal(_))) => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests;
