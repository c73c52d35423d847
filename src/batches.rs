//! What comes through a channel, taken many at once where much comes.
//!
//! Woken for each event or report, whoever takes it would cost more than the work that it tells of: ten thousand jobs that take
//! no time made tens of thousands of switches between threads.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep};

/// How many are taken at once.
const MOST: usize = 1_024;
/// What comes closer to each other than this is collected.
const BUSY: Duration = Duration::from_millis(1);
/// For so long: nobody sees the difference.
const COLLECTING: Duration = Duration::from_millis(5);

/// What comes through a channel.
pub struct Batches<T> {
    channel: UnboundedReceiver<T>,
    taken: VecDeque<T>,
    batch: Vec<T>,
}

impl<T> Batches<T> {
    /// Of this channel.
    pub fn of(channel: UnboundedReceiver<T>) -> Self {
        Self { channel, taken: VecDeque::new(), batch: Vec::with_capacity(MOST) }
    }

    /// The next one, in their order; `None` when the channel is closed. Nothing is lost where it is dropped meanwhile.
    pub async fn next(&mut self) -> Option<T> {
        if let Some(next) = self.taken.pop_front() {
            return Some(next);
        }
        let waited_since = Instant::now();
        if self.channel.is_empty() {
            self.channel.recv_many(&mut self.batch, MOST).await;
            if waited_since.elapsed() < BUSY && !self.batch.is_empty() {
                self.taken.extend(self.batch.drain(..));
                sleep(COLLECTING).await;
            }
        }
        self.taken.extend(self.batch.drain(..));
        self.taken.pop_front().or_else(|| self.ready())
    }

    /// The next one, if it is there already.
    pub fn ready(&mut self) -> Option<T> {
        while let Ok(next) = self.channel.try_recv() {
            self.taken.push_back(next);
        }
        self.taken.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::unbounded_channel;
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn all_come_in_their_order_however_often_whoever_takes_them_turns_to_something_else() {
        let (sender, receiver) = unbounded_channel();
        let sending = tokio::spawn(async move {
            for round in 0..40_usize {
                let many = if round.is_multiple_of(3) { 3_000 } else { 1 };
                (0..many).for_each(|_| sender.send(round).unwrap());
                sleep(Duration::from_millis(u64::try_from(round).unwrap() % 7)).await;
            }
        });
        let (mut batches, mut seen) = (Batches::of(receiver), Vec::new());
        loop {
            tokio::select! {
                next = batches.next() => match next {
                    Some(number) => seen.push(number),
                    None => break,
                },
                () = sleep(Duration::from_millis(2)) => {}
            }
        }
        sending.await.unwrap();
        assert!(seen.is_sorted());
        assert_eq!(seen.len(), 14 * 3_000 + 26);
    }

    #[tokio::test(start_paused = true)]
    async fn where_much_comes_nobody_is_woken_for_each_of_it() {
        let (sender, receiver) = unbounded_channel();
        let sending = tokio::spawn(async move {
            for number in 0..1_000 {
                sender.send(number).unwrap();
                yield_now().await;
            }
        });
        let (mut batches, mut waits) = (Batches::of(receiver), 0);
        loop {
            waits += usize::from(batches.taken.is_empty());
            if batches.next().await.is_none() {
                break;
            }
        }
        sending.await.unwrap();
        assert!(waits <= 10, "{waits}");
    }
}
