//! How layership publishes a layer version exactly once: a pure machine, state and observation in, next step out.
//!
//! No clock, no network, no random number is in here: the crate is `no_std`, times and nonces are values that are handed
//! in. The same code runs in production, in the model of `tests/model` and in simulations. Its rules stand in one table
//! above the transition function, in `src/machine.rs`; `docs/exactly-once.md` says why they are as they are.
//!
//! # How to drive it
//!
//! [`Machine::begin`] gives the first [`Step`]. Whoever drives the machine carries each step out, and hands what came of
//! it to [`Machine::next`], which gives the next one. A step is answered once; [`Step::End`] is the last. While the
//! answer to one step is awaited, [`Machine::renewal_due`] may come: `Seen::RenewalDue` then gives a write of the lock to
//! be carried out beside it. At most two steps are under way, never two writes of the lock:
//!
//! ```text
//! let (mut machine, first) = Machine::begin(latest, decision, clock.now());
//! let mut under_way = FuturesUnordered::from_iter([carry_out(first)]);
//! loop {
//!     let seen = select! {
//!         Some(seen) = under_way.next() => seen,
//!         () = sleep_until(machine.renewal_due()) => Seen::RenewalDue,      // for ever, if there is none
//!     };
//!     match machine.next(&job, seen, Moment { now: clock.now(), nonce: random() }) {
//!         Some(Step::End(end)) => break end,                                // drop what is still under way
//!         Some(step) => under_way.push(carry_out(step)),
//!         None => {}                                                        // the other step's answer comes first
//!     }
//! }
//! ```
//!
//! What comes next can be read off without any network. Here nobody holds the lock, and the first version is published:
//!
//! ```
//! use std::sync::Arc;
//!
//! use layership_protocol::*;
//!
//! let holder = Holder { run: "7f3c".into(), owner: "7f3c/numpy".into(), host: "ci".into(), process: 1, layer: "numpy".into() };
//! let job = Job { holder: Arc::new(holder), layer_arn: "numpy".into(), rules: Rules::default() };
//! let now = Time::from_millis(1_790_000_000_000);
//! let at = |nonce| Moment { now, nonce: Nonce(nonce) };
//! let intent = Intent { sha256: Sha256([7; 32]), manifest_md5: Md5([8; 16]) };
//!
//! let (mut machine, first) = Machine::begin(0, Decision::Publish(intent), now);
//! assert!(matches!(first, Step::ReadLock { .. }));
//! let nothing = LockRead { lock: There::Nothing, backup: false };
//! let step = machine.next(&job, Seen::LockRead(nothing), at(1));
//! assert!(matches!(step, Some(Step::WriteLock { condition: Condition::Absent, why: Writing::Take, .. })));
//! let step = machine.next(&job, Seen::LockWritten(LockWritten::Written("etag-1".into())), at(2));
//! assert_eq!(step, Some(Step::WaitTurn));
//! // Before anything is sent, the lock says so.
//! let step = machine.next(&job, Seen::Turn, at(3));
//! assert!(matches!(step, Some(Step::WriteLock { why: Writing::Mark, .. })));
//! let step = machine.next(&job, Seen::LockWritten(LockWritten::Written("etag-2".into())), at(4));
//! assert!(matches!(step, Some(Step::Send(send)) if send.attempt == 1));
//! let step = machine.next(&job, Seen::Sent(Answer::Published(1, intent.sha256)), at(5));
//! assert_eq!(step, Some(Step::WriteBackup { version: 1, replacing: None }));
//! ```
//!
//! What the driver owes the machine, beside what each [`Step`] says:
//!
//! - `now` is S3's clock, and never later than it really is: the `Date` of its last answer and what a clock that never
//!   jumps, and goes on while the machine sleeps, counted since that answer came.
//! - [`Step::WriteLock`] and [`Step::Send`] reach the network once. Nothing below repeats them.
//! - A [`Step::Send`] that may have left this machine is never answered [`Answer::TooLate`] or [`Answer::NeverSent`].
//! - Every step has a deadline of its own and is then answered: as failed, unknown or ambiguous.
//! - A stop (Ctrl-C) is told only in answer to a step that waits: [`Step::WaitTurn`], or [`Step::ReadLock`] before its
//!   time. From the mark on a publish is finished and recorded.
//!
//! Words are not in here: an [`Outcome`] says who holds a lock, until when and why, as values.

#![no_std]

extern crate alloc;

mod body;
mod digest;
mod lock_state;
mod machine;
mod outcome;
mod rules;
mod seen;
mod step;
mod time;

pub use body::{BODY_LIMIT, Body, Content, FORMAT, Holder, Last, Mark, Phase, Version};
pub use digest::{Md5, Sha256};
pub use lock_state::{Dead, Etag, Found, Holding, LockState, NotOurs, PhaseName};
pub use machine::Machine;
pub use outcome::{Confirmed, End, Failure, LockEnd, Outcome};
pub use rules::{LEAST_SETTLE, Rules};
pub use seen::{Answer, BackupAnswer, Decision, LockRead, LockWritten, Seen, Sight, There};
pub use step::{Ask, Condition, Intent, Job, Looking, Reading, Send, Step, Wait, Writing};
pub use time::{Moment, Nonce, Time};
