//! Lambda's function API, as far as it has to do with layers: paced and retried like that of layers. Every change names the
//! revision that it is made of, so that sent twice it takes effect once.

use std::collections::BTreeMap;

use aws_sdk_lambda::types::{FunctionConfiguration, FunctionVersion, LastUpdateStatus, State};

use super::answer::odd_answer;
use super::call::Call;
use super::download::Archive;
use super::failure::Failure;
use super::lambda::{Lambda, is_not_found};
use super::pace::Urgency;
use crate::layer::FunctionName;
use crate::outcome::{ErrorCode, JobError};
use crate::rollout::{Alias, Function, Standing};

/// Entries that a page of a list has at most, whatever is asked for (Lambda's documentation).
const PAGE: i32 = 50;
/// Most pages of functions that are moved: 100,000 functions and versions of them.
const MOST_PAGES: usize = 2_000;

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed<T> {
    /// It was accepted.
    Done(T),
    /// Another change is under way.
    Busy,
    /// Somebody was quicker: it is another revision by now.
    Stale,
}

impl Lambda {
    /// All functions of the account and Region; with `versions` also each published version of them, with its number. What
    /// has no name that a function can have is none.
    ///
    /// # Errors
    /// Whatever the service refuses, and a list that has no end.
    pub async fn functions(&self, versions: bool) -> Result<Vec<(Function, Option<u64>)>, JobError> {
        let mut functions = Vec::new();
        let see = |one: &FunctionConfiguration| {
            functions
                .extend(function(one).zip(one.version()).map(|(function, version)| (function, version.parse().ok())));
        };
        self.each_function(versions, MOST_PAGES, see).await?;
        Ok(functions)
    }

    /// Shows every function, and with `versions` each published version of it, whatever is odd about it.
    ///
    /// # Errors
    /// Whatever the service refuses, a page without a list, and a list that has no end.
    pub(super) async fn each_function(
        &self,
        versions: bool,
        most_pages: usize,
        mut see: impl FnMut(&FunctionConfiguration),
    ) -> Result<(), JobError> {
        let call = self.regional("lambda:ListFunctions", "all functions");
        let mut marker: Option<String> = None;
        for _ in 0..most_pages {
            let send = || {
                let all = versions.then_some(FunctionVersion::All);
                let request = self.client().list_functions().set_function_version(all).max_items(PAGE);
                request.set_marker(marker.clone()).send()
            };
            let page = self.retried(Urgency::Needed, send).await.map_err(|failure| failure.into_error(&call))?;
            // Lambda lists no function as such. Anything else must not be taken for "nobody uses it".
            page.functions.ok_or_else(|| odd_answer(&call, "no list of functions"))?.iter().for_each(&mut see);
            let next = page.next_marker.filter(|next| !next.is_empty());
            if next.is_none() {
                return Ok(());
            }
            if next == marker {
                return Err(odd_answer(&call, "the same next page again"));
            }
            marker = next;
        }
        Err(odd_answer(&call, "no end"))
    }

    /// A function, its tags, and its code, where Lambda tells where that is; `None` if it is not there.
    ///
    /// # Errors
    /// Whatever the service refuses, and an answer about another function.
    pub async fn function(
        &self,
        name: &FunctionName,
    ) -> Result<Option<(Function, BTreeMap<String, String>, Option<Archive>)>, JobError> {
        let call = self.of_function("lambda:GetFunction", name);
        let send = || self.client().get_function().function_name(name.as_str()).send();
        match self.retried(Urgency::Needed, send).await {
            Ok(answer) => {
                let function = checked(answer.configuration.as_ref(), name, &call)?;
                let address = answer.code.as_ref().and_then(|code| code.location());
                let code = Archive::of(address, function.zipped, &call, self.downloads(), self.request_timeout());
                Ok(Some((function, answer.tags.unwrap_or_default().into_iter().collect(), code)))
            }
            Err(failure) if is_not_found(&failure) => Ok(None),
            Err(failure) => Err(failure.into_error(&call)),
        }
    }

    /// The archive of a layer version, whoever's it is; `None` where Lambda does not tell where it is.
    ///
    /// # Errors
    /// Whatever the service refuses.
    pub async fn archive(&self, version: &str) -> Result<Option<Archive>, JobError> {
        let call = self.regional("lambda:GetLayerVersion", &format!("layer version `{version}`"));
        let send = || self.client().get_layer_version_by_arn().arn(version).send();
        let told = self.retried(Urgency::Needed, send).await.map_err(|failure| failure.into_error(&call))?;
        let content = told.content();
        let (address, size) = (content.and_then(|it| it.location()), content.and_then(|it| size(it.code_size())));
        Ok(Archive::of(address, size, &call, self.downloads(), self.request_timeout()))
    }

    /// A function, or the version of it that a qualifier means; `None` if it is not there.
    ///
    /// # Errors
    /// Whatever the service refuses, and an answer about another function.
    pub async fn configuration(
        &self,
        name: &FunctionName,
        qualifier: Option<&str>,
    ) -> Result<Option<Function>, JobError> {
        let call = self.of_function("lambda:GetFunctionConfiguration", name);
        let send = || {
            let qualifier = qualifier.map(str::to_owned);
            self.client().get_function_configuration().function_name(name.as_str()).set_qualifier(qualifier).send()
        };
        match self.retried(Urgency::Needed, send).await {
            Ok(answer) => {
                let configuration = FunctionConfiguration::builder()
                    .set_function_name(answer.function_name)
                    .set_revision_id(answer.revision_id)
                    .set_runtime(answer.runtime)
                    .set_architectures(answer.architectures)
                    .set_layers(answer.layers)
                    .set_state(answer.state)
                    .set_last_update_status(answer.last_update_status)
                    .set_last_update_status_reason(answer.last_update_status_reason)
                    .build();
                checked(Some(&configuration), name, &call).map(Some)
            }
            Err(failure) if is_not_found(&failure) => Ok(None),
            Err(failure) => Err(failure.into_error(&call)),
        }
    }

    /// Sets the layers of a function that is still of this revision.
    ///
    /// # Errors
    /// Whatever the service refuses for another reason than that.
    pub async fn set_layers(
        &self,
        name: &FunctionName,
        layers: &[String],
        revision: &str,
    ) -> Result<Changed<()>, JobError> {
        let call = self.of_function("lambda:UpdateFunctionConfiguration", name);
        let send = || {
            let update = self.client().update_function_configuration().function_name(name.as_str());
            update.set_layers(Some(layers.to_vec())).revision_id(revision).send()
        };
        self.retried(Urgency::Needed, send).await.map(drop).map_or_else(|failure| refused(failure, &call), done)
    }

    /// Publishes a version of what a function of this revision is; its number. Lambda makes none where the newest one is
    /// just that.
    ///
    /// # Errors
    /// Whatever the service refuses for another reason than that.
    pub async fn publish_function(&self, name: &FunctionName, revision: &str) -> Result<Changed<String>, JobError> {
        let call = self.of_function("lambda:PublishVersion", name);
        let send = || self.client().publish_version().function_name(name.as_str()).revision_id(revision).send();
        match self.retried(Urgency::Needed, send).await {
            Ok(answer) => {
                let number = answer.version.filter(|version| version.parse().is_ok_and(|number: u64| number > 0));
                number.map(Changed::Done).ok_or_else(|| odd_answer(&call, "no version"))
            }
            Err(failure) => refused(failure, &call),
        }
    }

    /// An alias of a function; `None` if it does not have it.
    ///
    /// # Errors
    /// Whatever the service refuses.
    pub async fn alias(&self, name: &FunctionName, alias: &str) -> Result<Option<Alias>, JobError> {
        let call = self.of_function("lambda:GetAlias", name);
        let send = || self.client().get_alias().function_name(name.as_str()).name(alias).send();
        match self.retried(Urgency::Needed, send).await {
            Ok(answer) => {
                let weights = answer.routing_config.and_then(|routing| routing.additional_version_weights);
                let splits = weights.is_some_and(|weights| !weights.is_empty());
                let parts = answer.function_version.zip(answer.revision_id);
                let (version, revision) = parts.ok_or_else(|| odd_answer(&call, "no version or no revision"))?;
                Ok(Some(Alias { version, splits, revision }))
            }
            Err(failure) if is_not_found(&failure) => Ok(None),
            Err(failure) => Err(failure.into_error(&call)),
        }
    }

    /// Lets an alias that is still of this revision lead to a version.
    ///
    /// # Errors
    /// Whatever the service refuses for another reason than that.
    pub async fn lead_alias(
        &self,
        name: &FunctionName,
        alias: &str,
        version: &str,
        revision: &str,
    ) -> Result<Changed<()>, JobError> {
        let call = self.of_function("lambda:UpdateAlias", name);
        let send = || {
            let update = self.client().update_alias().function_name(name.as_str()).name(alias);
            update.function_version(version).revision_id(revision).send()
        };
        self.retried(Urgency::Needed, send).await.map(drop).map_or_else(|failure| refused(failure, &call), done)
    }

    fn of_function(&self, action: &'static str, name: &FunctionName) -> Call {
        self.regional(action, &format!("function `{name}`"))
    }
}

fn done(_: ()) -> Result<Changed<()>, JobError> {
    Ok(Changed::Done(()))
}

/// What a refused change means.
fn refused<T>(failure: Failure, call: &Call) -> Result<Changed<T>, JobError> {
    let words = failure.answer.message.as_deref().unwrap_or_default();
    match failure.answer.code.as_deref() {
        Some("ResourceConflictException") => Ok(Changed::Busy),
        Some("PreconditionFailedException") => Ok(Changed::Stale),
        // All of these are about what was asked for, and about layers where they name them.
        Some("InvalidParameterValueException") if words.contains("ayer") => {
            let message = format!("Lambda refuses the layers of {}", call.resource);
            let mut error = failure.into_error(call);
            (error.code, error.message) = (ErrorCode::FunctionRefused, message);
            Err(error.hint("nothing was changed; the causes say what Lambda does not accept"))
        }
        _ => Err(failure.into_error(call)),
    }
}

/// The function that was asked for, and no other one.
fn checked(
    configuration: Option<&FunctionConfiguration>,
    name: &FunctionName,
    call: &Call,
) -> Result<Function, JobError> {
    let function = configuration.and_then(function).filter(|function| function.name == *name);
    function.ok_or_else(|| odd_answer(call, "another function than was asked for"))
}

/// An answer without a size is read as one of 0.
fn size(told: i64) -> Option<u64> {
    u64::try_from(told).ok().filter(|size| *size > 0)
}

/// `None` for what cannot be changed: it has no name or no revision.
fn function(this: &FunctionConfiguration) -> Option<Function> {
    let layers = this.layers().iter().filter_map(|layer| layer.arn().map(str::to_owned));
    Some(Function {
        name: this.function_name()?.parse().ok()?,
        revision: this.revision_id()?.to_owned(),
        runtime: this.runtime().and_then(|runtime| runtime.as_str().parse().ok()),
        architectures: this.architectures().iter().filter_map(|one| one.as_str().parse().ok()).collect(),
        layers: layers.collect(),
        zipped: size(this.code_size()),
        zipped_layers: this.layers().iter().map(|layer| size(layer.code_size())).collect(),
        standing: match (this.state(), this.last_update_status()) {
            (Some(State::Pending), _) | (_, Some(LastUpdateStatus::InProgress)) => Standing::Busy,
            (_, Some(LastUpdateStatus::Failed)) => {
                Standing::Failed(this.last_update_status_reason().unwrap_or("Lambda does not say why").to_owned())
            }
            _ => Standing::Settled,
        },
    })
}
