//! S3 and Lambda, as far as runs see them.

use std::sync::Arc;

use layership_protocol::{
    Answer, Ask, BackupAnswer, Body, Content, Etag, Found, LockRead, Phase, Reading, Seen, Send, Sight, Step, There,
    Version,
};

use crate::action::How;
use crate::alike::{etag, time};
use crate::setup::{Setup, Weak};
use crate::world::{Backup, Made, Main, Request, Run, World, intent};

impl World {
    /// Carries out a step that does not write the lock. `None`: the answer comes later.
    pub fn answer(&mut self, setup: &Setup, run: usize, step: &Step, how: How) -> Option<Seen> {
        if matches!(how, How::Fails | How::AnswerLost | How::Throttled | How::NeverSent) {
            self.left.trouble -= 1;
        }
        if how == How::Stopped {
            self.left.stop -= 1;
            return Some(Seen::Stopped);
        }
        match step {
            Step::ReadLock { why, .. } => Some(self.read_lock(setup, why, how)),
            Step::Look { .. } if how == How::Fails => Some(Seen::LookFailed),
            Step::Look { ask, .. } => Some(Seen::Looked(self.look(setup, ask, how))),
            Step::Decide { .. } if how == How::Fails => Some(Seen::DecideFailed),
            Step::Decide { latest } => Some(Seen::Decided(self.decide(setup, setup.runs[run], *latest))),
            Step::WaitTurn => Some(Seen::Turn),
            Step::Send(send) => self.send(setup, run, send, how).map(Seen::Sent),
            Step::WriteBackup { version, replacing } => {
                Some(Seen::Backup(self.write_backup(setup.runs[run], *version, replacing.as_ref(), how)))
            }
            Step::FollowUp { .. } | Step::WriteLock { .. } | Step::End(_) => None,
        }
    }

    fn read_lock(&self, setup: &Setup, why: &Reading, how: How) -> Seen {
        let backup = matches!(why, Reading::First { backup } if self.backup(*backup).is_some());
        let lock = match &self.lock {
            _ if how == How::Fails => There::Failed,
            None => There::Nothing,
            Some(stored) => There::Object(Box::new(Found {
                content: Content::Lock(as_seen(setup, &stored.body)),
                etag: etag(stored.body.nonce),
                modified: time(stored.modified),
            })),
        };
        Seen::LockRead(LockRead { lock, backup })
    }

    /// A version that is asked for by its number is there or not; the list shows what it shows.
    fn look(&self, setup: &Setup, ask: &Ask, how: How) -> Sight {
        let listed = if let How::Lists(version) = how { version } else { self.highest() };
        let asked = |number: Version| setup.weak != Weak::ListOnly && ask.versions.contains(&number);
        let found = || self.versions.iter().filter(|made| made.number <= listed || asked(made.number));
        let wanted = |made: &&Made| made.number > ask.above && ask.sha256 == Some(intent(made.change).sha256);
        Sight {
            highest: found().map(|made| made.number).max().unwrap_or(0),
            matching: found().filter(wanted).map(|made| made.number).max(),
        }
    }

    fn send(&mut self, setup: &Setup, run: usize, send: &Send, how: How) -> Option<Answer> {
        match how {
            How::Throttled => return Some(Answer::Throttled),
            How::NeverSent => return Some(Answer::NeverSent),
            _ if self.clock(run, setup) > send.not_after && setup.weak != Weak::NoLastLook => {
                return Some(Answer::TooLate);
            }
            _ => {}
        }
        let request = Request {
            run,
            seen: self.known_to(run),
            change: send.intent.sha256.0[0],
            until: (send.signed_as_of + setup.rules.signature_age).as_millis(),
            back_dated: send.back_dated,
            finished_by: None,
            waited_for: true,
        };
        if setup.weak == Weak::SentTwice {
            self.requests.push(Request { waited_for: false, ..request.clone() });
        }
        self.requests.push(request);
        self.requests.sort_by_key(|request| (request.run, request.until, request.waited_for));
        if let Run::On(on) = &mut self.runs[run] {
            Arc::make_mut(on).main = Main::Sent;
        }
        None
    }

    /// The latest version that a run decided with.
    fn known_to(&self, run: usize) -> Version {
        match &self.runs[run] {
            Run::On(on) => on.seen,
            _ => 0,
        }
    }

    pub fn arrives(&mut self, setup: &Setup, index: usize) {
        let expired = self.now > self.requests[index].until && setup.weak != Weak::NoExpiry;
        if expired || (self.requests[index].back_dated && setup.refuses_back_dating) {
            let request = self.requests.remove(index);
            self.answer_publish(&request, Answer::SignatureRefused);
        } else {
            self.requests[index].finished_by = Some(self.now + setup.finish);
        }
    }

    pub fn takes_effect(&mut self, index: usize) {
        let request = self.requests.remove(index);
        let outdated = self.highest() > request.seen;
        self.counter += 1;
        let (number, change) = (self.counter, request.change);
        self.versions.push(Made { number, change, by: Some(request.run), born: self.now, outdated });
        self.answer_publish(&request, Answer::Published(number, intent(change).sha256));
    }

    fn answer_publish(&mut self, request: &Request, answer: Answer) {
        if let (true, Run::On(on)) = (request.waited_for, &mut self.runs[request.run]) {
            Arc::make_mut(on).main = Main::Answer(Seen::Sent(answer));
        }
    }

    fn write_backup(&mut self, change: u8, version: Version, replacing: Option<&Etag>, how: How) -> BackupAnswer {
        if how == How::Fails {
            return BackupAnswer::Failed;
        }
        match (self.backup(version), replacing) {
            (Some(there), _) if there.change == change => {}
            (Some(there), None) => return BackupAnswer::Other { etag: "stray".into(), older: there.stray },
            (Some(there), Some(_)) if !there.stray => {
                return BackupAnswer::Other { etag: "other".into(), older: false };
            }
            _ => self.store(Backup { version, change, stray: false }),
        }
        if how == How::AnswerLost { BackupAnswer::Failed } else { BackupAnswer::Stored }
    }
}

fn as_seen(setup: &Setup, body: &Body) -> Body {
    let mut body = body.clone();
    if let (Weak::LeaseAlone, Phase::Sending { lease, .. }) = (setup.weak, &body.phase) {
        body.phase = Phase::Holding { lease: *lease };
    }
    body
}
