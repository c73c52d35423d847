//! Where links lead.

use std::collections::HashMap;

/// More links than this one path goes through on no Linux.
const FOLLOWED: usize = 40;

/// More parts than this no path has in earnest; it bounds the work for one.
const PARTS: usize = 1_000;

/// No longer path can be opened, and no link can hold one.
const LONGEST: usize = 4_095;

/// The links of an archive, each with the text of its target. Links lead through links.
#[derive(Debug, Default)]
pub(super) struct Links<'a>(HashMap<&'a str, &'a str>);

impl<'a> Links<'a> {
    /// A link of this path in the archive.
    pub fn add(&mut self, path: &'a str, target: &'a str) {
        self.0.insert(path.trim_start_matches("./"), target);
    }

    /// Whether the link of this path leads to a place within, whatever links it goes through. Who goes in a circle arrives
    /// nowhere.
    pub fn stays_inside(&self, path: &str) -> bool {
        let path = path.trim_start_matches("./");
        let Some(target) = self.0.get(path).filter(|target| is_within_bounds(target)) else { return false };
        // A link below a link is where that leads to.
        let (parent, _) = path.rsplit_once('/').unwrap_or_default();
        self.arrives(parent.split('/').chain(target.split('/')).rev().collect())
    }

    /// Whether a walk along these parts, the last one first, stays inside.
    fn arrives<'p>(&self, mut open: Vec<&'p str>) -> bool
    where
        'a: 'p,
    {
        let (mut at, mut followed) = (String::new(), 1);
        for _ in 0..PARTS {
            match open.pop() {
                None => return true,
                Some("" | ".") => continue,
                Some("..") if at.is_empty() => return false,
                Some("..") => at.truncate(at.rfind('/').unwrap_or(0)),
                Some(part) => {
                    let parent = at.len();
                    at.extend([if at.is_empty() { "" } else { "/" }, part]);
                    let Some(target) = self.0.get(at.as_str()) else { continue };
                    followed += 1;
                    if followed > FOLLOWED || !is_within_bounds(target) {
                        return false;
                    }
                    at.truncate(parent);
                    open.extend(target.split('/').rev());
                }
            }
        }
        false
    }
}

/// Whether a target begins where the link is.
fn is_within_bounds(target: &str) -> bool {
    !target.is_empty() && target.len() <= LONGEST && !target.starts_with('/') && !has_drive(target)
}

/// A path of Windows, wherever this runs.
fn has_drive(target: &str) -> bool {
    cfg!(windows) && matches!(target.as_bytes(), [drive, b':', ..] if drive.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stay(links: &[(&str, &str)]) -> Vec<bool> {
        let mut all = Links::default();
        links.iter().for_each(|(path, target)| all.add(path, target));
        links.iter().map(|(path, _)| all.stays_inside(path)).collect()
    }

    #[test]
    fn links_may_move_within_the_folder_only() {
        let table = [
            ("python/a", "b", true),
            ("python/a", "../lib/b", true),
            ("python/a", "../../lib/b", false),
            ("./python/a", "../../lib/b", false),
            ("a", "b", true),
            ("a", "./b//c/../d", true),
            ("a", "..", false),
            ("a", "b/../../c", false),
            ("a/b", "..", true),
            ("a", "/opt/python", false),
            ("a", "", false),
            ("a/b/c", "../../../d", false),
            ("a/b/c", "../../d", true),
        ];
        for (name, target, inside) in table {
            assert_eq!(stay(&[(name, target)]), [inside], "{name} -> {target}");
        }
    }

    /// Judged by its text alone, each of these stays inside.
    #[test]
    fn links_are_followed_through_links() {
        type Row<'a> = (&'a [(&'a str, &'a str)], &'a [bool]);
        let table: [Row<'_>; 9] = [
            (&[("python/s", "."), ("python/t", "s/s/s/../../../../etc/passwd")], &[true, false]),
            (&[("python/s", "."), ("python/t", "s/s/s/../lib/x")], &[true, true]),
            (&[("a/b/s", "../.."), ("t", "a/b/s/../x")], &[true, false]),
            (&[("s", "a/b"), ("t", "s/../c")], &[true, true]),
            (&[("s", "a"), ("s/t", "../../x")], &[true, false]),
            (&[("a/b/s", "../.."), ("a/b/s/t", "../x")], &[true, false]),
            (&[("a", "b"), ("b", "a"), ("c", "d")], &[false, false, true]),
            (&[("a", "a")], &[false]),
            (&[("out", "/etc"), ("t", "out/passwd")], &[false, false]),
        ];
        for (links, inside) in table {
            assert_eq!(stay(links), inside, "{links:?}");
        }
    }

    #[test]
    fn the_work_for_a_link_is_bounded() {
        let long = "a/".repeat(LONGEST);
        let many = "a/".repeat(PARTS + 1);
        assert_eq!(stay(&[("l", &long), ("m", &many)]), [false, false]);
        let chain: Vec<(String, String)> = (0..60).map(|n| (format!("l{n}"), format!("l{}", n + 1))).collect();
        let chain: Vec<(&str, &str)> = chain.iter().map(|(path, target)| (path.as_str(), target.as_str())).collect();
        let stay = stay(&chain);
        assert_eq!(stay.iter().position(|inside| *inside), Some(20), "as far as Linux follows them");
    }
}
