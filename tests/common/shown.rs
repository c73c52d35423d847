//! What a process showed, as text to compare: what differs from run to run is taken out.

use super::Ended;

/// Regular expressions and what stands for what they match.
const FILTERS: [(&str, &str); 15] = [
    // A sign of life, which comes where a machine is slow.
    (r"(?m)^ +Running \[.*\n", ""),
    (r"until [0-9:]+Z", "until TIME"),
    (r"(of|that) [^ ]+( left)? \(run ", "$1 HOST$2 (run "),
    (r"\[ *[0-9]+\.[0-9]s\]", "[  TIMEs]"),
    (r", [0-9]+\.[0-9]s$", ", TIMEs"),
    (r"127\.0\.0\.1:[0-9]+", "127.0.0.1:PORT"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "REQUEST"),
    (r"AWS_SECRET_ACCESS_KEY=[0-9a-f]{40}", "AWS_SECRET_ACCESS_KEY=SECRET"),
    (r"digest( of this plan is)? [0-9a-f]{64}", "digest$1 DIGEST"),
    (r#""version_id": "[0-9a-f]{32}""#, r#""version_id": "VERSION-ID""#),
    (r"in S3: [0-9a-f]{32} when it was planned, [0-9a-f]{32} now", "in S3: ONE when it was planned, ANOTHER now"),
    (r"[0-9]{8}T[0-9]{9}Z-[0-9a-f]{16}", "RUN"),
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", "INSTANT"),
    (r#""seconds": [0-9.e-]+"#, r#""seconds": 0.0"#),
    (r"/[^ `:]*/layership-test-[A-Za-z0-9]+", "FOLDER"),
];

/// Calls `assert` with the filters in force.
pub fn filtered(assert: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    for (pattern, stands_for) in FILTERS {
        settings.add_filter(pattern, stands_for);
    }
    settings.bind(assert);
}

/// Exit code, standard output and standard error in one text.
pub fn whole(ended: &Ended) -> String {
    let part = |name: &str, text: &str| match text {
        "" => String::new(),
        text => format!("--- {name} ---\n{text}"),
    };
    format!("exit code {}\n{}{}", ended.code, part("stdout", &ended.stdout), part("stderr", &ended.stderr))
}

/// The whole output against an inline snapshot.
macro_rules! assert_shown {
    ($ended:expr, @$snapshot:literal) => {{
        let shown = $crate::common::shown::whole(&$ended);
        $crate::common::shown::filtered(|| insta::assert_snapshot!(shown, @$snapshot));
    }};
}
