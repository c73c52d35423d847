//! Commands that hints name, as they have to be typed to be about the same: at the sandbox of the run, and with its layers file.

use std::path::Path;

use crate::report::Shown;
use crate::report::wording::shell_word;
use crate::shown;

/// How a command is named in a hint.
const NAMED: &str = "`layership ";

/// Commands that know these flags.
const COMMANDS: [&str; 9] = ["check", "changed", "build", "plan", "stage", "publish", "status", "prune", "rollout"];

/// The flags that a command needs to be about the same as the run.
#[derive(Clone, Debug, Default)]
pub struct Same(Shown);

impl Same {
    /// The flags of a run with this layers file, and with this sandbox, if with any: in a folder of its own, or in the usual one.
    pub fn of(config: &Path, sandbox: Option<Option<&Path>>) -> Self {
        let word = |path: &Path| shell_word(&path.to_string_lossy());
        let file = (config != Path::new("layers.toml")).then(|| shown!(" -c {}", word(config)));
        let sandbox = sandbox.map(|folder| match folder {
            Some(folder) => shown!(" --sandbox={}", word(folder)),
            None => " --sandbox".into(),
        });
        Self(Shown::join(sandbox.into_iter().chain(file), ""))
    }

    /// A hint, with these flags behind each command in it.
    pub fn hint(&self, text: &str) -> Shown {
        // Taken apart only when it has no credentials any more.
        let text = Shown::one_line(text);
        let mut pieces = text.split(NAMED);
        let mut hint = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (command, rest) = piece.split_at(piece.find([' ', '`']).unwrap_or(piece.len()));
            let flags = if COMMANDS.contains(&command) { self.0.as_str() } else { "" };
            hint.extend([NAMED, command, flags, rest]);
        }
        Shown::joined(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_in_a_hint_is_about_the_same_as_the_run() {
        let hint =
            "stage it: `layership stage`, or `layership publish --stage`; `layership explain x`, or with `--force`";
        let with = |config: &str, sandbox| Same::of(Path::new(config), sandbox).hint(hint).to_string();
        assert_eq!(with("layers.toml", None), hint);
        assert_eq!(Same::default().hint(hint).as_str(), hint);
        let all = |flags: &str| {
            hint.replace("stage`, ", &format!("stage{flags}`, ")).replace("publish ", &format!("publish{flags} "))
        };
        assert_eq!(with("layers.toml", Some(None)), all(" --sandbox"));
        assert_eq!(with("x/layers.toml", None), all(" -c x/layers.toml"));
        let folder = Some(Some(Path::new("it's here")));
        assert_eq!(with("a b.toml", folder), all(r" --sandbox='it'\''s here' -c 'a b.toml'"));
    }

    #[test]
    fn what_is_foreign_in_a_hint_stays_on_one_line_and_shows_no_password() {
        let hint = "a\n`layership stage\u{1b}` `layership stage` https://u:s3cr3t@h/`layership ";
        let said = Same::of(Path::new("x"), None).hint(hint);
        assert!(
            said.contains("`layership stage -c x`") && !said.contains(['\n', '\u{1b}']) && !said.contains("s3cr3t"),
            "{said}"
        );
    }
}
