//! Seeded schedules of several runs over the real SDK against the real sandbox: faults, kills, requests that lie in the
//! network, answers that come late, clocks that jump, numbers with gaps. Time is virtual, so that a minute costs nothing:
//! everything lives on one thread, whose clock moves on when nobody has anything to do.
//!
//! `LAYERSHIP_SEEDS=1000..5000 cargo test --lib simulation` runs other seeds than the test does. A seed that fails is
//! printed with its schedule, and runs again the same way.

#![allow(clippy::print_stdout, reason = "a campaign tells what it did")]

mod random;
mod schedule;
mod wire;
mod world;

use std::time::Duration;

use tokio::time::{sleep, timeout};

use schedule::{Player, Schedule};
use world::World;

/// What the test runs; campaigns name their own.
const SEEDS: std::ops::Range<u64> = 0..120;
/// No run may take longer than this: it always ends, and nobody waits for ever.
const LONGEST: Duration = Duration::from_secs(3600);

fn seeds() -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("LAYERSHIP_SEEDS") else { return SEEDS };
    let (from, to) = text.split_once("..").expect("LAYERSHIP_SEEDS is FROM..TO");
    from.parse().expect("a number")..to.parse().expect("a number")
}

#[test]
fn no_schedule_publishes_a_change_twice_and_one_undisturbed_run_heals_all() {
    let seeds = seeds();
    let mut tally = Vec::new();
    for seed in seeds.clone() {
        let schedule = Schedule::of(seed);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        tally.push(runtime.expect("a runtime").block_on(play(&schedule)));
    }
    let (versions, runs): (usize, usize) = tally.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    println!("seeds {seeds:?}: {} schedules, {runs} runs, {versions} versions, none of them twice", tally.len());
}

/// Plays a schedule to its end, lets an undisturbed run heal what is left, and asks the oracle. Returns how many
/// versions and runs there were.
async fn play(schedule: &Schedule) -> (usize, usize) {
    let world = World::open(schedule).await;
    let players = schedule.players.iter().map(|player| perform(&world, schedule, player));
    let restaged = async {
        if let Some(after) = schedule.second_change {
            sleep(after).await;
            world.stage(2).await;
        }
    };
    let (ended, ()) = tokio::join!(futures::future::join_all(players), restaged);
    assert!(ended.iter().all(|ended| *ended), "a run did not end within {LONGEST:?}: {schedule:#?}");
    let state = world.state().await;
    state.assert_safe(schedule);

    // Whatever may have been sent is done by now, or never will be.
    world.heal().await;
    sleep(Duration::from_secs(400)).await;
    let last = schedule.last_revision();
    let wire = world.wire();
    let healed = timeout(LONGEST, world.publish(last, &wire, "healer")).await.expect("the healing run ends");
    assert!(healed.error.is_none(), "the undisturbed run failed: {:?}\n{schedule:#?}", healed.error);
    let state = world.state().await;
    state.assert_safe(schedule);
    state.assert_healed(schedule, last, &healed);
    (state.contents.len(), schedule.players.len() + 1)
}

/// One run of a schedule; false if it never ended.
async fn perform(world: &World, schedule: &Schedule, player: &Player) -> bool {
    sleep(player.starts).await;
    let wire = world.wire();
    let run = timeout(LONGEST, world.publish(player.revision, &wire, &player.name));
    let disturbed = async {
        if let Some((after, length)) = player.frozen {
            sleep(after).await;
            wire.freeze(length);
        }
        std::future::pending::<()>().await;
    };
    let killed = async {
        match player.killed {
            Some(after) => sleep(after).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = run => ended.map(|report| assert!(!report.layer.is_empty(), "{schedule:?}")).is_ok(),
        () = killed => {
            wire.cut();
            true
        }
        () = disturbed => true,
    }
}
