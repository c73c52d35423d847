//! Rust text without what is no code: comments, the contents of literals, and what only tests see.

/// The text with comments and the contents of strings and characters blanked out. Lines stay where they are.
pub fn code(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut blank = Blank { chars: &chars, at: 0, out: String::with_capacity(text.len()) };
    while blank.at < chars.len() {
        blank.step();
    }
    blank.out
}

struct Blank<'a> {
    chars: &'a [char],
    at: usize,
    out: String,
}

impl Blank<'_> {
    fn step(&mut self) {
        match self.chars[self.at] {
            '/' if self.starts_with("//") => self.skip_to_line_end(),
            '/' if self.starts_with("/*") => self.skip_block_comment(),
            '"' => self.skip_string(),
            'r' if !self.after_word() && self.raw_hashes().is_some() => self.skip_raw_string(),
            '\'' => self.skip_character_or_lifetime(),
            _ => self.keep(),
        }
    }

    fn starts_with(&self, what: &str) -> bool {
        what.chars().enumerate().all(|(n, c)| self.chars.get(self.at + n) == Some(&c))
    }

    /// Whether what came before is part of the same word, where a `b` or `c` before a literal is none.
    fn after_word(&self) -> bool {
        let mut before = self.chars[..self.at].iter().rev();
        let is_word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || *c == '_');
        match before.next() {
            Some('b' | 'c') => is_word(before.next()),
            other => is_word(other),
        }
    }

    fn keep(&mut self) {
        self.out.push(self.chars[self.at]);
        self.at += 1;
    }

    fn skip(&mut self) {
        self.out.push(if self.chars[self.at] == '\n' { '\n' } else { ' ' });
        self.at += 1;
    }

    fn skip_to_line_end(&mut self) {
        while self.chars.get(self.at).is_some_and(|c| *c != '\n') {
            self.skip();
        }
    }

    fn skip_block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.chars.len() {
            let (opens, closes) = (self.starts_with("/*"), self.starts_with("*/"));
            depth += i32::from(opens) - i32::from(closes);
            if opens || closes {
                self.skip();
            }
            self.skip();
            if depth == 0 {
                break;
            }
        }
    }

    fn skip_string(&mut self) {
        self.keep();
        while let Some(c) = self.chars.get(self.at) {
            match c {
                '"' => return self.keep(),
                '\\' if self.at + 1 < self.chars.len() => {
                    self.skip();
                    self.skip();
                }
                _ => self.skip(),
            }
        }
    }

    /// How many `#` stand between an `r` and its quote.
    fn raw_hashes(&self) -> Option<usize> {
        let rest = &self.chars[self.at + 1..];
        let hashes = rest.iter().take_while(|c| **c == '#').count();
        (rest.get(hashes) == Some(&'"')).then_some(hashes)
    }

    fn skip_raw_string(&mut self) {
        let hashes = self.raw_hashes().unwrap_or_default();
        let end = format!("\"{}", "#".repeat(hashes));
        (0..hashes + 2).for_each(|_| self.keep());
        while self.at < self.chars.len() && !self.starts_with(&end) {
            self.skip();
        }
        (0..end.len()).take_while(|_| self.at < self.chars.len()).collect::<Vec<_>>().iter().for_each(|_| self.keep());
    }

    fn skip_character_or_lifetime(&mut self) {
        let escaped = self.chars.get(self.at + 1) == Some(&'\\');
        let closed = self.chars.get(self.at + 2) == Some(&'\'');
        self.keep();
        if escaped {
            self.skip();
            self.skip();
            while self.chars.get(self.at).is_some_and(|c| *c != '\'') {
                self.skip();
            }
            self.keep();
        } else if closed {
            self.skip();
            self.keep();
        }
    }
}

/// Code without the items under `#[cfg(test)]`, lines staying where they are; and the names of the modules among them
/// that have files of their own.
pub fn without_tests(code: &str) -> (String, Vec<String>) {
    let mut kept = code.to_owned();
    let mut files = Vec::new();
    while let Some(start) = ["#[cfg(test)]", "#[cfg(all(test"].iter().filter_map(|mark| kept.find(mark)).min() {
        let item = &kept[start..];
        let body = item.find('{');
        let end = item.find(';');
        let length = match (body, end) {
            (body, Some(end)) if body.is_none_or(|body| end < body) => {
                files.extend(item[..end].rsplit_once("mod ").map(|(_, name)| name.trim().to_owned()));
                end + 1
            }
            (Some(body), _) => body + closing(&item[body..]),
            (None, _) => item.len(),
        };
        let blank: String = item[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        kept.replace_range(start..start + length, &blank);
    }
    (kept, files)
}

/// Length of a block, from its opening brace to behind its closing one.
fn closing(block: &str) -> usize {
    let mut depth = 0;
    for (at, c) in block.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    block.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_no_code() {
        let text = "a // b\n/* c /* d */ e */ f \"g \\\" h\" 'i' '\\'' 'j: r#\"k \" l\"# b\"m\" for r in n";
        let left: Vec<String> = code(text).split_whitespace().map(str::to_owned).collect();
        let expected =
            ["a", "f", "\"", "\"", "'", "'", "'", "'", "'j:", "r#\"", "\"#", "b\"", "\"", "for", "r", "in", "n"];
        assert_eq!(left, expected);
        assert_eq!(code(text).lines().count(), text.lines().count());
    }

    #[test]
    fn what_only_tests_see_is_left_out() {
        let text = "mod a;\n#[cfg(test)]\nmod b;\n#[cfg(test)]\nmod c {\n fn d() { e() }\n}\nfn f() {}\n#[cfg(all(test, unix))]\nmod g;";
        let (left, files) = without_tests(text);
        assert_eq!(left.split_whitespace().collect::<Vec<_>>(), ["mod", "a;", "fn", "f()", "{}"]);
        assert_eq!(files, ["b", "g"]);
        assert_eq!(left.lines().count(), text.lines().count());
    }
}
