//! What jobs share: made once however many jobs ask for it, and let go after the last of them, so that memory follows the
//! jobs in flight and not the jobs of the run.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Mutex;

/// Things by the path that they are made from.
#[derive(Debug)]
pub(super) struct Shelves<T>(HashMap<PathBuf, Mutex<Shelf<T>>>);

#[derive(Debug)]
struct Shelf<T> {
    /// Jobs that have not ended yet.
    users: usize,
    thing: Option<Arc<T>>,
}

impl<T> Shelf<T> {
    fn release(&mut self) {
        self.users = self.users.saturating_sub(1);
        if self.users == 0 {
            self.thing = None;
        }
    }

    fn keep(&mut self, thing: T) -> Arc<T> {
        Arc::clone(self.thing.insert(Arc::new(thing)))
    }
}

impl<T> Shelves<T> {
    /// Room for what jobs use, with the path of each use.
    pub fn of<'p>(uses: impl IntoIterator<Item = &'p Path>) -> Self {
        let mut shelves: HashMap<PathBuf, Mutex<Shelf<T>>> = HashMap::new();
        for path in uses {
            let empty = || Mutex::new(Shelf { users: 0, thing: None });
            shelves.entry(path.to_owned()).or_insert_with(empty).get_mut().users += 1;
        }
        Self(shelves)
    }

    /// The thing of a path, made when it is first asked for.
    pub async fn get<E>(&self, path: &Path, make: impl Future<Output = Result<T, E>>) -> Result<Arc<T>, E> {
        let Some(shelf) = self.0.get(path) else { return make.await.map(Arc::new) };
        let mut shelf = shelf.lock().await;
        match &shelf.thing {
            Some(thing) => Ok(Arc::clone(thing)),
            None => Ok(shelf.keep(make.await?)),
        }
    }

    /// The same on a thread that may wait.
    pub fn get_now<E>(&self, path: &Path, make: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        let Some(shelf) = self.0.get(path) else { return make().map(Arc::new) };
        let mut shelf = shelf.blocking_lock();
        match &shelf.thing {
            Some(thing) => Ok(Arc::clone(thing)),
            None => Ok(shelf.keep(make()?)),
        }
    }

    /// A job that used this path has ended.
    pub async fn release(&self, path: &Path) {
        if let Some(shelf) = self.0.get(path) {
            shelf.lock().await.release();
        }
    }

    /// The same on a thread that may wait.
    pub fn release_now(&self, path: &Path) {
        if let Some(shelf) = self.0.get(path) {
            shelf.blocking_lock().release();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::future::join_all;
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn what_many_ask_for_is_made_once_and_let_go_after_the_last_of_them() {
        let path = Path::new("a");
        let shelves = Shelves::of(std::iter::repeat_n(path, 8));
        let made = std::cell::Cell::new(0);
        let make = async || {
            made.set(made.get() + 1);
            yield_now().await;
            Ok::<_, Infallible>(made.get())
        };
        let all = join_all((0..8).map(|_| shelves.get(path, make()))).await;
        assert!(all.iter().all(|one| one.as_deref() == Ok(&1)), "{all:?}");
        let weak = Arc::downgrade(all[0].as_ref().unwrap());
        drop(all);
        for _ in 0..7 {
            shelves.release(path).await;
            assert!(weak.upgrade().is_some());
        }
        shelves.release(path).await;
        assert!(weak.upgrade().is_none());
    }

    #[tokio::test]
    async fn what_could_not_be_made_is_tried_again_by_the_next() {
        let path = Path::new("a");
        let shelves = Shelves::of([path, path]);
        assert_eq!(shelves.get(path, async { Err::<u8, _>("no") }).await, Err("no"));
        assert_eq!(shelves.get(path, async { Ok::<_, &str>(7) }).await.as_deref(), Ok(&7));
    }
}
