//! A function as Lambda tells it.

use std::collections::BTreeMap;

use crate::layer::{Architecture, FunctionName, LayerVersion, Runtime};

/// The version of a layer that functions are to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newest {
    /// Key of the layer in the layers file.
    pub layer: String,
    /// The version, with what it was published with.
    pub version: LayerVersion,
}

/// What counts of a function: what it runs on, and which layers it uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: FunctionName,
    /// Changes with every change; an update that names it is refused where somebody was quicker.
    pub revision: String,
    /// `None` for one that is made of a container image.
    pub runtime: Option<Runtime>,
    /// One, as far as is known.
    pub architectures: Vec<Architecture>,
    /// ARNs of layer versions, in the order in which Lambda merges them.
    pub layers: Vec<String>,
    /// Bytes of its code, zipped; `None` where that is not told.
    pub zipped: Option<u64>,
    /// The same of each of its layers.
    pub zipped_layers: Vec<Option<u64>>,
    /// How its last change stands.
    pub standing: Standing,
}

impl Function {
    /// Bytes of one of its layers, zipped.
    pub fn zipped_of(&self, arn: &str) -> Option<u64> {
        let at = self.layers.iter().position(|layer| layer == arn)?;
        self.zipped_layers.get(at).copied().flatten()
    }
}

/// How the last change of a function stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is in force.
    Settled,
    /// It is under way, and another one would be refused.
    Busy,
    /// It failed, for this reason.
    Failed(String),
}

/// The versions of a function that are published, as far as a sweep told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published(BTreeMap<u64, Vec<String>>);

impl Published {
    /// Another version, and the layers that it uses.
    pub fn add(&mut self, number: u64, layers: Vec<String>) {
        self.0.insert(number, layers);
    }

    /// The newest one.
    pub fn newest(&self) -> Option<(u64, &[String])> {
        self.0.last_key_value().map(|(number, layers)| (*number, layers.as_slice()))
    }

    /// The layers of one of them.
    pub fn layers(&self, number: &str) -> Option<&[String]> {
        self.0.get(&number.parse().ok()?).map(Vec::as_slice)
    }
}

/// An alias, as Lambda tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The version that it leads to: a number or `$LATEST`.
    pub version: String,
    /// Whether other versions get a share of its calls.
    pub splits: bool,
    /// Changes with every change.
    pub revision: String,
}
