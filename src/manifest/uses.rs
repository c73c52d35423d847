//! Who uses which version of the packages that are locked in several: a lock file may change that, and name the same versions as
//! before.

use super::dependencies::Dependencies;
use super::versions::Versions;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

/// What a lock file says of the uses of packages, as it comes: nothing is kept of it but digests.
#[derive(Default)]
pub(super) struct Uses {
    /// A package, and what is said of one use of it.
    all: Vec<(u64, u64)>,
    /// Packages that lie where everybody finds them, with their versions.
    tops: BTreeMap<u64, u64>,
}

impl Uses {
    /// Takes note of a use of a package, by whatever tells it from others.
    pub fn add(&mut self, name: &str, said: impl Hash) {
        self.all.push((digest(name), digest(said)));
    }

    /// The same of the version that everybody finds who brings no other.
    pub fn add_top(&mut self, name: &str, version: &str, said: impl Hash) {
        let name = digest(name);
        self.all.push((name, digest(said)));
        self.tops.insert(name, digest(version));
    }

    /// Says of the packages that are locked in several versions who uses which, in whatever order that came.
    pub fn tell(&self, dependencies: &mut Dependencies) {
        let several = dependencies.iter().filter(|(_, versions)| versions.keys().nth(1).is_some());
        let several: BTreeMap<u64, (&str, &Versions)> = several.map(|one| (digest(one.0), one)).collect();
        if several.is_empty() {
            return;
        }
        let uses = self.all.iter().filter(|(name, _)| several.contains_key(name));
        let sum = uses.fold(0_u64, |sum, one| sum.wrapping_add(digest(one)));
        let top = |(name, top): (&u64, &u64)| {
            let (name, versions) = several.get(name)?;
            let version = versions.keys().find(|version| digest(version.as_str()) == *top)?;
            Some(((*name).to_owned(), version.as_str().to_owned()))
        };
        let tops: Vec<(String, String)> = self.tops.iter().filter_map(top).collect();
        dependencies.note_uses(sum, tops);
    }
}

/// It is held against another of the same process alone.
pub(super) fn digest(said: impl Hash) -> u64 {
    let mut digest = Digest(0);
    said.hash(&mut digest);
    digest.finish()
}

/// Quick, and no secret: there is one for each package of a lock file, and whoever writes that may say in it what they like.
struct Digest(u64);

impl Digest {
    /// Half of the golden ratio's bits, as many hash functions have them: odd, and about as many ones as zeros.
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

    fn add(&mut self, word: u64) {
        // Without the sum, zeros would leave a zero as it is.
        let mixed = (self.0 ^ word).wrapping_add(Self::FACTOR).wrapping_mul(Self::FACTOR);
        self.0 = mixed ^ mixed >> 29;
    }
}

impl Hasher for Digest {
    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.add(word.try_into().map_or(0, u64::from_le_bytes));
        }
        let mut last = [0; 8];
        let rest = words.remainder();
        last[..rest.len()].copy_from_slice(rest);
        self.add(u64::from_le_bytes(last));
        self.add(bytes.len() as u64);
    }

    fn write_u8(&mut self, byte: u8) {
        self.add(byte.into());
    }

    fn write_u64(&mut self, word: u64) {
        self.add(word);
    }

    fn finish(&self) -> u64 {
        self.0.wrapping_mul(Self::FACTOR) ^ self.0 >> 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn what_differs_has_another_digest() {
        let texts = (0..2_000).flat_map(|number: u32| {
            let name = format!("node_modules/package-{number}");
            [
                name.clone(),
                format!("{name}\0"),
                format!("{name}-longer"),
                "x".repeat(number as usize),
                "\0".repeat(number as usize),
            ]
        });
        let texts: BTreeSet<String> = texts.collect();
        let digests: BTreeSet<u64> = texts.iter().map(digest).collect();
        assert_eq!(digests.len(), texts.len());
        let pairs: BTreeSet<u64> = (0..100).flat_map(|a: u64| (0..100).map(move |b: u64| digest((a, b)))).collect();
        assert_eq!(pairs.len(), 10_000);
        assert_ne!(digest(("ab", "c")), digest(("a", "bc")));
    }
}
