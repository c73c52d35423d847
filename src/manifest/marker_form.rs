//! Whether a text has the form of an environment marker (PEP 508), whatever it means: pip refuses a line where it has not.
//!
//! Read from the front to the back without nesting calls: a line may be nothing but brackets.

const VARIABLES: [&str; 20] = [
    "python_version",
    "python_full_version",
    "python_implementation",
    "os_name",
    "os.name",
    "sys_platform",
    "sys.platform",
    "platform_machine",
    "platform.machine",
    "platform_release",
    "platform_system",
    "platform_version",
    "platform.version",
    "platform_python_implementation",
    "platform.python_implementation",
    "implementation_name",
    "implementation_version",
    "extra",
    "extras",
    "dependency_groups",
];

/// The longer ones first.
const OPERATORS: [&str; 8] = ["===", "==", "~=", "!=", "<=", ">=", "<", ">"];

/// Whether a text is a marker. pip fills in a variable before it reads one.
pub(super) fn is_marker(text: &str) -> bool {
    text.contains("${") || Form { rest: text }.is_whole()
}

struct Form<'t> {
    rest: &'t str,
}

impl Form<'_> {
    fn is_whole(&mut self) -> bool {
        let mut depth = 0_usize;
        loop {
            while self.sign("(") {
                depth += 1;
            }
            if !(self.side() && self.operator() && self.side()) {
                return false;
            }
            while depth > 0 && self.sign(")") {
                depth -= 1;
            }
            if self.rest.trim_start().is_empty() {
                return depth == 0;
            }
            if !matches!(self.word(), "and" | "or") {
                return false;
            }
        }
    }

    fn side(&mut self) -> bool {
        let rest = self.rest.trim_start();
        let Some(quote @ ('"' | '\'')) = rest.chars().next() else { return VARIABLES.contains(&self.word()) };
        match rest[1..].split_once(quote) {
            Some((_, rest)) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn operator(&mut self) -> bool {
        if OPERATORS.into_iter().any(|operator| self.sign(operator)) {
            return true;
        }
        match self.word() {
            "in" => true,
            "not" => self.word() == "in",
            _ => false,
        }
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = self.rest.trim_start().strip_prefix(sign);
        found.map(|rest| self.rest = rest).is_some()
    }

    fn word(&mut self) -> &str {
        let text = self.rest.trim_start();
        let is_part = |next: char| next.is_ascii_alphanumeric() || matches!(next, '_' | '.');
        let (word, rest) = text.split_at(text.find(|next| !is_part(next)).unwrap_or(text.len()));
        self.rest = rest;
        word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As pip 25.3 takes and refuses them.
    #[test]
    fn what_pip_takes_is_a_marker_and_nothing_else() {
        let taken = [
            "python_version > '3'",
            "'3' < python_version",
            "'a' == 'b'",
            "os.name == 'a'",
            "sys.platform=='a'",
            "platform.python_implementation=='a'",
            "python_implementation=='a'",
            "'a' in extras",
            "'a' in dependency_groups",
            "os_name not in 'nt'",
            "os_name=='nt'or os_name==\"x\"",
            "(os_name == 'nt' and (os_name=='x')) or os_name ~= 'x'",
            "os_name === 'é'",
        ];
        let refused = [
            "",
            "python_version > 3",
            "python_version <",
            "python_version",
            "os_name == posix",
            "os_name == 'a",
            "foo == 'a'",
            "(os_name=='nt'",
            "os_name=='nt')",
            "()",
            "os_name notin 'nt'",
            "os_name not 'nt'",
            "os_name=='nt' os_name=='nt'",
            "os_name=='nt';",
            "os_name <> 'a'",
            "os_name = 'a'",
            "os_name=='a' and",
            "not os_name=='a'",
            "python_version<\"3'",
        ];
        for (texts, is_taken) in [(&taken[..], true), (&refused, false)] {
            texts.iter().for_each(|text| assert_eq!(is_marker(text), is_taken, "{text}"));
        }
        assert!(is_marker("python_version > ${VERSION}"));
        assert!(!is_marker(&"(".repeat(1_000_000)));
    }
}
