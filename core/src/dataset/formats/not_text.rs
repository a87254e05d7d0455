//! Rejects files that are not data in text form, whatever their names.

use crate::diagnostic::Diagnostic;

/// Magic bytes of other file types, with their description and a remedy.
const MAGIC: [(&[u8], &str, &str); 40] = [
    (b"\x89PNG", "an image (PNG)", IMAGE),
    (b"\xff\xd8\xff", "an image (JPEG)", IMAGE),
    (b"GIF87a", "an image (GIF)", IMAGE),
    (b"GIF89a", "an image (GIF)", IMAGE),
    (b"%PDF", "a PDF document", "Save its text as plain text (.txt), or copy its table into a spreadsheet."),
    (b"{\\rtf", "a document (RTF)", "Open it in a word processor and save it as plain text."),
    (b"PK\x03\x04", "a zip archive", "Unpack it and use the table inside."),
    (b"\xd0\xcf\x11\xe0", "an old office file (such as .xls)", "Open it and save it as .xlsx or CSV."),
    (b"\x1f\x8b", "a compressed file (gzip)", TWICE),
    (b"BZh", "a compressed file (bzip2)", BUNZIP),
    (b"\xfd7zXZ\0", "a compressed file (xz)", UNXZ),
    (b"\x5d\0\0\x80\0", "a compressed file (LZMA)", UNXZ),
    (b"\x28\xb5\x2f\xfd", "a compressed file (Zstandard)", TWICE),
    (b"\x04\x22\x4d\x18", "a compressed file (LZ4)", UNPACK),
    (b"\xff\x06\0\0sNaPpY", "a compressed file (Snappy)", UNPACK),
    (b"\x1f\x9d", "a compressed file (compress)", UNPACK),
    (b"\x78\x9c", "a compressed file (zlib)", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "an archive (7z)", SEVEN_ZIP),
    (b"Rar!\x1a\x07", "an archive (RAR)", SEVEN_ZIP),
    (b"PAR1\x15", "a Parquet file", PARQUET),
    (b"ARROW1\0\0", "an Arrow file (Feather, version 2)", ARROW),
    (b"FEA1\0", "a Feather file (version 1)", ARROW),
    (b"\xff\xff\xff\xff", "an Arrow stream, as the datasets library keeps it", ARROW),
    (b"Obj\x01", "an Avro file", "Save it as CSV or JSONL."),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", "Read it with pandas.read_hdf and save it with to_csv(index=False)."),
    (b"\x93NUMPY", "a NumPy array (.npy)", "Read it with numpy.load and save its texts and labels as CSV."),
    (b"\x80\x02", PICKLE, UNPICKLE),
    (b"\x80\x03", PICKLE, UNPICKLE),
    (b"\x80\x04\x95", PICKLE, UNPICKLE),
    (b"\x80\x05\x95", PICKLE, UNPICKLE),
    (b"ccopy_reg\n", PICKLE, UNPICKLE),
    (b"cpandas.", PICKLE, UNPICKLE),
    (b"(lp0\n", PICKLE, UNPICKLE),
    (b"(dp0\n", PICKLE, UNPICKLE),
    (b"RDX2\n", "an R workspace (.RData)", "Save the table in R with write.csv(…, row.names = FALSE)."),
    (b"RDX3\n", "an R workspace (.RData)", "Save the table in R with write.csv(…, row.names = FALSE)."),
    (b"<stata_dta>", "a Stata file", "Save it as CSV."),
    (b"$FL2", "an SPSS file", "Save it as CSV."),
    (b"SQLite format 3\0", "a database (SQLite)", "Export the table that you need as CSV."),
    (b"GGUF\x03\0", "a model (GGUF)", "Choose it under Model. Here, choose a table with texts and labels."),
];
const IMAGE: &str = "Use a table with a text and a label in each row: CSV, TSV, JSONL or JSON.";
const UNPACK: &str = "Unpack it and use the table inside.";
const TWICE: &str = "It is compressed twice. Unpack it once; Hone does the rest.";
const BUNZIP: &str = "Unpack it, with `bunzip2` or 7-Zip. Hone opens .gz and .zst files as they are.";
const UNXZ: &str = "Unpack it, with `unxz` or 7-Zip. Hone opens .gz and .zst files as they are.";
const SEVEN_ZIP: &str = "Unpack it, with 7-Zip for example, and use the table inside.";
const PARQUET: &str = "Unpack it, and choose the Parquet file itself.";
const ARROW: &str = "Save it as CSV or JSONL: to_csv of pandas or of the datasets library does.";
const PICKLE: &str = "a Python pickle";
const UNPICKLE: &str = "Read it with pandas.read_pickle, if you trust it, and save it with to_csv(index=False).";

/// Beginnings of files in other formats of text, and of those that a server or Git put in place of the data, in lower case, with their description and a remedy.
const PLACEHOLDERS: [(&str, &str, &str); 23] = [
    ("version https://git-lfs.github.com/spec/", LFS, LFS_PULL),
    ("version https://hawser.github.com/spec/", LFS, LFS_PULL),
    (
        "/annex/objects/",
        "a git-annex pointer",
        "Run `git annex get` in its repository and use the file that it fetches.",
    ),
    ("<!doctype html", PAGE, DOWNLOAD),
    ("<html", PAGE, DOWNLOAD),
    ("<head", PAGE, DOWNLOAD),
    ("<body", PAGE, DOWNLOAD),
    (
        "<?xml",
        "an XML document",
        "If a website sent it, download the file itself. Otherwise, save its rows as CSV or JSONL. Of XML, Hone reads TMX, XLIFF and Qt's TS.",
    ),
    ("@relation", "a Weka file (ARFF)", "Open it in Weka, and save it as CSV."),
    ("create table", SQL, SQL_EXPORT),
    ("insert into", SQL, SQL_EXPORT),
    ("drop table", SQL, SQL_EXPORT),
    ("-- mysql dump", SQL, SQL_EXPORT),
    ("--\n-- postgresql database dump", SQL, SQL_EXPORT),
    ("#format=webanno", "an annotation file of WebAnno or INCEpTION", "Export the annotations as CoNLL 2002 instead."),
    (
        "t1\t",
        "an annotation file of brat (.ann), which does not contain the text",
        "Put it into a folder or a zip together with its .txt file, and choose that.",
    ),
    (
        "version: \"3",
        "training data of Rasa (YAML)",
        "Write its examples as CSV, with a text and an intent in each row.",
    ),
    (
        "{\"annotatable\"",
        "an annotation file of tagtog (.ann.json), which does not contain the text",
        "Write its entities as JSON lines with their texts: {\"text\": \"…\", \"label\": [[0, 4, \"Person\"]]}.",
    ),
    ("404: not found", MESSAGE, DOWNLOAD),
    ("404 not found", MESSAGE, DOWNLOAD),
    ("entry not found", MESSAGE, DOWNLOAD),
    ("repository not found", MESSAGE, DOWNLOAD),
    ("invalid username or password", MESSAGE, DOWNLOAD),
];
const SQL: &str = "an SQL dump";
const SQL_EXPORT: &str = "Import it into its database, and export the table that you need as CSV.";
const LFS: &str = "a Git LFS pointer, which names the data but does not contain it";
const LFS_PULL: &str =
    "Run `git lfs pull` in its repository, or download the file from its web page, and use that file.";
const PAGE: &str = "a web page (HTML)";
const MESSAGE: &str = "an error message from a website";
const DOWNLOAD: &str = "Download the file itself: use Download or Raw on its page, not the browser's \"Save page as\".";
/// Elements and members by which XML and JSON of labeling tools and shared tasks are recognized, with a description and a
/// remedy.
const NESTED: [(&str, &str, &str); 6] = [
    (
        "\"%TYPES\"",
        "an annotation file of UIMA or INCEpTION (CAS JSON)",
        "Export the annotations as CoNLL 2002 instead.",
    ),
    ("<xmi:XMI", "an annotation file of UIMA or INCEpTION (XMI)", "Export the annotations as CoNLL 2002 instead."),
    ("<resources", "a file of Android's texts, in one language", ONE_LANGUAGE),
    ("<aspectTerm", ASPECTS, ASPECT_ROWS),
    ("<Opinion", ASPECTS, ASPECT_ROWS),
    ("<sentences>", ASPECTS, ASPECT_ROWS),
];
const ASPECTS: &str = "a file of SemEval with opinions on aspects (XML)";
const ASPECT_ROWS: &str = "Write a row for each aspect as CSV: the sentence, the aspect and its polarity. Hone learns them as pairs with a label.";
const ONE_LANGUAGE: &str = "Write the texts of two such files as CSV, with a column for each language.";
/// Endings of the names of other formats, which would pass for running text, with a description and a remedy.
const ENDINGS: [(&str, &str, &str); 4] = [
    (".yaml", YAML, YAML_ROWS),
    (".yml", YAML, YAML_ROWS),
    (".strings", "a file of an app's texts, in one language", ONE_LANGUAGE),
    (".properties", "a file of a program's texts or settings", ONE_LANGUAGE),
];
const YAML: &str = "a YAML file";
const YAML_ROWS: &str = "Save its rows as JSON: `json.dump(yaml.safe_load(open(…)), …)` in Python does. If it is running text, end its name in .txt.";
/// Bytes in which such an element is looked for.
const NESTED_HEAD_BYTES: usize = 4096;
/// Longest file that may be an error message, in bytes.
const MAX_MESSAGE_BYTES: usize = 200;
/// Offset of the format's name in a tar archive, in bytes.
const TAR_MAGIC_AT: usize = 257;

/// Rejects files that are not data in text form.
///
/// # Errors
/// `data.not-text` for images, documents, archives and databases, and `data.not-data` for what a server or Git puts in
/// place of the data.
pub(crate) fn check_is_text(head: &[u8]) -> Result<(), Diagnostic> {
    let magic = MAGIC.iter().find(|(magic, ..)| head.starts_with(magic));
    let is_tar = head.get(TAR_MAGIC_AT..).is_some_and(|rest| rest.starts_with(b"ustar"));
    if let Some((what, remedy)) =
        magic.map(|&(_, what, remedy)| (what, remedy)).or(is_tar.then_some(("an archive (tar)", UNPACK)))
    {
        return Err(Diagnostic::new("data.not-text", format!("This is {what}, not a text table, whatever its name."))
            .done("The file was not read.")
            .remedy(remedy));
    }
    let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let is_start = |&&(start_of, what, _): &&(&str, &str, &str)| {
        let begins = start.get(..start_of.len()).is_some_and(|start| start.eq_ignore_ascii_case(start_of.as_bytes()));
        let next = start.get(start_of.len()).copied();
        match what {
            PAGE => begins && next.is_none_or(|next| next == b'>' || next.is_ascii_whitespace()),
            MESSAGE => begins && head.len() <= MAX_MESSAGE_BYTES && !start.trim_ascii_end().contains(&b'\n'),
            _ => begins,
        }
    };
    let found = PLACEHOLDERS.iter().find(is_start).map(|&(_, what, remedy)| (what, remedy));
    match nested_annotations(start).or(found) {
        Some((what, remedy)) => Err(Diagnostic::new("data.not-data", format!("This is {what}, whatever its name."))
            .done("The file was not read.")
            .remedy(remedy)),
        None => Ok(()),
    }
}

/// Rejects files of other formats that are text too, by the endings of their names.
///
/// # Errors
/// `data.not-data`.
pub(crate) fn check_ending(name: &str) -> Result<(), Diagnostic> {
    let name = name.to_lowercase();
    match ENDINGS.iter().find(|(ending, ..)| name.ends_with(ending)) {
        Some((ending, what, remedy)) => Err(Diagnostic::new("data.not-data", format!("This is {what} ({ending})."))
            .done("The file was not read.")
            .remedy(*remedy)),
        None => Ok(()),
    }
}

/// XML or JSON of labeling tools and shared tasks that Hone does not read, with a remedy.
fn nested_annotations(start: &[u8]) -> Option<(&'static str, &'static str)> {
    let head = String::from_utf8_lossy(start.get(..NESTED_HEAD_BYTES).unwrap_or(start));
    let names = |element: &str| head.starts_with(['<', '{']) && head.contains(element);
    NESTED.iter().find(|(element, ..)| names(element)).map(|&(_, what, remedy)| (what, remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_file_types_are_recognized_by_their_bytes() {
        let mut tar = vec![b'a'; TAR_MAGIC_AT];
        tar.extend(b"ustar\x0000");
        for (head, what) in [
            (&b"\x89PNG\r\n\x1a\n"[..], "image"),
            (b"ARROW1\0\0", "Arrow"),
            (b"\xff\xff\xff\xff\x10\x02", "Arrow"),
            (b"\x80\x04\x95\x10", "pickle"),
            (b"BZh91AY&SY", "bzip2"),
            (b"\xfd7zXZ\0", "xz"),
            (b"\x28\xb5\x2f\xfd", "Zstandard"),
            (b"7z\xbc\xaf\x27\x1c", "7z"),
            (b"Rar!\x1a\x07\x01", "RAR"),
            (b"\x93NUMPY\x01", "NumPy"),
            (&tar, "tar"),
        ] {
            let diagnostic = check_is_text(head).unwrap_err();
            assert_eq!(diagnostic.code, "data.not-text");
            assert!(diagnostic.what.contains(what), "{}", diagnostic.what);
            assert!(!diagnostic.remedy.contains("Windows-1252"));
        }
        assert_eq!(check_is_text(b"text,label"), Ok(()));
    }

    #[test]
    fn pointers_and_web_pages_in_place_of_data_are_rejected_by_name() {
        for (head, what) in [
            ("version https://git-lfs.github.com/spec/v1\noid sha256:4f1c\nsize 17\n", "Git LFS"),
            ("\u{feff}\n<!DOCTYPE html>\n<html lang=\"en\">", "web page"),
            ("<html><body>", "web page"),
            ("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "XML"),
            ("404: Not Found", "error message"),
            ("<?xml version=\"1.0\"?>\n<xmi:XMI xmlns:xmi=\"http://www.omg.org/XMI\">", "XMI"),
            ("<?xml version=\"1.0\"?>\n<sentences><sentence id=\"1\"><text>Good</text><aspectTerms>", "SemEval"),
            ("{\n  \"%TYPES\" : {\n", "CAS JSON"),
            ("<?xml version=\"1.0\"?>\n<resources>\n<string name=\"a\">Open</string>", "Android"),
            ("{\"annotatable\":{\"parts\":[\"s1v1\"]},\"entities\":[]}", "tagtog"),
        ] {
            let diagnostic = check_is_text(head.as_bytes()).unwrap_err();
            assert_eq!(diagnostic.code, "data.not-data");
            assert!(diagnostic.what.contains(what) && !diagnostic.remedy.is_empty(), "{diagnostic}");
        }
        for head in ["<htmlish>,label\n", "<b>bold</b>,x\n", "404 not found\npage missing\n", "version 1\n"] {
            assert_eq!(check_is_text(head.as_bytes()), Ok(()), "{head}");
        }
    }
}
