//! Plays a machine step by step: what is seen is told by the test, what is asked for next is looked at.

use std::sync::Arc;
use std::time::Duration;

use layership_protocol::{
    Answer, BackupAnswer, Body, Condition, Content, Decision, End, Etag, Found, Holder, Intent, Job, Last, LockEnd,
    LockRead, LockWritten, Machine, Mark, Md5, Moment, Nonce, Outcome, Phase, Rules, Seen, Send, Sha256, Sight, Step,
    There, Time, Version, Writing,
};

/// When every play begins.
pub const START: Time = Time::from_millis(1_790_000_000_000);
/// The version that preflight saw.
pub const SEEN: Version = 4;
/// What is published.
pub const OURS: Intent = Intent { sha256: Sha256([7; 32]), manifest_md5: Md5([8; 16]) };
/// Other content.
pub const OTHER: Sha256 = Sha256([9; 32]);

pub struct Play {
    pub machine: Machine,
    pub job: Job,
    pub now: Time,
    /// What is to be done.
    pub step: Step,
    nonce: u64,
}

pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub fn tag(text: &str) -> Etag {
    text.into()
}

/// This job, or another.
pub fn holder(owner: &str) -> Holder {
    Holder {
        run: format!("run of {owner}"),
        owner: owner.into(),
        host: "host".into(),
        process: 1,
        layer: "layer".into(),
    }
}

pub fn last(version: Version) -> Option<Last> {
    Some(Last { version, sha256: None, manifest_md5: None })
}

pub fn published(version: Version) -> Option<Last> {
    Some(Last { version, sha256: Some(OURS.sha256), manifest_md5: Some(OURS.manifest_md5) })
}

pub fn holding() -> Phase {
    Phase::Holding { lease: seconds(30) }
}

/// Another's mark, written at this moment.
pub fn sending(at: Time) -> Phase {
    Phase::Sending { lease: seconds(30), mark: mark(at, SEEN) }
}

pub fn mark(at: Time, seen: Version) -> Mark {
    Mark {
        layer_arn: "arn".into(),
        seen,
        sha256: Some(OTHER),
        manifest_md5: None,
        accepted_until: at + seconds(60),
        settled_at: at + seconds(120),
    }
}

pub fn body(owner: &str, phase: Phase, last: Option<Last>) -> Body {
    Body { phase, holder: Arc::new(holder(owner)), time: START, seen: SEEN, last, nonce: Nonce(99) }
}

/// A lock under the entity tag `there`, last modified at this moment.
pub fn there(body: Body, modified: Time) -> There {
    there_as(body, "there", modified)
}

pub fn there_as(body: Body, etag: &str, modified: Time) -> There {
    There::Object(Box::new(Found { content: Content::Lock(body), etag: tag(etag), modified }))
}

pub fn read(lock: There) -> Seen {
    Seen::LockRead(LockRead { lock, backup: false })
}

pub fn free(last: Option<Last>) -> Seen {
    read(there(body("another", Phase::Free, last), START))
}

pub fn written(etag: &str) -> Seen {
    Seen::LockWritten(LockWritten::Written(tag(etag)))
}

pub fn unknown() -> Seen {
    Seen::LockWritten(LockWritten::Unknown)
}

pub fn sight(highest: Version) -> Seen {
    Seen::Looked(Sight { highest, matching: None })
}

pub fn matching(version: Version) -> Seen {
    Seen::Looked(Sight { highest: version, matching: Some(version) })
}

pub fn stored() -> Seen {
    Seen::Backup(BackupAnswer::Stored)
}

impl Play {
    pub fn begin(decision: Decision) -> Self {
        let job = Job { holder: Arc::new(holder("us")), layer_arn: "arn".into(), rules: Rules::default() };
        let (machine, step) = Machine::begin(SEEN, decision, START);
        Self { machine, job, now: START, step, nonce: 0 }
    }

    /// About to read the lock, to publish.
    pub fn publish() -> Self {
        Self::begin(Decision::Publish(OURS))
    }

    /// The lock is held and it is the turn's time to come.
    pub fn held() -> Self {
        let mut play = Self::publish();
        play.see(free(last(SEEN)));
        play.see(written("held"));
        assert_eq!(play.step, Step::WaitTurn);
        play
    }

    /// The mark is being written.
    pub fn marking() -> Self {
        let mut play = Self::held();
        play.see(Seen::Turn);
        play
    }

    /// The request is on its way.
    pub fn sending() -> Self {
        let mut play = Self::marking();
        play.see(written("marked"));
        play
    }

    /// The backup is being written.
    pub fn recording() -> Self {
        let mut play = Self::sending();
        play.see(Seen::Sent(Answer::Published(SEEN + 1, OURS.sha256)));
        play
    }

    pub fn wait(&mut self, seconds: u64) -> &mut Self {
        self.now = self.now + self::seconds(seconds);
        self
    }

    pub fn wait_until(&mut self, time: Time) -> &mut Self {
        self.now = self.now.max(time);
        self
    }

    /// Tells what was seen; a step follows.
    pub fn see(&mut self, seen: Seen) -> &Step {
        self.step = self.tell(seen).expect("a step follows");
        &self.step
    }

    /// Tells what was seen.
    pub fn tell(&mut self, seen: Seen) -> Option<Step> {
        self.nonce += 1;
        self.machine.next(&self.job, seen, Moment { now: self.now, nonce: Nonce(self.nonce) })
    }

    /// The write of the lock that is to be done.
    pub fn write(&self) -> (&Body, &Condition, &Writing) {
        match &self.step {
            Step::WriteLock { body, condition, why } => (body, condition, why),
            other => panic!("not a write of the lock: {other:?}"),
        }
    }

    /// The request that is to be sent.
    pub fn request(&self) -> &Send {
        match &self.step {
            Step::Send(send) => send,
            other => panic!("nothing to send: {other:?}"),
        }
    }

    /// Ours, as it is being written.
    pub fn ours(&self, etag: &str) -> There {
        there_as(self.write().0.clone(), etag, self.now)
    }

    /// When the step that waits is to be done.
    pub fn at(&self) -> Time {
        match &self.step {
            Step::ReadLock { at, .. } | Step::Look { at, .. } => *at,
            other => panic!("not a step that waits: {other:?}"),
        }
    }

    pub fn assert_end(&self, outcome: Outcome, lock: LockEnd) {
        assert_eq!(self.step, Step::End(End { outcome, lock }));
    }

    /// Frees the lock, remembering this.
    pub fn assert_frees(&mut self, last: Option<Last>, outcome: Outcome) {
        let (body, _, why) = self.write();
        assert_eq!((why, &body.phase, body.last), (&Writing::Free, &Phase::Free, last));
        self.see(written("free"));
        self.assert_end(outcome, LockEnd::Freed);
    }
}
