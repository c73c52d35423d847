//! Requests that have no answer for long: told to whoever watches the work that sent them.

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::sleep;

use crate::event::{Fact, Unanswered};

/// A request that takes longer is told to have no answer; before that it is only slow.
const PATIENCE: Duration = Duration::from_secs(15);

/// Is told [`Fact::Unanswered`], and then [`Fact::Answered`]; [`Fact::Throttled`], and then [`Fact::TurnGiven`].
pub type Watch = Arc<dyn Fn(Fact) + Send + Sync>;

tokio::task_local! {
    static WATCH: Watch;
}

/// Does work, and tells of its requests that have no answer for long.
pub async fn watched<T>(watch: Watch, work: impl Future<Output = T>) -> T {
    WATCH.scope(watch, work).await
}

/// Tells whoever watches the work: that Lambda throttles it, or that it goes on.
pub(super) fn tell(fact: Fact) {
    // Nobody may watch.
    let _ = WATCH.try_with(|watch| watch(fact));
}

/// Requests that one task sends for many: told to all who wait for it.
#[derive(Clone, Debug, Default)]
pub(super) struct ForMany(watch::Sender<Option<Fact>>);

impl ForMany {
    /// Does the work that others wait for.
    pub async fn asked<T>(self, work: impl Future<Output = T>) -> T {
        watched(Arc::new(move |fact| _ = self.0.send_replace(Some(fact))), work).await
    }

    /// Waits for it.
    pub async fn awaited<T>(&self, work: impl Future<Output = T>) -> T {
        let Ok(watch) = WATCH.try_with(Watch::clone) else { return work.await };
        let (mut told, mut work) = (self.0.subscribe(), pin!(work));
        let (mut waited_for, mut quota) = (None, None);
        loop {
            let fact = told.borrow_and_update().clone();
            // Whoever came later has seen no throttle that would be over.
            if quota_changed(quota.as_ref(), fact.as_ref()) {
                fact.iter().for_each(|fact| watch(fact.clone()));
                quota.clone_from(&fact);
            }
            let unanswered = fact.and_then(|fact| if let Fact::Unanswered(one) = fact { Some(one) } else { None });
            if unanswered != waited_for {
                waited_for.take().into_iter().for_each(|one| watch(Fact::Answered(one)));
                unanswered.iter().for_each(|one| watch(Fact::Unanswered(one.clone())));
                waited_for = unanswered;
            }
            tokio::select! {
                biased;
                done = &mut work => {
                    waited_for.into_iter().for_each(|one| watch(Fact::Answered(one)));
                    return done;
                }
                _ = told.changed() => {}
            }
        }
    }
}

/// Whether this is said of the quota, and was not said before.
fn quota_changed(before: Option<&Fact>, now: Option<&Fact>) -> bool {
    match now {
        Some(Fact::Throttled) => before != now,
        Some(Fact::TurnGiven { .. }) => before == Some(&Fact::Throttled),
        _ => false,
    }
}

/// A request that was sent. When this is dropped it has its answer, or is given up.
#[derive(Debug)]
pub(super) struct Sent {
    wait: Arc<Wait>,
    patience: AbortHandle,
}

impl Sent {
    /// A request that is sent now, if anybody watches.
    pub fn now(service: &str, operation: &str) -> Option<Self> {
        let watch = WATCH.try_with(Watch::clone).ok()?;
        let request =
            Unanswered { service: service.to_owned(), operation: operation.to_owned(), since: Timestamp::now() };
        let wait = Arc::new(Wait { watch, request, state: Mutex::new(State::Patient) });
        let patient = Arc::clone(&wait);
        let patience = tokio::spawn(async move {
            sleep(PATIENCE).await;
            patient.tell();
        });
        Some(Self { wait, patience: patience.abort_handle() })
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.patience.abort();
        self.wait.end();
    }
}

struct Wait {
    watch: Watch,
    request: Unanswered,
    state: Mutex<State>,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Patient,
    Told,
    Over,
}

impl Wait {
    // Told with the state held: whoever ends a wait at the same moment ends it after that.
    fn tell(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if *state == State::Patient {
            (self.watch)(Fact::Unanswered(self.request.clone()));
            *state = State::Told;
        }
    }

    fn end(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if *state == State::Told {
            (self.watch)(Fact::Answered(self.request.clone()));
        }
        *state = State::Over;
    }
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait").field("request", &self.request).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of work.
    async fn told_of(work: impl Future<Output = ()>) -> Vec<Fact> {
        let told = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&told);
        watched(Arc::new(move |fact| kept.lock().unwrap().push(fact)), work).await;
        let told = told.lock().unwrap();
        told.clone()
    }

    async fn request_of(seconds: u64) {
        let _sent = Sent::now("S3", "HeadObject");
        sleep(Duration::from_secs(seconds)).await;
    }

    fn is_one_wait(told: &[Fact]) -> bool {
        matches!(told, [Fact::Unanswered(one), Fact::Answered(same)] if one == same && one.operation == "HeadObject")
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_has_no_answer_for_long_is_told_and_then_its_end() {
        assert_eq!(told_of(request_of(14)).await, []);
        assert!(is_one_wait(&told_of(request_of(16)).await));
        assert!(Sent::now("S3", "HeadObject").is_none(), "nobody watches");
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttle_of_what_many_wait_for_is_told_to_each_once() {
        let many = ForMany::default();
        let given = Fact::TurnGiven { requests_per_second: 2.0 };
        let goes_on = given.clone();
        let task = tokio::spawn(many.clone().asked(async move {
            for fact in [Fact::Throttled, Fact::Throttled, goes_on.clone(), goes_on] {
                sleep(Duration::from_secs(1)).await;
                tell(fact);
            }
        }));
        let wait = async |from: u64| {
            sleep(Duration::from_millis(from)).await;
            many.awaited(sleep(Duration::from_secs(9))).await;
        };
        let all = tokio::join!(told_of(wait(0)), told_of(wait(1500)), told_of(wait(3500)));
        assert_eq!((&all.0, &all.1), (&vec![Fact::Throttled, given.clone()], &vec![Fact::Throttled, given]));
        assert_eq!(all.2, [], "it was over");
        task.await.unwrap();
        tell(Fact::Throttled);
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_wait_for_one_task_are_told_whenever_they_came() {
        let many = ForMany::default();
        let task = tokio::spawn(many.clone().asked(request_of(40)));
        let wait = async |from: u64, until: u64| {
            sleep(Duration::from_secs(from)).await;
            many.awaited(sleep(Duration::from_secs(until - from))).await;
        };
        let all = tokio::join!(told_of(wait(0, 41)), told_of(wait(20, 41)), told_of(wait(0, 18)), told_of(wait(0, 14)));
        assert!(is_one_wait(&all.0) && is_one_wait(&all.1) && is_one_wait(&all.2), "{all:?}");
        assert_eq!(all.3, []);
        task.await.unwrap();
    }
}
