//! `hone predict` on a model that `hone train` wrote.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

const RECIPE: &str = r#"{"task": "generation", "batch_size": 4, "max_length": 32, "validation_ratio": 0.2,
    "generated_rows": 1, "max_new_tokens": 4}"#;

const MODEL: &str = "../../tests/models/stories260K";

/// A folder for one test.
struct Folder(PathBuf);

impl Folder {
    /// A folder with a model that was trained for a step.
    fn with_model(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hone-predict-{}-{name}", std::process::id()));
        _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder");
        let folder = Self(path);
        folder.write("recipe.json", RECIPE);
        let row = |i: usize| format!("{{\"prompt\": \"Once a dog number {i} saw a\", \"completion\": \"ball.\"}}\n");
        folder.write("train.jsonl", &(0..20).map(row).collect::<String>());
        let mut train = folder.hone("train", "recipe.json");
        train.arg("--data").arg(folder.path("train.jsonl")).arg("--model").arg(MODEL).args(["--steps", "1"]);
        let trained = train.arg("--out").arg(folder.path("out")).output().expect("a run");
        assert!(trained.status.success(), "{}", String::from_utf8_lossy(&trained.stderr));
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
    }

    fn hone(&self, command: &str, first: &str) -> Command {
        let mut hone = Command::new(env!("CARGO_BIN_EXE_hone"));
        hone.arg(command).arg(self.path(first));
        hone
    }

    fn predict(&self, model: &str, data: &str, out: &str, more: &[&str]) -> Output {
        let mut hone = self.hone("predict", model);
        hone.arg("--data").arg(self.path(data)).arg("--out").arg(self.path(out)).args(more).output().expect("an output")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

fn error(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn rows_keep_their_columns_and_get_a_prediction() {
    let folder = Folder::with_model("rows");
    folder.write("new.csv", "id,prompt\n1,Once a cat saw a\n2,\n3,\"Once, a bird saw a\"\n");
    let predicted = folder.predict("out/model", "new.csv", "predicted.jsonl", &[]);
    let stderr = String::from_utf8_lossy(&predicted.stderr);
    assert!(predicted.status.success(), "{stderr}");
    assert!(stderr.contains("1 row was left without a prediction"), "{stderr}");
    let written = fs::read_to_string(folder.path("predicted.jsonl")).expect("a file");
    let rows: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let ids: Vec<&str> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
    assert_eq!(ids, ["1", "2", "3"]);
    assert_eq!(rows[2]["prompt"], "Once, a bird saw a");
    assert!(rows[0]["generated"].as_str().is_some_and(|text| !text.is_empty()), "{written}");
    assert!(rows[1]["generated"].is_null());

    let csv = folder.predict("out/model", "new.csv", "predicted.csv", &["--prompt", "{prompt}"]);
    assert!(csv.status.success(), "{}", String::from_utf8_lossy(&csv.stderr));
    let written = fs::read_to_string(folder.path("predicted.csv")).expect("a file");
    assert!(written.starts_with("id,prompt,generated\n1,Once a cat saw a,"), "{written}");
    assert!(written.contains("\n3,\"Once, a bird saw a\","), "{written}");
}

#[test]
fn what_cannot_be_predicted_is_refused_and_overwrites_nothing() {
    let folder = Folder::with_model("refused");
    folder.write("new.csv", "id,words\n1,Once a cat\n2,Once a dog\n");
    folder.write("kept.csv", "an earlier file");
    let refused = |model: &str, more: &[&str]| error(&folder.predict(model, "new.csv", "kept.csv", more));
    let message = refused("out/model", &["--prompt", "{story}"]);
    assert!(message.contains("story") && message.contains("words"), "{message}");
    let message = refused("out/model", &["--text", "words"]);
    assert!(message.contains("--prompt for prompts"), "{message}");
    let message = refused("out", &[]);
    assert!(message.contains("has no recipe.json") && message.contains("OUT/model"), "{message}");
    let message = refused("nowhere", &[]);
    assert!(message.contains("cannot be read"), "{message}");
    let message = refused("new.csv", &[]);
    assert!(message.contains("cannot be read as a zip"), "{message}");
    assert_eq!(fs::read_to_string(folder.path("kept.csv")).expect("a file"), "an earlier file");
    assert!(!folder.path("kept.csv.part").exists());
}
