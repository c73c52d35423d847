//! Whether two manifests of one archive pin the same, where the layer has got another one.

use super::packages::Ecosystem;
use super::pin::{Held, Pin};
use crate::halt::Halt;
use crate::manifest::{Dependencies, Environments, Format, Versions, both, is_left_out};

/// Packages that both name and that have more versions than this are not compared: nobody locks so many of one.
const MOST_VERSIONS: usize = 64;

/// A version as what it allows, and as one that may be allowed.
type Said<'d> = (Pin<'d>, Held<'d>);

/// The packages that two manifests both name and pin to versions that nothing has in common; `None` where they cannot be compared.
/// What only one of them names says nothing: one may be what somebody asked for, and the other all that is installed for it.
pub fn switched<'d>(
    old: (Format, &'d Dependencies),
    new: (Format, &'d Dependencies),
    environments: &Environments,
    halt: &Halt,
) -> Option<Vec<&'d str>> {
    let of = Ecosystem::of(old.0)?;
    if Ecosystem::of(new.0) != Some(of) {
        return None;
    }
    // Each version is read once, and held against all of the other side.
    let installed = |versions: Option<&'d Versions>| -> Vec<Said<'d>> {
        let all = versions.into_iter().flat_map(Versions::iter);
        let all = all.filter(|(_, about)| environments.install(about, halt)).take(MOST_VERSIONS + 1);
        all.map(|(version, _)| (Pin::of(of, version), Held::of(of, version.as_str()))).collect()
    };
    let differ = |before: Option<&'d Versions>, after: Option<&'d Versions>| {
        let (before, after) = (installed(before), installed(after));
        let are_few = before.len().max(after.len()) <= MOST_VERSIONS;
        let is_told = are_few && !before.is_empty() && !after.is_empty();
        is_told && !before.iter().any(|one| after.iter().any(|other| agree(one, other)))
    };
    let named = halt
        .over(both(old.1, new.1))
        .filter(|(name, before, after)| !is_left_out(new.0, name) && differ(*before, *after));
    Some(named.map(|(name, _, _)| name).collect())
}

/// Whether one of them may be what the other says.
fn agree((pin, held): &Said<'_>, (other_pin, other_held): &Said<'_>) -> bool {
    pin.allows(other_held) || other_pin.allows(held)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::dependencies;

    fn told(old: (Format, &str), new: (Format, &str)) -> Option<String> {
        let read =
            |(format, text): (Format, &str)| dependencies(format, text.as_bytes(), &Halt::default()).ok().flatten();
        let (before, after) = (read(old).unwrap(), read(new).unwrap());
        let found = switched((old.0, &before), (new.0, &after), &Environments::default(), &Halt::default());
        found.map(|names| names.join(" "))
    }

    #[test]
    fn what_both_name_is_compared() {
        let uv = "[[package]]\nname = \"x\"\nversion = \"1.0\"\n[[package]]\nname = \"y\"\nversion = \"1\"\n";
        let table = [
            ((Format::Requirements, "x==1"), (Format::UvLock, uv), Some("")),
            ((Format::Requirements, "x==2\ny==1\nz==3"), (Format::UvLock, uv), Some("x")),
            ((Format::Requirements, "x>=2\ny"), (Format::UvLock, uv), Some("x")),
            ((Format::Requirements, "x>=1"), (Format::Requirements, "x==1.5"), Some("")),
            ((Format::Requirements, "x @ https://h/x.zip"), (Format::UvLock, uv), Some("")),
            ((Format::Requirements, "urllib3==1"), (Format::Requirements, "urllib3==2"), Some("")),
            ((Format::Requirements, "x==1\nx==2"), (Format::Requirements, "x==2"), Some("")),
            ((Format::Requirements, "x==1"), (Format::GoSum, "x v2 h1:a="), None),
            ((Format::GoSum, "x v1 h1:a="), (Format::GoSum, "x v2 h1:a="), None),
        ];
        for (old, new, expected) in table {
            assert_eq!(told(old, new).as_deref(), expected, "{old:?} {new:?}");
        }
    }
}
