//! Weights that are split into several safetensors files (`save_pretrained(max_shard_size=...)`), and their index.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Deserialize;

use crate::diagnostic::Diagnostic;
use crate::json_file;
use crate::limits::MAX_SHARDS;
use crate::weights::error::WeightsError;

/// The contents of `model.safetensors.index.json`: which file has which tensor.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ShardIndex {
    /// File of each tensor.
    weight_map: BTreeMap<String, String>,
}

impl ShardIndex {
    /// Parses the file.
    ///
    /// # Errors
    /// `model.shards` if it is not an index, or names files elsewhere.
    pub fn parse(json: &[u8]) -> Result<Self, Diagnostic> {
        let unreadable = |reason: String| {
            Diagnostic::new("model.shards", format!("The index of the model's weights cannot be used: {reason}."))
                .done("Nothing was changed.")
                .remedy("Use the model.safetensors.index.json that belongs to the weights, as its author published it.")
        };
        let index: Self = json_file::parse(json).map_err(unreadable)?;
        // The names become parts of addresses and paths.
        let is_name = |name: &&str| name.ends_with(".safetensors") && !name.contains(['/', '\\', '?', '#', '%']);
        let files = index.files();
        match files.iter().find(|name| !is_name(name)) {
            Some(name) => Err(unreadable(format!("\"{name}\" is not the name of a safetensors file next to it"))),
            None if files.is_empty() => Err(unreadable("it lists no weights".into())),
            None if files.len() > MAX_SHARDS => {
                Err(unreadable(format!("it names {} files, more than {MAX_SHARDS}", files.len())))
            }
            None => Ok(index),
        }
    }

    /// Names of the files, in order.
    pub fn files(&self) -> Vec<&str> {
        let files: BTreeSet<&str> = self.weight_map.values().map(String::as_str).collect();
        files.into_iter().collect()
    }

    /// Checks that every file is there.
    ///
    /// # Errors
    /// `model.shard-missing` names those that are not.
    pub fn require(&self, is_there: impl Fn(&str) -> bool) -> Result<(), Diagnostic> {
        let files = self.files();
        let missing: Vec<&str> = files.iter().copied().filter(|name| !is_there(name)).collect();
        let what = match missing.as_slice() {
            [] => return Ok(()),
            [one] => format!("{one} is missing"),
            [first, ..] => format!("{} of them are missing, {first} among them", missing.len()),
        };
        Err(Diagnostic::new(
            "model.shard-missing",
            format!("The weights are split into {} files: {what}.", files.len()),
        )
        .done("Nothing was changed.")
        .remedy("Add all files that model.safetensors.index.json names, or download the model again."))
    }
}

/// Checks the files of a model against their index, as they arrive in order.
#[derive(Debug)]
pub(super) struct Shards {
    index: ShardIndex,
    /// Place of the current file among those of the index.
    current: usize,
    /// The file of each tensor that has arrived, by its place.
    arrived: HashMap<String, usize>,
}

impl Shards {
    pub(super) fn new(index: ShardIndex) -> Self {
        Self { index, current: 0, arrived: HashMap::new() }
    }

    fn name(&self, place: usize) -> String {
        self.index.files().get(place).map(|&name| name.to_owned()).unwrap_or_default()
    }

    /// Registers a tensor of the current file.
    ///
    /// # Errors
    /// If an earlier file has it too.
    pub(super) fn arrive(&mut self, tensor: &str) -> Result<(), WeightsError> {
        match self.arrived.insert(tensor.to_owned(), self.current) {
            Some(earlier) => Err(WeightsError::InTwoShards {
                name: tensor.to_owned(),
                shards: [self.name(earlier), self.name(self.current)],
            }),
            None => Ok(()),
        }
    }

    /// Ends the current file.
    ///
    /// # Errors
    /// If it lacks a tensor that it has by the index.
    pub(super) fn end_file(&mut self) -> Result<(), WeightsError> {
        let shard = self.name(self.current);
        let is_lacking = |name: &&String| self.arrived.get(*name) != Some(&self.current);
        let mut of_shard = self.index.weight_map.iter().filter(|(_, file)| **file == shard).map(|(name, _)| name);
        if let Some(name) = of_shard.find(is_lacking) {
            return Err(WeightsError::NotInShard { name: name.clone(), shard });
        }
        self.current += 1;
        Ok(())
    }

    /// An error in the current file, which is named.
    pub(super) fn in_shard(&self, error: WeightsError) -> WeightsError {
        match error {
            WeightsError::InTwoShards { .. } | WeightsError::NotInShard { .. } => error,
            error => WeightsError::InShard { shard: self.name(self.current), error: error.into() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &[u8] =
        br#"{"metadata": {"total_size": 12}, "weight_map": {"b": "m-2.safetensors", "a": "m-1.safetensors",
        "c": "m-2.safetensors"}}"#;

    #[test]
    fn the_files_of_an_index_are_listed_once_in_order() {
        assert_eq!(ShardIndex::parse(INDEX).unwrap().files(), ["m-1.safetensors", "m-2.safetensors"]);
    }

    #[test]
    fn files_that_are_missing_are_named() {
        let index = ShardIndex::parse(INDEX).unwrap();
        assert_eq!(index.require(|_| true), Ok(()));
        let one = index.require(|name| name.contains('1')).unwrap_err();
        assert_eq!(one.code, "model.shard-missing");
        assert_eq!(one.what, "The weights are split into 2 files: m-2.safetensors is missing.");
        let both = index.require(|_| false).unwrap_err();
        assert!(both.what.contains("2 of them are missing, m-1.safetensors among them"), "{both}");
    }

    #[test]
    fn an_index_that_points_elsewhere_or_is_none_is_refused() {
        for (json, reason) in [
            (r#"{"weight_map": {"a": "../other/m.safetensors"}}"#, "../other"),
            (r#"{"weight_map": {"a": "https://elsewhere.example/m.safetensors"}}"#, "elsewhere"),
            (r#"{"weight_map": {"a": "pytorch_model-1.bin"}}"#, "pytorch_model"),
            (r#"{"weight_map": {}}"#, "no weights"),
            ("{}", "weight_map"),
            ("version https://git-lfs.github.com/spec/v1\noid sha256:4f\nsize 3\n", "Git LFS"),
        ] {
            let error = ShardIndex::parse(json.as_bytes()).unwrap_err();
            assert!(error.code == "model.shards" && error.what.contains(reason), "{error}");
        }
    }
}
