//! Of many lines that have something in common, the first and how many follow: what a message tells. Millions of lines
//! so take no memory.

/// The first of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct First<T> {
    /// It.
    pub first: T,
    /// How many more there are.
    pub more: usize,
}

impl<T> First<T> {
    /// The first of these, made for being shown; `None` where there are none.
    pub(super) fn of<I: Iterator>(mut all: I, shown: impl FnOnce(I::Item) -> T) -> Option<Self> {
        let first = shown(all.next()?);
        Some(Self { first, more: all.count() })
    }

    /// How many more there are, for the end of a sentence.
    pub fn and_more(&self) -> String {
        match self.more {
            0 => String::new(),
            more => format!(", and {more} more"),
        }
    }
}
