//! docs/move-functions.md: every command on it is run, and says what the page says.

use std::process::Command;

use crate::common::project::in_crate;
use crate::common::{Ended, LAYERSHIP};
use crate::fleet::Fleet;

#[test]
fn the_page_that_moves_functions_says_what_happens() {
    let page = std::fs::read_to_string(in_crate("docs/move-functions.md")).unwrap();
    let fleet = Fleet::of(&["requests"]);
    for name in ["orders", "users"] {
        fleet.made(name, &["requests:1"], |made| made.tags("team", "shop"));
        fleet.publish(name);
        fleet.alias(name, "live", "1");
    }
    fleet.made("billing", &["requests:1"], |made| made.tags("aws:cloudformation:stack-name", "shop"));
    let path = std::env::var("PATH").unwrap_or_default();
    let own = std::path::Path::new(LAYERSHIP).parent().unwrap().display();
    let mut commands = 0;
    for block in page.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap()) {
        for step in block.split("$ ").skip(1) {
            let (line, output) = step.split_once('\n').unwrap_or((step, ""));
            let code = line.split_once("# exits with ").map_or(0, |(_, code)| code.parse().unwrap());
            let mut command = Command::new("sh");
            command.args(["-ec", line]).current_dir(fleet.project.folder()).env_clear();
            command.env("PATH", format!("{own}:{path}")).envs(fleet.project.sandbox.variables.clone());
            let ended = Ended::from(command.output().unwrap()).expect(code);
            let words = |text: &str| text.split_whitespace().map(known).collect::<Vec<_>>().join(" ");
            let said = words(&format!("{}\n{}", ended.stdout, ended.stderr));
            for expected in output.lines().filter(|line| !line.trim().is_empty()) {
                assert!(said.contains(&words(expected)), "`{line}` does not say {expected:?}:\n{ended:?}");
            }
            commands += 1;
        }
    }
    assert!(commands >= 5, "only {commands} commands on the page");
    assert_eq!(fleet.layers("orders"), ["requests:1"], "in the end all is put back");
}

/// The name of a record differs from run to run, and so do times.
fn known(word: &str) -> String {
    match word.split_once(".layership/rollout-") {
        Some((before, after)) => format!("{before}RECORD{}", after.split_once(".json").map_or("", |(_, rest)| rest)),
        None if word.ends_with("s]") || word == "[" => String::new(),
        None => word.to_owned(),
    }
}
