//! What stands on a terminal as a picture: text that can be read by people, by search and by screen readers, in its colours.

use std::fmt::Write as _;

/// The grid, in pixels.
const CELL: f64 = 8.4;
const LINE: usize = 20;
const MARGIN: usize = 16;
const BAR: usize = 36;

const STYLE: &str = "text { font: 14px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #e6edf3; \
white-space: pre } .bold { font-weight: 700 } .faint { opacity: .65 } .c31 { fill: #ff7b72 } .c32 { fill: #4ac26b } \
.c33 { fill: #e3b341 } .c36 { fill: #76e3ea } .title { fill: #9198a1; text-anchor: middle }";

/// How a piece of text looks.
#[derive(Clone, Default, PartialEq, Eq)]
struct Look {
    bold: bool,
    faint: bool,
    colour: Option<u8>,
}

impl Look {
    /// Takes in the numbers of one sequence.
    fn apply(&mut self, numbers: &str) {
        for number in numbers.split(';') {
            match number.parse().unwrap_or(0) {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.faint = true,
                22 => (self.bold, self.faint) = (false, false),
                colour @ (31 | 32 | 33 | 36) => self.colour = Some(colour),
                39 => self.colour = None,
                // The background, which nothing has.
                49 => {}
                other => panic!("no picture has a look for {other} yet"),
            }
        }
    }

    fn classes(&self) -> String {
        let colour = self.colour.map(|colour| format!("c{colour}"));
        let words = [self.bold.then(|| "bold".to_owned()), self.faint.then(|| "faint".to_owned()), colour];
        let words: Vec<String> = words.into_iter().flatten().collect();
        if words.is_empty() { String::new() } else { format!(" class=\"{}\"", words.join(" ")) }
    }
}

/// The pieces of a line, each with the column that it begins at.
fn pieces(line: &str, look: &mut Look) -> Vec<(usize, Look, String)> {
    let mut pieces: Vec<(usize, Look, String)> = Vec::new();
    let (mut rest, mut column) = (line, 0);
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("\u{1b}[") {
            let (numbers, after) = after.split_once('m').expect("a sequence for colours");
            look.apply(numbers);
            rest = after;
            continue;
        }
        match pieces.last_mut() {
            Some((_, known, text)) if known == look => text.push(c),
            _ => pieces.push((column, look.clone(), c.to_string())),
        }
        (rest, column) = (&rest[c.len_utf8()..], column + 1);
    }
    pieces
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Text without the sequences in it.
fn plain(ansi: &str) -> String {
    let mut look = Look::default();
    let lines =
        ansi.lines().map(|line| pieces(line, &mut look).into_iter().map(|(_, _, text)| text).collect::<String>());
    lines.map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// A picture of lines that are at most so many columns wide.
pub fn svg(title: &str, columns: usize, ansi: &str) -> String {
    let lines: Vec<&str> = ansi.trim_end().lines().collect();
    let (width, height) = (2.0 * 16.0 + CELL * columns as f64, BAR + MARGIN + LINE * lines.len());
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height}\" width=\"{width:.0}\" height=\"{height}\" \
         role=\"img\" aria-labelledby=\"title text\">\n<title id=\"title\">{title}</title>\n<desc id=\"text\">{}\n</desc>\n\
         <style>{STYLE}</style>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#0d1117\"/>\n\
         <circle cx=\"20\" cy=\"18\" r=\"6\" fill=\"#ff5f57\"/><circle cx=\"40\" cy=\"18\" r=\"6\" fill=\"#febc2e\"/>\
         <circle cx=\"60\" cy=\"18\" r=\"6\" fill=\"#28c840\"/>\n<text x=\"50%\" y=\"23\" class=\"title\">{title}</text>\n",
        escaped(&plain(ansi.trim_end())),
    );
    let mut look = Look::default();
    for (row, line) in lines.iter().enumerate() {
        for (column, look, text) in pieces(line, &mut look) {
            let blank = text.len() - text.trim_start().len();
            let text = text.trim();
            if text.is_empty() {
                continue;
            }
            let (x, y) = (MARGIN as f64 + CELL * (column + blank) as f64, BAR + LINE * row + 14);
            // As wide as its columns, whatever font there is.
            let length = CELL * text.chars().count() as f64;
            let classes = look.classes();
            let _ = writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{y}\" textLength=\"{length:.1}\" lengthAdjust=\"spacingAndGlyphs\"{classes}>{}</text>",
                escaped(text)
            );
        }
    }
    svg + "</svg>\n"
}

/// What a picture says, as it describes itself.
pub fn said(svg: &str) -> String {
    let text =
        svg.split_once("<desc id=\"text\">").and_then(|(_, rest)| rest.split_once("</desc>")).expect("a description").0;
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[test]
fn a_picture_shows_what_it_says_it_shows() {
    let picture = svg("a < b", 20, "\u{1b}[1;32m+\u{1b}[0m a  <b>\n  \u{1b}[2mfaint\u{1b}[22m & \u{1b}[33mattention\n");
    assert_eq!(said(&picture), "+ a  <b>\n  faint & attention\n");
    let shown: Vec<&str> = picture.lines().filter(|line| line.contains("lengthAdjust")).collect();
    let text = |line: &str| line.split_once('>').unwrap().1.trim_end_matches("</text>").to_owned();
    assert_eq!(
        shown.iter().map(|line| text(line)).collect::<Vec<_>>(),
        ["+", "a  &lt;b&gt;", "faint", "&amp;", "attention"]
    );
    assert!(shown[0].contains("class=\"bold c32\"") && shown[2].contains("x=\"32.8\"") && shown[4].contains("c33"));
}
