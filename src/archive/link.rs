//! Where links lead.

use std::path::Path;

/// Whether a link in a zip stays inside; one that cannot be read as text does not.
pub(super) fn stays_inside(name: &[u8], target: &[u8]) -> bool {
    let texts = std::str::from_utf8(name).ok().zip(std::str::from_utf8(target).ok());
    texts.is_some_and(|(name, target)| text_stays_inside(name.trim_start_matches("./"), target))
}

/// Whether a link of this name never leads above the folder, judged by the text of its target.
pub(super) fn text_stays_inside(name: &str, target: &str) -> bool {
    if target.is_empty() || target.starts_with('/') || Path::new(target).is_absolute() {
        return false;
    }
    let mut depth = name.matches('/').count();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." if depth == 0 => return false,
            ".." => depth -= 1,
            _ => depth += 1,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::text_stays_inside as stays_inside;

    #[test]
    fn links_may_move_within_the_folder_only() {
        let table = [
            ("python/a", "b", true),
            ("python/a", "../lib/b", true),
            ("python/a", "../../lib/b", false),
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
            assert_eq!(stays_inside(name, target), inside, "{name} -> {target}");
        }
    }
}
