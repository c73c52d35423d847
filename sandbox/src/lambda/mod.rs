//! Lambda's layer API (REST and JSON, `/2018-10-31/layers…`) and what of its function API has to do with layers, strict
//! where emulators are lax.

mod archive;
mod call;
mod errors;
mod functions;
mod list;
mod names;
mod permissions;
mod publish;
mod read;
mod reference;
mod validate;

pub(super) use call::{LayerCall, Layers};
pub(super) use errors::Refusal;
pub(super) use functions::{FunctionCall, Functions, change_by_somebody, function_arn};
pub(super) use list::Hidden;
pub(super) use names::layer_arn;
pub(super) use publish::staged_object;
pub(super) use reference::is_there;

use super::store::{Failure, Place};
use call::Answer;

/// What a fault changes about how a request is carried out.
#[derive(Debug, Clone, Default)]
pub(super) struct Twist {
    /// Versions that lists do not show.
    pub hidden: Hidden,
    /// A change of a function is accepted, and fails in the end.
    pub failing: Option<Failure>,
}

impl Layers {
    /// Carries a request out. What is hidden is left out of the lists, as a list that lags would.
    pub async fn serve(&self, call: &LayerCall, place: &Place, body: &[u8], hidden: Hidden) -> Answer {
        match call.operation {
            "PublishLayerVersion" => publish::publish(self, call, place, body).await,
            "GetLayerVersion" => read::get(self, call, place),
            "GetLayerVersionByArn" => read::get_by_arn(self, call, place),
            "DeleteLayerVersion" => read::delete(self, call, place),
            "ListLayers" => list::layers(self, call, place, hidden),
            "ListLayerVersions" => list::versions(self, call, place, hidden),
            "GetLayerVersionPolicy" => permissions::get(self, call, place),
            "AddLayerVersionPermission" => permissions::add(self, call, place, body),
            "RemoveLayerVersionPermission" => permissions::remove(self, call, place),
            _ => Err(Refusal::not_found("The resource you requested does not exist.")),
        }
    }
}
