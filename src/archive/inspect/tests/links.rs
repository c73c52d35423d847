//! Where links lead: all of them, wherever they lie in the zip.

use super::*;
use crate::archive::links_read::{AT_ONCE, MOST, REQUESTS};

/// A zip of so many links to a file beside them, of which one leads out; a file of so many bytes lies behind each block of them.
fn linked(count: usize, evil: usize, (block, padding): (usize, usize)) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for index in 0..count {
        let target = if index == evil { "/etc/passwd" } else { "x.py" };
        writer.add_symlink(format!("python/{index}"), target, options).unwrap();
        if index % block == block - 1 {
            writer.start_file(format!("python/padding{index}"), options).unwrap();
            writer.write_all(&vec![7; padding]).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

fn told(inspection: &Inspection) -> Vec<(Oddity, u64, &str)> {
    inspection.oddities.iter().map(|(oddity, met)| (oddity, met.times, met.first.as_str())).collect()
}

/// Every second of many was forgotten, and of those far away three were read.
#[test]
fn no_link_is_left_out() {
    for evil in [0, 1, 1_001, 4_000] {
        for padding in [0, 3_000_000] {
            let source = Memory::new(linked(4_001, evil, (4_001, padding)));
            let inspection = inspected(&source).unwrap();
            assert_eq!(told(&inspection), [(Oddity::Elsewhere, 1, format!("python/{evil} -> /etc/passwd").as_str())]);
            assert!(source.reads().len() <= 3, "{:?}", source.reads());
        }
    }
}

/// As the folders `.bin` of packages of Node, and the names of shared libraries, between what is large.
#[test]
fn links_all_over_a_layer_are_looked_at() {
    let source = Memory::new(linked(1_000, 999, (25, 700_000)));
    let inspection = inspected(&source).unwrap();
    assert_eq!(told(&inspection), [(Oddity::Elsewhere, 1, "python/999 -> /etc/passwd")]);
    assert!(source.reads().len() <= 8, "{:?}", source.reads());
}

/// Each takes a request of its own.
#[test]
fn links_that_lie_far_apart_are_told_where_they_are_too_many() {
    let count = REQUESTS + 2;
    let source = Memory::new(linked(count, 3, (1, AT_ONCE as usize)));
    let inspection = inspected(&source).unwrap();
    let first = format!("python/{REQUESTS}");
    assert_eq!(told(&inspection), [(Oddity::Elsewhere, 1, "python/3 -> /etc/passwd"), (Oddity::Unseen, 2, &first)]);
    assert_eq!(source.reads().len(), 1 + REQUESTS);
}

#[test]
fn more_links_than_any_layer_has_are_told() {
    let inspection = outcome(linked(MOST + 2, 0, (MOST + 2, 0))).unwrap();
    let first = format!("python/{MOST}");
    assert_eq!(told(&inspection), [(Oddity::Elsewhere, 1, "python/0 -> /etc/passwd"), (Oddity::Unseen, 2, &first)]);
}

/// What is read of a link far away ends before its target where something long stands in between.
#[test]
fn a_target_that_is_read_in_part_is_none() {
    let mut zip = linked(1, 0, (1, 3_000_000));
    let (name, extra) = ("python/0".len(), 5_000_u16);
    zip[28..30].copy_from_slice(&extra.to_le_bytes());
    zip.splice(30 + name..30 + name, vec![0; usize::from(extra)]);
    let (start, moved) = (directory(&zip) as u32, u32::from(extra));
    let second = zip.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    let offset = u32::from_le_bytes(zip[second + 42..second + 46].try_into().unwrap()) + moved;
    zip[second + 42..second + 46].copy_from_slice(&offset.to_le_bytes());
    let end = zip.len() - 6;
    zip[end..end + 4].copy_from_slice(&start.to_le_bytes());
    assert_eq!(told(&outcome(zip).unwrap()), [(Oddity::Unseen, 1, "python/0")]);
}

#[test]
fn links_are_followed_through_links_of_the_zip() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let links = [("python/t", "s/s/s/../../../../etc/passwd"), ("python/s", "."), ("python/u", "s/s/a")];
    for (path, target) in links {
        writer.add_symlink(path, target, SimpleFileOptions::default()).unwrap();
    }
    let inspection = outcome(writer.finish().unwrap().into_inner()).unwrap();
    let told: Vec<_> =
        inspection.oddities.iter().map(|(oddity, met)| (oddity, met.times, met.first.as_str())).collect();
    assert_eq!(told, [(Oddity::Leaving, 1, "python/t -> s/s/s/../../../../etc/passwd")]);
}
