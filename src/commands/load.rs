//! From the command line to a plan and its settings. All problems of the layers file come together.

use figment::value::Value;

use crate::cli::Common;
use crate::config::{self, Problem, Settings, SettingsOrigin, Severity, Source, Text, resolve_settings};
use crate::error::Error;
use crate::plan::{Ambient, Plan, Selection, build, select};
use crate::report::Inputs;

/// A layers file, ready to run.
pub struct Loaded {
    /// The selected jobs.
    pub plan: Plan,
    /// The settings.
    pub settings: Settings,
    /// Where each setting came from.
    pub origins: Vec<SettingsOrigin>,
    /// What is odd but not wrong.
    pub warnings: Vec<Problem>,
    /// The layers file, and every manifest and archive it names, also those of layers that are not selected.
    pub inputs: Inputs,
}

/// Reads the layers file and everything the command line says about it.
pub fn load(args: &Common, ambient_region: Option<String>) -> Result<Loaded, Error> {
    let text = Text::read(&args.config)?;
    let (source, syntax) = Source::parse(&text);
    let stop = |problems: Vec<Problem>| Error::Layers { file: args.config.clone(), problems };
    if !syntax.is_empty() {
        return Err(stop(syntax));
    }
    let read = config::read(&source);
    let ambient = Ambient { region: ambient_region, env: &|name| std::env::var(name).ok() };
    let settings = resolve_settings(&source, &flags(args));
    let plan = build(&read.file, &source, &ambient);
    let ((settings, origins, odd_variables), (plan, odd_keys)) = match (settings, plan) {
        (Ok(settings), Ok(plan)) if read.problems.is_empty() => (settings, plan),
        (settings, plan) => {
            let of_settings = settings.err().into_iter().flatten().filter(|problem| !read.explains(problem));
            let of_plan = plan.map_or_else(|problems| problems, |(_, warnings)| warnings);
            let of_plan = of_plan.into_iter().filter(|problem| !read.explains(problem));
            let mut problems: Vec<Problem> = of_settings.chain(of_plan).chain(read.problems.iter().cloned()).collect();
            problems.sort_by_key(|problem| problem.line);
            return Err(stop(problems));
        }
    };
    let selection = Selection { layers: args.layers.clone(), targets: args.targets.clone() };
    let inputs = inputs(args, &plan);
    let plan = select(&plan, &selection)?;
    let warnings = odd_variables.into_iter().chain(odd_keys).filter(|problem| problem.severity == Severity::Warning);
    Ok(Loaded { plan, settings, origins, warnings: warnings.collect(), inputs })
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

/// The settings that the command line names.
fn flags(args: &Common) -> Vec<(&'static str, Value)> {
    let numbers = [
        ("concurrency", args.concurrency),
        ("lambda-requests-per-second", args.lambda_requests_per_second),
        ("lock-wait-seconds", args.lock_wait_seconds),
        ("request-timeout-seconds", args.request_timeout_seconds),
    ];
    let numbers = numbers.into_iter().filter_map(|(name, value)| Some((name, Value::from(value?))));
    numbers.chain(args.fail_fast.then(|| ("fail-fast", Value::from(true)))).collect()
}
