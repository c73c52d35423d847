//! The manual pages below `man/`, for who packages layership.

use std::collections::BTreeMap;

use clap::{ArgAction, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};

use crate::common::project::in_crate;
use crate::common::{folder, layership, run};
use crate::pinned;

/// The pages by their names.
fn pages() -> BTreeMap<String, String> {
    let mut all = layership::Cli::documented();
    all.build();
    let mut pages = BTreeMap::new();
    add(&all, &[], &mut pages);
    pages
}

/// Adds the page of a command and those below it; `above` are the names of those that lead to it.
fn add(command: &Command, above: &[&str], pages: &mut BTreeMap<String, String>) {
    let names: Vec<&str> = above.iter().copied().chain([command.get_name()]).collect();
    let below: Vec<&Command> = command.get_subcommands().filter(|inner| inner.get_name() != "help").collect();
    let inner = below.iter().map(|inner| [&*names, &[inner.get_name()]].concat().join("-"));
    let outer = (!above.is_empty()).then(|| above.join("-"));
    let see_also: Vec<String> = outer.into_iter().chain(inner).collect();
    // A line that ends in a space is mended by many an editor.
    let text = page(command, &names, &see_also);
    let text = text.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    pages.insert(format!("{}.1", names.join("-")), text);
    below.iter().for_each(|inner| add(inner, &names, pages));
}

fn page(command: &Command, names: &[&str], see_also: &[String]) -> String {
    let command = command.clone().display_name(names.join("-")).bin_name(names.join(" "));
    let man = Man::new(command.clone())
        .title(names.join("-").to_uppercase())
        .source("layership")
        .manual("Manual of layership");
    let of = |render: fn(&Man, &mut dyn std::io::Write) -> std::io::Result<()>| {
        let mut text = Vec::new();
        render(&man, &mut text).expect("memory");
        String::from_utf8(text).expect("UTF-8")
    };
    let mut page = of(|man, to| man.render_title(to)) + &of(|man, to| man.render_name_section(to));
    page += &repeated(&of(|man, to| man.render_synopsis_section(to)), &command);
    page += &of(|man, to| man.render_description_section(to));
    page += &of(|man, to| man.render_options_section(to));
    if command.get_subcommands().any(|inner| inner.get_name() != "help") {
        page += &of(|man, to| man.render_subcommands_section(to));
    }
    page + &further(&command, see_also)
}

/// The synopsis, which says of arguments that they may be several.
fn repeated(synopsis: &str, command: &Command) -> String {
    let several = command.get_positionals().filter(|argument| matches!(argument.get_action(), ArgAction::Append));
    several.fold(synopsis.to_owned(), |text, argument| {
        let name = argument.get_value_names().map_or(argument.get_id().as_str(), |names| names[0].as_str());
        [("[", "]"), ("<", ">"), ("", "")].into_iter().fold(text, |text, (open, close)| {
            let once = format!("{open}\\fI{name}\\fR{close} ");
            text.replace(&once, &format!("{}... ", once.trim_end()))
        })
    })
}

/// The sections that a reader of manual pages looks for.
fn further(command: &Command, see_also: &[String]) -> String {
    let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let block = |heading: &str| -> Vec<String> {
        let lines = help.lines().skip_while(|line| *line != heading).skip(1);
        let lines = lines.take_while(|line| line.is_empty() || line.starts_with("  "));
        lines.skip_while(|line| line.is_empty()).map(str::to_owned).collect()
    };
    let mut page = Roff::new();
    let codes = block("Exit codes:");
    if !codes.is_empty() {
        page.control("SH", ["EXIT STATUS"]);
        for line in &codes {
            let (code, says) = line.trim().split_once(' ').expect("a code and what it says");
            entry(&mut page, code, says.trim());
        }
    }
    let variables = variables(command);
    if !variables.is_empty() {
        page.control("SH", ["ENVIRONMENT"]);
        variables.iter().for_each(|(name, says)| entry(&mut page, name, says));
    }
    if command.get_arguments().any(|argument| argument.get_id() == "config") || see_also.len() > 5 {
        page.control("SH", ["FILES"]);
        entry(
            &mut page,
            "layers.toml",
            "The layers file: layers, targets and settings. Another one is named by --config.",
        );
    }
    let examples = block("Examples:");
    if !examples.is_empty() {
        page.control("SH", ["EXAMPLES"]).control("nf", []);
        examples.iter().for_each(|line| {
            page.text([roman(line.as_str())]);
        });
        page.control("fi", []);
    }
    if !see_also.is_empty() {
        page.control("SH", ["SEE ALSO"]);
        let last = see_also.len() - 1;
        let pages = see_also.iter().enumerate().flat_map(|(at, name)| -> [Inline; 2] {
            [bold(name.as_str()), roman(if at == last { "(1)" } else { "(1), " })]
        });
        page.text(pages.collect::<Vec<_>>());
    }
    // The preamble stands at the beginning of the page.
    let text = page.render();
    text[text.find(".SH").unwrap_or(text.len())..].to_owned()
}

fn entry(page: &mut Roff, term: &str, says: &str) {
    page.control("TP", []).text([bold(term)]).text([roman(says)]);
}

/// The environment variables that a command reads, and what they are for.
fn variables(command: &Command) -> Vec<(String, String)> {
    let of_flags = command.get_arguments().filter_map(|argument| {
        let help = argument.get_long_help().or(argument.get_help()).map(ToString::to_string).unwrap_or_default();
        let named =
            help.split_once("[env: ").and_then(|(_, rest)| rest.split_once("=]")).map(|(name, _)| name.to_owned());
        let name = named.or_else(|| argument.get_env().map(|name| name.to_string_lossy().into_owned()))?;
        Some((name, format!("The same as --{}, which beats it.", argument.get_long()?)))
    });
    let mut all: Vec<_> = of_flags.collect();
    if command.get_arguments().any(|argument| argument.get_id() == "progress") {
        for (name, says) in [
            ("LAYERSHIP_RUN_URL", "The page of the build, for reports, where it is not known by itself."),
            ("NO_COLOR", "No colours, where it is set and not empty."),
            ("CLICOLOR_FORCE", "Colours also where there is no terminal, where it is set and not 0."),
            ("AWS_PROFILE, AWS_REGION, …", "Credentials, Region and endpoint, as every tool of AWS reads them."),
        ] {
            all.push((name.to_owned(), says.to_owned()));
        }
    }
    all
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

#[test]
fn a_manual_page_has_the_sections_that_are_looked_for() {
    let pages = pages();
    let sections = |name: &str| {
        let lines = pages[name].lines().filter_map(|line| line.strip_prefix(".SH "));
        lines.map(|line| line.trim_matches('"').to_owned()).collect::<Vec<_>>()
    };
    let all = [
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "OPTIONS",
        "SETTINGS",
        "EXIT STATUS",
        "ENVIRONMENT",
        "FILES",
        "EXAMPLES",
        "SEE ALSO",
    ];
    assert_eq!(sections("layership-plan.1"), all);
    assert_eq!(sections("layership-explain.1")[4..], ["EXIT STATUS", "EXAMPLES", "SEE ALSO"]);
    let page = pages["layership-plan.1"].replace("\\-", "-");
    for part in [
        "[\\fILAYER\\fR]...",
        "\\fBLAYERSHIP_CONCURRENCY\\fR",
        "\\fBLAYERSHIP_CONFIG\\fR",
        "\\fB130\\fR",
        "\\fBlayership\\fR(1)",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}
