//! From the command line to a plan and its settings. All problems of the layers file come together.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::since::changed_since;
use super::{local, saved};
use crate::cli::{Chosen, Manner};
use crate::config::{
    self, LayersFile, Origin, ProblemList, Problems, SettingOrigin, Settings, Source, Text, looks_secret,
    settle_settings,
};
use crate::error::Error;
use crate::layer::Sha256;
use crate::plan::{Ambient, Plan, SavedPlan, Selection, SelectionError, build, select};
use crate::report::{Inputs, LinesOfFile, alike, never_show};

/// More than the layers files of any repository have together, in bytes.
const INCLUDED_LIMIT: usize = 32_000_000;

/// A layers file, ready to run.
pub struct Loaded {
    /// The selected jobs.
    pub plan: Plan,
    /// The settings.
    pub settings: Settings,
    /// Where each setting came from.
    pub origins: Vec<SettingOrigin>,
    /// What is odd but not wrong.
    pub warnings: ProblemList,
    /// The files that it includes.
    pub included: Vec<PathBuf>,
    /// The layers file, what it includes, and every manifest and archive it names with all that manifests include, also those
    /// of layers that are not selected.
    pub inputs: Inputs,
    /// SHA-256 of the layers file.
    pub digest: Sha256,
    /// Where each layer stands in its layers file.
    pub places: BTreeMap<String, Origin>,
    /// Variables of the report `env` that would be called like another one, by layer and target, whatever is selected.
    pub variables: BTreeMap<(String, String), String>,
    /// Environment variables in the places of layers, also of those that are not selected, that look like secrets.
    pub secrets: BTreeSet<String>,
}

impl Loaded {
    /// What a build server is told of it.
    pub fn file(&self) -> LinesOfFile<'_> {
        LinesOfFile { warnings: &self.warnings, places: &self.places }
    }
}

/// Reads the layers file, what it includes, and everything the command line says about it; or all that, as a saved plan
/// says it.
#[inline(never)] // `bench/instructions` counts it by its name.
pub fn load(
    args: &Chosen,
    manner: &Manner,
    ambient_region: Option<String>,
    saved: Option<&SavedPlan>,
) -> Result<Loaded, Error> {
    let stop = |found: ProblemList| Error::Layers { file: args.config.clone(), found };
    let text = Text::read(&args.config)?;
    let source = Source::parse(&text).map_err(stop)?;
    let mut problems = Problems::of(&source);
    let settled = settle_settings(&manner.settings, &mut problems);
    let first = config::read(&mut problems).unwrap_or_default();
    let texts = included_texts(&first, &args.config, &mut problems);
    let included = parsed(&texts, &mut problems);
    let files = all_files(first, &included, &mut problems);
    let secrets = RefCell::default();
    let ambient = Ambient { region: ambient_region, env: &|name| variable(name, &secrets) };
    // With so many errors the rest would only say what follows from them.
    let plan = if problems.is_full() { Plan::default() } else { build(&files, &ambient, &mut problems) };
    let secrets = secrets.into_inner();
    never_show(&secrets);
    let warnings = problems.settle().map_err(stop)?;
    let Some((settings, origins)) = settled else {
        return Err(Error::other("the settings could not be put together, for an unknown reason"));
    };
    let sources: Vec<&Source<'_>> = std::iter::once(&source).chain(included.iter().map(|(_, source)| source)).collect();
    let (inputs, places, digest) = (inputs(&sources, &plan), places(&sources, &plan), digest(&sources));
    let variables = alike(plan.jobs.iter().map(|job| (job.layer.as_str(), job.target.name.as_str())));
    let selected = |selection: &Selection| select(&plan, selection).map_err(|error| not_selected(manner, error));
    let plan = match saved {
        None => {
            let revision = args.changed_since.as_deref();
            let among = revision.map(|revision| changed_since(revision, &sources, &plan)).transpose()?;
            selected(&Selection { among, ..selection(args) })?
        }
        Some(saved) => saved::described(saved, digest, &selection(args), selected)?,
    };
    let included = included.iter().map(|(_, source)| source.path().to_owned()).collect();
    let secrets = secrets.into_iter().map(|(name, _)| name).collect();
    Ok(Loaded { plan, settings, origins, warnings, included, inputs, digest, places, variables, secrets })
}

/// What a layers file and those that it includes declare, as far as it can be read, whatever is wrong with it.
pub fn declared(config: &Path) -> Vec<LayersFile> {
    let Ok(text) = Text::read(config) else { return Vec::new() };
    let Ok(source) = Source::parse(&text) else { return Vec::new() };
    let mut problems = Problems::of(&source);
    let first = config::read(&mut problems).unwrap_or_default();
    let texts = included_texts(&first, config, &mut problems);
    let included = parsed(&texts, &mut problems);
    all_files(first, &included, &mut problems)
}

fn all_files<'s>(
    first: LayersFile,
    included: &'s [(&Path, Source<'_>)],
    problems: &mut Problems<'s>,
) -> Vec<LayersFile> {
    let mut files = vec![first];
    for (folder, source) in included {
        problems.include(source);
        files.push(config::read_included(problems).unwrap_or_default().below(folder));
    }
    files
}

/// SHA-256 of the layers file; where it includes others, of the list of their digests.
fn digest(sources: &[&Source<'_>]) -> Sha256 {
    match sources {
        [alone] => alone.digest(),
        several => {
            let all: Vec<String> = several.iter().map(|source| source.digest().to_string()).collect();
            Sha256::of(all.join("\n").as_bytes())
        }
    }
}

/// What the command line selects.
pub fn selection(args: &Chosen) -> Selection {
    Selection { layers: args.layers.clone(), targets: args.targets.clone(), part: args.partition, among: None }
}

/// The value of a variable that a placeholder names, noted where it looks like a secret.
fn variable(name: &str, secrets: &RefCell<BTreeSet<(String, String)>>) -> Option<String> {
    let value = std::env::var(name).ok()?;
    if looks_secret(name, &value) {
        secrets.borrow_mut().insert((name.to_owned(), value.clone()));
    }
    Some(value)
}

/// The texts of the files that the first one includes, as far as they can be read, each with the folder that leads to
/// it from the first one's.
fn included_texts(first: &LayersFile, config: &Path, problems: &mut Problems<'_>) -> Vec<(PathBuf, Text)> {
    let beside = config.parent().unwrap_or(Path::new(""));
    let mut texts = Vec::new();
    let mut size = 0;
    for path in config::included(first.include.as_deref().unwrap_or_default(), config, problems) {
        match Text::read(&beside.join(&path)) {
            Ok(text) if size + text.size() > INCLUDED_LIMIT => {
                let message = format!("the included files have more than {} MB together", INCLUDED_LIMIT / 1_000_000);
                problems.error(&["include"], message);
                break;
            }
            Ok(text) => {
                size += text.size();
                texts.push((Path::new(&path).parent().unwrap_or(Path::new("")).to_owned(), text));
            }
            Err(error) => problems.error(&["include"], error.to_string()),
        }
    }
    texts
}

fn parsed<'t>(texts: &'t [(PathBuf, Text)], problems: &mut Problems<'_>) -> Vec<(&'t Path, Source<'t>)> {
    let mut sources = Vec::with_capacity(texts.len());
    for (folder, text) in texts {
        match Source::parse(text) {
            Ok(source) => sources.push((folder.as_path(), source)),
            Err(found) => {
                found.problems.into_iter().for_each(|problem| problems.push(problem));
                problems.unreadable(vec!["include".to_owned()]);
            }
        }
    }
    sources
}

fn inputs(sources: &[&Source<'_>], plan: &Plan) -> Inputs {
    let mut inputs = Inputs::default();
    let what = ["the layers file"].into_iter().chain(std::iter::repeat("an included layers file"));
    sources.iter().zip(what).for_each(|(source, what)| inputs.add(source.path(), what));
    for job in &plan.jobs {
        inputs.add_manifest(&job.manifest.path, &job.reach);
        job.archive.iter().for_each(|archive| inputs.add(&archive.path, "an archive"));
    }
    inputs
}

/// Where each layer stands in the file that declares it.
fn places(sources: &[&Source<'_>], plan: &Plan) -> BTreeMap<String, Origin> {
    let place = |layer: &str| {
        let path = ["layers", layer];
        sources.iter().find(|source| source.has(&path)).map(|source| (layer.to_owned(), source.origin(&path)))
    };
    plan.jobs.iter().filter_map(|job| place(&job.layer)).collect()
}

/// Nothing was selected: perhaps because a folder was taken for a layer.
fn not_selected(manner: &Manner, error: SelectionError) -> Error {
    let folder = match &error {
        SelectionError::NoLayer(pattern, _) if local::wants_a_folder(manner) && looks_like_a_path(pattern) => {
            Some(pattern.clone())
        }
        _ => None,
    };
    let error = Error::from(error);
    match folder {
        Some(folder) => error.hint(format!("`--sandbox` takes its folder after `=`: `--sandbox={folder}`")),
        None => error,
    }
}

fn looks_like_a_path(text: &str) -> bool {
    text.contains(['/', '\\']) || text.starts_with('.') || Path::new(text).is_dir()
}
