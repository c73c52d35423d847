//! Parameters that hold ARNs, in Parameter Store of Systems Manager.
//!
//! A run over many unchanged layers reads ten parameters by one call: what the jobs of a target will ask for is known
//! before, so it is cut into batches, and whoever asks first for one of a batch reads all of it. What is read so may be
//! as old as the run; it is good enough to see that nothing is to be done, and before anything is written it is read
//! anew.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::ParameterType;
use tokio::sync::{OnceCell, Semaphore};

use super::answer::odd_answer;
use super::call::Call;
use super::failure::Failure;
use super::last::sent;
use crate::layer::{ParameterName, Region};
use crate::outcome::JobError;

/// So many parameters are read by one call (API model).
const BATCH: usize = 10;
/// Calls of a target under way at once: the service takes few a second, of writes above all.
const AT_ONCE: usize = 4;

/// A parameter as it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Whether it is of the plain kind, whose value anybody may read who may read the parameter.
    pub is_string: bool,
    /// The kind's name.
    pub kind: String,
    /// Its value; of a `SecureString`, not in clear.
    pub value: String,
}

/// How a write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It holds the value now.
    Done,
    /// It was to be made, and somebody made it meanwhile.
    AlreadyThere,
}

/// The parameters of one target.
#[derive(Clone, Debug)]
pub struct Parameters {
    client: Client,
    region: Region,
    slots: Arc<Semaphore>,
    batches: Arc<Batches>,
}

/// Names that are read together; nothing where that failed, and each is read for itself.
#[derive(Debug, Default)]
struct Batches {
    of_name: HashMap<ParameterName, usize>,
    batches: Vec<Batch>,
}

#[derive(Debug)]
struct Batch {
    names: Vec<ParameterName>,
    read: OnceCell<Option<HashMap<String, Parameter>>>,
}

impl Batches {
    fn of(wanted: &BTreeSet<ParameterName>) -> Self {
        let names: Vec<&ParameterName> = wanted.iter().collect();
        let batch =
            |names: &[&ParameterName]| Batch { names: names.iter().copied().cloned().collect(), read: OnceCell::new() };
        Self {
            of_name: names.iter().enumerate().map(|(at, name)| ((*name).clone(), at / BATCH)).collect(),
            batches: names.chunks(BATCH).map(batch).collect(),
        }
    }

    fn of_name(&self, name: &ParameterName) -> Option<&Batch> {
        self.batches.get(*self.of_name.get(name)?)
    }
}

impl Parameters {
    /// Wraps a client. These parameters will be asked for.
    pub(super) fn new(client: Client, region: &Region, wanted: &BTreeSet<ParameterName>) -> Self {
        let batches = Arc::new(Batches::of(wanted));
        Self { client, region: region.clone(), slots: Arc::new(Semaphore::new(AT_ONCE)), batches }
    }

    /// A parameter as it was at some time of this run; `None` if it was not there.
    ///
    /// # Errors
    /// Whatever the service refuses.
    pub async fn glance(&self, name: &ParameterName) -> Result<Option<Parameter>, JobError> {
        // A role may be allowed some of them only: the service then refuses all at once.
        let Some(batch) = self.batches.of_name(name) else { return self.read(name).await };
        let read = async { self.get(&batch.names).await.ok() };
        match batch.read.get_or_init(|| read).await {
            Some(found) => Ok(found.get(name.as_str()).cloned()),
            None => self.read(name).await,
        }
    }

    /// A parameter as it is now; `None` if it is not there.
    ///
    /// # Errors
    /// Whatever the service refuses.
    pub async fn read(&self, name: &ParameterName) -> Result<Option<Parameter>, JobError> {
        Ok(self.get(std::slice::from_ref(name)).await?.remove(name.as_str()))
    }

    async fn get(&self, names: &[ParameterName]) -> Result<HashMap<String, Parameter>, JobError> {
        let call = self.call("ssm:GetParameters", &named(names));
        let _slot = self.slots.acquire().await;
        let request = self.client.get_parameters();
        let request = names.iter().fold(request, |request, name| request.names(name.as_str()));
        let answer = sent(request.send()).await.map_err(|failure| failure.into_error(&call))?;
        let found = answer.parameters.unwrap_or_default().into_iter().map(|found| {
            let kind = found.r#type.unwrap_or(ParameterType::String);
            let parameter = Parameter {
                is_string: kind == ParameterType::String,
                kind: kind.as_str().to_owned(),
                value: found.value.unwrap_or_default(),
            };
            (found.name.unwrap_or_default(), parameter)
        });
        let found: HashMap<String, Parameter> = found.collect();
        let missing: BTreeSet<String> = answer.invalid_parameters.unwrap_or_default().into_iter().collect();
        // An endpoint that is something else answers neither.
        match names.iter().find(|name| !found.contains_key(name.as_str()) && !missing.contains(name.as_str())) {
            None => Ok(found),
            Some(name) => Err(odd_answer(&call, &format!("neither a value of `{name}` nor that there is none"))),
        }
    }

    /// Writes a parameter: makes it, or only where `overwrite`, writes over the one that is there.
    ///
    /// # Errors
    /// Whatever the service refuses.
    pub async fn write(&self, name: &ParameterName, value: &str, overwrite: bool) -> Result<Written, JobError> {
        let call = self.call("ssm:PutParameter", &format!("parameter `{name}`"));
        let _slot = self.slots.acquire().await;
        let request = self.client.put_parameter().name(name.as_str()).value(value).r#type(ParameterType::String);
        match sent(request.overwrite(overwrite).send()).await {
            Ok(_) => Ok(Written::Done),
            Err(failure) if already_there(&failure) => Ok(Written::AlreadyThere),
            Err(failure) => Err(failure.into_error(&call)),
        }
    }

    fn call(&self, action: &'static str, what: &str) -> Call {
        Call::ssm(action, format!("{what} in {}", self.region), &self.region)
    }
}

fn named(names: &[ParameterName]) -> String {
    match names {
        [name] => format!("parameter `{name}`"),
        names => format!("{} parameters", names.len()),
    }
}

fn already_there(failure: &Failure) -> bool {
    failure.answer.code.as_deref() == Some("ParameterAlreadyExists")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_names_are_a_batch() {
        let names: BTreeSet<ParameterName> = (0..25).map(|n| format!("/layers/{n:02}").parse().unwrap()).collect();
        let batches = Batches::of(&names);
        let sizes: Vec<usize> = batches.batches.iter().map(|batch| batch.names.len()).collect();
        assert_eq!(sizes, [10, 10, 5]);
        for name in &names {
            assert!(batches.of_name(name).unwrap().names.contains(name), "{name}");
        }
        assert!(batches.of_name(&"/other".parse().unwrap()).is_none());
    }
}
