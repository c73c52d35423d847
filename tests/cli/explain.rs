//! `explain`: what a code means.

use crate::common::{folder, layership, run};

#[test]
fn a_code_is_explained_and_a_misspelt_one_suggested() {
    let folder = folder();
    let explain = |code: &str, exit: i32| run(layership(folder.path()), ["explain", code]).expect(exit);
    let text = explain("archive-inconsistent", 0).stdout;
    assert!(
        text.starts_with("archive-inconsistent\n\nThe staged archive says") && text.contains("Stage again"),
        "{text}"
    );
    let error = explain("archive-inconsistant", 2).stderr;
    assert_eq!(error, "error: there is no code `archive-inconsistant`\n\nhint: did you mean `archive-inconsistent`?\n");
    let several = |codes: &[&str], exit| run(layership(folder.path()), ["explain"].iter().chain(codes)).expect(exit);
    let both = several(&["archive-inconsistent", "locked"], 0).stdout;
    assert_eq!(both, format!("{text}\n{}", explain("locked", 0).stdout));
    assert_eq!(several(&["locked", "xyz"], 2).stdout, "");
    assert!(explain("xyz", 2).stderr.contains("`layership explain` lists them all"));
}
