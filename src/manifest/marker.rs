//! Environment markers (PEP 508): where a package is installed. Read and evaluated in one pass over the text.
//!
//! The crate that does this brings a licence that is not among those of this one, or in its older version a macro that
//! nobody maintains; what is left is this grammar. Versions are compared by `pep440_rs`.

use pep440_rs::{Version, VersionSpecifier};
use std::str::FromStr as _;

/// A marker that is nested deeper is not evaluated.
const DEPTH_LIMIT: usize = 32;

const OPERATORS: [&str; 8] = ["===", "==", "<=", ">=", "!=", "~=", "<", ">"];

/// Whether a marker holds where its variables have these values; `None` if it cannot be read.
pub(super) fn holds<'v>(marker: &str, value_of: &dyn Fn(&str) -> Option<&'v str>) -> Option<bool> {
    let mut reader = Reader { rest: marker, value_of };
    let holds = reader.any(0)?;
    reader.rest.trim_start().is_empty().then_some(holds)
}

struct Reader<'t, 'f, 'v> {
    rest: &'t str,
    value_of: &'f dyn Fn(&str) -> Option<&'v str>,
}

/// One side of a comparison.
#[derive(Clone, Copy)]
struct Side<'t> {
    text: &'t str,
    /// It stands for what a variable with a version says.
    is_version: bool,
    /// It stands for what a variable with a name of a package or an extra says.
    is_name: bool,
}

impl<'t, 'v: 't> Reader<'t, '_, 'v> {
    fn any(&mut self, depth: usize) -> Option<bool> {
        let mut holds = self.all(depth)?;
        while self.word("or") {
            holds |= self.all(depth)?;
        }
        Some(holds)
    }

    fn all(&mut self, depth: usize) -> Option<bool> {
        let mut holds = self.one(depth)?;
        while self.word("and") {
            holds &= self.one(depth)?;
        }
        Some(holds)
    }

    fn one(&mut self, depth: usize) -> Option<bool> {
        if depth > DEPTH_LIMIT {
            return None;
        }
        if self.sign("(") {
            let holds = self.any(depth + 1)?;
            return self.sign(")").then_some(holds);
        }
        let left = self.side()?;
        let operator = self.operator()?;
        compare(left, operator, self.side()?)
    }

    fn side(&mut self) -> Option<Side<'t>> {
        self.rest = self.rest.trim_start();
        if let Some(quote @ ('"' | '\'')) = self.rest.chars().next() {
            let (text, rest) = self.rest[1..].split_once(quote)?;
            self.rest = rest;
            return Some(Side { text, is_version: false, is_name: false });
        }
        let name = self.take_word();
        let text = (self.value_of)(name)?;
        let is_version = matches!(name, "python_version" | "python_full_version" | "implementation_version");
        Some(Side { text, is_version, is_name: name == "extra" })
    }

    fn operator(&mut self) -> Option<&'static str> {
        if let Some(operator) = OPERATORS.into_iter().find(|operator| self.sign(operator)) {
            return Some(operator);
        }
        if self.word("in") {
            return Some("in");
        }
        (self.word("not") && self.word("in")).then_some("not in")
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = self.rest.trim_start().strip_prefix(sign);
        found.map(|rest| self.rest = rest).is_some()
    }

    /// Takes a word, if it stands there and goes no further.
    fn word(&mut self, word: &str) -> bool {
        let before = self.rest;
        self.rest = before.trim_start();
        let found = self.take_word() == word;
        if !found {
            self.rest = before;
        }
        found
    }

    fn take_word(&mut self) -> &'t str {
        let is_part = |next: char| next.is_ascii_alphanumeric() || matches!(next, '_' | '.');
        let (word, rest) = self.rest.split_at(self.rest.find(|next| !is_part(next)).unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }
}

fn compare(left: Side<'_>, operator: &str, right: Side<'_>) -> Option<bool> {
    match operator {
        "in" => return Some(right.text.contains(left.text)),
        "not in" => return Some(!right.text.contains(left.text)),
        _ => {}
    }
    if left.is_version || right.is_version {
        // Written the other way round, a comparison is read from its right.
        let (value, turned, bound) =
            if left.is_version { (left, operator, right) } else { (right, turned(operator), left) };
        let by_version = by_version(value.text, turned, bound.text);
        // What is not a version is compared as a text.
        return by_version.or_else(|| by_text(left.text, operator, right.text));
    }
    if left.is_name || right.is_name {
        let [left, right] = [left, right].map(|side| super::requirements::normalised(side.text));
        return by_text(&left, operator, &right);
    }
    by_text(left.text, operator, right.text)
}

fn turned(operator: &str) -> &str {
    match operator {
        "<" => ">",
        ">" => "<",
        "<=" => ">=",
        ">=" => "<=",
        other => other,
    }
}

fn by_version(version: &str, operator: &str, bound: &str) -> Option<bool> {
    let specifier = VersionSpecifier::from_str(&format!("{operator}{bound}")).ok()?;
    Some(specifier.contains(&Version::from_str(version).ok()?))
}

fn by_text(left: &str, operator: &str, right: &str) -> Option<bool> {
    match operator {
        "==" | "===" => Some(left == right),
        "!=" => Some(left != right),
        "<" => Some(left < right),
        ">" => Some(left > right),
        "<=" => Some(left <= right),
        ">=" => Some(left >= right),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn here(name: &str) -> Option<&'static str> {
        let known = [
            ("python_version", "3.12"),
            ("python_full_version", "3.12.4"),
            ("sys_platform", "linux"),
            ("os_name", "posix"),
            ("platform_machine", "aarch64"),
            ("extra", "Use_Chardet"),
        ];
        known.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// What `packaging` of PyPI says for the same environment (names of extras as from its version 22 on).
    #[test]
    fn markers_hold_as_packaging_says() {
        let table = [
            ("python_version >= '3.8'", Some(true)),
            ("python_version<'3.10'", Some(false)),
            ("python_version == '3.12.*'", Some(true)),
            ("python_version ~= '3.8'", Some(true)),
            ("python_full_version < '3.12.4'", Some(false)),
            ("'3.8' <= python_version", Some(true)),
            ("'3.13' <= python_version", Some(false)),
            ("python_version in '3.11, 3.12'", Some(true)),
            ("python_version not in '3.11, 3.12'", Some(false)),
            ("sys_platform == \"win32\"", Some(false)),
            ("sys_platform != 'win32' and os_name=='posix'", Some(true)),
            ("sys_platform == 'win32' or os_name == 'posix' and platform_machine == 'x86_64'", Some(false)),
            ("(sys_platform == 'win32' or os_name == 'posix') and platform_machine == 'aarch64'", Some(true)),
            ("extra == 'use-chardet'", Some(true)),
            ("extra == 'socks'", Some(false)),
            ("'lin' in sys_platform", Some(true)),
            ("  ( os_name  ==  'posix' )  ", Some(true)),
            ("os_name == 'posix' and", None),
            ("os_name = 'posix'", None),
            ("os_name == 'posix", None),
            ("unknown == 'posix'", None),
            ("python_version >= 'new'", Some(false)),
            ("os_name ~= 'posix'", None),
            ("os_name not 'posix'", None),
            ("os_name == 'posix' os_name == 'posix'", None),
            ("os_name == 'posix' orchid", None),
            ("", None),
        ];
        for (marker, holds) in table {
            assert_eq!(super::holds(marker, &here), holds, "{marker}");
        }
    }

    #[test]
    fn deep_markers_are_not_followed_and_long_ones_are() {
        let nested = |depth: usize| format!("{}os_name == 'posix'{}", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(holds(&nested(DEPTH_LIMIT), &here), Some(true));
        assert_eq!(holds(&nested(DEPTH_LIMIT + 1), &here), None);
        assert_eq!(holds(&"(".repeat(1_000_000), &here), None);
        let long = format!("{}os_name == 'posix'", "os_name == 'nt' or ".repeat(100_000));
        assert_eq!(holds(&long, &here), Some(true));
    }

    proptest! {
        #[test]
        fn no_text_causes_a_panic(text in r#"(\(|\)|'|"|and |or |not |in |==|<|~=|os_name|python_version|extra|3\.1|é| ){0,12}"#) {
            let _ = holds(&text, &here);
        }
    }
}
