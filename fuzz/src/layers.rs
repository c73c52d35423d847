//! Layers files: read, held against their schema, and made into jobs.
//!
//! It may panic, which tells the fuzzer that something is wrong: see the crate.

use crate::config::{Problems, SettingsTable, Source, Text, read, settle_settings};
use crate::plan::{Ambient, build};

/// Most characters that all problems of a file may take, told.
const TOLD: usize = 1_000_000;

/// A layers file as a run reads it. What is wrong with it is told within bounds.
pub fn layers_file(bytes: &[u8]) {
    let path = crate::folder().join("layers.toml");
    std::fs::write(&path, bytes).expect("written");
    let Ok(text) = Text::read(&path) else { return };
    let told = match Source::parse(&text) {
        Err(problems) => problems,
        Ok(source) => {
            let mut problems = Problems::of(&source);
            settle_settings(&SettingsTable::default(), &mut problems);
            let file = read(&mut problems).unwrap_or_default();
            let ambient = Ambient { region: Some("us-east-1".to_owned()), env: &|_| Some("value".to_owned()) };
            if !problems.is_full() {
                build(&[file], &ambient, &mut problems);
            }
            match problems.settle() {
                Ok(warnings) => warnings,
                Err(errors) => errors,
            }
        }
    };
    let told: usize = told.problems.iter().map(|problem| format!("{problem:?}").len()).sum();
    assert!(told <= TOLD, "{told} characters are told");
}
