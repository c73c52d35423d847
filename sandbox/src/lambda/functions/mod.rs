//! Lambda's functions, as far as they have to do with layers: none of them runs. A change takes a while, as AWS's do, and
//! meanwhile another one is refused.

mod aliases;
mod call;
mod change;
mod create;
mod layers;
mod read;
mod shown;
mod tags;
mod versions;

use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;

use call::Named;
pub(crate) use call::{FunctionCall, function_arn};
pub(crate) use change::change_by_somebody;

use super::call::Answer;
use super::errors::Refusal;
use super::read::access_denied;
use crate::secret::Secret;
use crate::store::{Change, Configuration, Event, Failure, Function, Place, Standing, State, Store};
use crate::text;

/// The function API over a store.
#[derive(Debug, Clone)]
pub(crate) struct Functions {
    pub store: Arc<Store>,
    /// Where code can be downloaded, and what the addresses are signed with.
    pub endpoint: String,
    pub secret: Secret,
    /// How long a function takes to be what it was changed to.
    pub takes: Duration,
}

impl Functions {
    /// Carries a request out. With `failing`, a change is accepted and fails in the end.
    pub async fn serve(&self, call: &FunctionCall, place: &Place, body: &[u8], failing: Option<Failure>) -> Answer {
        match call.operation {
            "ListFunctions" => read::list(self, call, place),
            "CreateFunction" => create::create(self, place, body).await,
            "UpdateFunctionConfiguration" => change::update(self, call, place, body, failing),
            "GetFunction" => read::get(self, call, place),
            "GetFunctionConfiguration" => read::get_configuration(self, call, place),
            "DeleteFunction" => versions::delete(self, call, place),
            "ListVersionsByFunction" => versions::list(self, call, place),
            "PublishVersion" => versions::publish(self, call, place, body),
            "ListAliases" => aliases::list(self, call, place),
            "CreateAlias" => aliases::create(self, call, place, body),
            "GetAlias" => aliases::get(self, call, place),
            "UpdateAlias" => aliases::update(self, call, place, body),
            "DeleteAlias" => aliases::delete(self, call, place),
            "ListTags" => tags::list(self, call, place),
            "TagResource" => tags::add(self, call, place, body),
            "UntagResource" => tags::remove(self, call, place),
            _ => Err(Refusal::not_found("The resource you requested does not exist.")),
        }
    }

    fn now(&self) -> i64 {
        self.store.clock().now_millis()
    }

    /// The function that a request names: one of the caller's own account.
    fn find(&self, call: &FunctionCall, place: &Place) -> Result<(Named, Arc<Function>), Refusal> {
        let named = own(call, place)?;
        let function = self.store.read(|state| state.function(place, &named.name).cloned());
        function.map(|function| (named.clone(), function)).ok_or_else(|| named.missing())
    }

    /// Changes a function in one step, with nothing in between.
    fn edit<T>(
        &self,
        named: &Named,
        edit: impl FnOnce(&mut Function, &State) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.store.commit(|state| {
            let missing = || Named { qualifier: None, ..named.clone() }.missing();
            let function = state.function(&named.place, &named.name).ok_or_else(missing)?;
            let mut function = Function::clone(function);
            let answer = edit(&mut function, state)?;
            let (place, name) = (named.place.clone(), named.name.clone());
            Ok((Some(Event::FunctionSet { place, name, function: Box::new(function) }), answer))
        })
    }

    /// A change that begins now.
    fn begin(&self, creates: bool, failure: Option<Failure>) -> Change {
        let takes = i64::try_from(self.takes.as_millis()).unwrap_or(i64::MAX);
        Change { until: self.now().saturating_add(takes), revision: text::unique_uuid(), creates, failure }
    }
}

/// The function that a request names, if it is one of the caller's own account.
fn own(call: &FunctionCall, place: &Place) -> Result<Named, Refusal> {
    let named = call.named(place)?;
    if named.place != *place {
        return Err(access_denied(call.operation, place, &named.qualified_arn()));
    }
    Ok(named)
}

/// When the answer to a change looks at the function: a change is always answered as one that is under way.
fn under_way(now: i64) -> i64 {
    now.saturating_sub(1)
}

/// A function that is being changed takes no other change.
fn refuse_pending(configuration: &Configuration, arn: &str, now: i64) -> Result<(), Refusal> {
    let why = match configuration.standing(now) {
        Standing::Creating => "The function is currently in the following state: Pending".to_owned(),
        Standing::Updating => format!("An update is in progress for resource: {arn}"),
        Standing::Done | Standing::Failed(_) => return Ok(()),
    };
    let message = format!("The operation cannot be performed at this time. {why}");
    Err(Refusal::new(StatusCode::CONFLICT, "ResourceConflictException", message))
}

/// A change of what is another revision by now is refused.
fn refuse_other_revision(asked: Option<&str>, is: &str) -> Result<(), Refusal> {
    if asked.is_none_or(|asked| asked == is) {
        return Ok(());
    }
    let message = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to \
                   retrieve the latest Revision Id";
    Err(Refusal::new(StatusCode::PRECONDITION_FAILED, "PreconditionFailedException", message))
}
