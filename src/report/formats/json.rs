//! The report as JSON: the one that other formats can be made from again.

use serde::Serialize;

use crate::event::Mode;
use crate::report::model::Report;
use crate::report::{Shown, StatusReport};

/// The report as JSON, indented, with a final line break. A status is told in a structure of its own.
pub fn render(report: &Report) -> Shown {
    if report.mode == Mode::Status {
        return document(&StatusReport::of(report));
    }
    document(report)
}

/// A document of ours, as all our JSON is written.
pub fn document(document: &impl Serialize) -> Shown {
    // Serialising fails only for maps whose keys are not strings, and nothing of ours has any.
    Shown::json(serde_json::to_string_pretty(document).unwrap_or_default() + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{ErrorCode, Outcome};
    use crate::report::samples::{failed, job, report};

    #[test]
    fn json_has_the_fields_of_the_contract_in_their_order() {
        let mut done = job("requests", "us-east-1", Outcome::Published);
        done.warnings.clear();
        let failure = failed("scipy", "us-east-1", ErrorCode::AccessDenied, "not authorized to publish");
        let text = render(&report(Mode::Publish, vec![done, failure]));
        insta::assert_snapshot!(text.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    }

    #[test]
    fn json_reads_back_and_carries_nothing_a_terminal_acts_on() {
        let failure = failed("a\u{9b}31m", "x", ErrorCode::Internal, "\u{1b}[2J");
        let before = report(Mode::Publish, vec![failure]);
        let text = render(&before);
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text}");
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), before);
    }
}
