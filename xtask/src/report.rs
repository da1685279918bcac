//! Tables for people, JSON for programs.

/// A Markdown table; the first column is text, the others are numbers.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = header.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    let mut line = |cells: Vec<String>| {
        text.push_str("| ");
        text.push_str(&cells.join(" | "));
        text.push_str(" |\n");
    };
    let aligned = |column: usize, cell: &str| {
        let width = widths[column];
        if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
    };
    line(header.iter().enumerate().map(|(column, cell)| aligned(column, cell)).collect());
    line(
        widths
            .iter()
            .enumerate()
            .map(|(column, width)| match column {
                0 => "-".repeat(*width),
                _ => format!("{}:", "-".repeat(width.saturating_sub(1))),
            })
            .collect(),
    );
    for row in rows {
        line(row.iter().enumerate().map(|(column, cell)| aligned(column, cell)).collect());
    }
    text
}

/// A JSON string with its quotes.
pub fn json_string(text: &str) -> String {
    let mut json = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            character if character < ' ' => json.push_str(&format!("\\u{:04x}", character as u32)),
            character => json.push(character),
        }
    }
    json.push('"');
    json
}

/// Bytes as kilobytes (of 1000 bytes) with one decimal, as the figures are stated.
pub fn kilobytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_line_up() {
        let rows = [vec!["a.wasm".to_owned(), "1".to_owned()], vec!["b".to_owned(), "12.5".to_owned()]];
        assert_eq!(
            table(&["file", "KB"], &rows),
            "| file   |   KB |\n| ------ | ---: |\n| a.wasm |    1 |\n| b      | 12.5 |\n"
        );
    }

    #[test]
    fn strings_are_escaped_for_json() {
        assert_eq!(json_string("a \"b\" \\ \n\u{1}ü"), "\"a \\\"b\\\" \\\\ \\n\\u0001ü\"");
    }

    #[test]
    fn kilobytes_are_of_a_thousand_bytes() {
        assert_eq!(kilobytes(84_449), "84.4");
    }
}
