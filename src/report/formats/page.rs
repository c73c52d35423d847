//! A page of Markdown that is never larger than its readers take: what does not fit is counted.

use crate::report::Shown;
use crate::report::wording::plural;
use crate::shown;

/// Lines, and the room that is left.
pub(in super::super) struct Page {
    lines: Vec<Shown>,
    room: usize,
}

impl Page {
    /// These lines, whatever room there is, and then at most so many bytes in all.
    pub fn of(lines: Vec<Shown>, bytes: usize) -> Self {
        let taken = lines.iter().map(|line| line.len() + 1).sum();
        Self { lines, room: bytes.saturating_sub(taken) }
    }

    /// How many bytes are left.
    pub fn room(&self) -> usize {
        self.room
    }

    /// The whole of it.
    pub fn shown(self) -> Shown {
        Shown::of_lines(self.lines)
    }

    /// A heading and what fits of the blocks.
    pub fn section(&mut self, heading: &'static str, blocks: Vec<Vec<Shown>>, noun: &str) {
        self.headed(vec![Shown::default(), heading.into(), Shown::default()], blocks, noun);
    }

    /// As many blocks as fit, and how many do not; a head only above some of them.
    pub fn headed(&mut self, mut head: Vec<Shown>, blocks: Vec<Vec<Shown>>, noun: &str) {
        let all = blocks.len();
        let mut fit = 0;
        for mut block in blocks {
            head.append(&mut block);
            if !self.add(std::mem::take(&mut head)) {
                break;
            }
            fit += 1;
        }
        let more = match fit {
            _ if fit == all => return,
            0 => shown!("left out for want of room: {}; the JSON report has them all", plural(all, noun)),
            _ => shown!("… and {}: the JSON report has them all", plural(all - fit, &format!("more {noun}"))),
        };
        self.lines.extend([Shown::default(), more]);
    }

    /// Adds lines if there is room for all of them, and for what may have to be said after them.
    pub fn add(&mut self, lines: Vec<Shown>) -> bool {
        let bytes: usize = lines.iter().map(|line| line.len() + 1).sum();
        let fits = bytes + 400 <= self.room;
        if fits {
            self.room -= bytes;
            self.lines.extend(lines);
        }
        fits
    }
}
