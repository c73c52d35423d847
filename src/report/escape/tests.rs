use proptest::prelude::*;

use super::*;

fn shown(text: &str) -> String {
    Shown::one_line(text).0
}

#[test]
fn what_a_terminal_would_act_on_is_written_out() {
    assert_eq!(shown("a\u{1b}[2Jb\u{7}"), r"a\u{1b}[2Jb\u{7}");
    assert_eq!(shown("\u{9b}31m"), r"\u{9b}31m");
    assert_eq!(shown("a\u{202e}b\u{61c}"), r"a\u{202e}b\u{61c}");
    assert_eq!(shown("日本 é"), "日本 é");
}

#[test]
fn line_breaks_fold_into_one_space_with_the_indentation_behind_them() {
    assert_eq!(shown("\n<html>\r\n   <body>\tx\n"), "<html> <body> x");
    assert_eq!(shown("a\u{2028}b\u{85}c"), "a b c");
    assert_eq!(shown("two  spaces"), "two  spaces", "alignment inside one line is kept");
}

#[test]
fn what_a_build_server_would_act_on_is_written_out() {
    assert_eq!(shown("::error::x"), r"\u{3a}:error::x");
    assert_eq!(shown("a ##[error]b ##vso[c] ## [d] ###[e]"), r"a \u{23}#[error]b \u{23}#vso[c] ## [d] #\u{23}#[e]");
    assert_eq!(Shown::lines("a\n  ::b\n\u{3000}::c::").0, "a\n  \\u{3a}:b\n\\u{3a}:c::");
    assert_eq!(shown!("{}: {}", "layers.toml", "::x").0, "layers.toml: ::x", "only a line's start counts");
    assert_eq!(shown!("{}{}", ":", ":x").0, r"\u{3a}:x", "however it was put together");
    assert_eq!(Shown::join([shown!("#"), shown!("#[x]")], "").0, r"\u{23}#[x]");
}

#[test]
fn of_many_commands_each_is_written_out() {
    const MANY: usize = 30_000;
    let shown = Shown::lines(&"::a ##[b]\n".repeat(MANY));
    assert_eq!(shown.as_str(), "\\u{3a}:a \\u{23}#[b]\n".repeat(MANY));
    let document = format!("{:?}", "##[b]".repeat(MANY));
    assert_eq!(Shown::json(document.clone()).as_str(), format!("\"{}\"", "\\u0023#[b]".repeat(MANY)));
}

#[test]
fn values_are_escaped_and_words_are_not() {
    let inner = shown!("`{}`\nnext", "a\nb");
    assert_eq!(shown!("{:>5} and {}: {}", 3_usize, inner, "c\u{1b}").0, "    3 and `a b`\nnext: c\\u{1b}");
}

#[test]
fn no_credential_of_a_url_is_shown_whichever_way_it_becomes_shown() {
    let url = "https://user:SECRET@host/x?page=1";
    let hidden = "https://****@host/x?page=1";
    assert_eq!(shown(url), hidden);
    assert_eq!(Shown::lines(&format!("a\n  {url}\n")).0, format!("a\n  {hidden}\n"));
    assert_eq!(Shown::columns(url).0, hidden);
    assert_eq!(shown!("a {} b", url).0, format!("a {hidden} b"));
    let document = serde_json::to_string(&[url, "me@example.com"]).unwrap();
    assert_eq!(Shown::json(document).0, format!(r#"["{hidden}","me@example.com"]"#));
}

#[test]
fn what_is_put_around_a_value_is_no_part_of_it() {
    let parts = ["https://h/?token=", "%3A%2F%2F<u@h"];
    let quoted = parts.map(|part| shown!("'{}'", Shown::one_line(part).quoting(&[('<', "&lt;")])));
    assert_eq!(Shown::join(quoted, ",").0, "'https://h/?token=','%3A%2F%2F&lt;u@h'");
    let both = serde_json::to_string(&["https://h/?token=\",\"a\\", "x?key=\\u@h\n://u@h"]).unwrap();
    assert_eq!(Shown::json(both).0, r#"["https://h/?token=\",\"a\\","x?key=\\u@h\n://****@h"]"#);
}

#[test]
fn json_means_what_it_meant() {
    let text = "a\u{7f}\u{202e}\u{e0001}::x ##[error]\u{2028}";
    let document = serde_json::to_string_pretty(&serde_json::json!({ "text": text })).unwrap();
    let safe = Shown::json(document.clone()).0;
    assert!(safe.contains(r#""a\u007f\u202e\udb40\udc01::x \u0023#[error]\u2028""#), "{safe}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap()["text"], text);
}

/// The rules of the runner, as its source has them.
fn is_harmless(text: &str) -> bool {
    let command = |line: &str| line.trim_start().starts_with("::") || line.contains("##[");
    !text.split(['\n', '\r']).any(command) && !text.chars().any(|c| c != '\n' && (is_unsafe(c) || is_line_break(c)))
}

proptest! {
    #[test]
    fn nothing_that_is_shown_commands_anything(parts in proptest::collection::vec("[:# \\[\n\r\u{1b}\u{202e}\u{a0}a]{0,6}", 1..5)) {
        let pieces = || parts.iter().map(|part| Shown::one_line(part));
        prop_assert!(is_harmless(&Shown::lines(&parts.concat()).0));
        prop_assert!(is_harmless(&Shown::join(pieces(), "").0));
        prop_assert!(is_harmless(&Shown::of_lines(pieces()).0));
        let document = serde_json::to_string_pretty(&parts).unwrap();
        let safe = Shown::json(document.clone()).0;
        prop_assert!(is_harmless(&safe));
        prop_assert_eq!(serde_json::from_str::<Vec<String>>(&safe).unwrap(), parts);
    }
}
