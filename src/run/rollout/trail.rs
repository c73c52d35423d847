//! What happens to one function, told to the displays at once.

use std::sync::Arc;

use crate::aws::Watch;
use crate::event::{Fact, Happening};
use crate::rollout::FunctionReport;
use crate::run::Events;

/// Tells what happens to one function.
#[derive(Debug)]
pub struct FunctionTrail {
    target: String,
    function: String,
    events: Events,
}

impl FunctionTrail {
    /// The trail of a function that is taken up now.
    pub fn begin(report: &FunctionReport, events: Events) -> Self {
        let (target, function) = (report.target.clone(), report.function.clone());
        events.send(Happening::FunctionStarted { target: target.clone(), function: function.clone() });
        Self { target, function, events }
    }

    /// Something was done with the function, or found out about it.
    pub fn found(&self, fact: Fact) {
        self.events.send(happening(&self.target, &self.function, fact));
    }

    /// Is told of requests that have no answer for long.
    pub fn watch(&self) -> Watch {
        let (target, function, events) = (self.target.clone(), self.function.clone(), self.events.weak());
        Arc::new(move |fact| events.send(happening(&target, &function, fact)))
    }
}

fn happening(target: &str, function: &str, fact: Fact) -> Happening {
    Happening::FunctionFactFound { target: target.to_owned(), function: function.to_owned(), fact }
}
