//! What an inspection means for a layer: findings.

use super::inspect::Inspection;
use super::layout::misplaced;
use super::oddities::{Met, Oddity};
use crate::finding::{Check, Finding};
use crate::layer::Runtime;

const PATH_HINT: &str = "build the zip again, without such entries; `allow = [\"archive-path\"]` accepts them";
const ENTRY_HINT: &str = "build the zip again, without such entries; `allow = [\"archive-entry\"]` accepts them";
const LINK_HINT: &str = "replace the link with what it points to, or point it to a place in the layer, which is `/opt` in Lambda; `allow = [\"archive-link\"]` accepts it as it is";

const READ_HINT: &str = "run `chmod -R a+rX` before it is zipped, or let layership pack the folder; `allow = [\"archive-mode\"]` accepts it";
const START_HINT: &str =
    "run `chmod +x` before it is zipped, on a system that keeps modes; `allow = [\"archive-mode\"]` accepts it";

/// What is wrong with an archive for a layer of these runtimes.
pub fn judge(inspection: &Inspection, runtimes: &[Runtime]) -> Vec<Finding> {
    let found = inspection.oddities.iter().map(|(oddity, met)| finding(oddity, met));
    let layout = misplaced(inspection, runtimes).or_else(|| inspection.homes.misplaced(runtimes));
    let layout = layout.into_iter().map(|problem| {
        let hint = "put the packages into the folder that the runtime searches, for example `python/`";
        Finding::warning(Check::ArchiveLayout, problem, hint)
    });
    found.chain(layout).collect()
}

fn finding(oddity: Oddity, met: &Met) -> Finding {
    let first = format!("`{}`{}", met.first, more(met.times));
    let path = |message| Finding::error(Check::ArchivePath, message, PATH_HINT);
    let entry = |message| Finding::error(Check::ArchiveEntry, message, ENTRY_HINT);
    match oddity {
        Oddity::Climbing => path(format!("a path in the zip has `..` in it: {first}")),
        Oddity::Absolute => path(format!("a path in the zip is absolute: {first}")),
        Oddity::Encrypted => entry(format!("an entry of the zip is encrypted: {first}")),
        Oddity::Method(method) => {
            let name = rawzip::CompressionMethod::new(method);
            let name = name.name().map_or_else(|| format!("method {method}"), str::to_owned);
            entry(format!(
                "an entry of the zip is compressed with {name}, Lambda unzips stored and deflated ones: {first}"
            ))
        }
        Oddity::Sizes => entry(format!("an entry of the zip has two sizes that cannot both be true: {first}")),
        Oddity::Contradicting => {
            entry(format!("the table of contents says something else of an entry than it is: {first}"))
        }
        Oddity::Leaving => {
            let message = format!("a link in it leads out of the layer, or in a circle: {first}");
            Finding::error(Check::ArchiveLink, message, LINK_HINT)
        }
        Oddity::Elsewhere => {
            let message =
                format!("a link in it leads to an absolute place outside of `/opt`, where the layer is: {first}");
            Finding::error(Check::ArchiveLink, message, LINK_HINT)
        }
        Oddity::Impossible => path(format!("a path in the zip is none that a file in Lambda can have: {first}")),
        Oddity::Unseen => {
            let hint = "pack the zip again with its links beside each other, or stage it from this disk, where all are looked at; `allow = [\"archive-link\"]` accepts them";
            let message =
                format!("a link in the zip was not looked at, as there are too many or they lie far apart: {first}");
            Finding::warning(Check::ArchiveLink, message, hint)
        }
        Oddity::TwoPaths => {
            path(format!("an entry of the zip has a second path, which differs; who unzips it chooses: {first}"))
        }
        Oddity::Special => entry(format!("an entry of the zip is a pipe, a socket or a device: {first}")),
        Oddity::Backslash => {
            let message =
                format!("a path in the zip has `\\` in it, which is no step into a folder in Lambda: {first}");
            Finding::warning(Check::ArchivePath, message, PATH_HINT)
        }
        Oddity::Blocked => path(format!("a path is a file in the zip, and goes on behind it: {first}")),
        Oddity::Unreadable => {
            let message = format!("an entry of the zip has a mode with which functions may not read it: {first}");
            Finding::warning(Check::ArchiveMode, message, READ_HINT)
        }
        Oddity::Unstartable => {
            let message = format!("Lambda starts a file in it that is not executable: {first}");
            Finding::warning(Check::ArchiveMode, message, START_HINT)
        }
        Oddity::Duplicate => {
            let hint = "build the zip again: programs that unzip it differ in which of the two they believe";
            Finding::warning(Check::ArchiveDuplicate, format!("a path is in the zip twice: {first}"), hint)
        }
    }
}

fn more(times: u64) -> String {
    if times > 1 { format!(" and {} more", times - 1) } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_oddity_has_its_words() {
        let met = Met { times: 3, first: "a/b".to_owned() };
        let all = [
            Oddity::Climbing,
            Oddity::Absolute,
            Oddity::Duplicate,
            Oddity::Blocked,
            Oddity::Encrypted,
            Oddity::Method(14),
            Oddity::Method(2_000),
            Oddity::Sizes,
            Oddity::Contradicting,
            Oddity::Leaving,
            Oddity::Elsewhere,
            Oddity::Backslash,
            Oddity::TwoPaths,
            Oddity::Special,
            Oddity::Unseen,
            Oddity::Impossible,
            Oddity::Unreadable,
            Oddity::Unstartable,
        ];
        let told: Vec<String> = all
            .into_iter()
            .map(|oddity| finding(oddity, &met))
            .map(|found| format!("{:?} {}: {}", found.level, found.check, found.message))
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        Error archive-path: a path in the zip has `..` in it: `a/b` and 2 more
        Error archive-path: a path in the zip is absolute: `a/b` and 2 more
        Warning archive-duplicate: a path is in the zip twice: `a/b` and 2 more
        Error archive-path: a path is a file in the zip, and goes on behind it: `a/b` and 2 more
        Error archive-entry: an entry of the zip is encrypted: `a/b` and 2 more
        Error archive-entry: an entry of the zip is compressed with LZMA, Lambda unzips stored and deflated ones: `a/b` and 2 more
        Error archive-entry: an entry of the zip is compressed with method 2000, Lambda unzips stored and deflated ones: `a/b` and 2 more
        Error archive-entry: an entry of the zip has two sizes that cannot both be true: `a/b` and 2 more
        Error archive-entry: the table of contents says something else of an entry than it is: `a/b` and 2 more
        Error archive-link: a link in it leads out of the layer, or in a circle: `a/b` and 2 more
        Error archive-link: a link in it leads to an absolute place outside of `/opt`, where the layer is: `a/b` and 2 more
        Warning archive-path: a path in the zip has `\` in it, which is no step into a folder in Lambda: `a/b` and 2 more
        Error archive-path: an entry of the zip has a second path, which differs; who unzips it chooses: `a/b` and 2 more
        Error archive-entry: an entry of the zip is a pipe, a socket or a device: `a/b` and 2 more
        Warning archive-link: a link in the zip was not looked at, as there are too many or they lie far apart: `a/b` and 2 more
        Error archive-path: a path in the zip is none that a file in Lambda can have: `a/b` and 2 more
        Warning archive-mode: an entry of the zip has a mode with which functions may not read it: `a/b` and 2 more
        Warning archive-mode: Lambda starts a file in it that is not executable: `a/b` and 2 more
        ");
    }
}
