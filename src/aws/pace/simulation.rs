//! The pace against a quota like Lambda's, on a clock that stands still while anybody has something to do: exact, and
//! over in milliseconds.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::task::JoinSet;
use tokio::time::sleep;

use super::*;

/// A token bucket, as Lambda has one for each account and Region.
#[derive(Debug)]
struct Bucket {
    rate: f64,
    burst: f64,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn new(rate: f64, burst: f64) -> Self {
        Self { rate, burst, tokens: burst, at: Instant::now() }
    }

    fn fill(&mut self) {
        let now = Instant::now();
        self.tokens = (self.tokens + (now - self.at).as_secs_f64() * self.rate).min(self.burst);
        self.at = now;
    }

    fn admits(&mut self) -> bool {
        self.fill();
        let admitted = self.tokens >= 1.0;
        self.tokens -= if admitted { 1.0 } else { 0.0 };
        admitted
    }

    /// From now on.
    fn set(&mut self, rate: f64, burst: f64) {
        self.fill();
        (self.rate, self.burst) = (rate, burst);
    }
}

/// Milliseconds that differ from call to call and are the same in every run.
#[derive(Debug)]
struct Jitter(AtomicU64);

impl Jitter {
    fn up_to(&self, millis: u64) -> Duration {
        let seed = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let mixed = (seed ^ (seed >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        Duration::from_micros((mixed >> 40) % (millis * 1_000 + 1))
    }
}

/// What takes how long, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Delays {
    /// Between the turn and the sending.
    preparing: u64,
    /// There and back.
    network: u64,
    /// Doing what was asked. A throttle comes without it.
    work: u64,
}

impl Delays {
    /// Of one request that goes through.
    fn seconds(self) -> f64 {
        Duration::from_millis(self.preparing + self.network + self.work).as_secs_f64()
    }
}

/// A service with a quota, and the pace that has to find it.
struct World {
    pace: Arc<Pace>,
    bucket: Arc<Mutex<Bucket>>,
    jitter: Jitter,
    delays: Delays,
    began: Instant,
    /// Of every request: when its answer came, and whether it was throttled.
    answers: Mutex<Vec<(f64, bool)>>,
}

impl World {
    fn new(rate: f64, burst: f64, delays: Delays) -> Arc<Self> {
        Arc::new(Self {
            pace: Arc::new(Pace::new(15)),
            bucket: Arc::new(Mutex::new(Bucket::new(rate, burst))),
            jitter: Jitter(AtomicU64::new(1)),
            delays,
            began: Instant::now(),
            answers: Mutex::default(),
        })
    }

    /// Another run at the same service.
    fn alike(other: &Self) -> Self {
        Self {
            pace: Arc::new(Pace::new(15)),
            bucket: Arc::clone(&other.bucket),
            jitter: Jitter(AtomicU64::new(77)),
            delays: other.delays,
            began: Instant::now(),
            answers: Mutex::default(),
        }
    }

    /// One request, sent until it goes through.
    async fn request(&self) {
        let mut urgency = Urgency::Needed;
        loop {
            let turn = self.pace.turn(urgency).await;
            let Delays { preparing, network, work } = self.delays;
            sleep(Duration::from_millis(preparing + network / 2) + self.jitter.up_to(2)).await;
            let admitted = self.bucket.lock().expect("whole").admits();
            let working = if admitted { work } else { 0 };
            sleep(Duration::from_millis(working + network / 2) + self.jitter.up_to(2)).await;
            self.answers.lock().expect("whole").push((self.began.elapsed().as_secs_f64(), !admitted));
            if admitted {
                return turn.succeeded();
            }
            turn.throttled(None);
            urgency = Urgency::Again;
        }
    }

    /// So many requests, 32 at once; how long they took.
    async fn requests(self: &Arc<Self>, count: usize) -> f64 {
        let left = Arc::new(AtomicU64::new(count as u64));
        let mut workers = JoinSet::new();
        let started = Instant::now();
        for _ in 0..32 {
            let (world, left) = (Arc::clone(self), Arc::clone(&left));
            workers.spawn(async move {
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                    world.request().await;
                }
            });
        }
        while workers.join_next().await.is_some() {}
        started.elapsed().as_secs_f64()
    }

    /// Requests without an end.
    async fn endless(self: Arc<Self>) {
        self.requests(usize::MAX >> 1).await;
    }

    fn throttles_from(&self, second: f64) -> usize {
        let answers = self.answers.lock().expect("whole");
        answers.iter().filter(|(at, throttled)| *throttled && *at >= second).count()
    }

    fn answers_from(&self, second: f64) -> usize {
        self.answers.lock().expect("whole").iter().filter(|(at, _)| *at >= second).count()
    }
}

const DELAYS: [Delays; 6] = [
    Delays { preparing: 0, network: 2, work: 0 },
    Delays { preparing: 0, network: 20, work: 60 },
    Delays { preparing: 0, network: 20, work: 800 },
    Delays { preparing: 0, network: 80, work: 0 },
    // The lock is marked between the turn and the sending.
    Delays { preparing: 60, network: 20, work: 80 },
    Delays { preparing: 60, network: 20, work: 800 },
];

/// Quotas by their rate and burst.
const SCARCE: [(f64, f64); 10] = [
    (15.0, 1.0),
    (14.0, 2.0),
    (12.0, 1.0),
    (10.0, 10.0),
    (7.0, 5.0),
    (7.0, 1.0),
    (5.0, 5.0),
    (4.0, 2.0),
    (3.0, 3.0),
    (3.0, 1.0),
];

#[tokio::test(start_paused = true)]
async fn with_the_whole_quota_nothing_is_throttled_and_no_time_is_lost() {
    for delays in DELAYS {
        let world = World::new(15.0, 15.0, delays);
        let took = world.requests(600).await - delays.seconds();
        assert_eq!(world.throttles_from(0.0), 0, "{delays:?}");
        assert!(took < 1.01 * 600.0 / 15.0, "{delays:?}: {took} s");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_left_is_found_and_used_to_six_sevenths() {
    for ((rate, burst), delays) in SCARCE.into_iter().flat_map(|quota| DELAYS.map(|delays| (quota, delays))) {
        let world = World::new(rate, burst, delays);
        let took = world.requests(60).await - delays.seconds();
        assert!(took < 1.15 * 60.0 / rate, "{rate}/s, burst {burst}, {delays:?}: {took} s");
    }
}

#[tokio::test(start_paused = true)]
async fn once_it_is_found_one_request_in_twenty_is_throttled_at_most() {
    for ((rate, burst), delays) in SCARCE.into_iter().flat_map(|quota| DELAYS.map(|delays| (quota, delays))) {
        let world = World::new(rate, burst, delays);
        let took = world.requests(600).await - delays.seconds();
        let (throttles, answers) = (world.throttles_from(5.0), world.answers_from(5.0));
        let case = format!("{rate}/s, burst {burst}, {delays:?}");
        assert!(20 * throttles <= answers, "{case}: {throttles} of {answers}");
        assert!(took < 1.12 * 600.0 / rate, "{case}: {took} s");
    }
}

/// Until a try, twenty requests pass for each throttle: below six requests a second that takes longer than the rest of
/// the five seconds, and few throttles are worth more.
#[tokio::test(start_paused = true)]
async fn when_the_others_stop_it_is_back_at_the_full_pace_within_five_seconds() {
    const QUOTAS: [(f64, f64); 8] =
        [(12.0, 1.0), (10.0, 10.0), (7.0, 5.0), (6.0, 1.0), (5.0, 5.0), (4.0, 1.0), (3.0, 3.0), (3.0, 1.0)];
    for (rate, burst) in QUOTAS {
        let within = if rate >= 6.0 { 5.0 } else { 20.0 / rate + 1.7 };
        for (delays, after) in DELAYS.into_iter().flat_map(|delays| (50..70).map(move |after| (delays, after * 100))) {
            let world = World::new(rate, burst, delays);
            let working = Arc::clone(&world);
            let working = tokio::spawn(async move { working.requests(10_000).await });
            sleep(Duration::from_millis(after)).await;
            world.bucket.lock().expect("whole").set(15.0, 15.0);
            let stopped = Instant::now();
            while !world.pace.state().quota.is_full() {
                sleep(Duration::from_millis(10)).await;
            }
            let took = stopped.elapsed().as_secs_f64();
            assert!(took < within, "{rate}/s, burst {burst}, {delays:?}, after {after} ms: {took} s");
            working.abort();
        }
    }
}

/// Another tool takes eight requests a second, one by one, and stops after a while.
#[tokio::test(start_paused = true)]
async fn beside_another_tool_both_get_their_share() {
    for delays in DELAYS {
        let world = World::new(15.0, 15.0, delays);
        world.bucket.lock().expect("whole").tokens = 0.0;
        let other = Arc::clone(&world);
        let other = tokio::spawn(async move {
            let mut throttled = 0;
            for _ in 0..240 {
                sleep(Duration::from_millis(115) + other.jitter.up_to(20)).await;
                throttled += usize::from(!other.bucket.lock().expect("whole").admits());
            }
            throttled
        });
        let took = world.requests(200).await;
        let throttled = other.await.expect("no panic");
        assert!(took < 1.15 * 200.0 / 7.0, "{delays:?}: {took} s");
        assert!(throttled < 240 / 5, "{delays:?}: the other one was throttled {throttled} times");
    }
}

/// Requests of two runs that went through in a minute side by side, and how many were throttled; the second one begins so
/// many milliseconds after the first.
async fn a_minute_of_two(burst: f64, delays: Delays, lead: u64) -> ([f64; 2], usize) {
    let one = World::new(15.0, burst, delays);
    let first = tokio::spawn(Arc::clone(&one).endless());
    sleep(Duration::from_millis(lead)).await;
    let (two, from) = (Arc::new(World::alike(&one)), one.began.elapsed().as_secs_f64());
    let second = tokio::spawn(Arc::clone(&two).endless());
    sleep(Duration::from_secs(60)).await;
    first.abort();
    second.abort();
    let throttles = [one.throttles_from(from), two.throttles_from(0.0)];
    let through = [one.answers_from(from) - throttles[0], two.answers_from(0.0) - throttles[1]];
    (through.map(|count| count as f64), throttles.iter().sum())
}

/// Two runs of this tool at once, that know nothing of each other: neither keeps the other one away, whoever was first.
#[tokio::test(start_paused = true)]
async fn two_runs_come_to_share_alike_and_nobody_storms() {
    let (mut ratios, mut worst) = (Vec::new(), 1.0_f64);
    for (burst, delays) in [5.0, 15.0].into_iter().flat_map(|burst| DELAYS.map(|delays| (burst, delays))) {
        for lead in [0, 50, 500, 2_000, 5_000, 10_000, 30_000] {
            let ([one, two], throttles) = a_minute_of_two(burst, delays, lead).await;
            let case = format!("burst {burst}, {delays:?}, {lead} ms: {one} and {two}, {throttles} throttles");
            assert!(one + two > 0.97 * 60.0 * 15.0, "{case}");
            assert!((throttles as f64) < 0.1 * (one + two + throttles as f64), "{case}");
            ratios.push((one / two).max(two / one));
            worst = worst.max((one / two).max(two / one));
        }
    }
    let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
    assert!(mean < 1.45 && worst < 2.2, "one gets {mean} times the other's share, and {worst} times at worst");
}
