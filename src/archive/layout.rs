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
use crate::layer::{Runtime, RuntimeFamily};

/// A family of runtimes, where its packages belong, and what shows that they were zipped without that folder.
struct Family {
    runtimes: RuntimeFamily,
    home: &'static str,
    telltale: fn(&str) -> bool,
}

const FAMILIES: [Family; 6] = [
    Family {
        runtimes: RuntimeFamily::Python,
        home: "python/",
        telltale: |name| name.ends_with(".dist-info/") || name.ends_with(".egg-info/"),
    },
    Family { runtimes: RuntimeFamily::Node, home: "nodejs/", telltale: |name| name == "node_modules/" },
    Family { runtimes: RuntimeFamily::Java, home: "java/", telltale: |name| name.ends_with(".jar") },
    Family {
        runtimes: RuntimeFamily::Ruby,
        home: "ruby/",
        telltale: |name| matches!(name, "gems/" | "specifications/"),
    },
    Family { runtimes: RuntimeFamily::DotNet, home: "dotnetcore/", telltale: |_| false },
    Family { runtimes: RuntimeFamily::Custom, home: "bootstrap", telltale: |_| false },
];

/// How many of the families are worth naming where none is declared.
const COMMON_FAMILIES: usize = 4;

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
pub fn misplaced(inspection: &Inspection, runtimes: &[Runtime]) -> Option<String> {
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
fn families(runtimes: &[Runtime]) -> Vec<&'static Family> {
    // Go's old runtime has no folder of its own: only the common ones count.
    let declared: Vec<Option<RuntimeFamily>> = runtimes.iter().map(Runtime::family).collect();
    let is_open = declared.is_empty() || declared.contains(&None);
    let is_declared = |family: &&Family| declared.contains(&Some(family.runtimes));
    FAMILIES.iter().filter(|family| is_open || is_declared(family)).collect()
}

fn explain(inspection: &Inspection, families: &[&Family], astray: Option<&Family>) -> String {
    let root = shown(inspection);
    if inspection.top_level.iter().any(|name| name.contains('\\')) {
        return format!("paths in the zip are written with backslashes ({root}); write them with `/`");
    }
    // A folder of another runtime was not forgotten, so what is declared may be the mistake.
    let is_other_runtime = inspection.top_level.iter().any(|name| is_known(name));
    match (astray, families) {
        (Some(Family { home, .. }), _) => format!("{root} at the root of the zip should be under `{home}`"),
        (None, [Family { home, .. }]) if home.ends_with('/') && !is_other_runtime => {
            format!("{root} at the root of the zip should be under `{home}`")
        }
        _ => format!("{root} at the root of the zip; Lambda looks in {}", places(families)),
    }
}

fn places(families: &[&Family]) -> String {
    let shown = if families.len() == FAMILIES.len() { COMMON_FAMILIES } else { families.len() };
    let homes = families.iter().take(shown).map(|family| family.home);
    let places: Vec<String> = homes.chain(COMMON).map(|place| format!("`{place}`")).collect();
    places.join(", ")
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
        let runtimes: Vec<_> = runtimes.iter().map(|runtime| runtime.parse().unwrap()).collect();
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
        let table: [(&[&str], &[&str]); 16] = [
            (&["requests/", "urllib3/"], &["python3.12"]),
            (&["requests/", "urllib3/"], &[]),
            (&["bin/", "requests/", "requests-2.31.0.dist-info/"], &["python3.12"]),
            (&["bin/", "requests/", "requests-2.31.0.dist-info/"], &[]),
            (&["nodejs/"], &["python3.12"]),
            (&["python/"], &["nodejs22.x"]),
            (&["lib/", "node_modules/", "package.json"], &["nodejs22.x"]),
            (&["lib/", "gson.jar"], &["java21"]),
            (&["python"], &["python3.12"]),
            (&["bootstrap"], &["python3.12"]),
            (&["src/"], &["provided.al2023"]),
            (&["python/"], &["go1.x"]),
            (&["python\\requests\\__init__.py"], &["python3.12"]),
            (&["a/", "b/", "c/", "d/", "e/", "f/", "g/"], &["python3.12", "nodejs22.x"]),
            (&["a/"], &["cobol1"]),
            (&["src/"], &["python3.12", "python3.13"]),
        ];
        let told: Vec<String> = table
            .iter()
            .map(|(top_level, runtimes)| {
                let why = judged(top_level, runtimes).unwrap_or_else(|| panic!("{top_level:?} {runtimes:?}"));
                format!("{runtimes:?}: {why}")
            })
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        ["python3.12"]: `requests/`, `urllib3/` at the root of the zip should be under `python/`
        []: `requests/`, `urllib3/` at the root of the zip; Lambda looks in `python/`, `nodejs/`, `java/`, `ruby/`, `lib/`, `bin/`, `extensions/`
        ["python3.12"]: `bin/`, `requests-2.31.0.dist-info/`, `requests/` at the root of the zip should be under `python/`
        []: `bin/`, `requests-2.31.0.dist-info/`, `requests/` at the root of the zip should be under `python/`
        ["python3.12"]: `nodejs/` at the root of the zip; Lambda looks in `python/`, `lib/`, `bin/`, `extensions/`
        ["nodejs22.x"]: `python/` at the root of the zip; Lambda looks in `nodejs/`, `lib/`, `bin/`, `extensions/`
        ["nodejs22.x"]: `lib/`, `node_modules/`, `package.json` at the root of the zip should be under `nodejs/`
        ["java21"]: `gson.jar`, `lib/` at the root of the zip should be under `java/`
        ["python3.12"]: `python` at the root of the zip should be under `python/`
        ["python3.12"]: `bootstrap` at the root of the zip; Lambda looks in `python/`, `lib/`, `bin/`, `extensions/`
        ["provided.al2023"]: `src/` at the root of the zip; Lambda looks in `bootstrap`, `lib/`, `bin/`, `extensions/`
        ["go1.x"]: `python/` at the root of the zip; Lambda looks in `lib/`, `bin/`, `extensions/`
        ["python3.12"]: paths in the zip are written with backslashes (`python\requests\__init__.py`); write them with `/`
        ["python3.12", "nodejs22.x"]: `a/`, `b/`, `c/`, `d/`, `e/` and 2 more at the root of the zip; Lambda looks in `python/`, `nodejs/`, `lib/`, `bin/`, `extensions/`
        ["cobol1"]: `a/` at the root of the zip; Lambda looks in `python/`, `nodejs/`, `java/`, `ruby/`, `lib/`, `bin/`, `extensions/`
        ["python3.12", "python3.13"]: `src/` at the root of the zip should be under `python/`
        "#);
    }
}
