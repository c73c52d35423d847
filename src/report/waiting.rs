//! What a job waits for, and until when: nobody should take a run for hung that has a reason to stand still.

use jiff::Timestamp;

use crate::event::Fact;
use crate::report::Shown;
use crate::shown;

/// Something that a job waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// The lock that another run holds.
    Lock {
        /// Id of the run.
        run: String,
        /// Its machine.
        host: String,
        /// Whether it is alive.
        living: bool,
        /// When the lock can be taken over.
        until: Option<Timestamp>,
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

    /// What is waited for, behind "waiting"; what matters most comes first, since a narrow screen cuts the end.
    pub fn words(&self) -> Shown {
        match self {
            Self::Lock { run, host, living: true, until } => {
                shown!("{}for the lock of {} (run {})", at_most(*until), host, run)
            }
            Self::Lock { run, host, until, .. } => {
                shown!("{}for the lock that {} left (run {})", at_most(*until), host, run)
            }
            Self::Quota => "for Lambda's quota, which other tools use too".into(),
            Self::Version { until } => {
                shown!("{}for the outcome of a publish that was not answered", at_most(*until))
            }
        }
    }
}

fn at_most(until: Option<Timestamp>) -> Shown {
    until.map(|until| shown!("until {} at most ", until.strftime("%H:%M:%SZ").to_string())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::LockPhase;

    fn lock(living: bool, until: Option<&str>) -> String {
        let fact = Fact::LockAwaited {
            holder: "R1".to_owned(),
            host: "build\n7".to_owned(),
            phase: LockPhase::Holding,
            living,
            until: until.map(|until| until.parse().unwrap()),
        };
        Waiting::after(&fact).unwrap().words().to_string()
    }

    #[test]
    fn what_is_waited_for_and_until_when() {
        let until = Some("2026-11-22T10:00:30.9Z");
        assert_eq!(lock(true, until), "until 10:00:30Z at most for the lock of build 7 (run R1)");
        assert_eq!(lock(false, until), "until 10:00:30Z at most for the lock that build 7 left (run R1)");
        assert_eq!(lock(true, None), "for the lock of build 7 (run R1)");
        assert_eq!(Waiting::after(&Fact::LockFreed), None);
    }
}
