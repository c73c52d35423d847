//! The lock of one layer: whoever holds it is the only one who publishes.
//!
//! A lock is an object beside the backups. It is created only where there is none, lives for a lease from its last
//! writing (by S3's clock), is renewed while work goes on, taken over once its lease ran out, and deleted only while it
//! is still ours. A holder that could not finish leaves it behind without a lease: whoever comes next takes it over at
//! once, and knows from it that something may have been published.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::Identity;
use super::notes::Note;
use super::site::Site;
use super::stop::Stop;
use super::trail::Trail;
use crate::aws::{LockDelete, LockRead, LockWrite};
use crate::event::Fact;
use crate::layer::S3Location;
use crate::outcome::{ErrorCode, JobError};
use crate::plan::Job;

/// How long a lock lives without being renewed.
const LEASE: Duration = Duration::from_secs(30);
/// How often it is renewed while it is held.
const RENEWAL: Duration = Duration::from_secs(10);
/// How often a lock that another holds is looked at.
const POLL: Duration = Duration::from_secs(1);

/// What a lock says: who holds it, and for how long. Times are for people; S3's clock counts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Body {
    run: String,
    owner: String,
    host: String,
    process: u32,
    layer: String,
    time: String,
    lease_seconds: u64,
}

impl Body {
    fn read(bytes: &[u8]) -> Self {
        // Something else under the lock's key has no lease; treat it as a lock of the usual one.
        serde_json::from_slice(bytes).unwrap_or_else(|_| Self { lease_seconds: LEASE.as_secs(), ..Self::default() })
    }

    fn holder(&self) -> String {
        if self.run.is_empty() { "somebody".to_owned() } else { format!("run {} on {}", self.run, self.host) }
    }
}

/// A lock that is ours.
pub struct Held<'a> {
    site: Site<'a>,
    at: S3Location,
    body: Body,
    state: Mutex<State>,
    note: Note,
    /// Somebody else held it before us, or may have died with it: what preflight saw may be out of date, and a version
    /// may exist that has no backup yet.
    pub contended: bool,
}

struct State {
    etag: String,
    renewed: Moment,
}

/// A moment by two clocks: one that never jumps, and one that goes on while a machine sleeps.
#[derive(Clone, Copy)]
struct Moment(Instant, SystemTime);

impl Moment {
    fn now() -> Self {
        Self(Instant::now(), SystemTime::now())
    }

    /// By the clock that counted more.
    fn elapsed(self) -> Duration {
        self.0.elapsed().max(self.1.elapsed().unwrap_or_default())
    }
}

/// Takes the lock of a job, waiting for another holder as long as `wait`; `None` if the run was stopped meanwhile.
pub async fn acquire<'a>(
    site: Site<'a>,
    identity: &Identity,
    wait: Duration,
    stop: &Stop,
    trail: &mut Trail,
) -> Result<Option<Held<'a>>, JobError> {
    let at = site.job.lock();
    let body = body_of(site.job, identity);
    let mut from = None;
    let note = Note::of(&at, &body.owner);
    note.write();
    let started = Instant::now();
    let mut contended = false;
    loop {
        if stop.asked() {
            note.remove();
            return Ok(None);
        }
        let asked = Moment::now();
        let taken = match site.write_lock(text(&body), None).await? {
            LockWrite::Ours(etag) => Some(etag),
            LockWrite::Lost => {
                let found = site.read_lock().await?;
                let standing = found.as_ref().map(|found| standing(found, &body));
                contended |= !matches!(standing, Some(Standing::Ours));
                match (standing, &found) {
                    // Its lease began when it was written, which may be long ago: it is written again.
                    (Some(Standing::Ours), Some(found)) => take_over(site, &body, found).await?,
                    (Some(Standing::Free(whose)), Some(found)) => {
                        from = Some(whose);
                        take_over(site, &body, found).await?
                    }
                    (Some(Standing::Held(holder)), Some(found)) if started.elapsed() >= wait => {
                        note.remove();
                        return Err(locked(site.job, &holder, found));
                    }
                    (Some(Standing::Held(holder)), _) => {
                        trail.found(Fact::LockAwaited { holder, phase: "holding".to_owned(), until: None });
                        None
                    }
                    // Released between the two requests: at the next turn it is there for the taking.
                    _ => None,
                }
            }
        };
        if let Some(etag) = taken {
            note.write();
            trail.found(Fact::LockTaken { at: at.to_string(), from });
            let state = Mutex::new(State { etag, renewed: asked });
            return Ok(Some(Held { site, at, body, state, note, contended }));
        }
        if started.elapsed() > wait + LEASE {
            return Err(JobError::new(ErrorCode::Locked, format!("layer `{}` could not be locked", site.job.name))
                .cause(format!("{at} is neither there nor can it be created")));
        }
        tokio::select! {
            () = sleep(POLL) => {}
            () = stop.finishing() => {}
        }
    }
}

enum Standing {
    /// An answer of ours was lost: we hold it already.
    Ours,
    /// Its lease ran out, or it was left behind.
    Free(String),
    Held(String),
}

fn standing(found: &LockRead, ours: &Body) -> Standing {
    let body = Body::read(&found.body);
    if body.owner == ours.owner {
        return Standing::Ours;
    }
    // Both times of the age are cut to whole seconds: one more second proves that the whole lease has passed.
    let free = body.lease_seconds == 0 || found.age > Duration::from_secs(body.lease_seconds);
    if free { Standing::Free(body.holder()) } else { Standing::Held(body.holder()) }
}

async fn take_over(site: Site<'_>, body: &Body, found: &LockRead) -> Result<Option<String>, JobError> {
    match site.write_lock(text(body), Some(&found.etag)).await? {
        LockWrite::Ours(etag) => Ok(Some(etag)),
        LockWrite::Lost => Ok(None),
    }
}

fn locked(job: &Job, holder: &str, found: &LockRead) -> JobError {
    JobError::new(ErrorCode::Locked, format!("layer `{}` is locked by {holder}", job.name))
        .cause(format!("{} was written {} s ago", job.lock(), found.age.as_secs()))
        .hint(
            "wait for that run; if it died, its lock is taken over once its lease is over: run the same command again",
        )
}

/// Removes a lock that a run of this machine left behind when it was killed, although its work was done.
pub async fn clear_left_behind(site: Site<'_>, trail: &mut Trail) {
    let note = Note::of(&site.job.lock(), "");
    let Some(owner) = note.left_behind() else { return };
    let Ok(found) = site.read_lock().await else { return };
    // Another run may have taken it over meanwhile, on this machine too.
    let Some(found) = found.filter(|found| Body::read(&found.body).owner == owner) else { return note.remove() };
    if site.delete_lock(&found.etag).await.is_ok() {
        trail.found(Fact::LockFreed);
        note.remove();
    }
}

impl Held<'_> {
    /// Does some work and renews the lock meanwhile.
    pub async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        tokio::select! {
            done = work => done,
            never = self.renew_for_ever() => match never {},
        }
    }

    async fn renew_for_ever(&self) -> std::convert::Infallible {
        loop {
            sleep(RENEWAL).await;
            // A renewal that fails is tried again at the next turn; whether it is still ours is asked before a publish.
            if let Err(error) = self.renew().await {
                tracing::warn!(lock = %self.at, %error, "the lock could not be renewed");
            }
        }
    }

    /// Makes sure, at the last moment before a publish, that it is still ours: this process may have slept for longer
    /// than the lease.
    ///
    /// # Errors
    /// `locked`, if somebody took it over.
    pub async fn assure(&self) -> Result<(), JobError> {
        if self.state().renewed.elapsed() < LEASE / 2 {
            return Ok(());
        }
        self.renew().await
    }

    async fn renew(&self) -> Result<(), JobError> {
        let asked = Moment::now();
        let body = Body { time: Timestamp::now().to_string(), ..self.body.clone() };
        let etag = self.replace(&body).await?;
        *self.state() = State { etag, renewed: asked };
        Ok(())
    }

    /// Replaces what the lock says, as long as it is ours.
    async fn replace(&self, body: &Body) -> Result<String, JobError> {
        let etag = self.state().etag.clone();
        if let LockWrite::Ours(etag) = self.site.write_lock(text(body), Some(&etag)).await? {
            return Ok(etag);
        }
        // It may be ours under another entity tag, but as old as the renewal that made that one.
        let etag = self.still_ours().await?;
        match self.site.write_lock(text(body), Some(&etag)).await? {
            LockWrite::Ours(etag) => Ok(etag),
            LockWrite::Lost => Err(self.lost_to("another run")),
        }
    }

    /// The answer to a renewal may have been lost: then the lock is ours under another entity tag.
    async fn still_ours(&self) -> Result<String, JobError> {
        let found = self.site.read_lock().await?;
        match &found {
            Some(found) if Body::read(&found.body).owner == self.body.owner => Ok(found.etag.clone()),
            Some(found) => Err(self.lost_to(&Body::read(&found.body).holder())),
            None => Err(self.lost_to("nobody any more")),
        }
    }

    fn lost_to(&self, holder: &str) -> JobError {
        JobError::new(ErrorCode::Locked, format!("the lock {} was lost to {holder}", self.at))
            .hint("this process slept for longer than the lease; run the same command again")
    }

    /// Gives it up: everything is done, or nothing was.
    pub async fn release(self, trail: &mut Trail) {
        match self.delete().await {
            Ok(()) => {
                trail.found(Fact::LockFreed);
                self.note.remove();
            }
            // It runs out by itself.
            Err(error) => trail.warn("lock-not-released", format!("the lock {} was not released: {error}", self.at)),
        }
    }

    async fn delete(&self) -> Result<(), JobError> {
        let etag = self.state().etag.clone();
        if self.site.delete_lock(&etag).await? == LockDelete::Gone {
            return Ok(());
        }
        // The work may have ended while a renewal was under way. A lock that somebody took over is not ours to delete.
        match self.still_ours().await {
            Ok(etag) => self.site.delete_lock(&etag).await.map(|_| ()),
            Err(error) if error.code == ErrorCode::Locked => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Leaves it behind without a lease: something was begun that the next run has to finish.
    pub async fn abandon(self, trail: &mut Trail) {
        let left = self.replace(&Body { lease_seconds: 0, ..self.body.clone() }).await;
        match left {
            Ok(_) => trail.found(Fact::LockLeft),
            Err(error) => trail.warn("lock-not-released", format!("the lock {} keeps its lease: {error}", self.at)),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn body_of(job: &Job, identity: &Identity) -> Body {
    Body {
        run: identity.run.clone(),
        owner: format!("{}/{}/{}", identity.run, job.layer, job.target.name),
        host: identity.host.clone(),
        process: std::process::id(),
        layer: job.name.to_string(),
        time: Timestamp::now().to_string(),
        lease_seconds: LEASE.as_secs(),
    }
}

fn text(body: &Body) -> Bytes {
    // Strings and numbers always serialise.
    serde_json::to_vec_pretty(body).unwrap_or_default().into()
}
