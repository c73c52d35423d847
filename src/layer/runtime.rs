//! Runtimes, and the families they come in.

use super::word::{Unfit, word};

word! {
    /// A runtime in Lambda's words, such as `python3.12`. Any name is one: the service learns new runtimes before any tool.
    Runtime, check
}

fn check(text: &str) -> Result<(), Unfit> {
    if text.is_empty() { Err(Unfit::because("is empty")) } else { Ok(()) }
}

impl Runtime {
    /// Whether it was known when this version was made; if not, it may be misspelt.
    pub fn is_known(&self) -> bool {
        KNOWN_RUNTIMES.contains(&self.as_str())
    }

    /// The family that its name tells; `None` for a name like no other.
    pub fn family(&self) -> Option<RuntimeFamily> {
        let prefixes = [
            ("python", RuntimeFamily::Python),
            ("nodejs", RuntimeFamily::Node),
            ("java", RuntimeFamily::Java),
            ("ruby", RuntimeFamily::Ruby),
            ("dotnet", RuntimeFamily::DotNet),
            ("provided", RuntimeFamily::Custom),
            ("go", RuntimeFamily::Go),
        ];
        prefixes.into_iter().find_map(|(prefix, family)| self.as_str().starts_with(prefix).then_some(family))
    }
}

/// Runtimes that look for the content of a layer in the same places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RuntimeFamily {
    /// `python3.12`
    Python,
    /// `nodejs22.x`
    Node,
    /// `java21`
    Java,
    /// `ruby3.4`
    Ruby,
    /// `dotnet8`
    DotNet,
    /// `provided.al2023`
    Custom,
    /// `go1.x`
    Go,
}

/// The runtimes known when this version was made: those of AWS's API model, which a test of `aws` holds this list to.
pub const KNOWN_RUNTIMES: &[&str] = &[
    "dotnet6",
    "dotnet8",
    "dotnet10",
    "dotnetcore1.0",
    "dotnetcore2.0",
    "dotnetcore2.1",
    "dotnetcore3.1",
    "go1.x",
    "java8",
    "java8.al2",
    "java8.al2023",
    "java11",
    "java11.al2023",
    "java17",
    "java17.al2023",
    "java21",
    "java25",
    "nodejs",
    "nodejs4.3",
    "nodejs4.3-edge",
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
    "provided",
    "provided.al2",
    "provided.al2023",
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
    "ruby2.5",
    "ruby2.7",
    "ruby3.2",
    "ruby3.3",
    "ruby3.4",
    "ruby4.0",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_runtime_has_a_family() {
        for name in KNOWN_RUNTIMES {
            let runtime: Runtime = name.parse().unwrap();
            assert!(runtime.is_known() && runtime.family().is_some(), "{name}");
        }
    }

    #[test]
    fn a_runtime_of_the_future_is_unknown_but_may_have_a_family() {
        let runtime: Runtime = "python4.0".parse().unwrap();
        assert_eq!((runtime.is_known(), runtime.family()), (false, Some(RuntimeFamily::Python)));
        assert_eq!("cobol1".parse::<Runtime>().unwrap().family(), None);
    }
}
