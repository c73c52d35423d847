//! The manual pages below `man/`, for who packages layership.

use std::collections::BTreeMap;

use crate::common::project::in_crate;
use crate::common::{folder, layership, run};
use crate::pinned;

/// The pages by their names.
fn pages() -> BTreeMap<String, String> {
    let folder = folder();
    clap_mangen::generate_to(layership::Cli::documented(), folder.path()).expect("pages");
    let files = std::fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry"));
    let page = |entry: std::fs::DirEntry| {
        let text = std::fs::read_to_string(entry.path()).expect("a page");
        // A line that ends in a space is mended by many an editor.
        let text: String = text.lines().map(|line| format!("{}\n", line.trim_end())).collect();
        (entry.file_name().into_string().expect("UTF-8"), text)
    };
    files.map(page).collect()
}

#[test]
fn the_manual_pages_are_up_to_date() {
    let pages = pages();
    assert!(pages.contains_key("layership.1") && pages.contains_key("layership-publish.1"), "{:?}", pages.keys());
    std::fs::create_dir_all(in_crate("man")).expect("man/");
    pages.iter().for_each(|(name, text)| pinned(&format!("man/{name}"), text));
    let kept = std::fs::read_dir(in_crate("man")).expect("man/").map(|entry| entry.expect("an entry").file_name());
    let kept: Vec<String> = kept.map(|name| name.into_string().expect("UTF-8")).collect();
    let stale: Vec<&String> = kept.iter().filter(|name| !pages.contains_key(*name)).collect();
    assert!(stale.is_empty(), "nothing makes these any more: {stale:?}");
}

/// A page says what its command says.
#[test]
fn a_manual_page_has_the_flags_and_the_examples() {
    let page = &pages()["layership-plan.1"];
    let help = run(layership(folder().path()), ["help", "plan"]).expect(0).stdout;
    let example = help.lines().rfind(|line| line.starts_with("  layership")).expect("an example").trim();
    let plain = page.replace("\\-", "-").replace("\\*(Aq", "'");
    assert!(plain.contains(example) && plain.contains("--exit-code"), "{plain}");
}
