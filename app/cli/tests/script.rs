//! `hone script`.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Output};

const RECIPE: &str = r#"{"task": "generation", "batch_size": 4, "max_length": 32, "validation_ratio": 0.2}"#;

const MODEL: &str = "../../tests/models/stories260K";

/// Writes the script of a run on `data` into a new folder of this name, which is returned.
fn script(folder: &str, file: &str, data: &[u8]) -> (PathBuf, Output) {
    let folder = std::env::temp_dir().join(format!("hone-script-{}-{folder}", std::process::id()));
    _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("recipe.json"), RECIPE).expect("a recipe");
    fs::write(folder.join(file), data).expect("data");
    let mut hone = Command::new(env!("CARGO_BIN_EXE_hone"));
    hone.arg("script").arg(folder.join("recipe.json")).arg("--data").arg(folder.join(file)).arg("--model").arg(MODEL);
    let output = hone.arg("--out").arg(folder.join("hone-run.zip")).output().expect("an output");
    (folder, output)
}

#[test]
fn a_script_has_all_that_it_reads_and_no_row() {
    let row = |i: usize| format!("{{\"prompt\": \"Once a dog number {i} saw a\", \"completion\": \"ball.\"}}\n");
    let (folder, output) = script("rows", "train.jsonl", (0..20).map(row).collect::<String>().as_bytes());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut zip = zip::ZipArchive::new(fs::File::open(folder.join("hone-run.zip")).expect("a zip")).expect("a zip");
    for name in ["README.md", "train.py", "recipe.json", "split.json", "requirements.txt", "accelerate/fsdp2.yaml"] {
        assert!(zip.by_name(name).is_ok(), "{name}");
    }
    for index in 0..zip.len() {
        let mut content = Vec::new();
        zip.by_index(index).expect("a file").read_to_end(&mut content).expect("its bytes");
        assert!(!String::from_utf8_lossy(&content).contains("dog number"), "file {index}");
    }
    fs::remove_dir_all(folder).expect("a folder");
}

#[test]
fn a_file_that_python_could_not_read_is_refused_with_a_remedy() {
    let rows: String = (0..20).map(|i| format!("\"Once a dog number {i} saw a\", ")).collect();
    let columns =
        format!("{{\"prompt\": [{}], \"completion\": [{}]}}", rows.trim_end_matches(", "), rows.trim_end_matches(", "));
    let (folder, output) = script("columns", "train.json", columns.as_bytes());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && stderr.contains("an array for each column"), "{stderr}");
    assert!(stderr.contains("Save the rows as CSV"), "{stderr}");
    assert!(!folder.join("hone-run.zip").exists());
    fs::remove_dir_all(folder).expect("a folder");
}
