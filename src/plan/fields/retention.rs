//! How many versions of a layer stay.

use std::time::Duration;

use super::Fields;
use crate::plan::Retention;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Fields<'_> {
    /// What the layer says, if it says how many; the bounds of each number stand in the schema.
    pub(super) fn retention(&self) -> Option<Retention> {
        let keep = self.layer.keep?;
        Some(Retention {
            keep: usize::try_from(keep).unwrap_or(usize::MAX),
            younger_than: self.layer.keep_days.map(|days| DAY * days),
            protect: self.layer.protect.iter().flatten().copied().collect(),
        })
    }
}
