//! Who asks for the packages of a `pylock.toml`: their markers say it, by extras and groups of dependencies (PEP 751).

use super::dependencies::Dependencies;
use super::environment::Environments;
use super::marker::holds;
use super::requirements::normalised;
use super::toml_parts::head;
use super::versions::Need;
use crate::halt::Halt;
use std::collections::BTreeSet;
use toml::Value;

const EXTRAS: &str = "extras";
const GROUPS: &str = "dependency_groups";

/// What stands in a marker in place of what is known.
const HOLDS: &str = "'' == ''";
const FAILS: &str = "'' != ''";

/// Who may ask for a package, the first that does counts: nobody in particular, which installs the groups that the lock has
/// installed by default; an extra; any group.
const NEEDS: [Need; 3] = [Need::Required, Need::Optional, Need::Development];

/// Says of each dependency who asks for it. Of its marker is left what depends on where it is installed.
pub(super) fn settle(text: &str, dependencies: &mut Dependencies, halt: &Halt) {
    let (defaults, anywhere) = (defaults(text), Environments::of_any_python());
    dependencies.adjust(|_, _, about| {
        let markers = &about.details().markers;
        if !markers.iter().any(|marker| marker.contains(EXTRAS) || marker.contains(GROUPS)) {
            return;
        }
        let for_need = |need: Need| -> BTreeSet<String> {
            markers.iter().map(|marker| settled(marker, |of, name| is_asked(need, of, name, &defaults))).collect()
        };
        // What may hold nowhere, such as for Windows alone, is ruled out by what is left of its marker.
        let may_hold = |marker: &String| holds(marker, &anywhere, halt).is_none_or(|places| places != 0);
        let found = NEEDS.map(|need| (need, for_need(need)));
        let first = found.iter().position(|(_, markers)| markers.iter().any(may_hold)).unwrap_or_default();
        let [.., (need, markers)] = &found[..=first] else { return };
        about.need = *need;
        about.details_mut().markers = markers.clone();
    });
}

/// The groups that are installed where nobody asks for others. Such a key stands before the first package.
fn defaults(text: &str) -> BTreeSet<String> {
    let head = head(text, "packages");
    let groups = head.as_ref().and_then(|head| head.get("default-groups")?.as_array());
    groups.into_iter().flatten().filter_map(Value::as_str).map(|name| normalised(name).into_owned()).collect()
}

fn is_asked(need: Need, of: &str, name: &str, defaults: &BTreeSet<String>) -> bool {
    match need {
        Need::Development => true,
        _ if of == EXTRAS => need == Need::Optional,
        _ => defaults.contains(&*normalised(name)),
    }
}

/// A marker with what it says of extras and groups in place of the question.
fn settled(marker: &str, is_asked: impl Fn(&str, &str) -> bool) -> String {
    let (mut found, mut rest) = (String::with_capacity(marker.len()), marker);
    while let Some(at) = rest.find(['"', '\'']) {
        let (before, quoted) = rest.split_at(at);
        found.push_str(before);
        let (quote, behind) = quoted.split_at(1);
        let Some((name, behind)) = behind.split_once(quote) else {
            rest = quoted;
            break;
        };
        rest = match membership(behind) {
            Some((is_in, of, behind)) => {
                found.push_str(if is_asked(of, name) == is_in { HOLDS } else { FAILS });
                behind
            }
            None => {
                found.extend([quote, name, quote]);
                behind
            }
        };
    }
    found.push_str(rest);
    found
}

/// `in extras` or `not in dependency_groups`: whether it asks for what is in it, of which of the two, and what follows.
fn membership(text: &str) -> Option<(bool, &'static str, &str)> {
    let word = |text: &'_ str, word: &str| -> Option<usize> {
        let rest = text.trim_start().strip_prefix(word)?;
        let ends = !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_');
        ends.then(|| text.len() - rest.len())
    };
    let negation = word(text, "not");
    let text = &text[negation.unwrap_or_default()..];
    let text = &text[word(text, "in")?..];
    let (of, length) = [EXTRAS, GROUPS].into_iter().find_map(|of| Some((of, word(text, of)?)))?;
    Some((negation.is_none(), of, &text[length..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Format, dependencies};

    fn told(head: &str, marker: &str) -> String {
        let lock = format!("{head}\n[[packages]]\nname = \"x\"\nversion = \"1\"\nmarker = '''{marker}'''\n");
        let found = dependencies(Format::Pylock, lock.as_bytes(), &Halt::default()).unwrap().unwrap();
        let about = found.versions("x").unwrap().values().next().unwrap().clone();
        let markers: Vec<&str> = about.details().markers.iter().map(String::as_str).collect();
        format!("{:?} {}", about.need, markers.join(" | ").replace(HOLDS, "yes").replace(FAILS, "no"))
    }

    #[test]
    fn extras_and_groups_say_who_asks() {
        let defaults = "default-groups = [\"Default\", \"web_app\"]";
        let table = [
            (defaults, "'default' in dependency_groups", "Required yes"),
            (defaults, "\"web-app\"   in dependency_groups", "Required yes"),
            (defaults, "'dev' in dependency_groups", "Development yes"),
            (defaults, "'dev' not in dependency_groups", "Required yes"),
            (defaults, "'default' in dependency_groups or 'dev' in dependency_groups", "Required yes or no"),
            (
                defaults,
                "platform_system == \"Windows\" and \"default\" in dependency_groups",
                "Required platform_system == \"Windows\" and yes",
            ),
            (
                defaults,
                "python_version < '3.12' and ('dev' in dependency_groups or 'default' in dependency_groups)",
                "Required python_version < '3.12' and (no or yes)",
            ),
            (defaults, "'socks' in extras", "Optional yes"),
            (defaults, "'socks' not in extras", "Required yes"),
            (defaults, "'socks' in extras and 'default' in dependency_groups", "Optional yes and yes"),
            (defaults, "'socks' in extras and 'dev' in dependency_groups", "Development yes and yes"),
            ("", "'default' in dependency_groups", "Development yes"),
            ("", "sys_platform == 'linux'", "Required sys_platform == 'linux'"),
            ("", "'extras' == 'in extras", "Required 'extras' == 'in extras"),
            ("", "'a' in extras_of", "Required 'a' in extras_of"),
        ];
        for (head, marker, expected) in table {
            assert_eq!(told(head, marker), expected, "{head} {marker}");
        }
    }
}
