//! Whether the code of a function and its layers are small enough for Lambda, unzipped. Lambda tells what they have zipped;
//! what they have unzipped stands in the zips alone, so it is only read where nothing else tells.

use crate::archive::UNZIPPED_LIMIT;

/// Nothing that is deflated gets larger than so many times its size (zlib's technical notes: 1032:1).
const DEFLATED_AT_MOST: u64 = 1_032;

/// What all parts of a function have together, unzipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    /// So many bytes, which Lambda accepts.
    Fits(u64),
    /// So many bytes at least, which is more than Lambda accepts.
    TooLarge(u64),
    /// Not all of them are known.
    Unknown,
}

/// Whether parts of these sizes, zipped, are small enough however well they were deflated.
pub fn surely_fits(zipped: &[Option<u64>]) -> bool {
    let sum = zipped.iter().copied().try_fold(0_u64, |sum, size| sum.checked_add(size?));
    sum.and_then(|sum| sum.checked_mul(DEFLATED_AT_MOST)).is_some_and(|most| most <= UNZIPPED_LIMIT)
}

/// Whether what comes is no larger than what goes: a function that is there fits.
pub fn is_no_larger(goes: &[Option<u64>], comes: &[Option<u64>]) -> bool {
    let sum = |sizes: &[Option<u64>]| sizes.iter().copied().try_fold(0_u64, |sum, size| sum.checked_add(size?));
    sum(goes).zip(sum(comes)).is_some_and(|(goes, comes)| comes <= goes)
}

/// What parts have together.
pub fn sum(unzipped: &[Option<u64>]) -> Sum {
    let known = unzipped.iter().flatten().fold(0_u64, |sum, size| sum.saturating_add(*size));
    match known {
        known if known > UNZIPPED_LIMIT => Sum::TooLarge(known),
        _ if unzipped.contains(&None) => Sum::Unknown,
        known => Sum::Fits(known),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_small_zipped_fits_however_it_was_deflated() {
        let most = UNZIPPED_LIMIT / DEFLATED_AT_MOST;
        assert!(surely_fits(&[]) && surely_fits(&[Some(most)]) && surely_fits(&[Some(most - 1), Some(1)]));
        for unsure in [&[Some(most), Some(1)][..], &[Some(1), None], &[Some(u64::MAX), Some(1)], &[Some(u64::MAX)]] {
            assert!(!surely_fits(unsure), "{unsure:?}");
        }
    }

    #[test]
    fn what_comes_is_held_against_what_goes() {
        assert!(is_no_larger(&[Some(5), Some(1)], &[Some(2), Some(4)]));
        for unsure in [([Some(1)], [Some(2)]), ([None], [Some(0)]), ([Some(9)], [None])] {
            assert!(!is_no_larger(&unsure.0, &unsure.1), "{unsure:?}");
        }
    }

    #[test]
    fn the_limit_itself_fits_and_one_byte_more_does_not() {
        assert_eq!(sum(&[Some(UNZIPPED_LIMIT - 1), Some(1)]), Sum::Fits(UNZIPPED_LIMIT));
        assert_eq!(sum(&[Some(UNZIPPED_LIMIT), Some(1)]), Sum::TooLarge(UNZIPPED_LIMIT + 1));
        assert_eq!(sum(&[Some(UNZIPPED_LIMIT + 1), None]), Sum::TooLarge(UNZIPPED_LIMIT + 1));
        assert_eq!(sum(&[Some(1), None]), Sum::Unknown);
    }
}
