//! Loading of a pretrained model whose files arrive one after the other.

use burn::tensor::Device;

use crate::diagnostic::Diagnostic;
use crate::hub::{pooling_of, sentence_notes};
use crate::json_file;
use crate::model::{ModelConfig, plain_config};
use crate::pretrained::{Pretrained, TunedParts};
use crate::recipe::{Pooling, RecipeSpec};
use crate::weights::{ImportReport, Incoming, ShardIndex};

/// The files of a model's folder, without the weights.
#[derive(Clone, Debug, Default)]
pub struct ModelFiles {
    /// Contents of config.json.
    pub config_json: Vec<u8>,
    /// Contents of [`POOLING`](crate::catalog::POOLING), if there is such a file.
    pub pooling_json: Option<Vec<u8>>,
    /// Name and contents of the files among [`SENTENCE_FILES`](crate::hub::SENTENCE_FILES).
    pub sentence_files: Vec<(String, Vec<u8>)>,
    /// Name and contents of the files that an export includes: see [`VERBATIM`](crate::hub::VERBATIM).
    pub verbatim: Vec<(String, Vec<u8>)>,
}

/// A model that is being loaded: its small files are present, its weights are pushed piece by piece.
pub struct ModelLoader {
    files: ModelFiles,
    pooling: Option<Pooling>,
    incoming: Incoming,
}

impl ModelLoader {
    /// Expects a safetensors file. `pooling` is the catalog's; without one, the files determine it.
    ///
    /// # Errors
    /// If config.json cannot be read.
    pub fn safetensors(mut files: ModelFiles, pooling: Option<Pooling>, device: &Device) -> Result<Self, Diagnostic> {
        files.config_json = plain_config(files.config_json);
        for (_, bytes) in files.verbatim.iter_mut().filter(|(name, _)| name.ends_with(".json")) {
            let plain = json_file::plain(bytes);
            if *plain != **bytes {
                *bytes = plain.into_owned();
            }
        }
        let incoming = Incoming::safetensors(ModelConfig::parse(&files.config_json)?.family(), device);
        Ok(Self { files, pooling, incoming })
    }

    /// Expects the safetensors files that `index` names instead of one, in its order.
    pub fn in_shards(mut self, index: ShardIndex) -> Self {
        self.incoming = self.incoming.in_shards(index);
        self
    }

    /// Expects a single GGUF file.
    pub fn gguf(pooling: Option<Pooling>, device: &Device) -> Self {
        Self { files: ModelFiles::default(), pooling, incoming: Incoming::gguf(device) }
    }

    /// Adds the next piece of the weights file, of any size.
    ///
    /// # Errors
    /// If the header or a tensor cannot be read.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), Diagnostic> {
        Ok(self.incoming.push(piece)?)
    }

    /// Ends one of several weights files: the next piece is of the next one. Does nothing if there is only one.
    ///
    /// # Errors
    /// If the file ended early, or lacks a tensor that it has by the index.
    pub fn end_shard(&mut self) -> Result<(), Diagnostic> {
        Ok(self.incoming.end_shard()?)
    }

    /// Builds the model once the weights have arrived.
    ///
    /// # Errors
    /// If the file ended early, a tensor is missing, or a file cannot be read.
    pub fn finish(self) -> Result<(Pretrained, ImportReport), Diagnostic> {
        let Self {
            files: ModelFiles { mut config_json, pooling_json, sentence_files, mut verbatim },
            pooling,
            incoming,
        } = self;
        let (tensors, header) = incoming.finish()?;
        let mut of_header = None;
        if let Some(header) = header {
            of_header = header.pooling()?;
            (config_json, verbatim) = (header.config_json(), header.tokenizer_files()?);
        }
        let pooling = pooling.or(of_header).unwrap_or_else(|| pooling_of(&config_json, pooling_json.as_deref()));
        let (mut pretrained, report) = Pretrained::new(config_json, verbatim, tensors, pooling)?;
        pretrained.notes = sentence_notes(&sentence_files, pooling_json.as_deref());
        pretrained.notes.extend(report.unused_note());
        Ok((pretrained, report))
    }

    /// Builds a tuned model, with the head that the run of `recipe` on data with `labels` labels gave it.
    ///
    /// # Errors
    /// If the file ended early, a tensor is missing, a file cannot be read, or the recipe does not fit.
    pub fn finish_tuned(self, recipe: RecipeSpec, labels: usize) -> Result<TunedParts, Diagnostic> {
        let (tensors, _) = self.incoming.finish()?;
        Pretrained::tuned(self.files.config_json, self.files.verbatim, tensors, recipe, labels)
    }
}
