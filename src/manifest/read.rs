//! A manifest: its bytes, their MD5, and all that is to be known of them, found while it was read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::bytes_of::{ReadError, SIZE_LIMIT, bytes_of};
use super::dependencies::Dependencies;
use super::first::First;
use super::format::Format;
use super::includes::{Includes, includes};
use super::parse::{dependencies, readable_part};
use super::pins::OpenLines;
use super::secrets::{Secret, secrets};
use super::survey::{Mention, glance, open_within, survey};
use super::text::decode;
use super::unreadable::Unreadable;
use crate::bounds::{Bounds, Outside};
use crate::halt::Halt;
use crate::layer::Md5;

/// What a requirements file up to this size names, in bytes, is found when it is asked for, if ever: that is quickly done, and
/// needs no thread of its own.
const SMALL: usize = 256 * 1024;
/// How many bytes are digested at once.
const PIECE: usize = 1024 * 1024;

/// The bytes of a manifest as they were at one moment.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// All of them.
    pub bytes: Bytes,
    /// Their MD5: what a staged archive carries.
    pub md5: Md5,
    /// What kind of manifest it is.
    pub format: Format,
    says: Arc<Says>,
}

type Named = Result<Option<Dependencies>, Unreadable>;

/// What the bytes say.
#[derive(Debug)]
struct Says {
    /// Found when it is first asked for; where it cannot be read, that is known from the beginning.
    named: OnceLock<Named>,
    open: OpenLines,
    secret: Option<First<Secret>>,
    includes: Includes,
    /// What it names with all that it includes, where it includes anything.
    joined: Option<Named>,
    place: Place,
}

/// Where a manifest lies. That is looked up when there is something to show, if ever: most of many manifests have nothing.
#[derive(Debug)]
struct Place {
    path: PathBuf,
    bounds: Arc<Bounds>,
    outside: OnceLock<Option<Outside>>,
}

impl Manifest {
    /// How many bytes it has, with all that it includes.
    pub fn size(&self) -> usize {
        self.bytes.len() + self.includes().size()
    }

    /// Where it, or a file that it includes, lies instead of where the layers file reaches: then nothing here holds the text of
    /// a line, but names and versions of packages. It blocks, shortly.
    pub fn outside(&self) -> Option<Outside> {
        self.says.outside()
    }

    /// Why names and versions of these packages, which this manifest names or named before, are not to be shown, if so.
    ///
    /// What lies elsewhere may be any file, whatever it is called: lines of many are names of packages, addresses and paths. But
    /// no text reads as a list of nothing but fixed versions that is none.
    pub fn unshown<'d>(&self, told: impl IntoIterator<Item = &'d Dependencies>) -> Option<Outside> {
        self.outside().filter(|_| !told.into_iter().all(Dependencies::are_fixed))
    }

    /// The files that it includes, and those that it names in vain.
    pub fn includes(&self) -> &Includes {
        &self.says.includes
    }

    /// A digest of all that it says: its MD5, unless it includes other files.
    pub fn whole(&self) -> Md5 {
        let includes = self.includes().digest();
        includes.map_or(self.md5, |includes| Md5::of(format!("{} {includes}", self.md5).as_bytes()))
    }

    /// The dependencies that it names; `None` where it is only compared by its bytes.
    ///
    /// # Errors
    /// Where it cannot be read as what its name says.
    pub fn dependencies(&self) -> Result<Option<&Dependencies>, &Unreadable> {
        self.named().as_ref().map(Option::as_ref)
    }

    /// The same, with those of the files that it includes: what is installed.
    ///
    /// # Errors
    /// The same.
    pub fn all_dependencies(&self) -> Result<Option<&Dependencies>, &Unreadable> {
        self.says.joined.as_ref().unwrap_or_else(|| self.named()).as_ref().map(Option::as_ref)
    }

    /// What it names itself in lines that can be read, where others cannot.
    pub fn readable_part(&self, halt: &Halt) -> Option<Dependencies> {
        readable_part(self.format, &self.bytes, halt)
    }

    /// Why it cannot be read as what its name says, if so.
    pub fn unreadable(&self) -> Option<&Unreadable> {
        self.says.named.get()?.as_ref().err()
    }

    /// The same, with the files that it includes.
    pub fn any_unreadable(&self) -> Option<&Unreadable> {
        self.says.joined.as_ref().map_or_else(|| self.unreadable(), |joined| joined.as_ref().err())
    }

    fn named(&self) -> &Named {
        self.says.named.get_or_init(|| dependencies(self.format, &self.bytes, &Halt::default()))
    }

    /// The lines that leave open what will be installed, without those of the files that it includes.
    pub fn open_lines(&self) -> &OpenLines {
        &self.says.open
    }

    /// The lines with a credential.
    pub fn secret(&self) -> Option<&First<Secret>> {
        self.says.secret.as_ref()
    }
}

/// Reads a manifest; of one that lies outside of the bounds, no line is kept to be shown. It blocks, for long where it is large:
/// it ends early where nobody waits for it any more.
///
/// # Errors
/// See [`ReadError`].
pub fn read(path: &Path, bounds: &Arc<Bounds>, halt: &Halt) -> Result<Manifest, ReadError> {
    let bytes = bytes_of(path, SIZE_LIMIT)?;
    if bytes.is_empty() {
        return Err(ReadError::Empty);
    }
    let format = Format::from_file_name(&path.file_name().unwrap_or_default().to_string_lossy());
    let md5 = Md5::of_pieces(halt.over(bytes.chunks(PIECE)));
    let place = Place { path: path.to_owned(), bounds: Arc::clone(bounds), outside: OnceLock::new() };
    let mut says = Says::of(place, format, &bytes, halt);
    if says.has_lines() && says.outside().is_some() {
        says.hide();
    }
    Ok(Manifest { md5, format, says: Arc::new(says), bytes: bytes.into() })
}

/// The files that a manifest includes, and those that it names in vain; none where it cannot be read. It blocks.
pub fn included_paths(path: &Path, bounds: &Arc<Bounds>) -> Vec<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if Format::from_file_name(&name) != Format::Requirements {
        return Vec::new();
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let manifest = read(path, bounds, &Halt::default());
    manifest
        .map(|manifest| manifest.includes().paths().iter().map(|path| folder.join(path)).collect())
        .unwrap_or_default()
}

impl Says {
    fn of(place: Place, format: Format, bytes: &[u8], halt: &Halt) -> Self {
        let decoded = decode(bytes);
        let is_text = decoded.is_some();
        // Bytes that are not text are still judged line by line: better a warning too many. In what is UTF-16 but for one of
        // them, there is a zero beside every letter.
        let text = decoded.unwrap_or_else(|| String::from_utf8_lossy(bytes).replace('\0', "").into());
        let secret = secrets(&text, halt);
        if format != Format::Requirements {
            let named = dependencies(format, bytes, halt);
            return Self {
                named: named.into(),
                secret,
                open: OpenLines::default(),
                includes: Includes::default(),
                joined: None,
                place,
            };
        }
        if !is_text {
            let open = survey(&text, halt).open.alone();
            let named = Err(Unreadable::no_text());
            return Self { named: named.into(), secret, open, includes: Includes::default(), joined: None, place };
        }
        let found = if bytes.len() <= SMALL { glance(&text, halt) } else { survey(&text, halt) };
        let (mut includes, joined) = included(&place, &text, &found.mentions, halt);
        let bound = includes.bound_names(halt);
        let open = if bound.is_empty() { found.open } else { open_within(&text, &bound, halt) };
        let open = includes.settle(open, &bound, halt);
        let is_known = bytes.len() > SMALL || found.named.is_err();
        let named = if is_known { found.named.map(Some).into() } else { OnceLock::new() };
        Self { named, open, secret, includes, joined, place }
    }

    fn outside(&self) -> Option<Outside> {
        let Place { path, bounds, outside } = &self.place;
        *outside.get_or_init(|| bounds.outside(path).or(self.includes.outside()))
    }

    /// Whether texts of lines are kept.
    fn has_lines(&self) -> bool {
        self.open.count > 0 || self.secret.is_some() || !self.includes.paths().is_empty()
    }

    /// Forgets what lines say.
    fn hide(&mut self) {
        self.open.hide();
        self.includes.hide();
        self.secret.iter_mut().for_each(|secret| secret.first.shown = None);
    }
}

/// What a requirements file includes, and all that it names with that.
fn included(place: &Place, text: &str, mentions: &[Mention], halt: &Halt) -> (Includes, Option<Named>) {
    let includes = includes(&place.path, &place.bounds, mentions, halt);
    let joined = (!includes.files.is_empty()).then(|| includes.joined(text, halt).map(Some));
    (includes, joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_at(path: &Path, text: &str) -> Manifest {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        let layers_file = path.parent().unwrap().with_file_name("team").join("layers.toml");
        read(path, &Bounds::of(&layers_file).into(), &Halt::default()).unwrap()
    }

    /// What a file of bounds fixes is open no more, wherever it is asked for.
    #[test]
    fn names_that_are_bound_to_a_version_are_pinned() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("team/requirements.txt");
        let open = |bounds: &str| {
            read_at(&path.with_file_name("base.txt"), "b\nd\n");
            read_at(&path.with_file_name("bounds.txt"), bounds);
            let manifest = read_at(&path, "a\nc>=1\n-r base.txt\n-c bounds.txt\n");
            let included = manifest.includes().files.iter().filter(|file| !file.bounds).map(|file| file.open.count);
            (manifest.open_lines().count, included.sum::<usize>())
        };
        assert_eq!(open("A==1\nb == 2\nc==3\n"), (0, 1));
        assert_eq!(
            open("a>=1\nb==2 ; os_name == 'posix'\nc==3.*\n"),
            (2, 2),
            "none is bound to one version everywhere"
        );
    }

    /// For pip, a file and all that it includes are one.
    #[test]
    fn hashes_and_other_indexes_count_over_all_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("team/requirements.txt");
        let open = |text: &str, base: &str, bounds: &str| {
            read_at(&path.with_file_name("base.txt"), base);
            read_at(&path.with_file_name("bounds.txt"), bounds);
            let manifest = read_at(&path, &format!("-r base.txt\n-c bounds.txt\n{text}"));
            let included = manifest.includes().files.iter().map(|file| file.open.count);
            std::iter::once(manifest.open_lines().count).chain(included).collect::<Vec<_>>()
        };
        let (index, hashed) = ("--extra-index-url https://h/\n", "a==1 --hash=sha256:aa\n");
        assert_eq!(open(index, "a==1\n", "# none\n"), [1, 0, 0]);
        assert_eq!(open("a==1\n", index, "# none\n"), [0, 1, 0]);
        assert_eq!(open("a==1\n", "b==1\n", index), [0, 0, 1]);
        assert_eq!(open("a==1\n", "b==1\n", &format!("c>=1\n{index}")), [0, 0, 1], "bounds ask for nothing");
        assert_eq!(open(hashed, index, "c>=1\n"), [0, 0, 0]);
        assert_eq!(open(hashed, "b==1\n", "# none\n"), [0, 1, 0], "one has a hash");
    }

    #[test]
    fn a_credential_is_found_in_bytes_that_are_no_text() {
        let folder = tempfile::tempdir().unwrap();
        let url = "--index-url https://user:SECRET@host/simple\n";
        let latin = [b"# M\xfcller\n", url.as_bytes()].concat();
        let half: Vec<u8> = url.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let half = [&[0xff, 0xfe], half.as_slice(), b"x"].concat();
        for name in ["requirements.txt", "environment.yml", "composer.lock", "uv.lock"] {
            for bytes in [&latin, &half] {
                let path = folder.path().join(name);
                std::fs::write(&path, bytes).unwrap();
                let manifest = read(&path, &Bounds::of(&path).into(), &Halt::default()).unwrap();
                let shown = manifest.secret().and_then(|secret| secret.first.shown.as_deref());
                assert!(shown.is_some_and(|shown| shown.ends_with("https://****@host/simple")), "{name}: {shown:?}");
            }
        }
    }

    #[test]
    fn of_what_lies_elsewhere_no_line_is_kept_and_names_are_told_where_all_are_versions() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text, is_told) in [
            ("requirements.txt", "a==1.0\nb-c==2!1.0+x.y ; os_name == 'nt' # why\n", true),
            ("requirements.txt", "token\n", false),
            ("requirements.txt", "a==1.0\ntoken\n", false),
            ("requirements.txt", "a>=1\n", false),
            ("requirements.txt", "a==1.*\n", false),
            ("requirements.txt", "a===token\n", false),
            ("requirements.txt", "a @ https://host/token#sha256=00\n", false),
            ("requirements.txt", "https://1host/token\n", false),
            ("go.sum", "host/a v1.0.0 h1:00\n", true),
            ("go.sum", "a word: b:c\n", false),
            ("uv.lock", "[[package]]\nname = \"a\"\nversion = \"1.0\"\n", true),
            ("uv.lock", "[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { git = \"https://h/token\" }\n", false),
        ] {
            std::fs::create_dir_all(folder.path().join("team")).unwrap();
            let here = read_at(&folder.path().join("team").join(name), text);
            let there = read_at(&folder.path().join("other").join(name), text);
            let told = |one: &Manifest| one.unshown([one.dependencies().unwrap().unwrap()]).is_none();
            assert_eq!((told(&here), told(&there)), (true, is_told), "{text}");
            assert!(here.open_lines().first.iter().all(|line| line.text.is_some()), "{text}");
            assert!(there.open_lines().first.iter().all(|line| line.text.is_none()), "{text}");
            assert_eq!(here.open_lines().count, there.open_lines().count, "{text}");
        }
        let there = read_at(&folder.path().join("other/requirements.txt"), "-i https://user:password@host/simple\n");
        assert_eq!(there.secret().map(|secret| secret.first.clone()), Some(Secret { line: 1, shown: None }));
    }
}
