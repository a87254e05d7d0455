//! Files of a model's folder, found by their paths.

use crate::diagnostic::Diagnostic;
use crate::hub::{SAFETENSORS, SAFETENSORS_INDEX, is_gguf, other_weights};

/// Maximum number of file names in an error.
const LISTED_NAMES: usize = 5;

/// Index of the path that ends in `name`, possibly below a folder. If there are several, the one with the fewest
/// folders.
pub fn find_file<'a>(paths: impl IntoIterator<Item = &'a str>, name: &str) -> Option<usize> {
    let matches = |path: &str| path.strip_suffix(name).is_some_and(|folder| folder.is_empty() || folder.ends_with('/'));
    let found = paths.into_iter().enumerate().filter(|(_, path)| matches(path));
    found.min_by_key(|(_, path)| path.matches('/').count()).map(|(index, _)| index)
}

/// Name of the weights file, or of the index of several, and the names of all files, sorted.
///
/// # Errors
/// `model.no-weights` if no file has weights that can be read.
pub fn find_weights<'a>(paths: impl IntoIterator<Item = &'a str>) -> Result<(String, Vec<String>), Diagnostic> {
    let mut names: Vec<String> =
        paths.into_iter().map(|path| path.rsplit('/').next().unwrap_or(path).to_owned()).collect();
    names.sort();
    names.dedup();
    let named = |name: &str| names.iter().find(|other| *other == name);
    let weights = named(SAFETENSORS).or(named(SAFETENSORS_INDEX)).or_else(|| only_safetensors(&names));
    match weights.or_else(|| names.iter().find(|name| is_gguf(name))).cloned() {
        Some(weights) => Ok((weights, names)),
        None => {
            let found = names.iter().take(LISTED_NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
            let (what, remedy) = other_weights(names.iter().map(String::as_str));
            let found = if found.is_empty() { "it is empty".into() } else { found };
            Err(Diagnostic::new("model.no-weights", format!("The folder {what} ({found})."))
                .done("Nothing was changed.")
                .remedy(remedy))
        }
    }
}

/// The safetensors file with another name, if there is just one with a model: a variant such as `model.fp16.safetensors`, or
/// all the weights as part one of one.
fn only_safetensors(names: &[String]) -> Option<&String> {
    let is_part = |name: &str| name.contains("-of-") && !name.ends_with("-of-00001.safetensors");
    let mut whole = names.iter().filter(|name| name.ends_with(".safetensors") && !name.starts_with("adapter_"));
    whole.next().filter(|name| !is_part(name) && whole.next().is_none())
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
        for name in ["model.fp16.safetensors", "model-00001-of-00001.safetensors"] {
            assert_eq!(find_weights(["m/config.json", name]).unwrap().0, name);
        }
        let shards = ["model-00001-of-00002.safetensors", SAFETENSORS_INDEX, "model-00002-of-00002.safetensors"];
        assert_eq!(find_weights(shards).unwrap().0, SAFETENSORS_INDEX);
        for names in [
            ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"],
            ["adapter_model.safetensors", "adapter_config.json"],
            ["model.fp16.safetensors", "model.fp32.safetensors"],
        ] {
            assert!(find_weights(names).is_err(), "{names:?}");
        }
        let diagnostic = find_weights(["m/pytorch_model.bin"]).unwrap_err();
        assert_eq!(diagnostic.code, "model.no-weights");
        assert!(diagnostic.what.contains("pytorch_model.bin"));
    }
}
