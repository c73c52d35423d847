//! Draws what it is given: lines that stay, and below them a region that is drawn over. All of indicatif is here.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use crate::report::Shown;

/// A terminal with a region at its end that is drawn again and again.
///
/// One bar whose message is the whole region: bars of their own would be cut off at the height of the screen.
#[derive(Debug)]
pub struct Screen<T> {
    term: Guarded<T>,
    region: ProgressBar,
    drawn: bool,
}

impl<T: TermLike + Clone + 'static> Screen<T> {
    /// A screen with nothing on it yet.
    pub fn new(term: T) -> Self {
        let term = Guarded { inner: term, gone: Arc::default() };
        let target = ProgressDrawTarget::term_like(Box::new(term.clone()));
        let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        let region = ProgressBar::with_draw_target(None, target).with_style(style);
        Self { term, region, drawn: false }
    }

    /// Rows and columns at this moment: a window can be resized while a run goes on.
    pub fn size(&self) -> (usize, usize) {
        (self.term.height().into(), self.term.width().into())
    }

    /// Writes lines that stay, and draws the region below them.
    pub fn draw(&mut self, stay: &[Shown], region: &[Shown]) {
        if !stay.is_empty() {
            self.region.suspend(|| self.write(stay));
        }
        // An empty region would be drawn as an empty line.
        if self.drawn || !region.is_empty() {
            self.drawn = true;
            self.region.set_message(Shown::join(region.iter().cloned(), "\n").to_string());
        }
    }

    /// Clears the region for good and writes the last lines.
    pub fn close(self, stay: &[Shown]) {
        self.region.finish_and_clear();
        self.write(stay);
    }

    /// Written past the bar, which would fill each line with spaces up to the border.
    fn write(&self, lines: &[Shown]) {
        for line in lines {
            let _ = self.term.write_line(line.as_str());
        }
        let _ = self.term.flush();
    }
}

/// A terminal that may go away: after the first failure nothing is written any more, and nobody is told.
///
/// It also keeps indicatif from a size that it cannot draw in: it subtracts widths and would overflow.
#[derive(Clone, Debug)]
struct Guarded<T> {
    inner: T,
    gone: Arc<AtomicBool>,
}

impl<T: TermLike> Guarded<T> {
    fn attempt(&self, write: impl FnOnce(&T) -> io::Result<()>) -> io::Result<()> {
        if self.gone.load(Ordering::Relaxed) {
            return Ok(());
        }
        if let Err(error) = write(&self.inner) {
            // A full pipe of somebody who set it to non-blocking empties again.
            let passes = matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted);
            self.gone.store(!passes, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl<T: TermLike> TermLike for Guarded<T> {
    fn width(&self) -> u16 {
        self.inner.width().max(2)
    }

    fn height(&self) -> u16 {
        self.inner.height().max(1)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.attempt(|term| term.move_cursor_up(n))
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.attempt(|term| term.move_cursor_down(n))
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.attempt(|term| term.move_cursor_right(n))
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.attempt(|term| term.move_cursor_left(n))
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.attempt(|term| term.write_line(text))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.attempt(|term| term.write_str(text))
    }

    fn clear_line(&self) -> io::Result<()> {
        self.attempt(TermLike::clear_line)
    }

    fn flush(&self) -> io::Result<()> {
        self.attempt(TermLike::flush)
    }
}

#[cfg(test)]
mod tests {
    use indicatif::InMemoryTerm;

    use super::*;

    fn owned(lines: &[&'static str]) -> Vec<Shown> {
        lines.iter().map(|&line| line.into()).collect()
    }

    #[test]
    fn lines_stay_above_and_the_region_is_drawn_over() {
        let term = InMemoryTerm::new(10, 20);
        let mut screen = Screen::new(term.clone());
        screen.draw(&[], &owned(&["bar 0/2", "job one", "job two"]));
        screen.draw(&owned(&["one is done, and this line wraps"]), &owned(&["bar 1/2", "job two"]));
        assert_eq!(term.contents(), "one is done, and thi\ns line wraps\nbar 1/2\njob two");
        screen.draw(&owned(&["two is done"]), &owned(&["bar 2/2"]));
        assert_eq!(term.contents(), "one is done, and thi\ns line wraps\ntwo is done\nbar 2/2");
        screen.close(&owned(&["summary"]));
        assert_eq!(term.contents(), "one is done, and thi\ns line wraps\ntwo is done\nsummary");
    }

    #[test]
    fn a_screen_that_was_never_drawn_leaves_nothing() {
        let term = InMemoryTerm::new(10, 20);
        let mut screen = Screen::new(term.clone());
        screen.draw(&[], &[]);
        screen.close(&[]);
        assert_eq!(term.contents(), "");
    }

    /// A terminal without a size, from which every write fails.
    #[derive(Clone, Debug)]
    struct Gone;

    impl TermLike for Gone {
        fn width(&self) -> u16 {
            0
        }
        fn height(&self) -> u16 {
            0
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn write_line(&self, _: &str) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn write_str(&self, _: &str) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn clear_line(&self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_terminal_that_went_away_stops_nothing() {
        let mut screen = Screen::new(Gone);
        screen.draw(&owned(&["line"]), &owned(&["日本語 bar", "job"]));
        screen.draw(&owned(&["line"]), &owned(&["bar"]));
        screen.close(&owned(&["summary"]));
    }
}
