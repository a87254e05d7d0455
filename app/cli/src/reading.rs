//! The arguments that say how the data files are read, where the detection is wrong.

use clap::ValueEnum;
use hone_core::dataset::{Delimiter, Encoding, Hints, Quoting, encoding_by_label};

/// The arguments that say how the data files are read.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ReadingArguments {
    /// Encoding of the data files, such as latin1, windows-1251, gbk, shift_jis or utf-16le [default: detect].
    #[arg(long, value_name = "LABEL", value_parser = encoding)]
    pub encoding: Option<Encoding>,
    /// Yes if the first line of a table names the columns, no if it is a row [default: detect].
    #[arg(long, value_enum)]
    pub header: Option<Header>,
    /// Character between the cells of a table: itself, or comma, semicolon, tab, space or bar; none if each line is one
    /// text [default: detect].
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter, allow_hyphen_values = true)]
    pub delimiter: Option<Delimiter>,
    /// Quotes around the cells of a table: double, single, backslash (double, with \" for a quote in a cell), or none if
    /// quotes are part of the text [default: detect].
    #[arg(long, value_name = "QUOTES", value_parser = quoting)]
    pub quote: Option<Quoting>,
    /// Character between the labels of a cell that lists several: itself, or comma, semicolon, bar, space or newline [default:
    /// detect].
    #[arg(long, value_name = "CHARACTER", value_parser = label_separator, allow_hyphen_values = true)]
    pub label_separator: Option<char>,
    /// Path of the table to read, if the training data is a zip or a tar archive with several, or name of the list, if it is
    /// JSON with several (train, test …) [default: the one whose name says that it is for training, or the largest].
    #[arg(long, value_name = "PATH")]
    pub member: Option<String>,
    /// Name of the sheet, if the training data is a spreadsheet [default: the first one that is not empty].
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
}

/// Content of the first line of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Header {
    /// The names of the columns.
    Yes,
    /// A row.
    No,
}

impl ReadingArguments {
    /// Settings from the arguments; the rest is detected.
    pub fn hints(self) -> Hints {
        let Self { encoding, header, delimiter, quote, label_separator, member, sheet } = self;
        Hints {
            encoding,
            has_header: header.map(|header| header == Header::Yes),
            delimiter,
            quoting: quote,
            label_separator,
            member,
            sheet,
        }
    }
}

fn encoding(label: &str) -> Result<Encoding, String> {
    encoding_by_label(label).ok_or_else(|| "not an encoding of the WHATWG Encoding Standard".into())
}

/// A character by its name, or itself.
fn character(name: &str) -> Result<char, String> {
    Ok(match name.to_lowercase().as_str() {
        "comma" => ',',
        "semicolon" => ';',
        "tab" | "\\t" => '\t',
        "space" => ' ',
        "bar" => '|',
        "newline" | "\\n" => '\n',
        _ => name.chars().next().filter(|first| first.len_utf8() == name.len()).ok_or("not one character")?,
    })
}

fn delimiter(name: &str) -> Result<Delimiter, String> {
    if name.eq_ignore_ascii_case("none") {
        return Ok(Delimiter::Absent);
    }
    let delimiter = Delimiter::Character(character(name)?);
    if delimiter.byte().is_none() {
        return Err("letters, digits, quotes and line ends cannot separate cells, nor can anything but ASCII".into());
    }
    Ok(delimiter)
}

fn label_separator(name: &str) -> Result<char, String> {
    let is_separator = |character: &char| !character.is_alphanumeric() && !"\"'[]{}()".contains(*character);
    character(name).and_then(|character| {
        let separator = Some(character).filter(is_separator);
        separator.ok_or_else(|| "letters, digits, quotes and brackets cannot separate labels".into())
    })
}

fn quoting(name: &str) -> Result<Quoting, String> {
    match name.to_lowercase().as_str() {
        "double" | "\"" => Ok(Quoting::Double),
        "single" | "'" => Ok(Quoting::Single),
        "backslash" | "\\" => Ok(Quoting::Backslash),
        "none" => Ok(Quoting::Never),
        _ => Err("not one of double, single, backslash and none".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_and_quotes_are_given_by_name_or_as_they_are() {
        let given = ["comma", ";", "tab", "\\t", "\t", " ", "^", "none"].map(delimiter);
        let character = |character| Ok(Delimiter::Character(character));
        let expected = [',', ';', '\t', '\t', '\t', ' ', '^'].map(character);
        assert_eq!(given[..7], expected);
        assert_eq!(given[7], Ok(Delimiter::Absent));
        for wrong in ["", "ab", "x", "7", "\"", "é", "\n"] {
            assert!(delimiter(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(["\"", "'", "none"].map(quoting), [Quoting::Double, Quoting::Single, Quoting::Never].map(Ok));
        assert!(quoting("x").is_err());
        assert_eq!([";", "bar", "newline", "/"].map(label_separator), [';', '|', '\n', '/'].map(Ok));
        assert!(["a", "[", "::", ""].iter().all(|wrong| label_separator(wrong).is_err()));
    }
}
