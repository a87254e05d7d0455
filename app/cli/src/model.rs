//! The pretrained model in a folder.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::{env, fs};

use burn::tensor::Device;
use hone_core::catalog::{CatalogEntry, POOLING};
use hone_core::diagnostic::Diagnostic;
use hone_core::export::ExportedConfig;
use hone_core::hub::{SAFETENSORS, SAFETENSORS_INDEX, SENTENCE_FILES, VERBATIM, is_gguf};
use hone_core::pretrained::{Pretrained, TunedParts};
use hone_core::run::{RecipeFile, SourceFile};
use hone_core::runner::{ModelArchive, ModelFiles, ModelLoader, find_weights};
use hone_core::weights::ShardIndex;
use sha2::{Digest, Sha256};

use crate::data::{hex, read, sha256, unreadable};

/// The models that the page offers.
const CATALOG: &str = include_str!("../../../public/catalog.json");

/// Bytes of a weights file that are read at a time.
const PIECE: usize = 4 << 20;

/// A model and its origin.
pub struct Model {
    /// The loaded model.
    pub pretrained: Pretrained,
    /// Its name on a hub, or its folder's name.
    pub hub_id: String,
    /// The weights file.
    pub weights: SourceFile,
    /// License as an SPDX identifier; empty if unknown.
    pub license: String,
}

/// Loads the model in `folder`, or the model with this id that `cargo xtask setup` has fetched.
pub fn load(folder: Option<&Path>, id: &str, device: &Device) -> Result<Model, Diagnostic> {
    let catalog: Vec<CatalogEntry> = serde_json::from_str(CATALOG).map_err(|error| {
        Diagnostic::new("model.catalog", format!("The list of models in this program cannot be read: {error}."))
            .done("No model was loaded.")
            .remedy("Build the program again, with the file public/catalog.json as it is in the repository.")
    })?;
    let id = if id.is_empty() { catalog.first().map_or("", |entry| &entry.id) } else { id };
    let folder = folder.map_or_else(|| setup_folder(id), Path::to_path_buf);
    let entry = catalog.iter().find(|entry| folder.ends_with(&entry.id));
    let pooling = entry.map(|entry| entry.pooling);
    let (mut loader, weights) = match gguf(&folder) {
        Some(file) => (ModelLoader::gguf(pooling, device), file),
        None => {
            let weights = weights(&folder)?;
            (ModelLoader::safetensors(files(&folder)?, pooling, device)?, weights)
        }
    };
    let mut paths = vec![weights];
    if paths[0].ends_with(SAFETENSORS_INDEX) {
        let index = ShardIndex::parse(&read(&paths[0])?)?;
        index.require(|name| folder.join(name).exists())?;
        paths = index.files().into_iter().map(|name| folder.join(name)).collect();
        loader = loader.in_shards(index);
    }
    let sha256 = push_all(&mut loader, &paths)?;
    let (pretrained, _) = loader.finish()?;
    for note in &pretrained.notes {
        eprintln!("note: {note}");
    }
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Model {
        pretrained,
        weights: SourceFile { name: entry.map_or_else(|| name.clone(), |entry| entry.id.clone()), sha256 },
        hub_id: entry.map_or(name, |entry| entry.hub_id.clone()),
        license: entry.map(|entry| entry.license.clone()).unwrap_or_default(),
    })
}

/// Reads the weights files. Returns the SHA-256 of the only one, or of those of several in a row.
fn push_all(loader: &mut ModelLoader, paths: &[PathBuf]) -> Result<String, Diagnostic> {
    let (mut digests, mut piece) = (Vec::new(), vec![0; PIECE]);
    for path in paths {
        let mut file = fs::File::open(path).map_err(|error| unreadable(path, &error))?;
        let mut hash = Sha256::new();
        while let read @ 1.. = file.read(&mut piece).map_err(|error| unreadable(path, &error))? {
            hash.update(&piece[..read]);
            loader.push(&piece[..read])?;
        }
        loader.end_shard()?;
        digests.push(hex(hash));
    }
    Ok(if digests.len() == 1 { digests.remove(0) } else { sha256(digests.concat().as_bytes()) })
}

/// A tuned model with the facts that its predictions depend on.
pub struct Tuned {
    /// The model.
    pub parts: TunedParts,
    /// Facts in its config.json.
    pub config: ExportedConfig,
}

/// Loads an exported model from its folder, or from the zip of it.
pub fn load_tuned(path: &Path, device: &Device) -> Result<Tuned, Diagnostic> {
    let no_model = |what: &str| {
        Diagnostic::new("predict.model", format!("{} {what}.", path.display()))
            .done("Nothing was predicted.")
            .remedy("Name a whole model that Hone exported: OUT/model of `hone train`, or the zip from the page.")
    };
    let mut export = Export::open(path)?;
    if export.read("adapter_config.json")?.is_some() {
        return Err(no_model("holds only an adapter"));
    }
    let recipe = export.read("recipe.json")?.ok_or_else(|| no_model("has no recipe.json"))?;
    let recipe =
        RecipeFile::parse(&recipe).map_err(|reason| no_model(&format!("has no valid recipe.json: {reason}")))?.recipe;
    let mut verbatim = Vec::new();
    for name in VERBATIM {
        verbatim.extend(export.read(name)?.map(|bytes| (name.to_owned(), bytes)));
    }
    let config_json = export.read("config.json")?.ok_or_else(|| no_model("has no config.json"))?;
    let config = ExportedConfig::parse(&config_json);
    let files = ModelFiles { config_json, verbatim, ..ModelFiles::default() };
    let mut loader = ModelLoader::safetensors(files, None, device)?;
    let weights = export.read(SAFETENSORS)?;
    loader.push(&weights.ok_or_else(|| no_model("has no model.safetensors"))?)?;
    let parts = loader.finish_tuned(recipe, config.labels.len())?;
    Ok(Tuned { parts, config })
}

/// The files of an export.
enum Export {
    Folder(PathBuf),
    Zip(ModelArchive<fs::File>),
}

impl Export {
    fn open(path: &Path) -> Result<Self, Diagnostic> {
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        let file = fs::File::open(path).map_err(|error| unreadable(path, &error))?;
        Ok(Self::Zip(ModelArchive::open(&path.to_string_lossy(), file)?))
    }

    /// The contents of a file; `None` if there is no such file.
    fn read(&mut self, name: &str) -> Result<Option<Vec<u8>>, Diagnostic> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                if path.exists() { read(&path).map(Some) } else { Ok(None) }
            }
            Self::Zip(archive) => archive.read(name, usize::MAX >> 1),
        }
    }
}

/// The file with the weights in a folder.
fn weights(folder: &Path) -> Result<PathBuf, Diagnostic> {
    let (mut files, mut below) = (Vec::new(), Vec::new());
    for path in children(folder)? {
        let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
        if path.is_dir() {
            let paths = children(&path).unwrap_or_default();
            below.extend(
                paths.iter().map(|path| path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned()),
            );
        } else {
            files.push(name);
        }
    }
    find_weights(files.iter().map(String::as_str)).map(|(name, _)| folder.join(name)).or_else(|_| {
        let (name, _) = find_weights(files.iter().chain(&below).map(String::as_str))?;
        let inner = below.iter().find(|path| path.ends_with(&name)).map_or(&name, |path| path);
        Err(Diagnostic::new("model.no-weights", format!("{} has its weights below it, in {inner}.", folder.display()))
            .remedy("Name the folder with the weights, which needs config.json and the tokenizer too."))
    })
}

fn children(folder: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    Ok(entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
}

/// The files of a folder without its weights.
fn files(folder: &Path) -> Result<ModelFiles, Diagnostic> {
    let file = |name: &str| read(&folder.join(name));
    let some = |names: &[&str]| names.iter().filter_map(|&name| Some((name.to_owned(), file(name).ok()?))).collect();
    if !folder.join("config.json").exists() {
        return Err(Diagnostic::new("model.no-file", format!("{} has no config.json.", folder.display()))
            .remedy("Add the config.json that belongs to the model."));
    }
    Ok(ModelFiles {
        config_json: file("config.json")?,
        pooling_json: file(POOLING).ok(),
        sentence_files: some(&SENTENCE_FILES),
        verbatim: some(&VERBATIM),
    })
}

/// The GGUF file that `path` is or, if it is a folder, contains.
fn gguf(path: &Path) -> Option<PathBuf> {
    let is_gguf = |path: &Path| is_gguf(&path.to_string_lossy());
    if is_gguf(path) {
        return Some(path.to_path_buf());
    }
    fs::read_dir(path).ok()?.filter_map(|entry| Some(entry.ok()?.path())).find(|path| is_gguf(path))
}

fn setup_folder(id: &str) -> PathBuf {
    let home = env::var_os("HOME").or_else(|| env::var_os("USERPROFILE")).map(PathBuf::from);
    home.unwrap_or_default().join(".cache/hone/models").join(id)
}
