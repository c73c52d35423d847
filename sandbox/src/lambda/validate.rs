//! Lambda's limits on parameters, and the wording of its ValidationException.
//!
//! Limits, patterns and enumerations are those of the Lambda API model.

use hyper::StatusCode;

use super::errors::Refusal;

const NAME_PATTERN: &str = "(arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+";

/// The runtimes of the API model, deprecated ones included.
const RUNTIMES: [&str; 51] = [
    "nodejs",
    "nodejs4.3",
    "nodejs6.10",
    "nodejs8.10",
    "nodejs10.x",
    "nodejs12.x",
    "nodejs14.x",
    "nodejs16.x",
    "nodejs18.x",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "nodejs26.x",
    "java8",
    "java8.al2",
    "java8.al2023",
    "java11",
    "java11.al2023",
    "java17",
    "java17.al2023",
    "java21",
    "java25",
    "python2.7",
    "python3.6",
    "python3.7",
    "python3.8",
    "python3.9",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "python3.15",
    "dotnetcore1.0",
    "dotnetcore2.0",
    "dotnetcore2.1",
    "dotnetcore3.1",
    "dotnet6",
    "dotnet8",
    "dotnet10",
    "nodejs4.3-edge",
    "go1.x",
    "ruby2.5",
    "ruby2.7",
    "ruby3.2",
    "ruby3.3",
    "ruby3.4",
    "ruby4.0",
    "provided",
    "provided.al2",
    "provided.al2023",
];
/// No page has more items.
const LARGEST_PAGE: usize = 50;

const ARCHITECTURES: [&str; 2] = ["x86_64", "arm64"];

/// Gathers what is wrong with a request's parameters: Lambda reports all of it at once.
#[derive(Debug, Default)]
pub(super) struct Validation {
    problems: Vec<String>,
}

impl Validation {
    /// Refuses if anything was wrong.
    pub fn finish(self) -> Result<(), Refusal> {
        let count = self.problems.len();
        if count == 0 {
            return Ok(());
        }
        let errors = if count == 1 { "error" } else { "errors" };
        let message = format!("{count} validation {errors} detected: {}", self.problems.join("; "));
        Err(Refusal::new(StatusCode::BAD_REQUEST, "ValidationException", message))
    }

    /// Notes what is wrong with one value.
    pub fn problem(&mut self, value: &str, field: &str, constraint: impl AsRef<str>) {
        let constraint = constraint.as_ref();
        self.problems.push(format!("Value '{value}' at '{field}' failed to satisfy constraint: {constraint}"));
    }

    /// A text of at most so many characters.
    pub fn length(&mut self, value: &str, field: &str, most: usize) {
        if value.chars().count() > most {
            self.problem(value, field, format!("Member must have length less than or equal to {most}"));
        }
    }

    /// A layer's plain name: 1 to 140 of letters, digits, `-` and `_`.
    pub fn layer_name(&mut self, name: &str) {
        self.length(name, "layerName", 140);
        if name.is_empty() {
            self.problem(name, "layerName", "Member must have length greater than or equal to 1");
        }
        if !name.chars().all(is_name_char) {
            self.problem(name, "layerName", format!("Member must satisfy regular expression pattern: {NAME_PATTERN}"));
        }
    }

    /// `MaxItems` of a listing of layers: 1 to 50.
    pub fn max_items(&mut self, value: Option<&str>) -> usize {
        self.items(value, 50)
    }

    /// `MaxItems` of a listing of functions: up to 10,000 may be asked for, of which 50 are answered.
    pub fn max_functions(&mut self, value: Option<&str>) -> usize {
        self.items(value, 10_000).min(LARGEST_PAGE)
    }

    fn items(&mut self, value: Option<&str>, most: i64) -> usize {
        let Some(text) = value else { return LARGEST_PAGE };
        match text.parse::<i64>() {
            Ok(number) if number < 1 => {
                self.problem(text, "maxItems", "Member must have value greater than or equal to 1");
            }
            Ok(number) if number > most => {
                let constraint = format!("Member must have value less than or equal to {most}");
                self.problem(text, "maxItems", constraint);
            }
            Ok(number) => return usize::try_from(number).unwrap_or(LARGEST_PAGE),
            Err(_) => self.problem(text, "maxItems", "Member must be an integer"),
        }
        LARGEST_PAGE
    }

    /// A function's runtime: one that the service knows.
    pub fn runtime(&mut self, runtime: Option<&str>) {
        if let Some(runtime) = runtime.filter(|runtime| !is_runtime(runtime)) {
            self.problem(runtime, "runtime", format!("Member must satisfy enum value set: {}", listed(&RUNTIMES)));
        }
    }

    /// The architecture of a function.
    pub fn function_architectures(&mut self, architectures: &[String]) {
        self.members(architectures, "architectures", 1, &ARCHITECTURES);
    }

    /// At most 15 runtimes, each one that the service knows.
    pub fn runtimes(&mut self, runtimes: &[String]) {
        self.members(runtimes, "compatibleRuntimes", 15, &RUNTIMES);
    }

    /// At most 2 architectures, each one that the service knows.
    pub fn architectures(&mut self, architectures: &[String]) {
        self.members(architectures, "compatibleArchitectures", 2, &ARCHITECTURES);
    }

    fn members(&mut self, values: &[String], field: &str, most: usize, known: &[&str]) {
        let shown = format!("[{}]", values.join(", "));
        if values.len() > most {
            self.problem(&shown, field, format!("Member must have length less than or equal to {most}"));
        }
        if !values.iter().all(|value| known.contains(&value.as_str())) {
            let all = listed(known);
            let constraint = format!("Member must satisfy constraint: [Member must satisfy enum value set: {all}]");
            self.problem(&shown, field, constraint);
        }
    }

    /// The two filters of the listings.
    pub fn filters(&mut self, runtime: Option<&str>, architecture: Option<&str>) {
        if let Some(runtime) = runtime.filter(|runtime| !is_runtime(runtime)) {
            self.problem(
                runtime,
                "compatibleRuntime",
                format!("Member must satisfy enum value set: {}", listed(&RUNTIMES)),
            );
        }
        if let Some(architecture) = architecture.filter(|architecture| !is_architecture(architecture)) {
            self.problem(architecture, "compatibleArchitecture", "Member must satisfy enum value set: [x86_64, arm64]");
        }
    }
}

/// A character of a layer's name or a statement's id.
pub(super) fn is_name_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '-' || char == '_'
}

/// As Lambda writes a set of values.
fn listed(values: &[&str]) -> String {
    format!("[{}]", values.join(", "))
}

fn is_runtime(name: &str) -> bool {
    RUNTIMES.contains(&name)
}

fn is_architecture(name: &str) -> bool {
    ARCHITECTURES.contains(&name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use aws_sdk_lambda::types;

    use super::*;

    /// layership holds its own list to the same one, so that the two cannot part.
    #[test]
    fn the_runtimes_and_architectures_known_here_are_those_of_the_sdk() {
        let set = |names: &[&'static str]| names.iter().copied().collect::<BTreeSet<_>>();
        assert_eq!(set(&RUNTIMES), set(types::Runtime::values()));
        assert_eq!(set(&ARCHITECTURES), set(types::Architecture::values()));
    }

    fn problems(check: impl FnOnce(&mut Validation)) -> String {
        let mut validation = Validation::default();
        check(&mut validation);
        validation.finish().err().map(|refusal| refusal.message).unwrap_or_default()
    }

    fn max_items(text: &str) -> String {
        problems(|all| {
            all.max_items(Some(text));
        })
    }

    #[test]
    fn names() {
        assert_eq!(problems(|all| all.layer_name("numpy_py-313")), "");
        assert!(problems(|all| all.layer_name("a.b")).contains("regular expression pattern"));
        assert!(problems(|all| all.layer_name(&"a".repeat(141))).contains("less than or equal to 140"));
    }

    #[test]
    fn pages_hold_1_to_50() {
        assert_eq!(max_items("50"), "");
        let refused = "1 validation error detected: Value '51' at 'maxItems' failed to satisfy constraint: Member \
                       must have value less than or equal to 50";
        assert_eq!(max_items("51"), refused);
        assert!(max_items("0").contains("greater than or equal to 1"));
        assert!(max_items("x").contains("integer"));
    }

    #[test]
    fn an_unknown_runtime_is_answered_with_all_that_are_known() {
        let text = problems(|all| all.runtimes(&["python9.9".to_owned()]));
        assert!(text.contains("Value '[python9.9]' at 'compatibleRuntimes'"), "{text}");
        assert!(text.contains("python3.15, ") && text.contains("nodejs26.x, "), "{text}");
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let text = problems(|all| {
            all.length(&"d".repeat(257), "description", 256);
            all.architectures(&["riscv".to_owned()]);
        });
        assert!(text.starts_with("2 validation errors detected: "), "{text}");
    }
}
