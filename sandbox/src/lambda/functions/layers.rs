//! Which layers a function may use, and what is refused in Lambda's own words.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::archive::LARGEST_UNZIPPED;
use super::super::errors::Refusal;
use super::super::names;
use super::super::read::{access_denied, lets_in};
use super::super::reference;
use crate::store::{Attached, LayerVersion, Package, Place, State};

/// A function uses no more layers.
const MOST_LAYERS: usize = 5;

/// What of a function its layers are held against.
pub(super) struct Carrier<'a> {
    pub place: &'a Place,
    pub package: Package,
    /// Its own code, unpacked.
    pub unzipped: u64,
}

/// The layers that are asked for, in this order, or what is wrong with them.
pub(super) fn attach(state: &State, carrier: &Carrier<'_>, arns: &[String]) -> Result<Vec<Attached>, Refusal> {
    if carrier.package == Package::Image && !arns.is_empty() {
        let message = "Please don't provide layers for functions created with container images.";
        return Err(Refusal::invalid_parameter(message));
    }
    if arns.len() > MOST_LAYERS {
        return Err(Refusal::invalid_parameter(format!("Cannot reference more than {MOST_LAYERS} layers.")));
    }
    let versions = arns.iter().map(|arn| version(state, carrier.place, arn)).collect::<Result<Vec<_>, _>>()?;
    refuse_two_of_one(arns)?;
    let sizes = versions.iter().map(|version| version.unzipped);
    let sum = sizes.fold(u128::from(carrier.unzipped), |sum, size| sum + u128::from(size));
    if sum > LARGEST_UNZIPPED {
        let message = format!("Layers consume more than the available size of {LARGEST_UNZIPPED} bytes");
        return Err(Refusal::invalid_parameter(message));
    }
    let attached = arns.iter().zip(versions).map(|(arn, version)| Attached { arn: arn.clone(), size: version.size });
    Ok(attached.collect())
}

fn version(state: &State, place: &Place, arn: &str) -> Result<Arc<LayerVersion>, Refusal> {
    let (layer, number) = names::from_version_arn(arn)?;
    if layer.place.region != place.region {
        let region = &place.region;
        let message =
            format!("Layers are not in the same region as the function. Layers are expected to be in region {region}.");
        return Err(Refusal::invalid_parameter(message));
    }
    let found = state.layer(&layer.place, &layer.name).and_then(|layer| layer.versions.get(&number));
    if layer.place.account != place.account && !found.is_some_and(|version| lets_in(version, &place.account)) {
        return Err(access_denied("GetLayerVersion", place, arn));
    }
    let found =
        found.cloned().ok_or_else(|| Refusal::invalid_parameter(format!("Layer version {arn} does not exist.")))?;
    // What Lambda reads in its place must be there whenever a function is given the layer.
    match &found.reference {
        Some(object) if !reference::is_there(state, object) => {
            let (bucket, key) = (&object.bucket, &object.key);
            Err(Refusal::invalid_parameter(format!(
                "Lambda cannot access {bucket}/{key}, which layer version {arn} is"
            )))
        }
        _ => Ok(found),
    }
}

fn refuse_two_of_one(arns: &[String]) -> Result<(), Refusal> {
    let mut seen = HashMap::new();
    for arn in arns {
        let layer = arn.rsplit_once(':').map_or(arn.as_str(), |(layer, _)| layer);
        if let Some(other) = seen.insert(layer, arn) {
            return Err(Refusal::invalid_parameter(format!(
                "Two different versions of the same layer are not allowed to be referenced in the same function. {other} \
                 and {arn} are versions of the same layer."
            )));
        }
    }
    Ok(())
}
