//! Files of a model's folder, found by their paths.

use crate::diagnostic::Diagnostic;
use crate::hub::{SAFETENSORS, is_gguf};

/// Maximum number of file names in an error.
const LISTED_NAMES: usize = 5;

/// Index of the path that ends in `name`, possibly below a folder. If there are several, the one with the fewest
/// folders.
pub fn find_file<'a>(paths: impl IntoIterator<Item = &'a str>, name: &str) -> Option<usize> {
    let matches = |path: &str| path.strip_suffix(name).is_some_and(|folder| folder.is_empty() || folder.ends_with('/'));
    let found = paths.into_iter().enumerate().filter(|(_, path)| matches(path));
    found.min_by_key(|(_, path)| path.matches('/').count()).map(|(index, _)| index)
}

/// Name of the weights file, and the names of all files, sorted.
///
/// # Errors
/// `model.no-weights` if no file has weights that can be read.
pub fn find_weights<'a>(paths: impl IntoIterator<Item = &'a str>) -> Result<(String, Vec<String>), Diagnostic> {
    let mut names: Vec<String> =
        paths.into_iter().map(|path| path.rsplit('/').next().unwrap_or(path).to_owned()).collect();
    names.sort();
    names.dedup();
    let weights = names.iter().find(|name| *name == SAFETENSORS).or_else(|| names.iter().find(|name| is_gguf(name)));
    match weights.cloned() {
        Some(weights) => Ok((weights, names)),
        None => {
            let found = names.iter().take(LISTED_NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
            Err(Diagnostic::new("model.no-weights", format!("None of the files has weights ({found})."))
                .done("Nothing was changed.")
                .remedy("Drop a folder that has config.json, tokenizer.json and model.safetensors, a zip of it, or a .gguf file."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_in_the_fewest_folders() {
        let paths = ["model/old/config.json", "model/config.json", "model/my-config.json"];
        assert_eq!(find_file(paths, "config.json"), Some(1));
        assert_eq!(find_file(paths, "tokenizer.json"), None);
        let pooling = ["config.json", "m/1_Pooling/config.json"];
        assert_eq!(find_file(pooling, "1_Pooling/config.json"), Some(1));
        assert_eq!(find_file(pooling, "config.json"), Some(0));
    }

    #[test]
    fn safetensors_are_preferred_and_files_without_weights_are_listed() {
        let (weights, names) = find_weights(["m/b.gguf", "m/model.safetensors", "m/config.json"]).unwrap();
        assert_eq!(weights, "model.safetensors");
        assert_eq!(names, ["b.gguf", "config.json", "model.safetensors"]);
        assert_eq!(find_weights(["a/MODEL.GGUF"]).unwrap().0, "MODEL.GGUF");
        let diagnostic = find_weights(["m/pytorch_model.bin"]).unwrap_err();
        assert_eq!(diagnostic.code, "model.no-weights");
        assert!(diagnostic.what.contains("pytorch_model.bin"));
    }
}
