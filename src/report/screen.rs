//! Draws what it is given: lines that stay, and below them a region that is drawn over. All of indicatif is here.
//!
//! Of indicatif only the terminal is used. Its bars end no line: they fill it with spaces up to the border and let the
//! terminal begin the next one, which takes all of them for one long line. In a window that is resized it then breaks that
//! anew, and leaves pieces of the region behind.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::TermLike;

use crate::report::Shown;
use crate::report::wording::width;

/// A terminal with a region at its end that is drawn again and again.
#[derive(Debug)]
pub struct Screen<T> {
    term: Guarded<T>,
    reflows: bool,
    /// Columns that each line of the region takes.
    drawn: Vec<usize>,
}

impl<T: TermLike> Screen<T> {
    /// A screen with nothing on it yet.
    pub fn new(term: T) -> Self {
        let term = Guarded { inner: term, gone: Arc::default() };
        Self { term, reflows: reflows(&|name| std::env::var(name).ok()), drawn: Vec::new() }
    }

    /// Rows and columns at this moment: a window can be resized while a run goes on.
    pub fn size(&self) -> (usize, usize) {
        (self.term.height().into(), self.term.width().into())
    }

    /// Writes lines that stay, and draws the region below them.
    pub fn draw(&mut self, stay: &[Shown], region: &[Shown]) {
        self.erase();
        self.write(stay);
        // Nothing fails here: a terminal that is gone is guarded.
        if let [lines @ .., last] = region {
            self.write(lines);
            let _ = self.term.write_str(last.as_str());
        }
        let _ = self.term.flush();
        self.drawn = region.iter().map(|line| width(line)).collect();
    }

    /// Clears the region for good and writes the last lines.
    pub fn close(mut self, stay: &[Shown]) {
        self.erase();
        self.write(stay);
        let _ = self.term.flush();
    }

    /// Takes the region off the screen. The cursor stands behind its last line, wherever the terminal has put that.
    fn erase(&mut self) {
        let (rows, columns) = self.size();
        let taken = rows_taken(&self.drawn, columns, self.reflows).min(rows);
        for row in 0..taken {
            if row > 0 {
                let _ = self.term.move_cursor_up(1);
            }
            let _ = self.term.clear_line();
        }
        self.drawn.clear();
    }

    fn write(&self, lines: &[Shown]) {
        for line in lines {
            let _ = self.term.write_line(line.as_str());
        }
    }
}

/// Rows that lines of these widths take on a screen that may have become narrower since they were written.
fn rows_taken(widths: &[usize], columns: usize, reflows: bool) -> usize {
    let rows = |width: usize| if reflows { width.div_ceil(columns.max(1)).max(1) } else { 1 };
    widths.iter().map(|width| rows(*width)).sum()
}

/// Whether the terminal breaks lines anew when its window becomes narrower. Nearly all do; those that do not cut the lines
/// off, and one that says so of itself must not lose a line above the region.
fn reflows(variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let is_screen = variable("STY").is_some() && variable("TMUX").is_none();
    variable("XTERM_VERSION").is_none() && variable("TERM").as_deref() != Some("linux") && !is_screen
}

/// A terminal that may go away: after the first failure nothing is written any more, and nobody is told. It has at least a
/// row and two columns.
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
    fn a_line_may_take_more_rows_than_when_it_was_written() {
        assert_eq!(rows_taken(&[80, 40, 0], 80, true), 3);
        assert_eq!(rows_taken(&[80, 40, 0], 40, true), 4);
        assert_eq!(rows_taken(&[80, 41, 0], 40, true), 5);
        assert_eq!(rows_taken(&[80, 41, 0], 40, false), 3);
        assert_eq!(rows_taken(&[], 40, true), 0);
        let of = |set: &[(&str, &str)]| {
            reflows(&|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        assert!(of(&[("TERM", "xterm-256color")]) && of(&[("TERM", "screen"), ("TMUX", "x"), ("STY", "y")]));
        assert!(!of(&[("TERM", "xterm-256color"), ("XTERM_VERSION", "XTerm(390)")]));
        assert!(!of(&[("TERM", "linux")]) && !of(&[("TERM", "screen"), ("STY", "y")]));
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
