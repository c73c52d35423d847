//! What lies in a folder, in the order in which it is packed.

use super::entry::is_started;
use super::folder::Opener;
use super::folder::{Child, FileState, Folder, Node};
use super::inspect::Inspection;
use super::limit::UNZIPPED_LIMIT;
use super::link::Links;
use super::oddities::Oddity;
use super::pack_error::PackError;
use super::sample::Kind;
use crate::halt::Halt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// How many files are looked into.
const LOOKS: usize = 4_000;

/// Everything in a folder, as it was when it was looked at.
#[derive(Debug)]
pub struct Tree {
    pub(super) folder: Folder,
    /// Sorted by the bytes of their names: the order of the disk differs between machines.
    pub(super) entries: Vec<TreeEntry>,
}

/// Something to pack.
#[derive(Debug)]
pub(super) struct TreeEntry {
    /// Its path in the zip: relative to the folder, with `/` between the parts.
    pub name: String,
    pub kind: EntryKind,
}

#[derive(Debug)]
pub(super) enum EntryKind {
    File {
        size: u64,
        executable: bool,
        seen: FileState,
    },
    Link {
        target: String,
    },
    /// Other folders come to be by what lies in them.
    EmptyFolder,
}

impl TreeEntry {
    /// Name and target of a link.
    fn link(&self) -> Option<(&str, &str)> {
        match &self.kind {
            EntryKind::Link { target } => Some((&self.name, target)),
            _ => None,
        }
    }
}

impl EntryKind {
    /// What it unzips to, in bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::File { size, .. } => *size,
            Self::Link { target } => target.len() as u64,
            Self::EmptyFolder => 0,
        }
    }
}

impl Tree {
    /// Looks at everything in a folder, without reading a file. It blocks: call it where that does no harm.
    ///
    /// # Errors
    /// Where something cannot be read or cannot be packed, where Lambda would not accept all of it, and where nobody waits
    /// for it any more.
    pub fn read(path: &Path, halt: &Halt) -> Result<Tree, PackError> {
        let unreadable = |source| PackError::Unreadable { path: path.to_owned(), source };
        let mut tree = Tree { folder: Folder::open(path).map_err(unreadable)?, entries: Vec::new() };
        let mut open = vec![String::new()];
        while let Some(name) = open.pop() {
            tree.walk(name, &mut open, halt)?;
        }
        if tree.entries.iter().all(|entry| matches!(entry.kind, EntryKind::EmptyFolder)) {
            return Err(PackError::Empty { path: path.to_owned() });
        }
        let unzipped = tree.entries.iter().fold(0u64, |sum, entry| sum.saturating_add(entry.kind.size()));
        if unzipped > UNZIPPED_LIMIT {
            return Err(PackError::TooLarge { unzipped });
        }
        tree.entries.sort_unstable_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
        Ok(tree)
    }

    /// Takes what lies in one folder of the tree; folders are left to be walked.
    fn walk(&mut self, name: String, open: &mut Vec<String>, halt: &Halt) -> Result<(), PackError> {
        let unreadable = |source| PackError::Unreadable { path: self.path_of(&name), source };
        let children = self.folder.children(&name, halt).map_err(unreadable)?;
        // They may be a part.
        halt.check()?;
        if children.is_empty() && !name.is_empty() {
            self.entries.push(TreeEntry { name, kind: EntryKind::EmptyFolder });
            return Ok(());
        }
        for Child { name: child, node } in children {
            let child = child.to_str().ok_or_else(|| PackError::NotUtf8 { path: self.path_of(&name).join(&child) })?;
            let name = if name.is_empty() { child.to_owned() } else { format!("{name}/{child}") };
            match self.kind(&name, node)? {
                Some(kind) => self.entries.push(TreeEntry { name, kind }),
                None => open.push(name),
            }
        }
        Ok(())
    }

    /// `None` for a folder.
    fn kind(&self, name: &str, node: Node) -> Result<Option<EntryKind>, PackError> {
        match node {
            Node::Folder => Ok(None),
            Node::File { size, executable, seen } => Ok(Some(EntryKind::File { size, executable, seen })),
            Node::Link { target } => link(self.path_of(name), Path::new(&target)).map(Some),
            Node::Special(what) => Err(PackError::Special { path: self.path_of(name), what }),
        }
    }

    /// Where something in the folder is, for messages.
    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.folder.path.clone() } else { self.folder.path.join(name) }
    }

    /// What the folder would be as a zip, by the names in it, and by the beginnings of what names do not tell. It blocks, and
    /// ends early where nobody waits for it any more.
    pub fn inspection(&self, halt: &Halt) -> Inspection {
        let mut inspection = Inspection::default();
        for TreeEntry { name, kind } in halt.over(&self.entries) {
            match kind {
                EntryKind::EmptyFolder => inspection.count(format!("{name}/").as_bytes(), true, 0),
                kind => inspection.count(name.as_bytes(), false, kind.size()),
            }
            if matches!(kind, EntryKind::File { executable: false, .. }) && is_started(name.as_bytes()) {
                inspection.oddities.add(Oddity::Unstartable, name.as_bytes());
            }
        }
        self.look_into(&mut inspection, halt);
        self.follow_links(&mut inspection, halt);
        inspection
    }

    /// Takes note of links that leave the folder for what is not `/opt`, where the layer will be. Nothing is followed on disk:
    /// a zip carries the text of a link.
    fn follow_links(&self, inspection: &mut Inspection, halt: &Halt) {
        let links = || self.entries.iter().filter_map(TreeEntry::link);
        let mut all = Links::default();
        links().for_each(|(name, target)| all.add(name, target));
        for (name, target) in halt.over(links()) {
            inspection.lead(all.end(name), (name.as_bytes(), target.as_bytes()));
        }
    }

    /// Opens every file, as packing does, and reads none of them. It blocks.
    ///
    /// # Errors
    /// Where one cannot be opened, or has changed since the folder was looked at, and where nobody waits for it any more.
    pub fn open_all(&self, halt: &Halt) -> Result<(), PackError> {
        let mut opener = Opener::new(&self.folder);
        for TreeEntry { name, kind } in &self.entries {
            halt.check()?;
            if let EntryKind::File { seen, .. } = kind {
                self.open(name, seen, &mut opener)?;
            }
        }
        Ok(())
    }

    /// Opens a file of the folder as it was seen.
    pub(super) fn open(&self, name: &str, seen: &FileState, opener: &mut Opener<'_>) -> Result<File, PackError> {
        let opened =
            opener.open(name, seen).map_err(|source| PackError::Unreadable { path: self.path_of(name), source })?;
        opened.ok_or_else(|| PackError::Changing { path: self.path_of(name) })
    }

    fn look_into(&self, inspection: &mut Inspection, halt: &Halt) {
        let mut opener = Opener::new(&self.folder);
        let mut looks = 0;
        for TreeEntry { name, kind } in halt.over(&self.entries) {
            let EntryKind::File { seen, .. } = kind else { continue };
            let Some(kind) = Kind::of(name.as_bytes(), false).filter(|_| looks < LOOKS) else { continue };
            looks += 1;
            // What cannot be read here is told where it is packed.
            let Ok(Some(file)) = opener.open(name, seen) else { continue };
            let mut content = Vec::new();
            if file.take(kind.needed()).read_to_end(&mut content).is_ok() {
                inspection.learn(kind, name.as_bytes(), &content, true);
            }
        }
    }
}

fn link(path: PathBuf, target: &Path) -> Result<EntryKind, PackError> {
    let Some(text) = target.to_str() else { return Err(PackError::NotUtf8 { path }) };
    let target = if cfg!(windows) { text.replace('\\', "/") } else { text.to_owned() };
    Ok(EntryKind::Link { target })
}
