//! Columns.

use crate::report::wording::width;

/// The rows as lines whose columns stand under each other, two spaces apart. Columns that are empty in every row take
/// no room, and no line ends in spaces.
pub fn align(rows: &[Vec<String>]) -> Vec<String> {
    let widths = widths(rows);
    rows.iter().map(|row| line(row, &widths)).collect()
}

fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max();
    (0..columns).map(|column| widest(column).unwrap_or(0)).collect()
}

fn line(row: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, &column) in row.iter().zip(widths).filter(|(_, column)| **column > 0) {
        line.push_str(cell);
        line.push_str(&" ".repeat(column.saturating_sub(width(cell)) + 2));
    }
    line.truncate(line.trim_end().len());
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|&cell| cell.to_owned()).collect()).collect()
    }

    #[test]
    fn columns_stand_under_each_other() {
        let table = rows(&[&["a", "", "long cell", "x"], &["wide 日本", "", "b", ""], &["c"]]);
        assert_eq!(align(&table), ["a          long cell  x", "wide 日本  b", "c"]);
        assert!(align(&[]).is_empty());
    }
}
