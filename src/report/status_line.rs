//! One line of a run: a right-aligned verb, a duration, what it is about.

use crate::report::Shown;
use crate::report::charset::shown_in;
use crate::report::style::{Style, Tone};
use crate::report::wording::truncate;

/// Room for the verb; cargo's, so that eyes know where to look.
const VERB_COLUMNS: usize = 12;

/// One line of a run, before it is cut and coloured.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusLine {
    /// A participle while it runs, past tense when done.
    pub verb: &'static str,
    /// The verb's colour.
    pub tone: Tone,
    /// How long it took, or takes so far.
    pub seconds: Option<f64>,
    /// How many jobs ended: `( 87/129)`; only where lines are appended.
    pub counter: Option<String>,
    /// What it is about.
    pub text: Shown,
}

impl StatusLine {
    /// A line without a counter.
    pub fn new(verb: &'static str, tone: Tone, seconds: Option<f64>, text: Shown) -> Self {
        Self { verb, tone, seconds, counter: None, text }
    }

    /// The line as text. Cut to so many columns where the line is one of a region that is drawn again and again: a
    /// line that wraps there would break the region. Whatever stays on the screen is never cut.
    pub fn render(&self, style: Style, columns: Option<usize>) -> Shown {
        let plain = shown_in(&self.plain(), style.ascii).into_owned();
        let cut = columns.map_or_else(|| plain.clone(), |columns| truncate(&plain, columns, style.ascii));
        let spaces = " ".repeat(VERB_COLUMNS.saturating_sub(self.verb.len()));
        // No colour where the cut came as early as that.
        let rest = cut.strip_prefix(spaces.as_str()).and_then(|cut| cut.strip_prefix(self.verb));
        Shown::joined(match rest {
            Some(rest) => format!("{spaces}{}{rest}", style.paint(self.tone, self.verb)),
            None => cut,
        })
    }

    fn plain(&self) -> String {
        let mut line = format!("{:>VERB_COLUMNS$}", self.verb);
        if let Some(seconds) = self.seconds {
            line.push_str(&format!(" [{:>7}]", format!("{seconds:.1}s")));
        }
        if let Some(counter) = &self.counter {
            line.push(' ');
            line.push_str(counter);
        }
        line.push(' ');
        line.push_str(self.text.as_str());
        line.truncate(line.trim_end().len());
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_verb_in_twelve_columns() {
        let mut line =
            StatusLine::new("Published", Tone::Good, Some(3.44), "requests-py312 us-east-1 version 3".into());
        assert_eq!(line.render(Style::default(), None), "   Published [   3.4s] requests-py312 us-east-1 version 3");
        line.counter = Some("(  1/129)".to_owned());
        assert_eq!(line.render(Style::default(), Some(50)), "   Published [   3.4s] (  1/129) requests-py312 u…");
        assert_eq!(line.render(Style::default(), Some(6)), "   Pu…");
    }

    #[test]
    fn in_ascii_the_cut_is_as_wide_as_what_stands_there() {
        let line = StatusLine::new("Checking", Tone::Busy, None, "caf\u{e9}-py312 us-east-1".into());
        let ascii = Style { color: false, ascii: true };
        assert_eq!(line.render(ascii, None), r"    Checking caf\u{e9}-py312 us-east-1");
        assert_eq!(line.render(ascii, Some(24)), r"    Checking caf\u{e9...");
    }

    #[test]
    fn the_cut_comes_before_the_colour() {
        let line = StatusLine::new("Failed", Tone::Bad, None, "a layer".into());
        let color = Style { color: true, ascii: false };
        assert_eq!(line.render(color, Some(15)), "      \x1b[1;31mFailed\x1b[0m a…");
        for columns in 0..30 {
            let text = line.render(color, Some(columns));
            assert_eq!(console::strip_ansi_codes(&text), line.render(Style::default(), Some(columns)).as_str());
        }
    }
}
