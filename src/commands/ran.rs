//! What ran, for the report: asked of git and of the environment while the jobs run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::config::looks_secret;
use crate::git;
use crate::manifest::mask;
use crate::plan::Plan;
use crate::report::{CheckedOut, Ran, without};
use crate::run::Stop;

/// The page of the build, for build servers that are not known here.
pub const PAGE: &str = "LAYERSHIP_RUN_URL";

/// Asks for it, beside everything else. Nothing of it is a reason to fail, and a git that does not answer holds no run that
/// is stopped.
pub fn what_ran(config: &Path, plan: &Plan, included: &[PathBuf], stop: &Stop) -> impl Future<Output = Ran> + use<> {
    let files: Vec<PathBuf> = std::iter::once(config.to_owned())
        .chain(included.iter().cloned())
        .chain(plan.jobs.iter().map(|job| job.manifest.path.clone()))
        .collect();
    let archives: Vec<PathBuf> =
        plan.jobs.iter().filter_map(|job| job.archive.as_ref()).map(|archive| archive.path.clone()).collect();
    let folder = folder_of(config);
    let asked = tokio::task::spawn_blocking(move || git::head(&folder, &files, &archives));
    let stop = stop.clone();
    async move {
        let head = tokio::select! {
            biased;
            head = asked => head.ok().and_then(Result::ok).flatten(),
            () = stop.finishing() => None,
        };
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let git = head.map(|head| CheckedOut {
            commit: head.commit,
            branch: head.branch.or_else(|| branch(&variable)),
            dirty: head.dirty,
        });
        Ran { command: Some(command()), git, ci: page(&variable).map(|address| mask(&address).into_owned()) }
    }
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The command line without what is secret in it.
fn command() -> Vec<String> {
    let variables =
        std::env::vars_os().filter_map(|(name, value)| name.into_string().ok().zip(value.into_string().ok()));
    let secrets: BTreeSet<_> = variables.filter(|(name, value)| looks_secret(name, value)).collect();
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    std::iter::once("layership".to_owned())
        .chain(words.map(|word| without(&secrets, mask(&word).into_owned())))
        .collect()
}

/// The branch that a build server names: it checks out commits, not branches.
fn branch(variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let of_github = || variable("GITHUB_REF_NAME").filter(|_| variable("GITHUB_REF_TYPE").as_deref() == Some("branch"));
    variable("GITHUB_HEAD_REF")
        .or_else(of_github)
        .or_else(|| variable("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"))
        .or_else(|| variable("CI_COMMIT_BRANCH"))
}

/// What all machines of one build share, and those of no other build: a build that is run again for what failed is the same.
pub fn build() -> Option<String> {
    named_build(&|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

fn named_build(variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    variable("GITHUB_RUN_ID").or_else(|| variable("CI_PIPELINE_ID")).or_else(|| variable("BUILD_TAG"))
}

/// The page of the build.
fn page(variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    variable(PAGE)
        .or_else(|| on_github(variable))
        .or_else(|| variable("CI_JOB_URL"))
        .or_else(|| variable("CI_PIPELINE_URL"))
        .or_else(|| variable("BUILD_URL"))
}

fn on_github(variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let [server, repository, run] = ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"].map(variable);
    let run = format!("{}/{}/actions/runs/{}", server?, repository?, run?);
    Some(match variable("GITHUB_RUN_ATTEMPT") {
        Some(attempt) => format!("{run}/attempts/{attempt}"),
        None => run,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GITHUB: [(&str, &str); 4] = [
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "acme/layers"),
        ("GITHUB_RUN_ID", "17"),
        ("GITHUB_RUN_ATTEMPT", "2"),
    ];

    type Asked = fn(&dyn Fn(&str) -> Option<String>) -> Option<String>;

    fn of(asked: Asked, variables: &[(&str, &str)]) -> Option<String> {
        asked(&|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_page_of_the_build_is_what_its_environment_names() {
        let on_github = Some("https://github.com/acme/layers/actions/runs/17/attempts/2".to_owned());
        assert_eq!(of(page, &GITHUB), on_github);
        assert_eq!(of(page, &GITHUB[..2]), None);
        let gitlab = [("CI_PIPELINE_URL", "https://gitlab.com/p/1"), ("CI_JOB_URL", "https://gitlab.com/j/2")];
        assert_eq!(of(page, &gitlab).as_deref(), Some("https://gitlab.com/j/2"));
        assert_eq!(of(page, &gitlab[..1]).as_deref(), Some("https://gitlab.com/p/1"));
        assert_eq!(of(page, &[("BUILD_URL", "https://jenkins/1")]).as_deref(), Some("https://jenkins/1"));
        let both = [GITHUB.as_slice(), &[(PAGE, "https://ci/1")]].concat();
        assert_eq!(of(page, &both).as_deref(), Some("https://ci/1"));
        assert_eq!(of(page, &[]), None);
    }

    #[test]
    fn a_build_server_names_the_branch_of_a_commit() {
        let pushed = [("GITHUB_REF_TYPE", "branch"), ("GITHUB_REF_NAME", "main")];
        assert_eq!(of(branch, &pushed).as_deref(), Some("main"));
        assert_eq!(of(branch, &[("GITHUB_REF_TYPE", "tag"), ("GITHUB_REF_NAME", "v1")]), None);
        let request = [pushed.as_slice(), &[("GITHUB_HEAD_REF", "feature")]].concat();
        assert_eq!(of(branch, &request).as_deref(), Some("feature"));
        assert_eq!(of(branch, &[("CI_COMMIT_BRANCH", "main")]).as_deref(), Some("main"));
    }
}
