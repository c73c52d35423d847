//! `--undo`: what a rollout kept becomes what is to be done.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::mover::{AliasAim, FunctionJob};
use super::survey::{Survey, Surveyed, watch};
use crate::aws::{Session, Sessions, watched};
use crate::outcome::{ErrorCode, JobError};
use crate::plan::Target;
use crate::rollout::{Aim, AliasMoved, FunctionOutcome, FunctionRecord, FunctionReport, Record, restored};
use crate::run::Events;

/// What is to be done to put back what a record holds, at these targets. Nothing is asked of Lambda yet.
pub async fn put_back(
    record: &Record,
    targets: &[Arc<Target>],
    sessions: &Sessions,
    patience: Duration,
    events: &Events,
) -> Survey {
    let mut survey = Survey::default();
    let mut known: HashMap<&str, Result<Arc<Session>, JobError>> = HashMap::new();
    for one in &record.functions {
        let target = targets.iter().find(|target| target.name == one.target && target.region == one.region);
        if !known.contains_key(one.target.as_str()) {
            let session = match target {
                Some(target) => watched(watch(target, events), sessions.get(target)).await,
                None => Err(elsewhere(one)),
            };
            known.insert(&one.target, session);
        }
        let session = match known.get(one.target.as_str()) {
            Some(Ok(session)) if session.account == one.account => Ok(Arc::clone(session)),
            Some(Ok(_)) => Err(elsewhere(one)),
            Some(Err(error)) => Err(error.clone()),
            None => continue,
        };
        survey.functions.push(surveyed(one, session, patience));
    }
    survey
}

fn surveyed(one: &FunctionRecord, session: Result<Arc<Session>, JobError>, patience: Duration) -> Surveyed {
    let account = one.account.as_ref().map(ToString::to_string);
    let blank = FunctionReport::blank(&one.target, one.region.as_str(), account, &one.function);
    let alias = one.alias.as_ref();
    let moved = alias.map(|alias| AliasMoved { name: alias.name.clone(), from: None, to: Some(alias.before.clone()) });
    let report = FunctionReport { changes: restored(&one.after, &one.before), alias: moved, ..blank };
    let session = match session {
        Ok(session) => session,
        Err(error) => {
            let report = FunctionReport { outcome: FunctionOutcome::Failed, error: Some(error), ..report };
            return Surveyed { report, job: None };
        }
    };
    let job = FunctionJob {
        name: one.function.clone(),
        lambda: session.lambda.clone(),
        region: one.region.clone(),
        account: one.account.clone(),
        seen: None,
        aim: Aim::Back { from: one.after.clone(), to: one.before.clone() },
        before: one.after.clone(),
        after: one.before.clone(),
        publish: false,
        patience,
        alias: alias.map(|alias| AliasAim::Back { name: alias.name.clone(), to: alias.before.clone() }),
        report: report.clone(),
    };
    Surveyed { report, job: Some(Arc::new(job)) }
}

/// The same names can mean another account by now.
fn elsewhere(one: &FunctionRecord) -> JobError {
    let account = one.account.as_ref().map_or_else(String::new, |account| format!(" of account {account}"));
    let message = format!(
        "the rollout was at target `{}`, {}{account}, and the layers file has none such",
        one.target, one.region
    );
    JobError::new(ErrorCode::WrongAccount, message)
        .hint("use the credentials and the layers file that the rollout was made with")
}
