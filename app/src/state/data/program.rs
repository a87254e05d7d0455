//! The command with which the program reads the same file in the same way.

use crate::state::State;
use crate::state::data::file::{File, FileChoice};
use crate::state::data::together::is_joint_name;

/// The command line of `hone train` for the training file; empty without one. The columns, and how the file is read, are in
/// the recipe's file.
pub fn command_line(state: &State) -> String {
    // The page joins files, and the program does not.
    let is_joined = |choice: &FileChoice| choice.aligned_with.is_some() || is_joint_name(&choice.name);
    let has_joined = state.data.files().into_iter().filter_map(File::choice).any(is_joined);
    let Some(choice) = state.data.train.choice().filter(|_| !has_joined) else { return String::new() };
    let mut line = format!("hone train recipe.json --data {}", quoted(&choice.name));
    for (file, argument) in [(&state.data.validation, "validation"), (&state.data.test, "test")] {
        // The program finds the parts of the training file by itself.
        if let Some(file) = file.choice().filter(|file| file.blobs != choice.blobs) {
            line += &format!(" --{argument} {}", quoted(&file.name));
        }
    }
    line + " --out tuned"
}

/// A word of a command line, in quotes if a shell would change it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
