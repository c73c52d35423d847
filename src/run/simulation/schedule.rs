//! What happens in a simulation, drawn from a seed.

use std::time::Duration;

use serde_json::{Value, json};

use super::random::Random;

/// One run.
#[derive(Clone, Debug)]
pub struct Player {
    pub name: String,
    /// Which state of the dependencies it wants to publish.
    pub revision: u32,
    pub starts: Duration,
    /// From when on, and for how long, nothing of it passes the network.
    pub frozen: Option<(Duration, Duration)>,
    pub killed: Option<Duration>,
}

/// Everything that a simulation does.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "the seed is there to be printed")]
pub struct Schedule {
    pub seed: u64,
    pub versioned: bool,
    /// Whether S3 keeps a SHA-256 of the staged zip: the Python library uploads without.
    pub with_sha256: bool,
    /// Versions that were published before.
    pub before: u32,
    /// Which of them were deleted, latest first.
    pub deleted: u32,
    pub players: Vec<Player>,
    /// When revision 2 is staged over revision 1.
    pub second_change: Option<Duration>,
    pub faults: Vec<Value>,
}

const LENGTHS: [u64; 6] = [3, 12, 34, 65, 130, 250];

impl Schedule {
    pub fn of(seed: u64) -> Self {
        let random = &mut Random::of(seed);
        let before = u32::try_from(random.below(4)).expect("small");
        let second_change = random.percent(25).then(|| random.seconds(90));
        let runs = 2 + random.below(2);
        let schedule = Self {
            seed,
            versioned: random.percent(50),
            with_sha256: random.percent(70),
            before,
            deleted: if random.percent(40) {
                before.min(1 + u32::try_from(random.below(3)).expect("small"))
            } else {
                0
            },
            players: (0..runs).map(|number| player(number, second_change.is_some(), random)).collect(),
            second_change,
            faults: (0..random.below(5)).map(|_| rule(random)).collect(),
        };
        if random.percent(25) { schedule.with_a_death_in_the_middle(random) } else { schedule }
    }

    /// The first run dies while its publish is still under way, or done late; others come when its lease is over.
    fn with_a_death_in_the_middle(mut self, random: &mut Random) -> Self {
        let seconds = random.one_of(&[25, 45, 55]);
        let kinds =
            [json!({"kind": "late", "seconds": seconds}), json!({"kind": "delayed", "seconds": seconds, "cut": true})];
        let fault = random.one_of(&kinds);
        self.faults = vec![json!({"operation": "PublishLayerVersion", "match": "*layer*", "times": 1, "fault": fault})];
        for (number, player) in self.players.iter_mut().enumerate() {
            let first = number == 0;
            player.starts = if first { Duration::ZERO } else { Duration::from_secs(31) + random.seconds(30) };
            player.killed = first.then(|| Duration::from_secs(1) + random.seconds(4));
            player.frozen = None;
        }
        self
    }

    /// The state of the dependencies in the end.
    pub fn last_revision(&self) -> u32 {
        if self.second_change.is_some() { 2 } else { 1 }
    }
}

fn player(number: u64, two_changes: bool, random: &mut Random) -> Player {
    let revision = if two_changes && random.percent(40) { 2 } else { 1 };
    let most = if random.percent(50) { 1 } else { 150 };
    let frozen = random.percent(45).then(|| {
        let length = random.one_of(&LENGTHS);
        (random.seconds(4), Duration::from_secs(length))
    });
    let killed = random.percent(30).then(|| random.seconds(if frozen.is_some() { 60 } else { 3 }));
    Player { name: format!("run-{number}"), revision, starts: random.seconds(most), frozen, killed }
}

fn rule(random: &mut Random) -> Value {
    const OPERATIONS: [&str; 7] = [
        "PublishLayerVersion",
        "PublishLayerVersion",
        "PublishLayerVersion",
        "PutObject",
        "GetObject",
        "GetLayerVersion",
        "ListLayerVersions",
    ];
    let operation = random.one_of(&OPERATIONS);
    let seconds = random.one_of(&LENGTHS);
    let fault = match random.below(13) {
        // What was accepted is done within the settle time, as the protocol assumes.
        0 | 1 if operation == "PublishLayerVersion" => {
            json!({"kind": "late", "seconds": random.one_of(&[3, 8, 25, 55])})
        }
        2 if operation == "PublishLayerVersion" => {
            json!({"kind": "delayed", "seconds": seconds, "cut": random.percent(50)})
        }
        3 if operation == "PublishLayerVersion" => json!({"kind": "back-dated", "seconds": 30}),
        4 if operation == "PutObject" => json!("conflict"),
        5 if operation == "ListLayerVersions" => json!({"kind": "lagging-list", "seconds": random.one_of(&[5, 40])}),
        0 | 5 => json!("throttle"),
        1 | 6 => json!({"kind": "error", "status": 500}),
        2 | 7 => json!("cut-before"),
        3 | 8 => json!("cut-after"),
        4 | 9 => json!("garbage-after"),
        // A publish that Lambda works at for longer than the settle time is beyond the promise; `late` ones are not.
        10 if operation != "PublishLayerVersion" => json!({"kind": "latency", "ms": seconds * 1000}),
        10 | 11 => json!({"kind": "advance", "seconds": seconds}),
        _ => json!({"kind": "advance", "seconds": seconds, "when": "answered"}),
    };
    json!({"operation": operation, "match": "*layer*", "skip": random.below(5), "times": 1 + random.below(3), "fault": fault})
}
