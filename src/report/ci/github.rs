//! What GitHub's runner reads: commands in the log, and files that it names in the environment.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::event::Mode;
use crate::outcome::{Outcome, Tally, count_findings};
use crate::report::Shown;
use crate::report::command::WorkflowCommand;
use crate::report::formats::{arns, markdown};
use crate::report::model::{Report, Summary};
use crate::shown;

/// GitHub shows ten errors and ten warnings of a step and drops the rest in silence: the tenth counts the others.
const OF_A_LEVEL_AT_MOST: usize = 10;
/// A step's summary; of a larger one nothing is shown.
const SUMMARY_BYTES: u64 = 1_048_576;

/// Whether a file of a step was written; if not, which one, and why.
type Written = Result<(), (PathBuf, io::Error)>;

/// The files of a step, where the runner names them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct GitHub {
    summary: Option<PathBuf>,
    output: Option<PathBuf>,
    temp: Option<PathBuf>,
    workspace: Option<PathBuf>,
}

/// Something that is shown on a line of a file of the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// `error` or `warning`.
    pub level: AnnotationLevel,
    /// The file, and its line if there is one.
    pub place: Option<(PathBuf, Option<usize>)>,
    /// What is wrong.
    pub message: Shown,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum AnnotationLevel {
    /// Something failed.
    Error,
    /// A person should look at it.
    Warning,
}

impl GitHub {
    /// What the runner says of this step.
    pub fn of(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let path = |name| variable(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        Self {
            summary: path("GITHUB_STEP_SUMMARY"),
            output: path("GITHUB_OUTPUT"),
            temp: path("RUNNER_TEMP"),
            workspace: path("GITHUB_WORKSPACE"),
        }
    }

    /// The commands that show these annotations, no more of a level than GitHub shows. Of `kept` of a level, there may be more that
    /// nobody counted.
    pub fn commands(&self, annotations: &[Annotation], kept: usize) -> Vec<WorkflowCommand> {
        [AnnotationLevel::Error, AnnotationLevel::Warning]
            .into_iter()
            .flat_map(|level| {
                let all: Vec<&Annotation> = annotations.iter().filter(|one| one.level == level).collect();
                let room = if all.len() > OF_A_LEVEL_AT_MOST { OF_A_LEVEL_AT_MOST - 1 } else { all.len() };
                let rest = all.len() - room;
                let rest = if all.len() >= kept { format!("at least {rest}") } else { rest.to_string() };
                let message = || shown!("… and {} more: see the summary of this step", rest);
                let more = (all.len() > room).then(|| Annotation { level, place: None, message: message() });
                let shown: Vec<WorkflowCommand> =
                    all.into_iter().take(room).chain(&more).map(|one| self.command(one)).collect();
                shown
            })
            .collect()
    }

    fn command(&self, annotation: &Annotation) -> WorkflowCommand {
        let mut properties = vec![("title", "layership".to_owned())];
        if let Some((file, number)) = &annotation.place {
            properties.push(("file", self.in_workspace(file)));
            properties.extend(number.map(|number| ("line", number.to_string())));
        }
        WorkflowCommand::new(&annotation.level.to_string(), &properties, &annotation.message)
    }

    /// The path as GitHub knows it: from the root of the checkout.
    fn in_workspace(&self, file: &Path) -> String {
        let whole = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let inside = self.workspace.as_ref().and_then(|root| whole.strip_prefix(root).ok());
        inside.unwrap_or(file).to_string_lossy().into_owned()
    }

    /// Writes the step's summary and outputs, and says of each what could not be written: no reason to fail, and none to leave
    /// the other out.
    pub fn write(&self, report: &Report) -> Vec<(PathBuf, io::Error)> {
        let arns = self.output.as_ref().and_then(|_| self.arns(report));
        self.add(&outputs(report, arns.as_deref()), |room| markdown::within(report, room))
    }

    /// The same of a run that ended before its first job, which itself counts as what failed: a condition that asks whether
    /// nothing failed must not find that so. There are no ARNs: an empty file of them would be taken for what is published.
    pub fn refuse(&self, mode: Mode, text: impl Fn(usize) -> Shown) -> Vec<(PathBuf, io::Error)> {
        let mut tally = Tally::of(0);
        tally.count(Outcome::Failed);
        let never = Timestamp::UNIX_EPOCH;
        let report = Report { summary: Summary::new(mode, &tally), ..Report::new(mode, "", never, never, Vec::new()) };
        self.add(&outputs(&report, None), text)
    }

    /// Adds outputs, and to the step's summary what there is room for, and says what could not be written.
    pub fn add(&self, outputs: &Shown, summary: impl Fn(usize) -> Shown) -> Vec<(PathBuf, io::Error)> {
        let outputs = self.output.as_ref().map(|path| append(path, outputs));
        [outputs, self.summarize(summary)].into_iter().flatten().filter_map(Result::err).collect()
    }

    /// Adds to the step's summary what there is room for, given the bytes that are left.
    fn summarize(&self, text: impl Fn(usize) -> Shown) -> Option<Written> {
        self.summary.as_ref().map(|path| summarize(path, text))
    }

    /// A file with the ARNs to use: target → layer → ARN.
    fn arns(&self, report: &Report) -> Option<String> {
        let path = self.temp.as_ref()?.join(format!("layership-{}.json", report.run));
        std::fs::write(&path, arns::tfvars(report).as_str()).ok()?;
        // A value with a line break would be another output.
        path.to_str().filter(|path| !path.contains(char::is_control)).map(str::to_owned)
    }
}

/// `name=value` lines: counts, what a condition asks for, and where the ARNs are.
fn outputs(report: &Report, arns: Option<&str>) -> Shown {
    let count = |outcome| report.summary.get(outcome);
    let any = match report.mode {
        Mode::Changed => shown!("any-changed={}", (count(Outcome::Changed) > 0).to_string()),
        Mode::Build => shown!("any-built={}", (count(Outcome::Built) > 0).to_string()),
        Mode::Plan => shown!("any-planned={}", (count(Outcome::Planned) > 0).to_string()),
        Mode::Prune => shown!("any-pruned={}", (count(Outcome::Pruned) > 0).to_string()),
        Mode::Status => shown!("any-finding={}", (count_findings(&report.jobs) > 0).to_string()),
        _ => shown!("any-published={}", (count(Outcome::Published) + count(Outcome::Adopted) > 0).to_string()),
    };
    let counts = report.summary.outcomes().map(|(outcome, count)| shown!("{}={}", outcome.to_string(), count));
    let findings = (report.mode == Mode::Status).then(|| shown!("findings={}", count_findings(&report.jobs)));
    Shown::of_lines(counts.chain(findings).chain([any]).chain(arns.map(|path| shown!("arns={}", path))))
}

/// Adds to the step's summary what there is room for. With a byte too many GitHub shows nothing of it, not even what
/// earlier commands of the step wrote: then nothing is added.
fn summarize(path: &Path, text: impl Fn(usize) -> Shown) -> Written {
    let taken = path.metadata().map_or(0, |metadata| metadata.len());
    // One byte less than there is room for, and one for the end of a line that an earlier command left open.
    let room = usize::try_from(SUMMARY_BYTES.saturating_sub(taken)).unwrap_or(0).saturating_sub(2);
    let summary = text(room);
    if summary.len() <= room {
        return append(path, &summary);
    }
    Err((path.to_owned(), io::Error::other("it is full: of a summary of more than 1 MiB GitHub shows nothing")))
}

/// Adds lines, the first of them on a line of its own, whatever an earlier command of the step left there.
fn append(path: &Path, text: &Shown) -> Written {
    let written = OpenOptions::new().append(true).open(path).and_then(|mut file| {
        let begin: &[u8] = if ends_within_a_line(path) { b"\n" } else { b"" };
        file.write_all(&[begin, text.as_bytes()].concat())
    });
    written.map_err(|error| (path.to_owned(), error))
}

/// Where nothing can be read, such as of a pipe, nothing is known to be open.
fn ends_within_a_line(path: &Path) -> bool {
    let last = || {
        // The opening of a pipe would wait for whoever writes.
        let mut file = File::open(Some(path).filter(|path| path.is_file())?).ok()?;
        file.seek(SeekFrom::End(-1)).ok()?;
        let mut last = [0];
        file.read_exact(&mut last).ok().map(|()| last[0])
    };
    last().is_some_and(|last| last != b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{JobReport, LayerStatus, StatusCode, StatusFinding};
    use crate::report::samples::{job, report};

    fn annotation(level: AnnotationLevel, message: &str) -> Annotation {
        let place = Some((PathBuf::from("a,b:c/layers.toml"), Some(3)));
        Annotation { level, place, message: Shown::one_line(message) }
    }

    #[test]
    fn commands_are_escaped_as_the_runner_unescapes_them() {
        let commands =
            GitHub::default().commands(&[annotation(AnnotationLevel::Error, "50% of\n::error::x")], usize::MAX);
        assert_eq!(
            commands[0].line(),
            "::error title=layership,file=a%2Cb%3Ac/layers.toml,line=3::50%25 of ::error::x"
        );
    }

    #[test]
    fn what_status_found_is_counted_at_targets_and_between_them() {
        let looked = |layer, findings| {
            let status = LayerStatus { findings, ..LayerStatus::default() };
            JobReport { status: Some(Box::new(status)), ..job(layer, "x", Outcome::Checked) }
        };
        let two = [StatusCode::LockStale, StatusCode::NotPublished].map(|code| StatusFinding::new(code, "so"));
        let told = |jobs| outputs(&report(Mode::Status, jobs), None).to_string();
        assert!(
            told(vec![looked("a", two.to_vec()), looked("b", Vec::new())]).contains("\nfindings=2\nany-finding=true\n")
        );
        assert!(told(vec![looked("b", Vec::new())]).contains("\nfindings=0\nany-finding=false\n"));
        assert!(!outputs(&report(Mode::Publish, Vec::new()), None).contains("findings"));
    }

    #[test]
    fn a_summary_never_grows_beyond_what_github_shows_and_the_outputs_are_there_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let of = |name: &str| folder.path().join(name);
        let jobs = (0..10_000).map(|n| job(&format!("layer-{n}"), "x", Outcome::Published)).collect();
        let report = report(Mode::Publish, jobs);
        let limit = usize::try_from(SUMMARY_BYTES).unwrap();
        for (taken, fits) in [(0, true), (limit - 1000, true), (limit - 10, false)] {
            std::fs::write(of("summary"), "x".repeat(taken)).unwrap();
            std::fs::write(of("output"), "").unwrap();
            let (summary, output) = (Some(of("summary")), Some(of("output")));
            let written = GitHub { summary, output, ..GitHub::default() }.write(&report);
            assert_eq!(written.is_empty(), fits, "{taken}: {written:?}");
            let now = std::fs::read_to_string(of("summary")).unwrap();
            assert!(now.len() < limit || now.len() == taken, "{taken} and more became {}", now.len());
            assert_eq!(now[taken..].contains("10000 jobs"), fits, "{taken}");
            assert!(std::fs::read_to_string(of("output")).unwrap().contains("published=10000\n"));
        }
    }

    #[test]
    fn the_tenth_of_a_level_counts_the_rest() {
        let of = |errors: usize, warnings: usize| {
            let errors = (0..errors).map(|n| annotation(AnnotationLevel::Error, &n.to_string()));
            let all: Vec<_> = errors.chain((0..warnings).map(|_| annotation(AnnotationLevel::Warning, "w"))).collect();
            GitHub::default().commands(&all, 100)
        };
        assert_eq!(of(10, 10).len(), 20);
        let commands = of(23, 1);
        assert_eq!(commands.len(), 11);
        assert_eq!(commands[9].line(), "::error title=layership::… and 14 more: see the summary of this step");
        let at_least = "::error title=layership::… and at least 91 more: see the summary of this step";
        assert_eq!(of(100, 1)[9].line(), at_least);
    }
}
