//! What a fact reads like in `-v`.

use crate::event::{Fact, Unanswered};
use crate::outcome::{Decision, Reason};
use crate::report::wording::{brief, plural, ranges};

/// A fact in one sentence, with the request's id where there is one.
pub fn sentence(fact: &Fact) -> String {
    match fact {
        Fact::AccountKnown { account } => format!("credentials belong to account {account}"),
        Fact::ManifestRead { path, md5, includes: None } => format!("manifest {path} has MD5 {md5}"),
        Fact::ManifestRead { path, md5, includes: Some(includes) } => {
            format!("manifest {path} has MD5 {md5}, and what it includes has {includes}")
        }
        Fact::Built { seconds } => format!("built in {seconds:.1} s"),
        Fact::ArchiveRead { path, sha256, size } => format!("archive {path} has SHA-256 {sha256}, {size} bytes"),
        Fact::ArchiveAlreadyStaged { at, .. } => format!("staged archive {at} is already the same"),
        Fact::ArchiveToBeStaged { at } => format!("archive would be staged at {at}"),
        Fact::ArchiveStaged { at, .. } => format!("archive staged at {at}"),
        Fact::StagedArchiveFound { at, .. } => format!("staged archive {at} is there"),
        Fact::StagedArchiveConsistent { manifest } => format!("staged archive was built from this {manifest}"),
        Fact::StagedArchiveDigested { sha256 } => format!("staged archive has SHA-256 {sha256}"),
        Fact::StagedSince { version, .. } => format!("another archive has been staged since version {version}"),
        Fact::ArchiveKept { at, written: true, .. } => format!("archive stays at {at}, where Lambda reads it"),
        Fact::ArchiveKept { at, version_id: Some(_), .. } => {
            format!("archive is at {at} already, where Lambda reads it")
        }
        Fact::ArchiveKept { at, .. } => format!("archive is to stay at {at}, where Lambda will read it"),
        Fact::ArchiveInspected { files, unzipped } => {
            format!(
                "archive has {}, {unzipped} bytes unzipped",
                plural(usize::try_from(*files).unwrap_or(usize::MAX), "file")
            )
        }
        Fact::Compared { backup: Some(at), changed: false, .. } => format!("manifest is the same as {at}"),
        Fact::Compared { backup: Some(at), .. } => format!("manifest differs from {at}"),
        Fact::Compared { version: Some(version), .. } => format!("version {version} has no backup of this manifest"),
        Fact::Compared { .. } => "there is no backup yet".to_owned(),
        Fact::Advised { message, .. } => format!("advice: {message}"),
        Fact::NoVersionFound { layer } => format!("layer `{layer}` has no version yet"),
        Fact::LatestFound { arn, backed_up: true } => format!("latest version is {}; it has a backup", arn.number),
        Fact::LatestFound { arn, .. } => format!("latest version is {}; it has no backup", arn.number),
        Fact::Decided { decision, reason, dependencies, .. } => match (decision, reason) {
            (Decision::Keep, _) => "unchanged since the latest version: nothing to publish".to_owned(),
            (Decision::Adopt, _) => {
                "latest version has exactly the staged content: its backup is to be written".to_owned()
            }
            (Decision::Publish, Reason::DependenciesChanged) if dependencies.differs() => {
                format!("dependencies changed: {}", brief(dependencies, 8))
            }
            (Decision::Publish, reason) => format!("to be published: {reason}"),
        },
        _ => publishing(fact),
    }
}

/// The facts of publishing and of the lock.
fn publishing(fact: &Fact) -> String {
    match fact {
        Fact::Overtaken { version } => format!("version {version} has appeared: deciding again"),
        Fact::LockAwaited { holder, host, phase, living, until } => {
            let until = until.map(|until| format!("; until {until} at most, unless it is renewed")).unwrap_or_default();
            let dead = if *living { "" } else { " dead" };
            format!("waiting for the lock of{dead} run {holder} on {host}, which {}{until}", phase.doing())
        }
        Fact::Throttled => "Lambda throttles, the request waits for its next turn".to_owned(),
        Fact::TurnGiven { requests_per_second } => {
            format!("its turn in Lambda's quota, at {requests_per_second} requests a second")
        }
        Fact::Unanswered(request) => no_answer(request),
        Fact::Answered(Unanswered { service, operation, .. }) => {
            format!("{service} has answered {operation}, or it was given up")
        }
        Fact::LockTaken { at, from: None } => format!("lock taken: {at}"),
        Fact::LockTaken { at, from: Some(from) } => format!("lock taken over from {from}: {at}"),
        Fact::LockFreed => "lock released".to_owned(),
        Fact::LockLeft => "lock left for the next run".to_owned(),
        Fact::LockLost => "another run now holds the lock".to_owned(),
        Fact::VersionPublished { arn, request_id, .. } => {
            with_request(format!("published {arn}"), request_id.as_deref())
        }
        Fact::AnswerLost { why, request_id, .. } => {
            with_request(format!("{why}: looking for the version"), request_id.as_deref())
        }
        Fact::VersionFound { arn } => format!("found {arn}: the answer was lost, the work was done"),
        Fact::SentAgain => "there is no such version: sending it again".to_owned(),
        Fact::ContentVerified => "its content is the staged archive that was checked".to_owned(),
        Fact::VersionToUse { arn } => format!("version to use is {arn}"),
        Fact::BackupThere { at, written: true, request_id } => {
            with_request(format!("manifest stored at {at}"), request_id.as_deref())
        }
        Fact::GrantsCompared { there, to_grant, extra, to_revoke } => grants(&[
            ("shared with", there),
            ("to be shared with", to_grant),
            ("shared with others as well:", extra),
            ("to be taken from", to_revoke),
        ]),
        Fact::GrantMade { to } => format!("shared with {to}"),
        Fact::GrantTaken { from } => format!("no longer shared with {from}"),
        Fact::ParameterCompared { name, holds: Some(arn), to_write } => {
            let to_write = if *to_write { "; it is to be written" } else { "" };
            format!("parameter {name} holds {arn}{to_write}")
        }
        Fact::ParameterCompared { name, .. } => format!("parameter {name} is to be made"),
        Fact::ParameterWritten { name, arn } => format!("parameter {name} holds {arn} now"),
        Fact::AttestationsCompared { provenance: Some(at), to_write: false, .. } => format!("attested by {at}"),
        Fact::AttestationsCompared { .. } => "to be attested".to_owned(),
        Fact::AttestationsWritten => "bill of materials and provenance stored".to_owned(),
        Fact::VersionsSorted { to_delete, kept } if to_delete.is_empty() => {
            format!("nothing to delete, {} kept", plural(kept.len(), "version"))
        }
        Fact::VersionsSorted { to_delete, kept } => {
            format!("to be deleted: {}; {} kept", ranges(to_delete), plural(kept.len(), "version"))
        }
        Fact::ArchivesSorted { to_delete } => format!("no version needs {}", to_delete.join(", ")),
        Fact::ArchiveDeleted { at } => format!("archive deleted: {at}"),
        Fact::BackupDeleted { at } => format!("backup deleted: {at}"),
        Fact::VersionDeleted { arn } => format!("deleted {arn}"),
        Fact::LayersSet { layers } => format!("layers set: {}", layers.join(", ")),
        Fact::ChangeAwaited => "waiting until its last change is in force".to_owned(),
        Fact::FunctionPublished { version } => format!("version {version} published"),
        Fact::AliasLed { alias, version } => format!("alias {alias} leads to version {version}"),
        Fact::BackupPage { url } => format!("see it at {url}"),
        Fact::BackupThere { at, .. } => format!("manifest was already stored at {at}"),
        _ => String::new(),
    }
}

/// Which request has no answer, and since when.
pub fn no_answer(request: &Unanswered) -> String {
    let Unanswered { service, operation, since } = request;
    format!("no answer of {service} to {operation} since {}", since.strftime("%H:%M:%SZ"))
}

fn grants(kinds: &[(&str, &Vec<String>)]) -> String {
    let said = kinds.iter().filter(|(_, who)| !who.is_empty());
    let said: Vec<String> = said.map(|(what, who)| format!("{what} {}", who.join(", "))).collect();
    if said.is_empty() { "shared with nobody".to_owned() } else { said.join("; ") }
}

fn with_request(text: String, id: Option<&str>) -> String {
    match id {
        Some(id) => format!("{text} (request {id})"),
        None => text,
    }
}
