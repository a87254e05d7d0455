//! The pretrained model in a folder.

use std::path::{Path, PathBuf};
use std::{env, fs};

use burn::tensor::Device;
use hone_core::catalog::{CatalogEntry, POOLING};
use hone_core::diagnostic::Diagnostic;
use hone_core::hub::{SAFETENSORS, VERBATIM, is_gguf, pooling_of};
use hone_core::model::ModelConfig;
use hone_core::pretrained::Pretrained;
use hone_core::weights::{Incoming, Tensors};

use crate::data::read;

/// The models that the page offers.
const CATALOG: &str = include_str!("../../../public/catalog.json");
/// A model, and where it is from.
pub struct Model {
    pub pretrained: Pretrained,
    pub hub_id: String,
    pub license: String,
}

/// The model in `folder`, or the one that a recipe names by its id where `cargo xtask setup` keeps it.
pub fn load(folder: Option<&Path>, id: &str, device: &Device) -> Result<Model, Diagnostic> {
    let catalog: Vec<CatalogEntry> = serde_json::from_str(CATALOG).unwrap_or_default();
    let id = if id.is_empty() { catalog.first().map_or("", |entry| &entry.id) } else { id };
    let folder = folder.map_or_else(|| kept(id), Path::to_path_buf);
    let entry = catalog.iter().find(|entry| folder.ends_with(&entry.id));
    let (config_json, verbatim, tensors) = match gguf(&folder) {
        Some(file) => quantized(&file, device)?,
        None => plain(&folder, device)?,
    };
    let pooling_json = read(&folder.join(POOLING)).ok();
    let pooling = entry.map_or_else(|| pooling_of(&config_json, pooling_json.as_deref()), |entry| entry.pooling);
    let (pretrained, _) = Pretrained::new(config_json, verbatim, tensors, pooling)?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Model {
        pretrained,
        hub_id: entry.map_or(name, |entry| entry.hub_id.clone()),
        license: entry.map(|entry| entry.license.clone()).unwrap_or_default(),
    })
}

/// config.json, the files that go into an export as they are, and the tensors.
type Parts = (Vec<u8>, Vec<(String, Vec<u8>)>, Tensors<'static>);

/// A model as model hubs have it.
fn plain(folder: &Path, device: &Device) -> Result<Parts, Diagnostic> {
    let file = |name: &str| read(&folder.join(name));
    let config_json = file("config.json")?;
    let mut incoming = Incoming::safetensors(ModelConfig::parse(&config_json)?.family(), device);
    let verbatim = VERBATIM.iter().filter_map(|&name| Some((name.to_owned(), file(name).ok()?))).collect();
    incoming.push(&file(SAFETENSORS)?)?;
    let (tensors, _) = incoming.finish()?;
    Ok((config_json, verbatim, tensors))
}

/// A model that is one file: its configuration and tokenizer stand in the header.
fn quantized(file: &Path, device: &Device) -> Result<Parts, Diagnostic> {
    let mut incoming = Incoming::gguf(device);
    incoming.push(&read(file)?)?;
    let (tensors, header) = incoming.finish()?;
    let no_header = || Diagnostic::new("model.no-header", format!("{} has no header.", file.display()));
    let header = header.ok_or_else(no_header)?;
    Ok((header.config_json(), header.tokenizer_files()?, tensors))
}

/// The GGUF file that `path` is or, as a folder, holds.
fn gguf(path: &Path) -> Option<PathBuf> {
    let is_gguf = |path: &Path| is_gguf(&path.to_string_lossy());
    if is_gguf(path) {
        return Some(path.to_path_buf());
    }
    fs::read_dir(path).ok()?.filter_map(|entry| Some(entry.ok()?.path())).find(|path| is_gguf(path))
}

fn kept(id: &str) -> PathBuf {
    let home = env::var_os("HOME").or_else(|| env::var_os("USERPROFILE")).map(PathBuf::from);
    home.unwrap_or_default().join(".cache/hone/models").join(id)
}
