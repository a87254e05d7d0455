//! The program `hone`, interrupted and continued.
#![cfg(unix)]
#![allow(unreachable_pub, reason = "a module of the program is included here")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test may panic")]

#[path = "../src/run_folder.rs"]
#[allow(dead_code, reason = "the program uses more of it")]
mod run_folder;

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use hone_core::checkpoint::{pack, unpack};
use serde_json::Value;

use crate::run_folder::RunFolder;

const RECIPE: &str = r#"{"task": "generation", "epochs": 4, "batch_size": 4, "max_length": 32, "eval_every_epochs": 0.25,
    "validation_ratio": 0.1, "generated_rows": 1, "max_new_tokens": 4, "early_stopping_patience": 0}"#;

const MODEL: &str = "../../tests/models/stories260K";

/// A folder for one test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hone-resume-{}-{name}", std::process::id()));
        _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder");
        let folder = Self(path);
        folder.write("recipe.json", RECIPE);
        folder.write("rows.jsonl", &rows("Once"));
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
    }

    /// `hone train` with these files, into the folder `out`.
    fn train(&self, recipe: &str, data: &str, out: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hone"));
        command.arg("train").arg(self.path(recipe)).arg("--data").arg(self.path(data)).arg("--model").arg(MODEL);
        command.arg("--out").arg(self.path(out)).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn model(&self, out: &str) -> Vec<u8> {
        fs::read(self.path(out).join("model/model.safetensors")).expect("a model")
    }

    fn result(&self, out: &str) -> Value {
        let mut result: Value =
            serde_json::from_slice(&fs::read(self.path(out).join("result.json")).expect("a file")).expect("JSON");
        result["seconds"] = Value::Null;
        // Samples are rows, which are not saved: a run saved after its best evaluation has none.
        result["best"]["detail"] = Value::Null;
        result
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

fn rows(first: &str) -> String {
    let row = |i: usize| {
        let [who, what] = [["girl", "boy", "dog"][i % 3], ["ball", "tree", "bird", "car"][i % 4]];
        format!("{{\"prompt\": \"{first} a {who} number {i} saw a\", \"completion\": \"{what}.\"}}\n")
    };
    (0..80).map(row).collect()
}

/// Presses Ctrl+C once the run has taken a step.
fn interrupt(child: &mut Child, out: &Path) {
    for _ in 0..6_000 {
        let events = fs::read_to_string(out.join("events.jsonl")).unwrap_or_default();
        if events.contains("\"steps\"") || child.try_wait().expect("a status").is_some() {
            break;
        }
        sleep(Duration::from_millis(10));
    }
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(status.success(), "the run was over before it was interrupted");
}

fn error(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn an_interrupted_run_continues_to_the_same_model() {
    let folder = Folder::new("same");
    let alone = folder.train("recipe.json", "rows.jsonl", "alone").output().expect("a run");
    assert!(alone.status.success(), "{}", String::from_utf8_lossy(&alone.stderr));
    assert!(!folder.path("alone/checkpoint").exists(), "what was saved of a run is removed when it is over");

    let checkpoint = folder.path("out/checkpoint");
    let mut child = folder.train("recipe.json", "rows.jsonl", "out").spawn().expect("a run");
    interrupt(&mut child, &folder.path("out"));
    let message = error(&child.wait_with_output().expect("an output"));
    assert!(message.contains("was stopped at step"), "{message}");
    assert!(message.contains(&format!("--resume {}", checkpoint.display())), "{message}");

    // Through a file, as a run is taken from the page, and into a folder, as it is brought there.
    let mut other = RunFolder::new(folder.path("other"));
    for zip in ["first.zip", "second.zip"] {
        let saved = if zip == "first.zip" { &mut RunFolder::new(&checkpoint) } else { &mut other };
        let file = File::create(folder.path(zip)).expect("a file");
        pollster::block_on(pack(saved, file)).expect("a zip").expect("a saved run");
        let file = BufReader::new(File::open(folder.path(zip)).expect("a file"));
        pollster::block_on(unpack(file, &mut other)).expect("a saved run");
    }
    for (out, saved) in [("from-zip", "second.zip"), ("out", "out/checkpoint")] {
        let mut command = folder.train("recipe.json", "rows.jsonl", out);
        let output = command.arg("--resume").arg(folder.path(saved)).output().expect("a run");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(folder.model(out) == folder.model("alone"), "{out}");
        assert_eq!(folder.result(out), folder.result("alone"), "{out}");
        assert!(!folder.path(out).join("checkpoint").exists());
        let events = |out: &str| {
            let text = fs::read_to_string(folder.path(out).join("events.jsonl")).expect("events");
            let events = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
            let without_times = events.filter_map(|mut event| {
                event.get_mut("steps").map(|steps| std::mem::take(&mut steps["steps"])).or(event.get("evaluated").map(
                    |evaluated| {
                        Value::from(vec![evaluated["evaluation"]["loss"].clone(), evaluated["is_best"].clone()])
                    },
                ))
            });
            without_times.collect::<Vec<_>>()
        };
        assert_eq!(events(out), events("alone"), "{out}");
    }
}

#[test]
fn a_run_with_other_data_or_another_recipe_does_not_continue() {
    let folder = Folder::new("other");
    folder.write("other.jsonl", &rows("Twice"));
    folder.write("other.json", &RECIPE.replace("\"epochs\": 4", "\"epochs\": 5"));
    let checkpoint = folder.path("out/checkpoint");
    let mut child = folder.train("recipe.json", "rows.jsonl", "out").spawn().expect("a run");
    interrupt(&mut child, &folder.path("out"));
    error(&child.wait_with_output().expect("an output"));

    let resumed = |recipe, data| {
        let mut command = folder.train(recipe, data, "out");
        error(&command.arg("--resume").arg(&checkpoint).output().expect("a run"))
    };
    let message = resumed("recipe.json", "other.jsonl");
    assert!(message.contains("The run was started with rows.jsonl; other.jsonl is another file."), "{message}");
    let message = resumed("other.json", "rows.jsonl");
    assert!(message.contains("epochs is 5, was 4"), "{message}");
    let again = folder.train("recipe.json", "rows.jsonl", "out").output().expect("a run");
    let message = error(&again);
    assert!(message.contains("has a run saved at step") && message.contains("--resume"), "{message}");
    let mut command = folder.train("recipe.json", "rows.jsonl", "new");
    let message = error(&command.arg("--resume").arg(folder.path("nothing")).output().expect("a run"));
    assert!(message.contains("No run is saved in"), "{message}");
    assert!(checkpoint.join("a/manifest.json").exists() || checkpoint.join("b/manifest.json").exists());
}

#[test]
fn a_kept_run_is_trained_further_as_if_it_had_been_longer() {
    let folder = Folder::new("further");
    let constant = "\"schedule\": \"constant\", \"warmup_ratio\": 0, \"metric_for_best_model\": \"loss\"";
    let recipe = |epochs: u32| RECIPE.replace("\"epochs\": 4", &format!("\"epochs\": {epochs}, {constant}"));
    folder.write("short.json", &recipe(1));
    folder.write("long.json", &recipe(3));
    let run = |recipe: &str, out: &str, options: &[&str]| {
        let mut command = folder.train(recipe, "rows.jsonl", out);
        command.args(options).output().expect("a run")
    };
    let long = run("long.json", "long", &[]);
    assert!(long.status.success(), "{}", String::from_utf8_lossy(&long.stderr));
    let checkpoint = folder.path("short/checkpoint").display().to_string();
    let short = run("short.json", "short", &["--keep-run"]);
    assert!(short.status.success(), "{}", String::from_utf8_lossy(&short.stderr));
    let once = run("short.json", "short", &["--resume", &checkpoint, "--further", "1", "--keep-run"]);
    assert!(once.status.success(), "{}", String::from_utf8_lossy(&once.stderr));
    assert!(folder.model("short") != folder.model("long"));
    let twice = run("short.json", "short", &["--resume", &checkpoint, "--further", "1"]);
    assert!(twice.status.success(), "{}", String::from_utf8_lossy(&twice.stderr));
    assert!(folder.model("short") == folder.model("long"));
    assert_eq!(folder.result("short")["best"], folder.result("long")["best"]);
    assert!(!folder.path("short/checkpoint").exists());
}

#[test]
fn a_run_that_has_not_ended_is_not_trained_further() {
    let folder = Folder::new("not-ended");
    let mut child = folder.train("recipe.json", "rows.jsonl", "out").spawn().expect("a run");
    interrupt(&mut child, &folder.path("out"));
    error(&child.wait_with_output().expect("an output"));
    let mut command = folder.train("recipe.json", "rows.jsonl", "out");
    command.arg("--resume").arg(folder.path("out/checkpoint")).args(["--further", "1"]);
    let message = error(&command.output().expect("a run"));
    assert!(message.contains("it has not ended"), "{message}");
}
