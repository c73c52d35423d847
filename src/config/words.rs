//! Words of messages: what was probably meant, lists that stay short, texts that stay on one line.

use std::cmp::Reverse;

use crate::manifest::hide_credentials;

/// How many names a message lists.
const LISTED: usize = 10;
/// Longest text from a layers file that a message repeats, in characters.
const REPEATED: usize = 200;

/// The candidate that was probably meant, if one is near enough: the one with the fewest letters to change, and of those the one
/// that begins alike for longest, since people err towards the end.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody misspells so much; and likeness costs the product of the lengths.
    if word.len() > REPEATED {
        return None;
    }
    let wanted = word.to_lowercase().replace('_', "-");
    let near = candidates.into_iter().filter_map(|candidate| {
        let written = candidate.to_lowercase().replace('_', "-");
        let alike = wanted.chars().zip(written.chars()).take_while(|(a, b)| a == b).count();
        let is_near = strsim::jaro_winkler(&wanted, &written) > 0.8;
        is_near.then(|| ((strsim::osa_distance(&wanted, &written), Reverse(alike)), candidate))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// `a, b and c`; of many names the first ten, and how many there are more.
pub fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<&str> = names.iter().take(LISTED).map(AsRef::as_ref).collect();
    match (names.len() - shown.len(), shown.as_slice()) {
        (0, [before @ .., last]) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        (0, _) => shown.concat(),
        (more, _) => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A text of the layers file as a message repeats it: its beginning, if it is long. What is cut off may have told that what
/// stands before it is a password.
pub fn excerpt(text: &str) -> String {
    let text = hide_credentials(text);
    match text.char_indices().nth(REPEATED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_suggested_and_nothing_far_away() {
        let keys = ["manifest", "archive", "bucket", "compatible-runtimes"];
        assert_eq!(nearest("manfest", keys), Some("manifest"));
        assert_eq!(nearest("compatible_runtimes", keys), Some("compatible-runtimes"));
        assert_eq!(nearest("Bucket", keys), Some("bucket"));
        assert_eq!(nearest("zzz", keys), None);
    }

    #[test]
    fn of_names_that_are_as_near_the_one_that_begins_alike_is_meant() {
        let layers: Vec<String> = (0..100).map(|number| format!("layer-{number:03}")).collect();
        let near = |word: &str| nearest(word, layers.iter().map(String::as_str));
        assert_eq!(near("layer-01a"), Some("layer-010"));
        assert_eq!(near("layer-04"), Some("layer-040"));
        assert_eq!(near("layer-0042"), Some("layer-004"));
        assert_eq!(near("lyaer-042"), Some("layer-042"));
    }

    #[test]
    fn lists_and_texts_stay_short() {
        let names: Vec<String> = (0..12).map(|number| number.to_string()).collect();
        assert_eq!(listed(&names), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more");
        assert_eq!(listed(&names[..3]), "0, 1 and 2");
        assert_eq!(listed(&names[..2]), "0 and 1");
        assert_eq!(listed(&names[..1]), "0");
        assert_eq!(listed::<String>(&[]), "");
        assert_eq!(excerpt(&"ä".repeat(300)), format!("{}…", "ä".repeat(200)));
        assert_eq!(excerpt("short"), "short");
        let long = excerpt(&format!("https://user:{}@host", "p".repeat(300)));
        assert_eq!(long, "https://****@host");
    }
}
