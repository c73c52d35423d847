//! The pages below `docs/`: each stands in the book's summary, and no link leads nowhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::address::own;
use crate::common::folder;
use crate::common::project::in_crate;
use crate::linters::files;
use crate::packing::{ran, text};
use crate::python::Python;

/// What stands behind a link's text.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

/// Where the links of a page lead, relative to it; web addresses are left out.
fn links(text: &str) -> Vec<(String, Option<String>)> {
    let inside = targets(text).filter(|target| !target.contains("://") && !target.contains(char::is_whitespace));
    inside
        .map(|target| target.split_once('#').map_or((target, None), |(path, place)| (path, Some(place.to_owned()))))
        .map(|(path, place)| (path.to_owned(), place))
        .collect()
}

/// The anchor of a heading, as GitHub and mdBook make it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    kept.chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_page_stands_in_the_summary_once() {
    let summary = links(&read(&in_crate("docs/SUMMARY.md")));
    let named: Vec<&str> = summary.iter().map(|(path, _)| path.as_str()).collect();
    let pages: BTreeSet<String> = files("docs", ".md")
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "SUMMARY.md")
        .collect();
    let missing: Vec<&String> = pages.iter().filter(|page| !named.contains(&page.as_str())).collect();
    assert!(missing.is_empty(), "add these to docs/SUMMARY.md: {missing:?}");
    assert_eq!(named.len(), pages.len(), "a page stands there twice, or does not exist: {named:?}");
    let book: toml::Table = read(&in_crate("docs/book.toml")).parse().unwrap();
    assert_eq!(book["book"]["src"].as_str(), Some("."));
}

#[test]
fn mdbook_makes_a_book_of_the_pages_without_a_complaint() {
    let Some(python) = Python::with("tools.txt") else { return };
    let (folder, docs) = (folder(), in_crate("docs"));
    let args = ["build", text(&docs), "--dest-dir", text(folder.path())];
    let ended = ran(python.program("mdbook"), folder.path(), &args).expect(0);
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert!(!said.contains("WARN") && !said.contains("ERROR"), "{said}");
    for page in files("docs", ".md").iter().filter(|path| !path.ends_with("SUMMARY.md")) {
        let name = page.file_stem().unwrap().to_str().unwrap();
        assert!(folder.path().join(format!("{name}.html")).is_file(), "{name} is not in the book");
    }
    let first = read(&folder.path().join("index.html"));
    assert!(first.contains("pictures/plan.svg") && folder.path().join("pictures/plan.svg").is_file());
    let broken = broken(folder.path());
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// What links to nothing in the book.
fn broken(book: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(book).unwrap().map(|entry| entry.unwrap().path());
    // Whatever is not found is answered with the page 404, at any address: its links begin where the book is served.
    let pages =
        entries.filter(|path| path.extension().is_some_and(|html| html == "html") && !path.ends_with("404.html"));
    let pages: BTreeMap<PathBuf, String> = pages.map(|path| (path.clone(), read(&path).replace('\n', " "))).collect();
    let mut broken = Vec::new();
    for (page, html) in &pages {
        for target in [attributes(html, "href"), attributes(html, "src")].concat() {
            let (path, place) = target.split_once('#').unwrap_or((&target, ""));
            let file = if path.is_empty() { page.clone() } else { book.join(path) };
            let has = |html: &String| attributes(html, "id").iter().any(|id| id == place);
            let is_there =
                !path.starts_with("..") && file.is_file() && (place.is_empty() || pages.get(&file).is_some_and(has));
            if !is_there && !target.contains(':') {
                broken.push(format!("{} links to {target}", page.file_name().unwrap().display()));
            }
        }
    }
    broken
}

/// The values of an attribute of all tags.
fn attributes(html: &str, name: &str) -> Vec<String> {
    let begins = format!(" {name}=\"");
    let tags = html.split('<').filter_map(|rest| Some(rest.split_once('>')?.0));
    tags.filter_map(|tag| Some(tag.split_once(&begins)?.1.split_once('"')?.0.to_owned())).collect()
}

#[test]
fn a_link_in_the_book_that_leads_nowhere_is_found() {
    let book = folder();
    let pages = [
        ("a.html", "<a\n class=\"x\" href=\"b.html#there\">b</a> <a href=\"https://example.com/#x\">c</a>"),
        ("b.html", "<h2 id=\"there\"></h2><a href=\"#here\"></a><img src=\"c.svg\"><a href=\"../README.md\"></a>"),
    ];
    pages.iter().for_each(|(name, html)| drop(crate::common::write(book.path(), name, html)));
    let expected = ["#here", "../README.md", "c.svg"].map(|target| format!("b.html links to {target}"));
    assert_eq!(broken(book.path()), expected);
}

/// Out of `docs/` lead addresses alone: a relative link leads nowhere in the book.
#[test]
fn what_the_pages_link_to_in_the_repository_is_there() {
    let (repository, mut seen) = (format!("https://github.com/{}/", own()), 0);
    for page in files("docs", ".md") {
        let text = read(&page);
        let outside = links(&text).into_iter().find(|(path, _)| path.starts_with(".."));
        assert_eq!(outside, None, "{}: link to it by its address, as others there are", page.display());
        for path in targets(&text).filter_map(|target| target.strip_prefix(&repository)) {
            seen += 1;
            let is_there = match path.split_once("/HEAD/") {
                Some(("blob", file)) => in_crate(file).is_file(),
                Some(("tree", folder)) => in_crate(folder).is_dir(),
                _ => false,
            };
            assert!(is_there, "{}: there is no {path}", page.display());
        }
    }
    assert!(seen >= 10, "only {seen} links into the repository");
}

#[test]
fn no_link_leads_nowhere() {
    let more =
        ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "bench/README.md", "sandbox/README.md", "protocol/README.md"];
    let pages: Vec<PathBuf> = files("docs", ".md").into_iter().chain(more.map(in_crate)).collect();
    let mut seen = 0;
    for page in pages {
        for (path, place) in links(&read(&page)) {
            seen += 1;
            let target = if path.is_empty() { page.clone() } else { page.parent().unwrap().join(&path) };
            assert!(target.exists(), "{}: `{path}` does not exist", page.display());
            if let Some(place) = place.filter(|_| target.extension().is_some_and(|extension| extension == "md")) {
                let text = read(&target);
                let headings: Vec<String> = text.lines().filter(|line| line.starts_with('#')).map(anchor).collect();
                assert!(headings.contains(&place), "{}: there is no #{place} in {path}", page.display());
            }
        }
    }
    assert!(seen > 50, "only {seen} links were found");
}

#[test]
fn a_link_is_read_as_it_is_meant() {
    let text = "[a](b.md), [c](https://d/e), [f](g.md#h-i) and [j](#k); `x[1](2 3)`";
    let found = links(text);
    let expected = [("b.md", None), ("g.md", Some("h-i")), ("", Some("k"))];
    assert_eq!(found, expected.map(|(path, place)| (path.to_owned(), place.map(str::to_owned))));
    assert_eq!(anchor("## What `build` does, and why"), "what-build-does-and-why");
}

/// The page on security names a test for each thing that it says.
#[test]
fn the_tests_that_the_page_on_security_names_exist() {
    let page = read(&in_crate("docs/security.md"));
    let mut tested = String::new();
    let mut seen = 0;
    for word in page.split('`').skip(1).step_by(2) {
        if word.ends_with(".rs") {
            tested = read(&in_crate(word));
        } else if word.len() > 8 && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
            seen += 1;
            assert!(tested.contains(&format!("fn {word}() {{")), "there is no test `{word}`");
        }
    }
    assert!(seen >= 25, "the page names few tests: {seen}");
}
