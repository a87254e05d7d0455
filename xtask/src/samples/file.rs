//! The file of a sample.

use anyhow::Result;
use serde_json::Value;

/// Rows in their file format.
pub(super) struct File {
    /// Extension of the file's name: `csv`, `jsonl`.
    pub ending: &'static str,
    pub rows: usize,
    pub text: String,
}

impl File {
    pub fn csv<const N: usize>(columns: [&str; N], rows: &[[String; N]]) -> Result<Self> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(columns)?;
        for row in rows {
            writer.write_record(row)?;
        }
        Ok(Self { ending: "csv", rows: rows.len(), text: String::from_utf8(writer.into_inner()?)? })
    }

    /// One JSON object per line.
    pub fn json_lines(rows: &[Value]) -> Self {
        Self { ending: "jsonl", rows: rows.len(), text: rows.iter().map(|row| format!("{row}\n")).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let row = ["so, \"good\"".to_string(), "1".to_string()];
        let file = File::csv(["text", "label"], &[row]).unwrap();
        assert_eq!((file.rows, file.text.as_str()), (1, "text,label\n\"so, \"\"good\"\"\",1\n"));
    }
}
