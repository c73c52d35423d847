//! When it is news at which pace the jobs of a target get their turns. On a screen each job says that it waits for it; in a
//! log nobody would know why a version takes half a second.

use std::collections::BTreeMap;
use std::time::Duration;

/// With less to wait for than that, in seconds, it does not matter.
const WAIT_AT_LEAST: f64 = 10.0;
/// A pace that differs by less from the one that was told is the same.
const SAME: f64 = 0.2;
/// So soon it is not told again: a pace that is being found changes several times a second.
const SOON: Duration = Duration::from_secs(5);
/// So many times it is told of each target.
const TIMES_TOLD: usize = 9;

/// What was told of each target.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Paces(BTreeMap<String, Told>);

#[derive(Clone, Debug, Default, PartialEq)]
struct Told {
    rate: f64,
    times: usize,
    last: Duration,
}

/// A pace that is news.
#[derive(Clone, Debug, PartialEq)]
pub struct PaceNews {
    /// The target.
    pub target: String,
    /// Turns a second.
    pub rate: f64,
    /// How many of its jobs wait.
    pub waiting: usize,
}

impl Paces {
    /// A pace at which so many of a target's jobs wait for their turns, of so many jobs that are left: if it is news.
    pub fn news(&mut self, pace: PaceNews, left: usize, now: Duration) -> Option<PaceNews> {
        let told = self.0.entry(pace.target.clone()).or_default();
        let left = u32::try_from(left).map_or(f64::INFINITY, f64::from);
        let matters = pace.waiting > 0 && pace.rate > 0.0 && left / pace.rate >= WAIT_AT_LEAST;
        let is_soon = told.times > 0 && now.saturating_sub(told.last) < SOON;
        let is_same = (pace.rate - told.rate).abs() < SAME * told.rate;
        if !matters || told.times >= TIMES_TOLD || is_soon || is_same {
            return None;
        }
        *told = Told { rate: pace.rate, times: told.times + 1, last: now };
        Some(pace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_what_is_news() {
        let mut paces = Paces::default();
        let mut seconds = 0;
        let mut is_news = |target: &str, rate: f64, waiting: usize, left: usize| {
            seconds += 5;
            let now = Duration::from_secs(seconds);
            let again = PaceNews { target: target.to_owned(), rate: rate * 2.0, waiting };
            let is_news = paces.news(PaceNews { target: target.to_owned(), rate, waiting }, left, now).is_some();
            assert!(!is_news || paces.news(again, left, now).is_none(), "it is told again at once");
            is_news
        };
        assert!(!is_news("a", 2.0, 0, 200), "nobody waits");
        assert!(!is_news("a", 20.0, 9, 199), "it is over soon");
        assert!(is_news("a", 2.0, 9, 200));
        assert!(!is_news("a", 2.3, 9, 190) && !is_news("a", 1.7, 9, 180), "nearly the same");
        assert!(is_news("b", 2.0, 9, 170), "another target");
        assert!(is_news("a", 1.0, 9, 160) && is_news("a", 4.0, 9, 150));
        let told = (0..20).filter(|n| is_news("a", if n % 2 == 0 { 1.0 } else { 2.0 }, 9, 140)).count();
        assert_eq!(told, TIMES_TOLD - 3);
    }
}
