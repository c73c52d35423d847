//! Which job starts next: every target has a lane of its own, and the emptiest lane goes first. A Region that hangs or
//! throttles fills its own lane and delays no other.

use std::collections::VecDeque;

use crate::event::JobId;

#[derive(Debug, Default)]
struct Lane {
    target: String,
    waiting: VecDeque<JobId>,
    running: usize,
    /// When its last job was started, counted in jobs.
    started: u64,
}

/// The jobs that wait, by target.
#[derive(Debug, Default)]
pub struct Lanes {
    lanes: Vec<Lane>,
    started: u64,
}

impl Lanes {
    /// Lanes for these jobs, each in the order given; `lane` names the lane of a job.
    pub fn of<'a>(jobs: impl IntoIterator<Item = JobId>, lane: impl Fn(JobId) -> &'a str) -> Self {
        let mut lanes = Self::default();
        for job in jobs {
            lanes.lane(lane(job)).waiting.push_back(job);
        }
        lanes
    }

    /// Whether no job waits.
    pub fn is_empty(&self) -> bool {
        self.lanes.iter().all(|lane| lane.waiting.is_empty())
    }

    /// The next job to start: the first of the lane with the fewest running jobs. Among those with equally few it is each
    /// one's turn: where there are fewer slots than targets that hang, the others get on all the same, as slots come free.
    pub fn start(&mut self) -> Option<JobId> {
        let waiting = self.lanes.iter_mut().filter(|lane| !lane.waiting.is_empty());
        let lane = waiting.min_by_key(|lane| (lane.running, lane.started))?;
        self.started += 1;
        (lane.running, lane.started) = (lane.running + 1, self.started);
        lane.waiting.pop_front()
    }

    /// A job of this target has ended.
    pub fn end(&mut self, target: &str) {
        let lane = self.lane(target);
        lane.running = lane.running.saturating_sub(1);
    }

    fn lane(&mut self, target: &str) -> &mut Lane {
        let found = self.lanes.iter().position(|lane| lane.target == target);
        let at = found.unwrap_or_else(|| {
            self.lanes.push(Lane { target: target.to_owned(), ..Lane::default() });
            self.lanes.len() - 1
        });
        &mut self.lanes[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_whose_jobs_never_end_delays_no_other() {
        let lane = |target: &str, waiting: std::ops::Range<JobId>| Lane {
            target: target.to_owned(),
            waiting: waiting.collect(),
            ..Lane::default()
        };
        let lanes = vec![lane("hangs", 0..100), lane("works", 100..200)];
        let mut lanes = Lanes { lanes, started: 0 };
        // Eight slots; jobs of the first target keep theirs for ever.
        let mut running: Vec<JobId> = (0..8).filter_map(|_| lanes.start()).collect();
        let mut ended = 0;
        while let Some(at) = running.iter().position(|job| *job >= 100) {
            running.swap_remove(at);
            lanes.end("works");
            ended += 1;
            running.extend(lanes.start().filter(|_| running.len() < 8));
        }
        assert_eq!(ended, 100);
        assert_eq!(running.len(), 8, "the slots go to whoever is left");
    }
    /// A slot comes free from time to time, when a request is given up.
    #[test]
    fn with_fewer_slots_than_targets_it_is_each_ones_turn() {
        let target = |job: JobId| ["a", "b", "works"][job % 3];
        let mut lanes = Lanes::of(0..30, target);
        let mut running: VecDeque<JobId> = (0..2).filter_map(|_| lanes.start()).collect();
        let mut order = Vec::new();
        while let Some(job) = running.pop_front() {
            lanes.end(target(job));
            order.push(target(job));
            running.extend(lanes.start());
        }
        assert_eq!(order.len(), 30);
        assert!(order.chunks(3).all(|three| three.contains(&"works")), "{order:?}");
    }
}
