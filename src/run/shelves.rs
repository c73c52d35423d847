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
