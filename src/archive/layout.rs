//! Whether Lambda would find what is in a layer.
//!
//! A layer is unzipped to `/opt`, and only a few folders there are on a search path:
//!
//! | runtimes | folders |
//! |---|---|
//! | Python | `python/` (also `python/lib/pythonX.Y/site-packages/`) |
//! | Node.js | `nodejs/` (`nodejs/node_modules/`, `nodejs/nodeNN/node_modules/`) |
//! | Java | `java/` (`java/lib/`) |
//! | Ruby | `ruby/` (`ruby/gems/X.Y.0/`, `ruby/lib/`) |
//! | .NET | `dotnetcore/` (a shared store, of old runtimes) |
//! | custom (`provided…`) | a file `bootstrap` |
//! | all | `lib/`, `bin/`, `extensions/` |

use super::Inspection;
use std::collections::BTreeSet;

/// A family of runtimes, where its packages belong, and what shows that they were zipped without that folder.
struct Family {
    prefix: &'static str,
    home: &'static str,
    telltale: fn(&str) -> bool,
}

const FAMILIES: [Family; 6] = [
    Family { prefix: "python", home: "python/", telltale: |name| name.ends_with(".dist-info/") },
    Family { prefix: "nodejs", home: "nodejs/", telltale: |name| matches!(name, "node_modules/" | "package.json") },
    Family { prefix: "java", home: "java/", telltale: |name| name.ends_with(".jar") },
    Family { prefix: "ruby", home: "ruby/", telltale: |name| matches!(name, "gems/" | "specifications/") },
    Family { prefix: "dotnet", home: "dotnetcore/", telltale: |_| false },
    Family { prefix: "provided", home: "bootstrap", telltale: |_| false },
];

const COMMON: [&str; 3] = ["lib/", "bin/", "extensions/"];

/// How many names of the root a message shows.
const SHOWN: usize = 5;

/// Whether a name at the root of a layer means something to Lambda, whatever the runtime.
pub(super) fn is_known(name: &str) -> bool {
    COMMON.contains(&name) || FAMILIES.iter().any(|family| family.home == name)
}

/// What is wrong if nothing in a layer lies where its runtimes look; `None` if all is well.
///
/// Without declared runtimes, or with one that is not known here (the service learns new ones first), any known
/// folder will do. `lib/`, `bin/` and `extensions/` serve every runtime, but do not excuse packages beside them:
/// `pip install --target` into the root makes a `bin/`, too.
pub fn misplaced(inspection: &Inspection, runtimes: &[String]) -> Option<String> {
    let families = families(runtimes);
    let has = |name: &str| inspection.top_level.contains(name);
    let found_home = families.iter().any(|family| has(family.home));
    let astray = families.iter().find(|family| inspection.top_level.iter().any(|name| (family.telltale)(name)));
    if found_home || astray.is_none() && COMMON.iter().any(|name| has(name)) {
        return None;
    }
    Some(explain(inspection, &families, astray.copied()))
}

/// The families of the declared runtimes; all of them where that cannot be told.
fn families(runtimes: &[String]) -> Vec<&'static Family> {
    let family = |runtime: &String| FAMILIES.iter().find(|family| runtime.starts_with(family.prefix));
    // Go's old runtime has no folder of its own: only the common ones count.
    let with_folders = runtimes.iter().filter(|runtime| !runtime.starts_with("go"));
    let declared: Option<Vec<&Family>> = with_folders.map(family).collect();
    match declared {
        Some(declared) if !runtimes.is_empty() => declared,
        _ => FAMILIES.iter().collect(),
    }
}

fn explain(inspection: &Inspection, families: &[&Family], astray: Option<&'static Family>) -> String {
    let root = shown(inspection);
    if inspection.top_level.iter().any(|name| name.contains('\\')) {
        return format!("paths are written with backslashes ({root}); write them with `/`");
    }
    let home = match (astray, families) {
        (Some(family), _) => Some(family.home),
        (None, [family]) => Some(family.home),
        (None, _) => None,
    };
    match home.filter(|home| home.ends_with('/')) {
        Some(home) => format!("{root} at the root of the zip; Lambda looks in `{home}`: put them there"),
        None => format!("{root} at the root of the zip; Lambda looks in {}", places(families)),
    }
}

fn places(families: &[&Family]) -> String {
    let homes: BTreeSet<&str> = families.iter().map(|family| family.home).collect();
    let places = homes.into_iter().chain(COMMON).map(|place| format!("`{place}`"));
    places.collect::<Vec<_>>().join(", ")
}

fn shown(inspection: &Inspection) -> String {
    let names: Vec<String> = inspection.top_level.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match inspection.top_level.len() - names.len() {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::misplaced;
    use crate::archive::Inspection;

    fn judged(top_level: &[&str], runtimes: &[&str]) -> Option<String> {
        let top_level = top_level.iter().map(|name| (*name).to_owned()).collect();
        let runtimes: Vec<String> = runtimes.iter().map(|runtime| (*runtime).to_owned()).collect();
        misplaced(&Inspection { top_level, ..Inspection::default() }, &runtimes)
    }

    #[test]
    fn content_on_a_search_path_is_well() {
        let table: [(&[&str], &[&str]); 16] = [
            (&["python/"], &["python3.12"]),
            (&["python/", "requests-2.31.0.dist-info/"], &["python3.12", "python3.13"]),
            (&["python/"], &[]),
            (&["nodejs/"], &["nodejs22.x"]),
            (&["nodejs/"], &["python3.12", "nodejs22.x"]),
            (&["java/"], &["java21"]),
            (&["ruby/"], &["ruby3.3"]),
            (&["lib/"], &["python3.12"]),
            (&["bin/", "README.md"], &["provided.al2023"]),
            (&["bootstrap"], &["provided.al2023"]),
            (&["bootstrap"], &[]),
            (&["extensions/"], &["dotnet8"]),
            (&["dotnetcore/"], &["dotnet6"]),
            (&["lib/"], &["go1.x"]),
            (&["nodejs/"], &["cobol1"]),
            (&["java/"], &["python3.12", "cobol1"]),
        ];
        for (top_level, runtimes) in table {
            assert_eq!(judged(top_level, runtimes), None, "{top_level:?} {runtimes:?}");
        }
    }

    #[test]
    fn what_lambda_would_not_find_is_told() {
        let table: [(&[&str], &[&str]); 15] = [
            (&["requests/", "urllib3/"], &["python3.12"]),
            (&["requests/", "urllib3/"], &[]),
            (&["bin/", "requests/", "requests-2.31.0.dist-info/"], &["python3.12"]),
            (&["bin/", "requests/", "requests-2.31.0.dist-info/"], &[]),
            (&["nodejs/"], &["python3.12"]),
            (&["python/"], &["nodejs22.x"]),
            (&["node_modules/", "package.json"], &["nodejs22.x"]),
            (&["lib/", "gson.jar"], &["java21"]),
            (&["python"], &["python3.12"]),
            (&["bootstrap"], &["python3.12"]),
            (&["src/"], &["provided.al2023"]),
            (&["python/"], &["go1.x"]),
            (&["python\\requests\\__init__.py"], &["python3.12"]),
            (&["a/", "b/", "c/", "d/", "e/", "f/", "g/"], &["python3.12", "nodejs22.x"]),
            (&["a/"], &["cobol1"]),
        ];
        let told: Vec<String> = table
            .iter()
            .map(|(top_level, runtimes)| {
                let why = judged(top_level, runtimes).unwrap_or_else(|| panic!("{top_level:?} {runtimes:?}"));
                format!("{runtimes:?}: {why}")
            })
            .collect();
        insta::assert_snapshot!(told.join("\n"));
    }
}
