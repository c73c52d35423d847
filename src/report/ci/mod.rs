//! What a run says to the build server that it runs on, without being asked to.

pub mod github;
mod gitlab;
mod rollout;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use crate::config::{Origin, PROBLEMS_LIMIT, Problem, ProblemList, Severity};
use crate::event::Mode;
use crate::report::causes::{Cause, causes};
use crate::report::formats::{ReportRequest, markdown};
use crate::report::model::Report;
use crate::report::rollout::RolloutReport;
use crate::report::wording::names;
use crate::report::{Shown, emit, status, warnings};
use crate::rollout::RolloutMode;
use crate::shown;
use github::{Annotation, AnnotationLevel, GitHub};

/// Why a run ended before its first job.
pub enum Refused<'a> {
    /// Its layers file has problems.
    Layers(&'a ProblemList),
    /// For another reason, and what to do about it.
    Other(&'a str, Option<&'a str>),
}

impl Refused<'_> {
    fn annotations(&self) -> Vec<Annotation> {
        match self {
            Self::Layers(found) => found.problems.iter().map(of_problem).collect(),
            Self::Other(message, _) => {
                vec![Annotation { level: AnnotationLevel::Error, place: None, message: Shown::one_line(message) }]
            }
        }
    }

    /// Whether there are more than these.
    fn more(&self) -> bool {
        matches!(self, Self::Layers(found) if found.more)
    }

    fn summary(&self, room: usize) -> Shown {
        match self {
            Self::Layers(found) => markdown::problems(found, room),
            Self::Other(message, hint) => markdown::nothing_started(message, *hint, room),
        }
    }
}

/// What annotations need of a layers file.
pub struct LinesOfFile<'a> {
    /// What is odd in it.
    pub warnings: &'a ProblemList,
    /// The place of each layer.
    pub places: &'a BTreeMap<String, Origin>,
}

/// The build server that the environment names.
#[derive(Debug, PartialEq, Eq)]
pub enum Ci {
    /// None, or `--no-ci`.
    None,
    /// GitHub Actions, or what calls itself that.
    GitHub(GitHub),
    /// GitLab CI/CD.
    GitLab,
}

impl Ci {
    /// The build server of an environment. A person's shell has none.
    pub fn of(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let is_true = |name| variable(name).is_some_and(|value| value == "true");
        match () {
            () if is_true("GITHUB_ACTIONS") => Self::GitHub(GitHub::of(variable)),
            () if is_true("GITLAB_CI") => Self::GitLab,
            () => Self::None,
        }
    }

    /// The build server of this process's environment, unless it is not wanted.
    pub fn of_this_process(wanted: bool) -> Self {
        if wanted { Self::of(&|name| std::env::var(name).ok()) } else { Self::None }
    }

    /// A run that ended before its first job. Whatever reads what such a run leaves must not take it for one in which all
    /// went well, nor what an older one left for its own.
    pub fn refuse(&self, refused: &Refused<'_>, mode: Mode, requests: &[ReportRequest]) {
        self.annotate(&refused.annotations(), refused.more());
        match self {
            Self::None => {}
            Self::GitHub(github) => tell(github.refuse(mode, |room| refused.summary(room))),
            Self::GitLab => gitlab::empty(requests).iter().for_each(warn),
        }
    }

    /// What a run did.
    pub fn conclude(&self, report: &Report, requests: &[ReportRequest], file: &LinesOfFile<'_>) {
        self.annotate_with(of_report(report, file.places), file);
        match self {
            Self::None => {}
            Self::GitHub(github) => tell(github.write(report)),
            Self::GitLab => self.hold(report, requests),
        }
    }

    /// The same as [`refuse`](Self::refuse), of a rollout.
    pub fn refuse_rollout(&self, refused: &Refused<'_>, mode: RolloutMode) {
        self.annotate(&refused.annotations(), refused.more());
        if let Self::GitHub(github) = self {
            tell(github.add(&rollout::refused(mode), |room| refused.summary(room)));
        }
    }

    /// What a rollout did.
    pub fn conclude_rollout(&self, report: &RolloutReport, file: &LinesOfFile<'_>) {
        self.annotate_with(rollout::annotations(report, file.places), file);
        if let Self::GitHub(github) = self {
            tell(github.add(&rollout::outputs(report), |room| report.markdown_within(room)));
        }
    }

    /// Reports that the build server would not take, whoever wrote them.
    pub fn hold(&self, report: &Report, requests: &[ReportRequest]) {
        if *self == Self::GitLab {
            gitlab::too_large(report, requests).iter().for_each(warn);
        }
    }

    /// With what is odd in the layers file, on its lines: there is one room of each level for all that a step says.
    fn annotate_with(&self, found: Vec<Annotation>, file: &LinesOfFile<'_>) {
        let all: Vec<_> = file.warnings.problems.iter().map(of_problem).chain(found).collect();
        self.annotate(&all, file.warnings.more);
    }

    /// Where there are more than these, there are as many of a level as are kept.
    fn annotate(&self, annotations: &[Annotation], more: bool) {
        if let Self::GitHub(github) = self {
            let kept = if more { PROBLEMS_LIMIT } else { usize::MAX };
            github.commands(annotations, kept).iter().for_each(emit::command);
        }
    }
}

fn tell(unwritten: Vec<(PathBuf, io::Error)>) {
    for (path, error) in unwritten {
        let why = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_owned(),
            _ => error.to_string(),
        };
        warn(&shown!("cannot write to `{}`, which GitHub reads: {}", path, why));
    }
}

fn warn(text: &Shown) {
    emit::stderr(&shown!("warning: {}\n", text));
}

fn of_problem(problem: &Problem) -> Annotation {
    let level = if problem.severity == Severity::Error { AnnotationLevel::Error } else { AnnotationLevel::Warning };
    Annotation { level, place: place(Some(&problem.origin)), message: Shown::one_line(&problem.to_string()) }
}

fn of_report(report: &Report, origins: &BTreeMap<String, Origin>) -> Vec<Annotation> {
    let mut causes = causes(report);
    // There is room for few: of each kind the one that hits most.
    causes.sort_by_key(|cause| cause.rank);
    let errors = causes.into_iter().map(|cause| Annotation {
        level: AnnotationLevel::Error,
        place: place(origins.get(&cause.first_layer)),
        message: shown!("{}: {}{}", cause.whose, cause.message, hit(&cause)),
    });
    let warnings = warnings::all(report).into_iter().map(|told| Annotation {
        level: AnnotationLevel::Warning,
        place: place(origins.get(told.first_layer)),
        message: told.text,
    });
    let findings = status::found(report).into_iter().map(|found| Annotation {
        level: AnnotationLevel::Warning,
        place: place(origins.get(&found.layer)),
        message: shown!("{}: {}", found.whose, found.finding.message),
    });
    errors.chain(findings).chain(warnings).collect()
}

/// `: six, idna`
fn hit(cause: &Cause) -> Shown {
    let all = names(cause.hit.iter().map(Shown::as_str));
    if all.is_empty() { all } else { shown!(": {}", all) }
}

fn place(origin: Option<&Origin>) -> Option<(PathBuf, Option<usize>)> {
    match origin? {
        Origin::File(path, place) => Some((path.to_path_buf(), place.as_ref().map(|place| place.line))),
        Origin::Variable(_) | Origin::Flag(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Mode;
    use crate::outcome::ErrorCode;
    use crate::report::samples::{failed, report};

    #[test]
    fn the_environment_names_the_build_server() {
        let of = |variables: &[(&str, &str)]| {
            Ci::of(&|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(of(&[]), Ci::None);
        assert_eq!(of(&[("CI", "true")]), Ci::None);
        assert_eq!(of(&[("GITHUB_ACTIONS", "false")]), Ci::None);
        assert_eq!(of(&[("GITHUB_ACTIONS", "true")]), Ci::GitHub(GitHub::default()));
        assert_eq!(of(&[("GITLAB_CI", "true")]), Ci::GitLab);
    }

    /// There is room for few: a second cause of one kind does not take the place of the only one of another.
    #[test]
    fn of_each_kind_the_cause_that_hits_most_is_annotated_first() {
        let missing = |layer: &str, what: &str| {
            failed(layer, "us-east-1", ErrorCode::ArchiveMissing, &format!("there is no {what} for it"))
        };
        let invalid = failed("f", "us-east-1", ErrorCode::ArchiveInvalid, "it is no zip");
        let jobs = vec![
            missing("a", "first"),
            missing("b", "second"),
            missing("c", "second"),
            missing("d", "third"),
            missing("e", "third"),
            missing("g", "third"),
            invalid,
        ];
        let told = of_report(&report(Mode::Publish, jobs), &BTreeMap::new());
        let told: Vec<String> = told.iter().map(|one| one.message.as_str().to_owned()).collect();
        let expected = ["third", "no zip", "second", "first"];
        assert_eq!(told.len(), expected.len(), "{told:#?}");
        assert!(told.iter().zip(expected).all(|(told, expected)| told.contains(expected)), "{told:#?}");
    }
}
