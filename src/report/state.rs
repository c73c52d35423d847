//! What is known of a run at one moment: a plain value that events change and displays read.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event::{Activity, Fact, Happening, JobId, Mode, Unanswered};
use crate::outcome::{ErrorCode, JobReport, Tally};
use crate::report::pace::Pace;
use crate::report::paces::{PaceNews, Paces};
use crate::report::usual::Usual;
use crate::report::waiting::Waiting;

/// Of so many jobs it is told that they wait.
const WAITS_TOLD: usize = 3;
/// And so many times of each, as a publish may be waited for in several rounds.
const TIMES_TOLD: usize = 9;

/// A job that is running.
#[derive(Clone, Debug, PartialEq)]
pub struct Running {
    /// Layer key.
    pub layer: String,
    /// Target name.
    pub target: String,
    /// What it is doing; nothing yet at the very beginning.
    pub activity: Option<Activity>,
    /// What it waits for.
    pub waiting: Option<Waiting>,
    /// Its requests that have no answer for long, the oldest first.
    pub unanswered: Vec<Unanswered>,
    /// How many bytes of how many it has sent, while it uploads a large archive.
    pub sent: Option<(u64, u64)>,
    /// When it was taken up.
    pub started: Duration,
    /// When it began to do that.
    pub entered: Duration,
}

impl Running {
    /// Whether it stands still.
    pub fn waits(&self) -> bool {
        self.waiting.is_some() || !self.unanswered.is_empty()
    }

    /// Whether it does so because of others.
    fn waits_for_others(&self) -> bool {
        self.waiting.as_ref().is_some_and(Waiting::is_for_others) || !self.unanswered.is_empty()
    }

    fn enter(&mut self, activity: Activity, rate: Option<f64>, now: Duration) {
        // Whoever looks again and again at the same lock waits all the time.
        if self.activity != Some(activity) {
            (self.activity, self.entered, self.sent) = (Some(activity), now, None);
            self.waiting = Waiting::on_entering(self.waiting.take(), activity, rate);
        }
    }
}

/// Whether a job that found this begins to wait.
pub fn is_wait(fact: &Fact) -> bool {
    matches!(fact, Fact::Unanswered(_)) || Waiting::after(fact).is_some()
}

/// A run at one moment. Times are durations since the display began, so that nothing here reads a clock.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// What the run does.
    pub mode: Mode,
    /// When it began.
    pub began: Duration,
    /// Jobs that ended, and all jobs.
    pub tally: Tally,
    /// Jobs that run.
    pub running: BTreeMap<JobId, Running>,
    /// A signal asked the run to stop.
    pub interrupted: bool,
    /// The run is over.
    pub finished: bool,
    /// Jobs went to more than one target: names alone do not tell them apart.
    pub several_targets: bool,
    /// How often each job began to wait, of those that were the first to.
    waits: BTreeMap<JobId, usize>,
    pace: Pace,
    paces: Paces,
    /// What the last event told of the pace of a target, if that is news.
    pub pace_news: Option<PaceNews>,
    usual: Usual,
    first_target: Option<String>,
    failures: BTreeMap<(String, ErrorCode), usize>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            mode: Mode::Publish,
            began: Duration::ZERO,
            tally: Tally::default(),
            running: BTreeMap::new(),
            interrupted: false,
            finished: false,
            several_targets: false,
            waits: BTreeMap::new(),
            pace: Pace::default(),
            paces: Paces::default(),
            pace_news: None,
            usual: Usual::default(),
            first_target: None,
            failures: BTreeMap::new(),
        }
    }
}

impl State {
    /// Takes in what happened. Events that do not fit, such as an activity of an unknown job, change nothing: a display
    /// has no business stopping a run.
    pub fn apply(&mut self, event: &Happening, now: Duration) {
        self.pace.apply(event, now);
        self.pace_news = None;
        self.usual.apply(event, now);
        match event {
            Happening::RunStarted { mode, jobs } => {
                *self = Self { mode: *mode, began: now, tally: Tally::of(*jobs), ..Self::default() };
            }
            Happening::JobStarted { job, layer, target } => self.start(*job, layer, target, now),
            Happening::ActivityEntered { job, activity } => {
                if let Some(running) = self.running.get_mut(job) {
                    running.enter(*activity, self.pace.rate(&running.target), now);
                }
            }
            Happening::JobSetAside { job } => _ = self.running.remove(job),
            Happening::JobFinished { job, report, tally } => {
                self.running.remove(job);
                if let Some(error) = &report.error {
                    *self.failures.entry((report.target.clone(), error.code)).or_default() += 1;
                }
                self.tally = tally.clone();
            }
            Happening::Interrupted { .. } => self.interrupted = true,
            Happening::RunFinished { tally, .. } => {
                self.running.clear();
                (self.tally, self.finished) = (tally.clone(), true);
            }
            Happening::FactFound { job, fact } => self.found(*job, fact, now),
            Happening::BytesSent { job, bytes, of } => {
                if let Some(running) = self.running.get_mut(job) {
                    running.sent = Some((*bytes, *of));
                }
            }
            Happening::LayersFileWarned { .. } | Happening::Warned { .. } => {}
            // Functions are no jobs: `report::rollout` shows them.
            Happening::RolloutStarted { .. }
            | Happening::TargetFailed { .. }
            | Happening::TargetFactFound { .. }
            | Happening::FunctionsFound { .. }
            | Happening::FunctionStarted { .. }
            | Happening::FunctionFactFound { .. }
            | Happening::FunctionFinished { .. }
            | Happening::RolloutFinished { .. } => {}
        }
    }

    fn start(&mut self, job: JobId, layer: &str, target: &str, now: Duration) {
        self.several_targets |= self.first_target.get_or_insert_with(|| target.to_owned()) != target;
        let (layer, target) = (layer.to_owned(), target.to_owned());
        let (activity, waiting, sent) = (None, None, None);
        let (started, entered, unanswered) = (now, now, Vec::new());
        let running = Running { layer, target, activity, waiting, unanswered, sent, started, entered };
        self.running.insert(job, running);
    }

    /// A job that found something else goes on.
    fn found(&mut self, job: JobId, fact: &Fact, now: Duration) {
        let Some(running) = self.running.get_mut(&job) else { return };
        match fact {
            // What a job does beside such a request ends no wait, and begins none.
            Fact::Unanswered(request) => running.unanswered.push(request.clone()),
            Fact::Answered(request) => return running.unanswered.retain(|other| other != request),
            fact => running.waiting = Waiting::after(fact),
        }
        if is_wait(fact) && (self.waits.len() < WAITS_TOLD || self.waits.contains_key(&job)) {
            *self.waits.entry(job).or_default() += 1;
        }
        if let Fact::TurnGiven { requests_per_second } = fact {
            let target = running.target.clone();
            self.go_at(&target, *requests_per_second, now);
        }
    }

    /// The jobs of a target wait for turns at this pace.
    fn go_at(&mut self, target: &str, rate: f64, now: Duration) {
        let mut waiting = 0;
        for running in self.running.values_mut().filter(|running| running.target == target) {
            match &mut running.waiting {
                Some(Waiting::Pace { rate: known }) => *known = Some(rate),
                Some(Waiting::Quota) => {}
                _ => continue,
            }
            waiting += 1;
        }
        let left = self.tally.jobs.saturating_sub(self.tally.ended());
        self.pace_news = self.paces.news(PaceNews { target: target.to_owned(), rate, waiting }, left, now);
    }

    /// Whether it is news that this job waits: of the first jobs that do, and not too often of each.
    pub fn is_told(&self, job: JobId) -> bool {
        self.waits.get(&job).is_some_and(|times| *times <= TIMES_TOLD)
    }

    /// How long the run still takes, as far as that can be told.
    pub fn left(&self, now: Duration) -> Option<Duration> {
        // What waits for others, what hangs, and what was asked to stop, has no pace.
        let all_wait = !self.running.is_empty() && self.running.values().all(Running::waits_for_others);
        let is_known = !self.interrupted && !self.finished && !all_wait && !self.usual.is_exceeded(now);
        if is_known { self.pace.left(self.tally.jobs, self.began, now) } else { None }
    }

    /// How many jobs of this job's target failed for the same kind of reason, this one included.
    pub fn failed_alike(&self, report: &JobReport) -> usize {
        let key = report.error.as_ref().map(|error| (report.target.clone(), error.code));
        key.and_then(|key| self.failures.get(&key)).copied().unwrap_or_default()
    }

    /// Running jobs, the one that runs longest first.
    pub fn longest_first(&self) -> Vec<&Running> {
        let mut all: Vec<&Running> = self.running.values().collect();
        // Stable: jobs that started together, as far as anybody can see, stay in the order of the plan.
        all.sort_by_key(|running| running.started.as_millis() / 100);
        all
    }
}
