//! Old versions: which functions use them, and deleting them.

use std::collections::HashMap;

use aws_sdk_lambda::types::FunctionVersion;

use super::answer::odd_answer;
use super::call::Call;
use super::lambda::{Lambda, is_not_found};
use super::last::sent;
use super::pace::Urgency;
use super::s3::S3;
use crate::layer::{LayerName, S3Location, VersionArn};
use crate::outcome::{ErrorCode, JobError};

/// Functions and versions of functions a page has at most (API model).
const PAGE: i32 = 50;
/// Most pages that are read: half a million functions and versions of functions.
const MOST_PAGES: usize = 10_000;
/// So many functions of a version are told: one alone spares it.
const TOLD: usize = 10;

/// Which functions of an account and Region use which versions of layers.
#[derive(Debug, Default)]
pub struct Uses(HashMap<String, Vec<String>>);

impl Uses {
    /// Functions that use a version, as `NAME:VERSION`; not all of them, where there are many.
    pub fn of(&self, version: &VersionArn) -> &[String] {
        self.0.get(&version.to_string()).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, layer: &str, function: &str, version: &str) {
        let functions = self.0.entry(layer.to_owned()).or_default();
        if functions.len() < TOLD {
            functions.push(format!("{function}:{version}"));
        }
    }
}

impl Lambda {
    /// Which functions use which versions of layers, in all versions of the functions: aliases lead to those.
    ///
    /// # Errors
    /// Whatever the service refuses: nothing is known then.
    pub async fn uses(&self) -> Result<Uses, JobError> {
        let call = Call::lambda("lambda:ListFunctions", format!("all functions in {}", self.region()), self.region());
        let (mut uses, mut marker) = (Uses::default(), None::<String>);
        for _ in 0..MOST_PAGES {
            let send = || {
                let request = self.client().list_functions().function_version(FunctionVersion::All);
                request.max_items(PAGE).set_marker(marker.clone()).send()
            };
            let page = self.retried(Urgency::Needed, send).await.map_err(|failure| failure.into_error(&call))?;
            for function in page.functions() {
                let (name, version) = (function.function_name(), function.version());
                for layer in function.layers().iter().filter_map(|layer| layer.arn()) {
                    uses.add(layer, name.unwrap_or("?"), version.unwrap_or("?"));
                }
            }
            let next = page.next_marker.filter(|next| !next.is_empty());
            if next.is_none() {
                return Ok(uses);
            }
            if next == marker {
                return Err(odd_answer(&call, "the same next page again"));
            }
            marker = next;
        }
        Err(odd_answer(&call, "no end"))
    }

    /// Deletes a version, if it is there. Its number is never given again.
    ///
    /// # Errors
    /// Whatever the service refuses.
    pub async fn delete(&self, name: &LayerName, version: u64) -> Result<(), JobError> {
        let call = self.call("lambda:DeleteLayerVersion", &format!("{name}:{version}"));
        let number = i64::try_from(version)
            .map_err(|_| JobError::new(ErrorCode::Internal, "a version number is out of range"))?;
        let send = || self.client().delete_layer_version().layer_name(name.as_str()).version_number(number).send();
        match self.retried(Urgency::Needed, send).await {
            Ok(_) => Ok(()),
            Err(failure) if is_not_found(&failure) => Ok(()),
            Err(failure) => Err(failure.into_error(&call)),
        }
    }
}

impl S3 {
    /// Deletes an object, if it is there; in a versioned bucket its versions stay.
    ///
    /// # Errors
    /// Whatever the service refuses.
    pub async fn delete(&self, at: &S3Location) -> Result<(), JobError> {
        let request = self.client().delete_object().bucket(&at.bucket).key(&at.key);
        match sent(request.send()).await {
            Ok(_) => Ok(()),
            Err(failure) => Err(failure.into_error(&self.call("s3:DeleteObject", at))),
        }
    }
}
