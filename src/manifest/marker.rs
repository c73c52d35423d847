//! Environment markers (PEP 508): where a package is installed. Read once for all places that count, in one pass over the text.
//!
//! The crate that does this brings a licence that is not among those of this one, or in its older version a macro that
//! nobody maintains; what is left is this grammar. Versions are compared by `pep440_rs`.

use crate::halt::Halt;
use pep440_rs::{Version, VersionSpecifier};
use std::str::FromStr as _;

/// A marker that is nested deeper is not evaluated.
const DEPTH_LIMIT: usize = 32;

const OPERATORS: [&str; 8] = ["===", "==", "<=", ">=", "!=", "~=", "<", ">"];

/// Some of the places that a marker is asked about, a bit for each.
pub(super) type Places = u64;

/// A value that a variable has, and where.
#[derive(Debug, Clone)]
pub(super) struct Value {
    text: String,
    /// Where it is one, and is to be compared as one.
    version: Option<Version>,
    places: Places,
}

impl Value {
    /// Of a variable that says a version.
    pub fn version(text: String) -> Self {
        Self { version: Version::from_str(&text).ok(), text, places: 0 }
    }

    /// Of any other.
    pub fn text(text: String) -> Self {
        Self { version: None, text, places: 0 }
    }

    /// Notes among the values of a variable that it has this one in these places, too.
    pub fn note(self, here: Places, values: &mut Vec<Self>) {
        match values.iter_mut().find(|known| known.text == self.text) {
            Some(known) => known.places |= here,
            None => values.push(Self { places: here, ..self }),
        }
    }
}

/// What a variable of a marker is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Variable<'v> {
    /// The same everywhere.
    Fixed(&'v str),
    /// The name of an extra or a group, the same everywhere.
    Name(&'v str),
    /// Whatever it is compared with: nobody knows it.
    Open,
    /// Not the same everywhere: each value that there is.
    Varying(&'v [Value]),
}

/// The places that a marker is asked about, and what is known of them.
pub(super) trait Known {
    /// All of them.
    fn everywhere(&self) -> Places;

    /// What a variable is there; `None` for one that does not exist.
    fn variable(&self, name: &str) -> Option<Variable<'_>>;
}

/// Where a marker holds; `None` if it cannot be read, or nobody waits for it any more.
pub(super) fn holds(marker: &str, known: &impl Known, halt: &Halt) -> Option<Places> {
    let mut reader = Reader { rest: marker, known, halt };
    let holds = reader.any(0)?;
    reader.rest.trim_start().is_empty().then_some(holds)
}

struct Reader<'t, K> {
    rest: &'t str,
    known: &'t K,
    halt: &'t Halt,
}

impl<'t, K: Known> Reader<'t, K> {
    fn any(&mut self, depth: usize) -> Option<Places> {
        let mut holds = self.all(depth)?;
        while self.word("or") {
            holds |= self.all(depth)?;
        }
        Some(holds)
    }

    fn all(&mut self, depth: usize) -> Option<Places> {
        let mut holds = self.one(depth)?;
        while self.word("and") {
            holds &= self.one(depth)?;
        }
        Some(holds)
    }

    fn one(&mut self, depth: usize) -> Option<Places> {
        if depth > DEPTH_LIMIT {
            return None;
        }
        if self.sign("(") {
            let holds = self.any(depth + 1)?;
            return self.sign(")").then_some(holds);
        }
        // One marker may be as long as a manifest.
        self.halt.check().ok()?;
        let left = self.side()?;
        let (operator, right) = (self.operator()?, self.side()?);
        self.compare(left, operator, right)
    }

    /// A text in quotes, or what the variable is that stands there.
    fn side(&mut self) -> Option<Variable<'t>> {
        self.rest = self.rest.trim_start();
        if let Some(quote @ ('"' | '\'')) = self.rest.chars().next() {
            let (text, rest) = self.rest[1..].split_once(quote)?;
            self.rest = rest;
            return Some(Variable::Fixed(text));
        }
        let name = self.take_word();
        self.known.variable(name)
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

    /// Where a comparison holds.
    fn compare(&self, left: Variable<'_>, operator: &str, right: Variable<'_>) -> Option<Places> {
        use Variable::{Fixed, Name, Open, Varying};
        let holds = match (left, right) {
            (Open, _) | (_, Open) => Some(true),
            (Varying(values), Fixed(bound) | Name(bound)) => {
                return among(values, (operator, bound), |value| by_text(value, operator, bound));
            }
            // The variable would be what bounds: no tool writes such.
            (Fixed(_) | Name(_), Varying(_)) if operator == "~=" => return None,
            // Written the other way round, a comparison is read from its right.
            (Fixed(bound) | Name(bound), Varying(values)) => {
                return among(values, (turned(operator), bound), |value| by_text(bound, operator, value));
            }
            // No tool writes such, and `packaging` takes the second for a text.
            (Varying(_), Varying(_)) => return None,
            (Fixed(left), Fixed(right)) => by_text(left, operator, right),
            (Fixed(left) | Name(left), Fixed(right) | Name(right)) => {
                let [left, right] = [left, right].map(super::requirements::normalised);
                by_text(&left, operator, &right)
            }
        };
        Some(if holds? { self.known.everywhere() } else { 0 })
    }
}

/// The places of the values that a specifier of versions lets through; what is no version is compared as a text.
fn among(values: &[Value], (operator, bound): (&str, &str), as_text: impl Fn(&str) -> Option<bool>) -> Option<Places> {
    // Read once, however many values there are.
    let specifier = VersionSpecifier::from_str(&format!("{operator}{bound}")).ok();
    values.iter().try_fold(0, |found, value| {
        let versions = specifier.as_ref().zip(value.version.as_ref());
        let holds =
            versions.map(|(specifier, version)| specifier.contains(version)).or_else(|| as_text(&value.text))?;
        Some(if holds { found | value.places } else { found })
    })
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

fn by_text(left: &str, operator: &str, right: &str) -> Option<bool> {
    match operator {
        "in" => Some(right.contains(left)),
        "not in" => Some(!right.contains(left)),
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

    /// Two places: what the table says holds in the first.
    struct Here {
        version: [Value; 2],
        full_version: [Value; 2],
        machine: [Value; 2],
    }

    impl Known for Here {
        fn everywhere(&self) -> Places {
            0b11
        }

        fn variable(&self, name: &str) -> Option<Variable<'_>> {
            Some(match name {
                "python_version" => Variable::Varying(&self.version),
                "python_full_version" => Variable::Varying(&self.full_version),
                "platform_machine" => Variable::Varying(&self.machine),
                "sys_platform" => Variable::Fixed("linux"),
                "os_name" => Variable::Fixed("posix"),
                "extra" => Variable::Name("Use_Chardet"),
                _ => return None,
            })
        }
    }

    fn places(marker: &str) -> Option<Places> {
        let each = |values: [Value; 2]| {
            let [first, second] = values;
            [Value { places: 0b01, ..first }, Value { places: 0b10, ..second }]
        };
        let here = Here {
            version: each(["3.12", "3.9"].map(|text| Value::version(text.to_owned()))),
            full_version: each(["3.12.4", "3.9.0"].map(|text| Value::version(text.to_owned()))),
            machine: each(["aarch64", "x86_64"].map(|text| Value::text(text.to_owned()))),
        };
        holds(marker, &here, &Halt::default())
    }

    fn holds_here(marker: &str) -> Option<bool> {
        places(marker).map(|places| places & 0b01 != 0)
    }

    #[test]
    fn each_place_is_told_by_one_reading() {
        let table = [
            ("os_name == 'posix'", Some(0b11)),
            ("os_name == 'nt'", Some(0)),
            ("python_version >= '3.10'", Some(0b01)),
            ("'3.10' > python_version", Some(0b10)),
            ("python_version == '3.12' and platform_machine == 'x86_64'", Some(0)),
            ("python_version == '3.12' or platform_machine == 'x86_64'", Some(0b11)),
            ("python_full_version in '3.9.0 3.9.1'", Some(0b10)),
            ("python_version < platform_machine", None),
        ];
        for (marker, expected) in table {
            assert_eq!(places(marker), expected, "{marker}");
        }
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
            assert_eq!(holds_here(marker), holds, "{marker}");
        }
    }

    #[test]
    fn deep_markers_are_not_followed_and_long_ones_are() {
        let nested = |depth: usize| format!("{}os_name == 'posix'{}", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(holds_here(&nested(DEPTH_LIMIT)), Some(true));
        assert_eq!(holds_here(&nested(DEPTH_LIMIT + 1)), None);
        assert_eq!(holds_here(&"(".repeat(1_000_000)), None);
        let long = format!("{}os_name == 'posix'", "os_name == 'nt' or ".repeat(100_000));
        assert_eq!(holds_here(&long), Some(true));
    }

    proptest! {
        #[test]
        fn no_text_causes_a_panic(text in r#"(\(|\)|'|"|and |or |not |in |==|<|~=|os_name|python_version|extra|3\.1|é| ){0,12}"#) {
            let _ = places(&text);
        }
    }
}
