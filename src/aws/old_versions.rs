//! Old versions: which functions use them, and deleting them.

use std::collections::HashMap;

use aws_sdk_lambda::types::FunctionConfiguration;

use super::lambda::{Lambda, is_not_found};
use super::last::sent;
use super::pace::Urgency;
use super::s3::S3;
use crate::layer::{LayerName, S3Location, VersionArn};
use crate::outcome::{ErrorCode, JobError};

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
        let mut uses = Uses::default();
        let see = |one: &FunctionConfiguration| {
            let (name, version) = (one.function_name().unwrap_or("?"), one.version().unwrap_or("?"));
            one.layers().iter().filter_map(|layer| layer.arn()).for_each(|layer| uses.add(layer, name, version));
        };
        self.each_function(true, MOST_PAGES, see).await?;
        Ok(uses)
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
