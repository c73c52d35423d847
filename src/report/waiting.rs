//! What a job waits for, and until when: nobody should take a run for hung that has a reason to stand still.

use jiff::Timestamp;

use crate::event::{Activity, Fact};
use crate::report::Shown;
use crate::shown;

/// Something that a job waits for.
#[derive(Clone, Debug, PartialEq)]
pub enum Waiting {
    /// The lock that another run holds.
    Lock {
        /// Id of the run.
        run: String,
        /// Its machine.
        host: String,
        /// Whether it is alive.
        living: bool,
        /// When the lock can be taken over, or is not waited for any more.
        until: Option<Timestamp>,
    },
    /// Its turn, at the pace that the run keeps to.
    Pace {
        /// Requests a second, once a turn was given.
        rate: Option<f64>,
    },
    /// Its turn in the account's quota, since Lambda throttled.
    Quota,
    /// A version that may come of a publish whose answer was lost.
    Version {
        /// Until when it can still appear.
        until: Option<Timestamp>,
    },
}

impl Waiting {
    /// What a job waits for that found this, if it waits.
    pub fn after(fact: &Fact) -> Option<Self> {
        match fact {
            Fact::LockAwaited { holder, host, living, until, .. } => {
                Some(Self::Lock { run: holder.clone(), host: host.clone(), living: *living, until: *until })
            }
            Fact::Throttled => Some(Self::Quota),
            Fact::AnswerLost { until, .. } => Some(Self::Version { until: *until }),
            _ => None,
        }
    }

    /// What a job still waits for that goes on to this, or begins to wait for; `rate` are the turns given a second.
    pub fn on_entering(before: Option<Self>, activity: Activity, rate: Option<f64>) -> Option<Self> {
        match (before, activity) {
            // The throttled request gets another turn, and the version is looked for until that time.
            (Some(Self::Quota), Activity::Queueing) => Some(Self::Quota),
            (Some(version @ Self::Version { .. }), Activity::Confirming) => Some(version),
            (_, Activity::Queueing) => Some(Self::Pace { rate }),
            _ => None,
        }
    }

    /// Whether it is others that are waited for, whose pace nobody knows.
    pub fn is_for_others(&self) -> bool {
        !matches!(self, Self::Pace { .. })
    }

    /// What is waited for, behind the name of a job; what matters most comes first, since a narrow screen cuts the end.
    pub fn brief(&self) -> Shown {
        match self {
            Self::Lock { run, host, living: true, until } => {
                shown!("lock{} of {} (run {})", within_commas(*until), host, run)
            }
            Self::Lock { run, host, until, .. } => {
                shown!("lock{} that {} left (run {})", within_commas(*until), host, run)
            }
            Self::Version { until } => shown!("outcome{} of a publish that was not answered", within_commas(*until)),
            _ => self.words(),
        }
    }

    /// The same behind "waiting".
    pub fn words(&self) -> Shown {
        match self {
            Self::Lock { run, host, living: true, until } => {
                shown!("{}for the lock of {} (run {})", at_most(*until), host, run)
            }
            Self::Lock { run, host, until, .. } => {
                shown!("{}for the lock that {} left (run {})", at_most(*until), host, run)
            }
            Self::Pace { rate: Some(rate) } => shown!("for the pace of {} requests/s", rounded(*rate)),
            Self::Pace { rate: None } => "for its turn to call Lambda".into(),
            Self::Quota => "for Lambda's quota, which other tools use too".into(),
            Self::Version { until } => {
                shown!("{}for the outcome of a publish that was not answered", at_most(*until))
            }
        }
    }
}

/// `2`, `12.5`
fn rounded(rate: f64) -> String {
    format!("{}", (rate * 10.0).round() / 10.0)
}

/// `, until 10:00:30Z at most,`
fn within_commas(until: Option<Timestamp>) -> Shown {
    let until = until.map(|until| until.strftime("%H:%M:%SZ").to_string());
    until.map(|until| shown!(", until {} at most,", until)).unwrap_or_default()
}

fn at_most(until: Option<Timestamp>) -> Shown {
    until.map(|until| shown!("until {} at most ", until.strftime("%H:%M:%SZ").to_string())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::LockPhase;

    fn lock(living: bool, until: Option<&str>) -> String {
        waiting(living, until).words().to_string()
    }

    fn brief(living: bool, until: Option<&str>) -> String {
        waiting(living, until).brief().to_string()
    }

    fn waiting(living: bool, until: Option<&str>) -> Waiting {
        let fact = Fact::LockAwaited {
            holder: "R1".to_owned(),
            host: "build\n7".to_owned(),
            phase: LockPhase::Holding,
            living,
            until: until.map(|until| until.parse().unwrap()),
        };
        Waiting::after(&fact).unwrap()
    }

    #[test]
    fn what_is_waited_for_and_until_when() {
        let until = Some("2026-11-22T10:00:30.9Z");
        assert_eq!(lock(true, until), "until 10:00:30Z at most for the lock of build 7 (run R1)");
        assert_eq!(lock(false, until), "until 10:00:30Z at most for the lock that build 7 left (run R1)");
        assert_eq!(lock(true, None), "for the lock of build 7 (run R1)");
        assert_eq!(brief(true, until), "lock, until 10:00:30Z at most, of build 7 (run R1)");
        assert_eq!(brief(false, until), "lock, until 10:00:30Z at most, that build 7 left (run R1)");
        assert_eq!(brief(true, None), "lock of build 7 (run R1)");
        assert_eq!(Waiting::after(&Fact::LockFreed), None);
    }

    #[test]
    fn what_is_still_waited_for() {
        let until = Some("2026-11-22T10:01:30Z".parse().unwrap());
        let on = |before: Option<&Waiting>, activity| {
            let waiting = Waiting::on_entering(before.cloned(), activity, Some(2.04));
            waiting.map(|waiting| waiting.words().to_string())
        };
        let pace = "for the pace of 2 requests/s";
        let outcome = "until 10:01:30Z at most for the outcome of a publish that was not answered";
        let quota = "for Lambda's quota, which other tools use too";
        let version = Waiting::Version { until };
        assert_eq!(on(None, Activity::Queueing).as_deref(), Some(pace));
        assert_eq!(on(Some(&version), Activity::Confirming).as_deref(), Some(outcome));
        assert_eq!(on(Some(&version), Activity::Queueing).as_deref(), Some(pace));
        assert_eq!(on(Some(&version), Activity::Recording), None);
        assert_eq!(on(Some(&Waiting::Quota), Activity::Queueing).as_deref(), Some(quota));
        assert_eq!(on(Some(&Waiting::Quota), Activity::Publishing), None);
        assert_eq!(on(None, Activity::Confirming), None);
        let first = Waiting::on_entering(None, Activity::Queueing, None).unwrap();
        assert_eq!(first.words().as_str(), "for its turn to call Lambda");
        assert!(!first.is_for_others() && version.is_for_others());
    }
}
