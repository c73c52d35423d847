#!/usr/bin/env python3
"""Breaks every rule of the table in src/machine.rs once, and sees that a test notices.

    protocol/mutations.py            every rule
    protocol/mutations.py S2 C3      these rules
    protocol/mutations.py --model    with the model too, which takes longer, and beside what the other tests say

It works on a copy below target/, so that the checkout stays as it is, and ends with 1 if something went unnoticed.
"""

import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent.parent
COPY = HERE / "target" / "mutations"
SOURCES = "protocol/src"

# Rule, file, what stands there, what stands there instead, and what is broken by it.
MUTATIONS = [
    ("T1", "machine/take.rs", "self.claim(taking, Condition::Absent,", "self.claim(taking, Condition::Match(\"\".into()),",
     "nothing at the key is not written as such"),
    ("T2", "machine/take.rs", "Before::Free(last) => (last, None),", "Before::Free(_) => (None, None),",
     "the memory of a free lock is lost"),
    ("T3", "machine/take.rs", "at: at.now + at.job.rules.poll, why: Reading::Waiting(Wait { holding, living: true })",
     "at: at.now, why: Reading::Waiting(Wait { holding, living: true })", "a living holder is asked for without a pause"),
    ("T4", "machine/take.rs", "if at.now.since(since) >= at.job.rules.lock_wait {", "if false {",
     "a living holder is waited for without end"),
    ("T5", "lock_state.rs", "self.holding.phase == PhaseName::Holding || now > self.holding.until", "true",
     "a lock is taken over before its publish is settled"),
    ("T5", "lock_state.rs", "settled_at.max(accepted_until + rules.settle)", "accepted_until",
     "the settle time of a dead run does not count"),
    ("T5", "lock_state.rs", "if now <= lease_over {", "if false {", "a living holder counts as dead"),
    ("T6", "machine/take.rs", "if dead.sha256.is_none() || at.now < taking.watch.next {", "if true {",
     "a dead run's version is not looked for"),
    ("T7", "lock_state.rs", "return LockState::Refused(NotOurs::NotALock)", "return LockState::Free { last: None }",
     "what is no lock is overwritten"),
    ("T7", "lock_state.rs", "return LockState::Refused(NotOurs::NewerFormat(*format))",
     "{ let _ = format; return LockState::Free { last: None } }", "a newer format is overwritten"),
    ("T8", "lock_state.rs", "if claimed.is_some_and(|job| body.holder.is(job)) {", "if false {",
     "a lock of ours is not known after its answer was lost"),
    ("T9", "machine/take.rs", "taking.trouble_since = Some(at.now);\n                self.doing", "self.doing",
     "writes without an answer are repeated for ever"),
    ("T10", "machine/take.rs", "if at.now.since(since) >= at.job.rules.patience {", "if false {",
     "a lock that cannot be reached is tried for ever"),
    ("T10", "machine/take.rs", "LockWritten::Denied => self.end(Outcome::LockUnreachable, LockEnd::NotHeld),",
     "LockWritten::Denied => self.take_again(taking, at),", "a refusal is tried again"),
    ("L1", "machine/look.rs", "if versions.is_empty() && !self.known.contended {", "if false {",
     "an undisturbed publish looks"),
    ("L2", "machine/look.rs", "versions.extend(known.last.map(|last| last.version));", "",
     "the version that the lock remembers is not asked for"),
    ("L2", "machine/look.rs", "versions.extend(known.backup.then(|| known.seen.saturating_add(1)));", "",
     "the backup of the next version does not count"),
    ("L2", "machine/look.rs", "versions.extend(behind(dead, at));", "",
     "what lies behind the version that a dead run saw is not asked for"),
    ("L2", "machine/look.rs", "versions.is_empty() && !self.known.contended", "versions.is_empty()",
     "that another held the lock does not count"),
    ("L3", "machine/look.rs", "self.known.seen = self.known.seen.max(sight.highest);", "",
     "the highest version does not count"),
    ("L4", "machine/record.rs", "self.known.dead.is_some() || matches!", "matches!",
     "a dead run's lock is freed although nobody looked"),
    ("D1", "machine/look.rs", "self.doing = Doing::Waiting;\n                Step::WaitTurn",
     "self.doing = Doing::Deciding;\n                Step::WaitTurn", "the turn is not waited for"),
    ("D2", "machine/look.rs", "self.record(Recording::of(version, Outcome::Adopted(version)))",
     "self.follow_up(version, Outcome::Adopted(version))", "an adopted version gets no backup"),
    ("D3", "machine/look.rs", "self.follow_up(version, Outcome::Kept(version))",
     "self.record(Recording::of(version, Outcome::Kept(version)))", "a kept version is recorded"),
    ("D4", "machine.rs", "self.finish(Outcome::Failed(Failure::Decide), at)", "self.finish(Outcome::Unconfirmed, at)",
     "a failed decision leaves the lock"),
    ("S1", "machine/publish.rs", "self.doing = Doing::Marking(Op::begin(phase, at));\n                step",
     "let _ = step;\n                if let Hold::Ours { etag, renew_at, .. } = self.hold.clone() {\n"
     "                    self.holds(etag, phase, renew_at);\n                }\n                self.send(at)",
     "the lock does not say that a publish is sent"),
    ("S2", "machine/publish.rs", "signed_as_of: mark.accepted_until - at.job.rules.signature_age,", "signed_as_of: at.now,",
     "the signature does not end with the mark"),
    ("S2", "machine/publish.rs", "at.now + if self.sent.as_of_now { rules.signature_age } else { rules.window }",
     "at.now + rules.window", "a signature as of now is said to end with the window"),
    ("S3", "machine/publish.rs", "if unused { self.send(at) } else { self.mark_again(op, at) }",
     "{ let _ = unused; self.send(at) }", "a mark is sent under twice, or a lock that is no mark"),
    ("S4", "machine/publish.rs", "Resolved::Lost(to) => {\n                self.hold = Hold::Lost(to);\n                self.lost()\n            }",
     "Resolved::Lost(_) => self.mark_again(op, at),", "a lock that was lost is marked all the same"),
    ("S5", "machine/publish.rs", "if self.sent.retries >= at.job.rules.retries {", "if false {",
     "what never leaves is tried for ever"),
    ("S6", "machine/publish.rs", "Answer::Throttled => self.throttled(at),", "Answer::Throttled => self.send(at),",
     "after a throttle it is sent under the old mark"),
    ("S7", "machine/publish.rs", "self.sent.as_of_now |= !late;", "", "a refused signature is back-dated again"),
    ("S8", "machine/publish.rs", "Answer::Refused => self.finish(Outcome::Failed(Failure::Refused), at),",
     "Answer::Refused => self.retry(Failure::Refused, at),", "what was refused is sent again"),
    ("S9", "machine/publish.rs", "Outcome::Published(version, Confirmed::Answer)", "Outcome::Published(version, Confirmed::Look)",
     "an answer counts as a look"),
    ("S10", "machine/publish.rs", "intent.sha256 == sha256)", "true || intent.sha256 == sha256)",
     "other content gets our backup"),
    ("S11", "machine/publish.rs", "self.sent.sends += 1;\n                self.confirm_at(0, at.now, at)",
     "self.sent.sends += 1;\n                self.mark(at)", "a lost answer is followed by another send"),
    ("C1", "machine/publish.rs", "Outcome::Published(version, Confirmed::Look)", "Outcome::Adopted(version)",
     "a version that was found counts as adopted"),
    ("C2", "machine/publish.rs", "if confirming.begins <= self.settled_at() {", "if false {",
     "it is sent again before all is settled"),
    ("C3", "machine/publish.rs", "if self.sent.sends < at.job.rules.sends {", "if false {", "it is sent once only"),
    ("C4", "machine/publish.rs", "if self.sent.sends < at.job.rules.sends {", "if true {", "it is sent without end"),
    ("C4", "machine/publish.rs", "if confirming.begins > self.settled_at() + at.job.rules.patience {", "if false {",
     "looks that fail are repeated for ever"),
    ("R1", "machine/record.rs", "BackupAnswer::Stored => self.follow_up(version, recording.outcome),",
     "BackupAnswer::Stored => self.finish(recording.outcome, at),", "a version is not followed up"),
    ("R2", "machine/record.rs", "replacing: Some(etag) }", "replacing: { let _ = etag; None } }",
     "an older object is not replaced by its entity tag"),
    ("R3", "machine/record.rs", "older: true } if", "older: _ } if", "a younger object is replaced"),
    ("R4", "machine.rs", "(Doing::FollowingUp(outcome), Seen::FollowedUp) => self.finish(outcome, at)",
     "(Doing::FollowingUp(outcome), Seen::FollowedUp) => self.end(outcome, LockEnd::Left)", "the lock is not freed"),
    ("E1", "machine/record.rs", "matches!(outcome, Outcome::Unconfirmed | Outcome::BackupFailed(_))",
     "matches!(outcome, Outcome::BackupFailed(_))", "an unconfirmed run frees its lock"),
    ("E1", "machine/record.rs", "matches!(outcome, Outcome::Unconfirmed | Outcome::BackupFailed(_))",
     "matches!(outcome, Outcome::Unconfirmed)", "a run without backup frees its lock"),
    ("E2", "machine/record.rs", "self.known.last = self.remembered(&outcome);", "", "a free lock does not remember the version"),
    ("E3", "machine/record.rs", "Resolved::Ours(_, Phase::Free) => self.end(outcome, LockEnd::Freed),", "",
     "a lock that was freed is freed again"),
    ("K1", "machine.rs", "seen if self.renewal.is_some() => {\n                self.deferred = Some(seen);\n                None",
     "seen if self.renewal.is_some() => {\n                self.deferred = None;\n                Some(self.answered(seen, at))",
     "two writes of the lock overlap"),
    ("K2", "machine/keep.rs", "if let (Hold::Lost(to), false) = (&self.hold, self.has_sent()) {",
     "if let (Hold::Lost(to), true) = (&self.hold, false) {", "a lost lock does not end what was not sent"),
    ("K3", "machine/keep.rs", "if let (Hold::Lost(to), false) = (&self.hold, self.has_sent()) {",
     "if let Hold::Lost(to) = &self.hold {", "a lost lock ends what was sent"),
    ("K4", "machine/keep.rs", "Resolved::Unreadable => self.renew_at(soon),", "Resolved::Unreadable => self.hold = Hold::Lost(None),",
     "a lock that cannot be read counts as lost"),
]


def copied():
    """The tracked files, as they are in the checkout; what the build left there before is kept."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=HERE,
                            check=True, capture_output=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        to = COPY / name
        to.parent.mkdir(parents=True, exist_ok=True)
        if not to.exists() or to.read_bytes() != (HERE / name).read_bytes():
            shutil.copyfile(HERE / name, to)


def test(target):
    command = ["cargo", "test", "--quiet", "--locked", "--package", "layership-protocol", "--test", target]
    return subprocess.run(command, cwd=COPY, capture_output=True, text=True)


def noticed(target):
    """None if all tests pass, the first that failed otherwise, or that it does not compile."""
    ended = test(target)
    if ended.returncode == 0:
        return None
    failed = [line.split("'")[1] for line in ended.stderr.splitlines() + ended.stdout.splitlines()
              if line.startswith("thread '") and "panicked" in line]
    if not failed:
        sys.exit(f"it does not compile:\n{ended.stderr}")
    return f"{target}: {sorted(set(failed))[0]}"


def main():
    asked = {argument for argument in sys.argv[1:] if not argument.startswith("-")}
    targets = ["rules", "model"] if "--model" in sys.argv else ["rules"]
    copied()
    for target in targets:
        if noticed(target):
            sys.exit("the tests fail before anything is broken")
    unnoticed = 0
    for rule, file, old, new, what in MUTATIONS:
        if asked and rule not in asked:
            continue
        path = COPY / SOURCES / file
        whole = path.read_text()
        if whole.count(old) != 1:
            sys.exit(f"{rule}: {file} has `{old}` {whole.count(old)} times")
        path.write_text(whole.replace(old, new))
        try:
            by = [found for found in map(noticed, targets) if found]
        finally:
            path.write_text(whole)
        unnoticed += not by
        print(f"{rule:4} {what}: {'; '.join(by) or 'NOBODY NOTICES'}", flush=True)
    sys.exit(1 if unnoticed else 0)


if __name__ == "__main__":
    main()
