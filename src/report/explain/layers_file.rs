//! What the warnings about a layers file, and about the settings around it, mean.

use super::Explanation;

/// Codes of warnings about the layers file and what is around it.
pub const WARNINGS: &[(&str, Explanation)] = &[
    (
        "region-unknown",
        Explanation {
            cause: "A target's Region is not among those that this version of layership knows: it is misspelt, or newer than layership.",
            remedy: "Correct it. A new Region may stay as it is: it is taken as it is written.",
        },
    ),
    (
        "runtime-unknown",
        Explanation {
            cause: "A compatible runtime is not among those that this version of layership knows: it is misspelt, or newer than layership. Lambda refuses a runtime that it does not know (`settings-refused`).",
            remedy: "Correct it. A new runtime may stay as it is: it is taken as it is written, and `allow = [\"runtime-unknown\"]` says no more of it.",
        },
    ),
    (
        "manifest-not-locked",
        Explanation {
            cause: "The manifest is a file that names what is wanted and not what is installed, such as `package.json` or `pyproject.toml`: what is installed can change while the file stays the same, and that is not noticed.",
            remedy: "Name the lock file that the warning names as `manifest`. Where all that such a file names is pinned, `allow = [\"manifest-not-locked\"]` accepts it.",
        },
    ),
    (
        "include-outside",
        Explanation {
            cause: "A glob of `include` meets a link to a folder outside of the git checkout. It is not followed: layers files that lie behind it are missing.",
            remedy: "Keep the files in the checkout, or leave the link out of the glob.",
        },
    ),
    (
        "setting-unknown",
        Explanation {
            cause: "An environment variable begins with `LAYERSHIP_` and is none of the settings: it does nothing.",
            remedy: "Correct its name; docs/configuration.md lists all settings with their variables.",
        },
    ),
];
