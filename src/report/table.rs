//! Rows of text, aligned in columns.

use crate::report::Shown;
use crate::report::wording::width;

/// A cell that is wider stands out of its column, in columns of a terminal: no other row is to be padded to it.
const WIDEST: usize = 200;

/// The rows as lines whose columns stand under each other, two spaces apart. Columns that are empty in every row take
/// no room, and no line ends in spaces.
pub fn align(rows: &[Vec<Shown>]) -> Vec<Shown> {
    let widths = widths(rows);
    rows.iter().map(|row| line(row, &widths)).collect()
}

fn widths(rows: &[Vec<Shown>]) -> Vec<usize> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell.as_str())).max();
    (0..columns).map(|column| widest(column).unwrap_or(0).min(WIDEST)).collect()
}

fn line(row: &[Shown], widths: &[usize]) -> Shown {
    let mut line = String::new();
    for (cell, &column) in row.iter().zip(widths).filter(|(_, column)| **column > 0) {
        line.push_str(cell.as_str());
        line.push_str(&" ".repeat(column.saturating_sub(width(cell.as_str())) + 2));
    }
    line.truncate(line.trim_end().len());
    Shown::joined(line)
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

    #[test]
    fn no_row_is_padded_to_a_cell_that_no_screen_shows() {
        let cell = |text: &str| Shown::one_line(text);
        let wide = "x".repeat(10_000);
        let lines = align(&[vec![cell(&wide), cell("a")], vec![cell("b"), cell("c")]]);
        assert_eq!(lines[0].as_str(), format!("{wide}  a"));
        assert_eq!(lines[1].as_str(), format!("{:WIDEST$}  c", "b"));
    }
}
