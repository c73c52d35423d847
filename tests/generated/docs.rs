//! The references in `docs/`: the command line as it explains itself, the layers file as its schema explains it.

use serde_json::{Map, Value};

use crate::common::{folder, layership, run};
use crate::{pinned, printed};

const GENERATED: &str = "<!-- Generated: `UPDATE=1 cargo test --test generated` writes this file. -->\n";

/// What `layership help COMMAND` prints.
fn help(command: &str) -> String {
    let folder = folder();
    let mut line = layership(folder.path());
    // Help takes the width of the terminal.
    line.env_remove("COLUMNS");
    run(line, std::iter::once("help").chain(command.split_whitespace())).expect(0).stdout
}

/// The commands below this one.
fn commands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // What is wrapped stands further to the right.
    let listed = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = listed.map(|line| line.split_whitespace().next().unwrap().to_owned());
    names.filter(|name| name != "help").collect()
}

#[test]
fn the_reference_of_the_command_line_is_up_to_date() {
    let overview = help("");
    let all = commands(&overview);
    assert!(all.iter().any(|command| command == "publish") && all.len() > 5, "{all:?}");
    let mut page = format!("{GENERATED}\n# Command line\n\n```text\n{overview}```\n");
    for command in all {
        let text = help(&command);
        page += &format!("\n## layership {command}\n\n```text\n{text}```\n");
        for inner in commands(&text) {
            page +=
                &format!("\n### layership {command} {inner}\n\n```text\n{}```\n", help(&format!("{command} {inner}")));
        }
    }
    page += "\n## Exit codes\n\n| code | meaning |\n|---|---|\n| 0 | done |\n| 1 | a job failed |\n";
    page += "| 2 | wrong flags or layers file: nothing was started |\n";
    page += "| 3 | `--exit-code` found something to publish (`plan`), to build (`changed`), not in order (`status`), to delete (`prune --dry-run`), or to move (`rollout`) |\n| 130 | interrupted |\n";
    pinned("docs/cli.md", &page);
}

const INTRODUCTION: &str = "
# The layers file

`layers.toml`, or what `--config` or `LAYERSHIP_CONFIG` names. It is TOML 1.0 with four tables:

```toml
[settings]          # how a run behaves
[targets.NAME]      # where layers go; without any there is one target, from the ambient AWS configuration
[defaults]          # any layer key, for every layer that does not set it itself
[layers.KEY]        # one layer each
```

`layership init` writes a complete example, `layership check` tells all problems of a file at once, and the JSON Schema
(`layership schema layers`) lets editors complete and check it while you type.

Some keys take placeholders: `{layer}` is the layer's key, `{target}` the target's name, `{region}` its Region,
`{account}` its declared account, and `{env:NAME}` the environment variable `NAME`. One that is unknown, or that has no
value, is an error and never an empty text. What looks like a secret, by the variable's name (`…_TOKEN`, `…_PASSWORD`,
`API_KEY` …) or by how its value begins (`ghp_`, `AKIA` …), goes to AWS as it is, but on the screen and in every report
and log its placeholder stands instead: an ARN with such a part in it cannot be used from there.
";

#[test]
fn the_reference_of_the_layers_file_is_up_to_date() {
    let schema: Value = serde_json::from_str(&printed("layers")).unwrap();
    let mut page = format!("{GENERATED}{INTRODUCTION}");
    page += &entry("include", &schema["properties"]["include"], &schema, false).replace("### ", "## ");
    for (heading, table) in
        [("[settings]", "SettingsTable"), ("[targets.NAME]", "TargetTable"), ("[layers.KEY]", "LayerTable")]
    {
        let table = &schema["definitions"][table];
        let (about, more) = match heading {
            "[settings]" => {
                (" Flags beat environment variables, which beat the file; `-v` says where each value came from.", "")
            }
            "[layers.KEY]" => ("", " The same keys in `[defaults]` hold for every layer that does not set them."),
            _ => ("", ""),
        };
        page += &format!("\n## `{heading}`\n\n{}{about}{more}\n", one_line(&table["description"]));
        for (name, key) in table["properties"].as_object().unwrap() {
            page += &entry(name, key, &schema, heading == "[settings]");
        }
    }
    pinned("docs/configuration.md", &page);
}

/// One key: what it is for, what it takes, and what it is when nobody sets it.
fn entry(name: &str, key: &Value, schema: &Value, is_setting: bool) -> String {
    let mut entry = format!("\n### `{name}`\n\n{}\n\n", paragraphs(&key["description"]));
    let named = resolved(key, schema);
    entry += &format!("- takes: {}\n", takes(named, schema));
    if let Some(default) = key.get("default") {
        entry += &format!("- default: `{default}`\n");
    }
    if is_setting {
        let variable = name.to_uppercase().replace('-', "_");
        entry += &format!("- flag: `--{name}`\n- environment variable: `LAYERSHIP_{variable}`\n");
    }
    entry + &choices(named.get("items").map_or(named, |items| resolved(items, schema)))
}

fn resolved<'s>(key: &'s Value, schema: &'s Value) -> &'s Value {
    let inner = key.get("allOf").map_or(key, |all| &all[0]);
    let name = inner.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix("#/definitions/"));
    name.map_or(inner, |name| &schema["definitions"][name])
}

fn takes(key: &Value, schema: &Value) -> String {
    let bound = |name: &str| key.get(name).map(ToString::to_string);
    match key.get("type").and_then(Value::as_str) {
        Some("integer") => format!("a number from {} to {}", bound("minimum").unwrap(), bound("maximum").unwrap()),
        Some("boolean") => "`true` or `false`".to_owned(),
        Some("array") => {
            let most = bound("maxItems").map(|most| format!(", at most {most}")).unwrap_or_default();
            format!(
                "a list of {}{most}",
                takes(resolved(&key["items"], schema), schema)
                    .replacen("a text", "texts", 1)
                    .replacen("a number", "numbers", 1)
            )
        }
        _ if !documented(key).is_empty() => "one of the words below".to_owned(),
        _ => match key.get("enum").and_then(Value::as_array) {
            Some(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or "),
            None => "a text".to_owned(),
        },
    }
    .replace("a list of one of the words below", "a list of the words below")
}

/// Words that have a meaning of their own.
fn documented(key: &Value) -> Vec<&Map<String, Value>> {
    key.get("oneOf").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object).collect()
}

fn choices(key: &Value) -> String {
    let words = documented(key)
        .into_iter()
        .map(|word| format!("  - `{}`: {}\n", word["const"], one_line(&word["description"])));
    words.collect()
}

fn one_line(text: &Value) -> String {
    text.as_str().unwrap_or_else(|| panic!("no text: {text}")).replace('\n', " ")
}

fn paragraphs(text: &Value) -> String {
    let text = text.as_str().unwrap_or_else(|| panic!("no text: {text}"));
    let sentence = |part: &str| if part.ends_with(['.', '…']) { part.to_owned() } else { format!("{part}.") };
    text.split("\n\n").map(|part| sentence(&part.replace('\n', " "))).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn the_page_of_errors_is_up_to_date() {
    let page = run(layership(folder().path()), ["explain"]).expect(0).stdout;
    pinned("docs/errors.md", &format!("{GENERATED}\n{page}"));
}
