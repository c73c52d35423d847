//! S3's clock, as far as it can be known here. Locks and signatures are judged by it, so that a machine whose own clock
//! is wrong works as well as one whose clock is right.
//!
//! Every answer of S3 carries a `Date` in whole seconds. It was written at some moment between the sending of the
//! request and the arrival of the answer, so at arrival S3's clock shows at least that second, and at most the end of
//! it and the time that the request took. Each answer gives such an interval; what they have in common is known more
//! exactly than any of them tells alone. An answer that has nothing in common with what was known wins: somebody's
//! clock was set.
//!
//! Between answers the interval goes on with two clocks of this machine, since neither is right alone: the monotonic
//! one stands still while a machine is suspended, the wall clock is set by people and by NTP. The early end follows the
//! monotonic clock, the late end whichever counted more. After a suspend the interval is as wide as the suspend was
//! long, until the next answer.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_s3::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use aws_smithy_async::time::TimeSource;
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use tokio::time::Instant;

/// `Date` tells the second that has begun.
const SECOND: i64 = 1_000;
/// A machine whose clock is right to within this signs by its own clock.
const TOLERATED: i64 = 2_000;

/// What S3's clock shows: a moment from `earliest` to `latest`, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerTime {
    /// It shows at least this: by it, wait until something is over.
    pub earliest: i64,
    /// It shows at most this: by it, judge whether there is still time for something.
    pub latest: i64,
}

/// A moment by this machine's two clocks, in milliseconds since each began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MachineTime {
    /// Never set, but stands still while the machine is suspended.
    monotonic: i64,
    /// Goes on while the machine is suspended, but is set by people and by NTP.
    wall: i64,
}

impl MachineTime {
    pub(super) fn now() -> Self {
        static START: OnceLock<Instant> = OnceLock::new();
        let start = *START.get_or_init(Instant::now);
        Self { monotonic: millis(start.elapsed()), wall: wall() }
    }

    /// The least and the most time that can have passed since an earlier moment.
    fn since(self, earlier: Self) -> (i64, i64) {
        let least = self.monotonic - earlier.monotonic;
        (least, least.max(self.wall - earlier.wall))
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn wall() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => millis(since),
        Err(before) => -millis(before.duration()),
    }
}

/// What was heard last, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Heard {
    time: ServerTime,
    at: MachineTime,
}

impl Heard {
    /// From one answer alone: its `Date`, when its request was sent, and when it came.
    fn in_answer(date: i64, asked: MachineTime, came: MachineTime) -> Self {
        let (_, took) = came.since(asked);
        Self { time: ServerTime { earliest: date, latest: date + SECOND + took }, at: came }
    }

    fn at(self, now: MachineTime) -> ServerTime {
        let (least, most) = now.since(self.at);
        ServerTime { earliest: self.time.earliest + least, latest: self.time.latest + most }
    }

    /// With what a later answer told.
    fn and(self, later: Self) -> Self {
        let before = self.at(later.at);
        let both = ServerTime {
            earliest: before.earliest.max(later.time.earliest),
            latest: before.latest.min(later.time.latest),
        };
        if both.earliest <= both.latest { Self { time: both, at: later.at } } else { later }
    }

    /// Milliseconds to add to this machine's clock.
    fn correction(self) -> i64 {
        let ServerTime { earliest, latest } = self.time;
        let off = earliest + (latest - earliest) / 2 - self.at.wall;
        if off.abs() <= TOLERATED { 0 } else { off }
    }
}

/// Whose answers a clock listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnsweredBy {
    /// S3: its answers count.
    S3,
    /// Another service's: good enough to sign with as long as S3 has said nothing.
    Elsewhere,
}

#[derive(Clone, Copy, Debug, Default)]
struct Answers {
    s3: Option<Heard>,
    elsewhere: Option<Heard>,
}

/// S3's clock, shared by everything that asks for it. It is fed by every answer of the client it belongs to.
#[derive(Clone, Debug, Default)]
pub struct ServerClock(Arc<Mutex<Answers>>);

impl ServerClock {
    /// What S3's clock shows now; `None` as long as S3 has not answered anything.
    pub fn now(&self) -> Option<ServerTime> {
        self.state().s3.map(|known| known.at(MachineTime::now()))
    }

    /// A clock of its own that knows what this one knows.
    pub(super) fn apart(&self) -> Self {
        Self(Arc::new(Mutex::new(*self.state())))
    }

    fn hear(&self, from: AnsweredBy, heard: Heard) {
        let mut state = self.state();
        let place = match from {
            AnsweredBy::S3 => &mut state.s3,
            AnsweredBy::Elsewhere => &mut state.elsewhere,
        };
        *place = Some(place.map_or(heard, |known| known.and(heard)));
    }

    /// As if an answer with this time had just come.
    #[cfg(test)]
    pub(super) fn set(&self, source: AnsweredBy, date: i64) {
        let now = MachineTime::now();
        self.hear(source, Heard::in_answer(date, now, now));
    }

    /// Listens to the answers of a client.
    pub(super) fn listener(&self, from: AnsweredBy) -> Listener {
        Listener { clock: self.clone(), from }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, Answers> {
        // Plain values, whole at any point.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time to sign with.
impl TimeSource for ServerClock {
    fn now(&self) -> SystemTime {
        let state = *self.state();
        let off = state.s3.or(state.elsewhere).map_or(0, Heard::correction);
        let by = Duration::from_millis(off.unsigned_abs());
        let now = SystemTime::now();
        if off < 0 { now.checked_sub(by) } else { now.checked_add(by) }.unwrap_or(now)
    }
}

/// When a request was sent, kept until its answer comes.
#[derive(Clone, Copy, Debug)]
struct SentAt(MachineTime);

impl Storable for SentAt {
    type Storer = StoreReplace<Self>;
}

/// Feeds a clock with the `Date` of every answer, errors and repeated attempts among them.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    clock: ServerClock,
    from: AnsweredBy,
}

impl Intercept for Listener {
    fn name(&self) -> &'static str {
        "ServerClock"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(SentAt(MachineTime::now()));
        Ok(())
    }

    fn read_after_transmit(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date.and_then(|date| DateTime::from_str(date, DateTimeFormat::HttpDate).ok());
        if let (Some(date), Some(SentAt(asked))) = (date, config.load::<SentAt>()) {
            self.clock.hear(self.from, Heard::in_answer(date.secs().saturating_mul(1_000), *asked, MachineTime::now()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A moment of a machine whose wall clock is `off` milliseconds from S3's, which began at 0 with the monotonic one.
    fn moment(monotonic: i64, off: i64) -> MachineTime {
        MachineTime { monotonic, wall: monotonic + off }
    }

    /// An answer that S3 wrote at `written`, to a request that was under way from `asked` until `came`.
    fn answer(written: i64, asked: i64, came: i64, off: i64) -> Heard {
        Heard::in_answer(written / SECOND * SECOND, moment(asked, off), moment(came, off))
    }

    #[test]
    fn the_truth_lies_within_however_wrong_this_machines_clock_is() {
        for off in [0, 600_000, -600_000, 1_700_000_000_000] {
            let mut known = answer(10_300, 10_200, 10_900, off);
            for (step, written) in (10_950..16_000).step_by(370).enumerate() {
                // Answers that take longer on the way there, or on the way back.
                let (there, back) = if step % 2 == 0 { (20, 200) } else { (300, 10) };
                known = known.and(answer(written, written - there, written + back, off));
                let now = written + back + 5;
                let time = known.at(moment(now, off));
                assert!(time.earliest <= now && now <= time.latest, "{now} is not in {time:?}");
            }
            let ServerTime { earliest, latest } = known.time;
            assert!(latest - earliest < 300, "{earliest} to {latest}: fifteen answers must tell more than one");
            let shown = known.at.wall + known.correction();
            assert!(
                (shown - known.at.monotonic).abs() <= TOLERATED,
                "signed at {shown} instead of {}",
                known.at.monotonic
            );
        }
    }

    #[test]
    fn a_suspend_makes_it_uncertain_and_the_next_answer_certain_again() {
        let known = answer(50_500, 50_400, 50_600, 0);
        // Forty seconds in which the monotonic clock stood still.
        let awake = MachineTime { monotonic: 50_700, wall: 90_700 };
        let time = known.at(awake);
        assert_eq!((time.earliest, time.latest), (50_100, 91_300));
        let heard = Heard::in_answer(
            90_000,
            MachineTime { monotonic: 50_800, wall: 90_800 },
            MachineTime { monotonic: 50_900, wall: 90_900 },
        );
        let time = known.and(heard).time;
        assert_eq!((time.earliest, time.latest), (90_000, 91_100));
    }

    #[test]
    fn a_wall_clock_that_is_set_never_makes_it_earlier() {
        let known = answer(50_500, 50_400, 50_600, 0);
        let back = MachineTime { monotonic: 51_600, wall: 1_000 };
        assert_eq!(known.at(back), ServerTime { earliest: 51_000, latest: 52_200 });
        let ahead = MachineTime { monotonic: 51_600, wall: 3_000_000 };
        assert_eq!(known.at(ahead).earliest, 51_000);
    }

    #[test]
    fn an_answer_that_contradicts_what_was_known_wins() {
        let known = answer(50_500, 50_400, 50_600, 0).and(answer(950_500, 50_700, 50_900, 0));
        assert_eq!(known.time, ServerTime { earliest: 950_000, latest: 951_200 });
    }

    #[test]
    fn other_services_are_believed_until_s3_speaks_and_only_for_signatures() {
        let clock = ServerClock::default();
        let now = MachineTime::now();
        let ahead = |seconds: i64| now.wall + seconds * SECOND;
        let signed = |clock: &ServerClock| {
            let by = TimeSource::now(clock).duration_since(UNIX_EPOCH).expect("after 1970");
            (millis(by) - now.wall + SECOND / 2) / (60 * SECOND)
        };
        assert_eq!((signed(&clock), clock.now()), (0, None));
        clock.set(AnsweredBy::Elsewhere, ahead(600));
        assert_eq!((signed(&clock), clock.now()), (10, None));
        clock.set(AnsweredBy::S3, ahead(-300));
        assert_eq!(signed(&clock), -4, "five minutes, cut to whole ones after half a second of uncertainty");
        assert!(clock.now().is_some_and(|time| time.latest < now.wall));
        clock.set(AnsweredBy::Elsewhere, ahead(600));
        assert!(signed(&clock) < 0);
    }
}
