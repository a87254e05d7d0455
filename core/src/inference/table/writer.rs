//! Writes tables row by row.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::inference::table::TableFormat;
use crate::inference::table::workbook::Workbook;

/// Writes the rows of a table in one of the formats.
pub struct TableWriter<W: Write> {
    columns: Vec<String>,
    out: Output<W>,
}

enum Output<W: Write> {
    Csv(W),
    JsonLines(W),
    Xlsx(Box<Workbook<W>>),
}

impl<W: Write> TableWriter<W> {
    /// Begins a file with these columns.
    ///
    /// # Errors
    /// If `out` fails, or there are too many columns for a spreadsheet.
    pub fn new(mut out: W, format: TableFormat, columns: Vec<String>) -> io::Result<Self> {
        let header: Vec<Value> = columns.iter().map(|name| json!(name)).collect();
        let out = match format {
            TableFormat::Csv => {
                write_csv(&mut out, &header)?;
                Output::Csv(out)
            }
            TableFormat::JsonLines => Output::JsonLines(out),
            TableFormat::Xlsx => {
                let mut workbook = Workbook::new(out)?;
                workbook.row(&header)?;
                Output::Xlsx(Box::new(workbook))
            }
        };
        Ok(Self { columns, out })
    }

    /// Writes a row with a cell for each column.
    ///
    /// # Errors
    /// If `out` fails, or the row does not fit into a spreadsheet.
    pub fn row(&mut self, cells: &[Value]) -> io::Result<()> {
        match &mut self.out {
            Output::Csv(out) => write_csv(out, cells),
            Output::JsonLines(out) => {
                let pairs = self.columns.iter().zip(cells);
                let pairs: Vec<String> = pairs.map(|(name, cell)| format!("{}: {cell}", json!(name))).collect();
                writeln!(out, "{{{}}}", pairs.join(", "))
            }
            Output::Xlsx(workbook) => workbook.row(cells),
        }
    }

    /// Ends the file.
    ///
    /// # Errors
    /// If `out` fails.
    pub fn finish(self) -> io::Result<W> {
        match self.out {
            Output::Csv(out) | Output::JsonLines(out) => Ok(out),
            Output::Xlsx(workbook) => workbook.finish(),
        }
    }
}

fn write_csv(out: &mut impl Write, cells: &[Value]) -> io::Result<()> {
    let cells: Vec<String> = cells.iter().map(csv_cell).collect();
    writeln!(out, "{}", cells.join(","))
}

fn csv_cell(cell: &Value) -> String {
    let text = match cell {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let is_plain = !text.contains([',', '"', '\n', '\r']) && text.trim() == text;
    if is_plain { text } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: TableFormat, rows: &[Vec<Value>]) -> String {
        let columns = ["id", "a \"b\""].map(str::to_owned).into();
        let mut writer = TableWriter::new(Vec::new(), format, columns).unwrap();
        rows.iter().for_each(|row| writer.row(row).unwrap());
        String::from_utf8(writer.finish().unwrap()).unwrap()
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let rows = [vec![json!("1, 2"), json!("a\nb")], vec![json!(" x"), Value::Null], vec![json!(0.5), json!("\"")]];
        let csv = "id,\"a \"\"b\"\"\"\n\"1, 2\",\"a\nb\"\n\" x\",\n0.5,\"\"\"\"\n";
        assert_eq!(written(TableFormat::Csv, &rows), csv);
        let lines = "{\"id\": \"1, 2\", \"a \\\"b\\\"\": \"a\\nb\"}\n";
        assert_eq!(written(TableFormat::JsonLines, &rows[..1]), lines);
    }
}
