//! Rows of text, aligned in columns.

use crate::report::Shown;
use crate::report::wording::width;

/// The rows as lines whose columns stand under each other, two spaces apart. Columns that are empty in every row take
/// no room, and no line ends in spaces.
pub fn align(rows: &[Vec<Shown>]) -> Vec<Shown> {
    let widths = widths(rows);
    rows.iter().map(|row| line(row, &widths)).collect()
}

fn widths(rows: &[Vec<Shown>]) -> Vec<usize> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell.as_str())).max();
    (0..columns).map(|column| widest(column).unwrap_or(0)).collect()
}

fn line(row: &[Shown], widths: &[usize]) -> Shown {
    let mut line = String::new();
    for (cell, &column) in row.iter().zip(widths).filter(|(_, column)| **column > 0) {
        line.push_str(cell.as_str());
        line.push_str(&" ".repeat(column.saturating_sub(width(cell.as_str())) + 2));
    }
    line.truncate(line.trim_end().len());
    Shown::guarded(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&'static str]]) -> Vec<Vec<Shown>> {
        rows.iter().map(|row| row.iter().map(|&cell| cell.into()).collect()).collect()
    }

    #[test]
    fn columns_stand_under_each_other() {
        let table = rows(&[&["a", "", "long cell", "x"], &["wide 日本", "", "b", ""], &["c"]]);
        assert_eq!(align(&table), ["a          long cell  x", "wide 日本  b", "c"].map(Shown::from));
        assert!(align(&[]).is_empty());
    }
}
