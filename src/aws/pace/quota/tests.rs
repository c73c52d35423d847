//! Single rules of the quota; `simulation.rs` has them play together.

use super::*;

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Lets a request leave when it may, and tells when that was.
fn leave(quota: &mut Quota) -> (Departure, Duration) {
    let next = quota.next();
    (quota.leaves(next), next)
}

#[test]
fn requests_are_spaced_and_a_rest_is_not_saved_up() {
    let mut quota = Quota::new(10);
    let times: Vec<u128> = (0..4).map(|_| leave(&mut quota).1.as_millis()).collect();
    assert_eq!(times, [0, 100, 200, 300]);
    quota.leaves(at(5_000));
    assert_eq!(quota.next().as_millis(), 5_098, "a timer may be 2 ms late, and no more");
    quota.leaves(at(5_099));
    assert_eq!(quota.next().as_millis(), 5_198, "what is late does not make the next one late");
}

#[test]
fn two_throttles_tell_what_is_left_and_a_third_more_exactly() {
    let mut quota = Quota::new(10);
    let departures: Vec<Departure> = (0..12).map(|_| leave(&mut quota).0).collect();
    quota.throttled(departures[0], at(1_200));
    let first = quota.pace();
    assert!((9.0..9.5).contains(&first), "{first}");
    // All left before anybody knew: one in five went through.
    for throttled in [1, 2, 3, 5, 6, 7, 8, 10] {
        quota.throttled(departures[throttled], at(1_200));
    }
    let pace = quota.pace();
    assert!((1.9..3.0).contains(&pace), "{pace}: two in a second were left");
}

/// Goes on without a throttle until a try has begun.
fn until_trying(quota: &mut Quota) -> (Departure, Duration) {
    loop {
        let (departure, now) = leave(quota);
        if departure.surplus > 0.0 {
            return (departure, now);
        }
    }
}

#[test]
fn a_try_that_is_throttled_leaves_what_was_found() {
    let mut quota = Quota::new(10);
    let (departure, now) = leave(&mut quota);
    quota.throttled(departure, now);
    let found = quota.pace();
    let (departure, now) = until_trying(&mut quota);
    assert!(quota.pace() > found);
    quota.throttled(departure, now);
    assert_eq!(quota.pace(), found);
}

/// More requests than are remembered one by one may be needed to see that a surplus went through.
#[test]
fn a_large_setting_comes_back_after_others_stopped() {
    for (setting, left) in [(100, 80.0), (150, 110.0), (1_000, 800.0)] {
        let mut quota = Quota::new(setting);
        let (departure, now) = leave(&mut quota);
        quota.throttled(departure, now);
        quota.estimate = Estimate::Found { rate: left, steady: 0, clean: 0, since: now.as_secs_f64() };
        while !quota.is_full() {
            let now = leave(&mut quota).1;
            assert!(now < at(60_000), "{setting}: still {}", quota.pace());
        }
    }
}

#[test]
fn each_further_throttle_of_a_try_puts_the_next_one_off() {
    let until_the_next = |throttled: usize| {
        let mut quota = Quota::new(100);
        quota.estimate = Estimate::Found { rate: 20.0, steady: 0, clean: 0, since: -10.0 };
        let of_try = [until_trying(&mut quota), leave(&mut quota)];
        of_try[..throttled].iter().for_each(|(departure, now)| quota.throttled(*departure, *now));
        quota.estimate = match quota.estimate {
            // Neither the pause nor the patience is what it waits for.
            Estimate::Found { rate, steady, clean, .. } => Estimate::Found { rate, steady, clean, since: -2.5 },
            other => other,
        };
        let began = quota.round;
        (0..).take_while(|_| leave(&mut quota).0.round == began).count()
    };
    // The one that begins the try is not counted.
    assert_eq!([1, 2].map(until_the_next), [19, 39]);
}

#[test]
fn a_late_throttle_of_a_stage_takes_back_the_stages_after_it() {
    let mut quota = Quota::new(100);
    for departure in [leave(&mut quota), leave(&mut quota)] {
        quota.throttled(departure.0, departure.1);
    }
    quota.estimate = Estimate::Found { rate: 10.0, steady: 0, clean: 0, since: -10.0 };
    let (first, _) = until_trying(&mut quota);
    let (mut later, mut now) = (first, quota.next());
    while later.round == first.round {
        (later, now) = leave(&mut quota);
    }
    assert!(later.base > first.base, "the stage before went through, as far as was known");
    quota.throttled(first, now);
    assert_eq!(quota.pace(), 10.0 * USED);
}

#[test]
fn nothing_leaves_before_retry_after() {
    let mut quota = Quota::new(10);
    let (departure, _) = leave(&mut quota);
    quota.throttled(departure, at(40));
    quota.rests(at(40), at(7_000));
    assert_eq!(quota.next().as_millis(), 7_040);
    let (departure, now) = leave(&mut quota);
    quota.throttled(departure, now);
    quota.rests(now, Duration::from_secs(86_400));
    assert_eq!(quota.next(), now + LONGEST_REST);
}

#[test]
fn a_place_that_is_given_back_is_free_again() {
    let mut quota = Quota::new(10);
    let (_, _) = leave(&mut quota);
    let (departure, now) = leave(&mut quota);
    quota.stayed(departure, now + at(3));
    assert_eq!(quota.next(), now + at(3));
}

#[test]
fn the_pace_never_exceeds_the_setting_or_ends() {
    let mut quota = Quota::new(10);
    for _ in 0..1_000 {
        let (departure, now) = leave(&mut quota);
        quota.throttled(departure, now);
        assert!(quota.pace() >= SLOWEST * USED && quota.pace() <= 10.0);
    }
    assert_eq!(quota.pace(), SLOWEST * USED);
    let started = quota.next();
    while quota.pace() < 10.0 {
        leave(&mut quota);
    }
    assert!(quota.next() - started < Duration::from_secs(10), "back after {:?}", quota.next() - started);
}
