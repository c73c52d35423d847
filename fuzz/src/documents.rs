//! What layership wrote once and is given back, by whomever: reports, saved plans, records of rollouts.
//!
//! It may panic, which tells the fuzzer that something is wrong: see the crate.

use std::path::Path;

use crate::event::Mode;
use crate::plan::{Held, SavedPlan, hold};
use crate::report::{Listing, Report, ReportRequest, Same, Surroundings, failures, merge, rendered, style_of_data};
use crate::rollout::{Record, restored};

const FORMATS: [&str; 8] = ["json", "markdown", "junit", "csv", "html", "env", "tfvars", "index"];

/// So much longer than a report may be what is made of it, and so much more in any case, in bytes.
const TIMES: usize = 100;
const MORE: usize = 100_000;

/// A report, a saved plan, or a record, and what is made of it.
pub fn documents(bytes: &[u8]) {
    if let Ok(report) = Report::parse(bytes) {
        convert(&report, bytes.len());
        let named = || ("`a`".to_owned(), report.clone());
        assert!(merge(vec![named()]).is_ok() || report.part.is_some() || report.made_of.is_some());
        let _ = merge(vec![named(), named()]);
    }
    if let Some(plan) = plan(bytes) {
        assert_eq!(SavedPlan::parse(plan.to_json().as_bytes()).as_ref(), Ok(&plan));
        plan.jobs.iter().for_each(|job| assert_eq!(hold(job, job), Held::ToDo));
        convert(&Report::of_plan(&plan), bytes.len());
    }
    if let Ok(record) = Record::parse(bytes) {
        let text = record.to_json().expect("written");
        assert_eq!(Record::parse(text.as_bytes()).as_ref(), Ok(&record));
        record.functions.iter().for_each(|function| drop(restored(&function.after, &function.before)));
    }
}

/// Every format, and what a screen would show.
fn convert(report: &Report, size: usize) {
    let (style, same) = (style_of_data(&Surroundings::default()), Same::of(Path::new("a b.toml"), Some(None)));
    let rendered = rendered(report, Path::new("layers.toml"), Listing::Everything, style);
    let screen = [rendered, failures::render(report, &same, style)].map(|shown| ("screen", shown));
    let formats = FORMATS.map(|name| {
        let request: ReportRequest = format!("{name}=x").parse().expect("a format");
        (name, (request.format.render)(report))
    });
    for (name, shown) in formats.iter().chain(&screen) {
        assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{name} moves a terminal");
        assert!(shown.len() <= TIMES * size + MORE, "{name}: {} bytes of {size}", shown.len());
        match *name {
            "json" if report.mode != Mode::Status => {
                assert!(Report::parse(shown.as_bytes()).is_ok(), "{}", shown.as_str())
            }
            "junit" => assert!(quick_junit::Report::deserialize_from_str(shown).is_ok(), "{}", shown.as_str()),
            "markdown" => assert!(shown.len() < 1 << 16, "{} bytes for a comment", shown.len()),
            "html" => assert_eq!(shown.matches("<script").count(), 1),
            _ => {}
        }
    }
}

/// The plan, with the digest of what it holds: no damage gets that right.
fn plan(bytes: &[u8]) -> Option<SavedPlan> {
    let why = match SavedPlan::parse(bytes) {
        Ok(plan) => return Some(plan),
        Err(why) => why.to_string(),
    };
    let (said, has) = why.split_once("it says digest ")?.1.split_once(", but what it holds has ")?;
    let mended = std::str::from_utf8(bytes).ok().filter(|_| !said.is_empty())?.replace(said, has);
    SavedPlan::parse(mended.as_bytes()).ok()
}
