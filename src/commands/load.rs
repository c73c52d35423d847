//! From the command line to a plan and its settings. All problems of the layers file come together.

use std::collections::BTreeMap;
use std::path::Path;

use super::local;
use crate::cli::Common;
use crate::config::{self, Found, Origin, Problems, SettingOrigin, Settings, Source, Text, settle_settings};
use crate::error::Error;
use crate::plan::{Ambient, Plan, Selection, SelectionError, build, select};
use crate::report::Inputs;

/// A layers file, ready to run.
pub struct Loaded {
    /// The selected jobs.
    pub plan: Plan,
    /// The settings.
    pub settings: Settings,
    /// Where each setting came from.
    pub origins: Vec<SettingOrigin>,
    /// What is odd but not wrong.
    pub warnings: Found,
    /// The layers file, and every manifest and archive it names, also those of layers that are not selected.
    pub inputs: Inputs,
    /// Where each layer stands in its layers file.
    pub places: BTreeMap<String, Origin>,
}

/// Reads the layers file and everything the command line says about it.
pub fn load(args: &Common, ambient_region: Option<String>) -> Result<Loaded, Error> {
    let stop = |found: Found| Error::Layers { file: args.config.clone(), found };
    let text = Text::read(&args.config)?;
    let source = Source::parse(&text).map_err(stop)?;
    let mut problems = Problems::of(&source);
    let settled = settle_settings(&args.settings, &mut problems);
    let ambient = Ambient { region: ambient_region, env: &|name| std::env::var(name).ok() };
    let plan = config::read(&mut problems).map(|file| build(&file, &ambient, &mut problems));
    let warnings = problems.settle().map_err(stop)?;
    let (Some((settings, origins)), Some(plan)) = (settled, plan) else {
        return Err(Error::other("the settings could not be settled, for a reason that was not found"));
    };
    let selection = Selection { layers: args.layers.clone(), targets: args.targets.clone(), part: args.partition };
    let inputs = inputs(args, &plan);
    let places = plan.jobs.iter().map(|job| (job.layer.clone(), source.origin(&["layers", &job.layer]))).collect();
    let plan = select(&plan, &selection).map_err(|error| not_selected(args, error))?;
    Ok(Loaded { plan, settings, origins, warnings, inputs, places })
}

fn inputs(args: &Common, plan: &Plan) -> Inputs {
    let mut inputs = Inputs::default();
    inputs.add(&args.config, "the layers file");
    for job in &plan.jobs {
        inputs.add(&job.manifest.path, "a manifest");
        job.archive.iter().for_each(|archive| inputs.add(&archive.path, "an archive"));
    }
    inputs
}

/// Nothing was selected: perhaps because a folder was taken for a layer.
fn not_selected(args: &Common, error: SelectionError) -> Error {
    let folder = match &error {
        SelectionError::NoLayer(pattern, _) if local::wants_a_folder(args) && looks_like_a_path(pattern) => {
            Some(pattern.clone())
        }
        _ => None,
    };
    let error = Error::from(error);
    match folder {
        Some(folder) => error.hint(format!("`--sandbox` takes its folder behind `=`: `--sandbox={folder}`")),
        None => error,
    }
}

fn looks_like_a_path(text: &str) -> bool {
    text.contains(['/', '\\']) || text.starts_with('.') || Path::new(text).is_dir()
}
