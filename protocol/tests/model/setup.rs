//! What is checked: who runs, what may go wrong how often, and for how long.

use std::time::Duration;

use layership_protocol::Rules;

/// One check.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Each run's manifest and zip, as a number. The layer's first version has 0.
    pub runs: Vec<u8>,
    /// How the layer begins.
    pub starts: Vec<Start>,
    /// What may go wrong how often.
    pub budget: Budget,
    /// How many ticks pass at most before disturbances end.
    pub ticks: u64,
    /// The protocol's constants, in ticks.
    pub rules: Rules,
    /// How long Lambda may need to finish a publish that it accepted.
    pub finish: u64,
    /// How long a list may not show a version.
    pub lag: u64,
    /// Whether each run begins after the ones before it have ended or died.
    pub one_after_another: bool,
    /// Whether steps between which nothing of interest lies are taken at once: turn, decision, reading a write back.
    pub brief: bool,
    /// Whether signatures as of an earlier moment are refused.
    pub refuses_back_dating: bool,
    /// What is missing on purpose.
    pub weak: Weak,
    /// From one in how many states the world is left alone, to see whether everything ends well.
    pub calm_every: u64,
}

/// How often each disturbance may happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Budget {
    /// A run dies.
    pub crash: u8,
    /// A write of the lock is lost before it was done, loses its answer, or is done late.
    pub lock: u8,
    /// A lock is renewed. A run that does not renew is one that sleeps whenever it should.
    pub renewal: u8,
    /// A publish loses its answer.
    pub answer: u8,
    /// A look, a decision, a reading of the lock or a backup fails; a publish is throttled or never leaves.
    pub trouble: u8,
    /// A stop is asked for.
    pub stop: u8,
    /// Somebody publishes a version by hand, with the content of the first run and without a backup.
    pub hand: u8,
    /// The Python library publishes the first run's manifest, with a backup.
    pub library: u8,
}

/// How the layer begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Version 1 is there, with a backup, and the lock remembers it.
    Plain,
    /// The same, but there has never been a lock.
    NoLock,
    /// Versions behind 1 were deleted: so many numbers are missing.
    Gap(u64),
    /// All versions were deleted.
    AllDeleted,
    /// Under the next version's number lies a backup that somebody else left.
    Stray,
}

/// A part of the protocol, or of what it rests on, that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weak {
    /// None.
    Nothing,
    /// The lock is looked at, not written, before a publish is sent.
    NoMark,
    /// The lock is renewed, not marked, before a publish is sent.
    RenewalOnly,
    /// Signatures never expire.
    NoExpiry,
    /// A free lock remembers nothing.
    NoMemory,
    /// Versions are only looked for in the list.
    ListOnly,
    /// Conditions of writes are ignored.
    Unconditional,
    /// The clock is not looked at before the first byte of a publish leaves.
    NoLastLook,
    /// A publish is repeated below the protocol.
    SentTwice,
    /// A backup that is older than its version counts.
    BelievesStray,
    /// The second run's clock is ahead of S3's by this many ticks.
    FastClock(u64),
    /// The lock is taken for free once its lease is over, whatever it says.
    LeaseAlone,
}

/// All durations in ticks of one millisecond.
pub fn rules() -> Rules {
    let ticks = Duration::from_millis;
    Rules {
        lease: ticks(1),
        renewal: ticks(1),
        poll: ticks(1),
        lock_wait: ticks(2),
        patience: ticks(1),
        throttle_patience: ticks(2),
        signature_age: ticks(2),
        window: ticks(1),
        settle: ticks(1),
        longest: ticks(3),
        sends: 2,
        retries: 1,
        neighbours: 1,
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            runs: vec![1, 1],
            starts: vec![Start::Plain],
            budget: Budget { crash: 1, answer: 1, ..Budget::default() },
            ticks: 8,
            rules: rules(),
            finish: 1,
            lag: 0,
            one_after_another: false,
            brief: true,
            refuses_back_dating: false,
            weak: Weak::Nothing,
            calm_every: 64,
        }
    }
}
