//! Where links lead.

use std::collections::HashMap;

/// More links than this one path goes through on no Linux.
const FOLLOWED: usize = 40;

/// More parts than this no path has in earnest; it bounds the work for one.
const PARTS: usize = 1_000;

/// No longer path can be opened, and no link can hold one.
pub(super) const LONGEST: usize = 4_095;

/// Where a link leads, whatever links it goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// To a place within the archive.
    Inside,
    /// Out of it, in a circle, or through more than any path goes through.
    Outside,
    /// To an absolute place that is not the layer's.
    Elsewhere,
}

/// The links of an archive, each with the text of its target. Links lead through links.
#[derive(Debug, Default)]
pub(super) struct Links<'a>(HashMap<&'a str, &'a str>);

impl<'a> Links<'a> {
    /// A link of this path in the archive.
    pub fn add(&mut self, path: &'a str, target: &'a str) {
        self.0.insert(path.trim_start_matches("./"), target);
    }

    /// Where the link of this path leads.
    pub fn end(&self, path: &str) -> End {
        let path = path.trim_start_matches("./");
        let Some(target) = self.0.get(path) else { return End::Outside };
        match Target::of(target) {
            Err(end) => end,
            Ok(Target::OfLayer(target)) => self.arrives(target.split('/').rev().collect()),
            Ok(Target::Beside(target)) => {
                // A link below a link is where that leads to.
                let (parent, _) = path.rsplit_once('/').unwrap_or_default();
                self.arrives(parent.split('/').chain(target.split('/')).rev().collect())
            }
        }
    }

    /// Where a walk along these parts leads, the last one first.
    fn arrives<'p>(&self, mut open: Vec<&'p str>) -> End
    where
        'a: 'p,
    {
        let (mut at, mut followed) = (String::new(), 1);
        for _ in 0..PARTS {
            match open.pop() {
                None => return End::Inside,
                Some("" | ".") => continue,
                Some("..") if at.is_empty() => return End::Outside,
                Some("..") => at.truncate(at.rfind('/').unwrap_or(0)),
                Some(part) => {
                    let parent = at.len();
                    at.extend([if at.is_empty() { "" } else { "/" }, part]);
                    let Some(target) = self.0.get(at.as_str()) else { continue };
                    followed += 1;
                    if followed > FOLLOWED {
                        return End::Outside;
                    }
                    let target = match Target::of(target) {
                        Err(end) => return end,
                        Ok(Target::Beside(target)) => {
                            at.truncate(parent);
                            target
                        }
                        Ok(Target::OfLayer(target)) => {
                            at.clear();
                            target
                        }
                    };
                    open.extend(target.split('/').rev());
                }
            }
        }
        End::Outside
    }
}

/// What the target of a link begins at.
enum Target<'t> {
    /// The folder that the link is in.
    Beside(&'t str),
    /// The root of the layer, which is `/opt` where it is used.
    OfLayer(&'t str),
}

impl<'t> Target<'t> {
    fn of(target: &'t str) -> Result<Self, End> {
        if target.is_empty() || target.len() > LONGEST {
            return Err(End::Outside);
        }
        if !target.starts_with('/') {
            return if has_drive(target) { Err(End::Elsewhere) } else { Ok(Self::Beside(target)) };
        }
        let below = target.trim_start_matches('/').strip_prefix("opt");
        let below = below.filter(|rest| rest.is_empty() || rest.starts_with('/'));
        below.map(Self::OfLayer).ok_or(End::Elsewhere)
    }
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
        links.iter().map(|(path, _)| all.end(path) == End::Inside).collect()
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
            ("a", "/opt/python", true),
            ("a/b", "/opt", true),
            ("a/b", "//opt//python/../b", true),
            ("a", "/opt/../etc", false),
            ("a", "/optional", false),
            ("a", "/", false),
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
        let table: [Row<'_>; 12] = [
            (&[("python/s", "."), ("python/t", "s/s/s/../../../../etc/passwd")], &[true, false]),
            (&[("python/s", "."), ("python/t", "s/s/s/../lib/x")], &[true, true]),
            (&[("a/b/s", "../.."), ("t", "a/b/s/../x")], &[true, false]),
            (&[("s", "a/b"), ("t", "s/../c")], &[true, true]),
            (&[("s", "a"), ("s/t", "../../x")], &[true, false]),
            (&[("a/b/s", "../.."), ("a/b/s/t", "../x")], &[true, false]),
            (&[("a", "b"), ("b", "a"), ("c", "d")], &[false, false, true]),
            (&[("a", "a")], &[false]),
            (&[("out", "/etc"), ("t", "out/passwd")], &[false, false]),
            (&[("a/s", "/opt/b"), ("b/c", "x"), ("t", "a/s/c/../../../y")], &[true, true, false]),
            (&[("a/s", "/opt/b"), ("t", "a/s/../y")], &[true, true]),
            (&[("a", "/opt/b"), ("b", "/opt/a")], &[false, false]),
        ];
        for (links, inside) in table {
            assert_eq!(stay(links), inside, "{links:?}");
        }
    }

    #[test]
    fn absolute_places_are_told_from_ways_out() {
        let mut all = Links::default();
        for (path, target) in [("a", "/etc"), ("b", "a/x"), ("c", "../x"), ("d", "/opt/../x"), ("e", "d")] {
            all.add(path, target);
        }
        let ends = ["a", "b", "c", "d", "e"].map(|path| all.end(path));
        assert_eq!(ends, [End::Elsewhere, End::Elsewhere, End::Outside, End::Outside, End::Outside]);
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
