//! Latest versions of many layers from few calls: one sweep over ListLayers, 50 layers a page, instead of one call per
//! layer. It is shared by all jobs of an account and Region and feeds them as its pages arrive.
//!
//! The sweep must not cost more than it saves. How many layers an account has is not known beforehand, so it goes on
//! only while it pays: one page may come for every layer it has found, and a tenth as many pages as there are jobs
//! beyond that (for layers that have no version yet nothing can be found, only ruled out at the end). An account with
//! far more layers than jobs, few jobs, or a role that may not list layers fall back to one call per layer.

#[cfg(test)]
mod simulation;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::lambda::Lambda;
use super::patience::ForMany;
use crate::layer::{LayerName, LayerVersion};
use crate::outcome::JobError;

/// With fewer jobs than this one call each is cheap enough.
const JOBS_AT_LEAST: usize = 10;

/// The latest versions of an account and Region, as far as they are known.
#[derive(Debug)]
pub struct Catalogue {
    seen: Mutex<Sweep>,
    progress: watch::Sender<Progress>,
    asking: ForMany,
}

#[derive(Debug, Default)]
struct Sweep {
    /// Every layer of the pages that came, wanted or not: another target may want it later.
    latest: HashMap<LayerName, LayerVersion>,
    wanted: HashSet<LayerName>,
    /// How many of the wanted ones are known.
    found: usize,
    swept: bool,
}

impl Sweep {
    fn want(&mut self, names: HashSet<LayerName>) {
        for name in names {
            let known = usize::from(self.latest.contains_key(&name));
            self.found += if self.wanted.insert(name) { known } else { 0 };
        }
    }

    fn came(&mut self, page: Vec<(LayerName, LayerVersion)>) {
        for (name, latest) in page {
            let wanted = usize::from(self.wanted.contains(&name));
            self.found += if self.latest.insert(name, latest).is_none() { wanted } else { 0 };
        }
    }
}

impl Default for Catalogue {
    /// One that knows nothing yet, and of which nothing is wanted.
    fn default() -> Self {
        Self { seen: Mutex::default(), progress: watch::Sender::new(Progress::GaveUp), asking: ForMany::default() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// So many pages have come.
    Sweeping(usize),
    /// All layers were seen: what was not found does not exist.
    Complete,
    /// The rest is to be asked one by one.
    GaveUp,
}

/// What a catalogue knows of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookedUp {
    /// Its latest version.
    Latest(Box<LayerVersion>),
    /// It has none.
    Absent,
    /// Nothing: ask for it.
    Unknown,
}

impl Catalogue {
    /// Further layers are wanted. Once a sweep for all of them can pay, it begins.
    pub fn want(self: &Arc<Self>, lambda: &Lambda, names: HashSet<LayerName>) {
        let mut seen = self.seen();
        seen.want(names);
        if seen.swept || seen.wanted.len() < JOBS_AT_LEAST {
            return;
        }
        seen.swept = true;
        self.progress.send_replace(Progress::Sweeping(0));
        let (lambda, swept) = (lambda.clone(), Arc::clone(self));
        tokio::spawn(async move {
            let end = swept.asking.clone().asked(swept.sweep(&lambda)).await.unwrap_or_else(|error| {
                tracing::debug!(%error, "latest versions are asked for one by one");
                Progress::GaveUp
            });
            swept.progress.send_replace(end);
        });
    }

    async fn sweep(&self, lambda: &Lambda) -> Result<Progress, JobError> {
        let mut marker = None;
        for pages in 1.. {
            let page = lambda.layers(marker.clone()).await?;
            if page.next.is_none() {
                self.seen().came(page.layers);
                return Ok(Progress::Complete);
            }
            let (found, wanted) = {
                let mut seen = self.seen();
                seen.came(page.layers);
                (seen.found, seen.wanted.len())
            };
            if found == wanted || !pays(pages, found, wanted) || page.next == marker {
                return Ok(Progress::GaveUp);
            }
            marker = page.next;
            self.progress.send_replace(Progress::Sweeping(pages));
        }
        Ok(Progress::GaveUp)
    }

    fn seen(&self) -> MutexGuard<'_, Sweep> {
        // A page is in it as a whole, or not at all.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a layer, once it is known or will not be.
    pub async fn look_up(&self, name: &LayerName) -> LookedUp {
        let mut progress = self.progress.subscribe();
        loop {
            // Read before the look: a page that comes in between is seen at the next turn.
            let now = *progress.borrow_and_update();
            if let Some(latest) = self.seen().latest.get(name) {
                return LookedUp::Latest(Box::new(latest.clone()));
            }
            match now {
                Progress::Complete => return LookedUp::Absent,
                Progress::GaveUp => return LookedUp::Unknown,
                Progress::Sweeping(_) => {}
            }
            if self.asking.awaited(progress.changed()).await.is_err() {
                return LookedUp::Unknown;
            }
        }
    }
}

/// Whether another page can pay after so many pages found so many of the wanted layers.
fn pays(pages: usize, found: usize, wanted: usize) -> bool {
    pages < found + wanted / JOBS_AT_LEAST
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls in all: pages of a sweep over an account in which every `spread`-th layer is wanted, then one call for
    /// each wanted layer that was not found.
    fn calls(account: usize, wanted: usize, published: usize, spread: usize) -> usize {
        let mut found = 0;
        for pages in 1.. {
            found = published.min(pages * 50 / spread.max(1));
            if pages * 50 >= account {
                return pages;
            }
            if found == wanted || !pays(pages, found, wanted) {
                return pages + wanted - found;
            }
        }
        found
    }

    #[test]
    fn a_sweep_costs_a_fiftieth_where_it_pays_and_at_most_a_tenth_more_where_it_does_not() {
        assert_eq!(calls(1_000, 1_000, 1_000, 1), 20);
        assert_eq!(calls(1_200, 300, 0, 1), 24, "a first publish beside 1,200 layers of others");
        assert_eq!(calls(2_000, 200, 200, 10), 40);
        for (wanted, account) in [(10, 1_000_000), (200, 1_000_000), (1_000, 1_000_000)] {
            let worst = calls(account, wanted, 0, 1);
            assert!(worst <= wanted + wanted / 10, "{wanted} jobs cost {worst} calls");
        }
    }
}
