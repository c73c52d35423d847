//! Which kind of manifest a file is: its name tells.

/// The format of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// `requirements.txt` and its relatives: any `*.txt` or `*.in`.
    Requirements,
    /// `uv.lock`
    UvLock,
    /// `poetry.lock`
    PoetryLock,
    /// `pdm.lock`
    PdmLock,
    /// `pylock.toml` or `pylock.NAME.toml` (PEP 751)
    Pylock,
    /// `Pipfile.lock`
    PipfileLock,
    /// `package-lock.json` or `npm-shrinkwrap.json`, lock file versions 1 to 3
    NpmLock,
    /// `yarn.lock`, of classic Yarn as well as of Yarn 2 and later
    YarnLock,
    /// `pnpm-lock.yaml`
    PnpmLock,
    /// `Gemfile.lock` or `gems.locked`
    GemfileLock,
    /// `go.sum`
    GoSum,
    /// `Cargo.lock`
    CargoLock,
    /// `composer.lock`
    ComposerLock,
    /// Anything else: compared by its bytes only.
    Unknown,
}

impl Format {
    /// The format of a file of this name (the last part of its path).
    pub fn from_file_name(name: &str) -> Format {
        match name {
            "uv.lock" => Format::UvLock,
            "poetry.lock" => Format::PoetryLock,
            "pdm.lock" => Format::PdmLock,
            "pylock.toml" => Format::Pylock,
            "Pipfile.lock" => Format::PipfileLock,
            "package-lock.json" | "npm-shrinkwrap.json" => Format::NpmLock,
            "yarn.lock" => Format::YarnLock,
            "pnpm-lock.yaml" => Format::PnpmLock,
            "Gemfile.lock" | "gems.locked" => Format::GemfileLock,
            "go.sum" => Format::GoSum,
            "Cargo.lock" => Format::CargoLock,
            "composer.lock" => Format::ComposerLock,
            _ => Format::from_pattern(name),
        }
    }

    fn from_pattern(name: &str) -> Format {
        let lower = name.to_ascii_lowercase();
        if lower.ends_with(".txt") || lower.ends_with(".in") {
            Format::Requirements
        } else if name.starts_with("pylock.") && name.ends_with(".toml") {
            Format::Pylock
        } else {
            Format::Unknown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn the_name_tells_the_format() {
        let table = [
            ("requirements.txt", Format::Requirements),
            ("requirements-dev.TXT", Format::Requirements),
            ("constraints.in", Format::Requirements),
            ("uv.lock", Format::UvLock),
            ("poetry.lock", Format::PoetryLock),
            ("pdm.lock", Format::PdmLock),
            ("pylock.toml", Format::Pylock),
            ("pylock.prod.toml", Format::Pylock),
            ("Pipfile.lock", Format::PipfileLock),
            ("package-lock.json", Format::NpmLock),
            ("npm-shrinkwrap.json", Format::NpmLock),
            ("yarn.lock", Format::YarnLock),
            ("pnpm-lock.yaml", Format::PnpmLock),
            ("Gemfile.lock", Format::GemfileLock),
            ("gems.locked", Format::GemfileLock),
            ("go.sum", Format::GoSum),
            ("Cargo.lock", Format::CargoLock),
            ("composer.lock", Format::ComposerLock),
            ("pyproject.toml", Format::Unknown),
            ("pylock.", Format::Unknown),
            ("txt", Format::Unknown),
            ("", Format::Unknown),
        ];
        for (name, format) in table {
            assert_eq!(Format::from_file_name(name), format, "{name}");
        }
    }
}
