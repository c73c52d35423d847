//! Colours by meaning. They never carry the meaning: every coloured word says the same in black and white.

use crate::report::Shown;

/// What a word means, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It was done.
    Good,
    /// It failed.
    Bad,
    /// It goes on, but somebody should look.
    Attention,
    /// In progress, or advice.
    Busy,
    /// Of lesser interest.
    Faint,
}

/// What may be used besides plain letters: by default no colours, and every character.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Colours are used.
    pub color: bool,
    /// Nothing but ASCII is shown.
    pub ascii: bool,
}

impl Style {
    /// The text in the colour of its meaning.
    pub fn paint(self, tone: Tone, text: &'static str) -> Shown {
        if !self.color || text.is_empty() {
            return text.into();
        }
        let code = match tone {
            Tone::Good => "1;32",
            Tone::Bad => "1;31",
            Tone::Attention => "1;33",
            Tone::Busy => "1;36",
            Tone::Faint => "2",
        };
        Shown::joined(format!("\x1b[{code}m{text}\x1b[0m"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_a_text_is_untouched() {
        assert_eq!(Style::default().paint(Tone::Bad, "error").as_str(), "error");
        assert_eq!(Style { color: true, ascii: false }.paint(Tone::Bad, "error").as_str(), "\x1b[1;31merror\x1b[0m");
        assert_eq!(Style { color: true, ascii: false }.paint(Tone::Bad, "").as_str(), "");
    }
}
