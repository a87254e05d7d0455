//! A pretrained network with the head of a task.

use std::convert::Infallible;

use burn::tensor::{Device, Tensor};

use crate::model::averaging_layer;
use crate::model::base_model::BaseModel;
use crate::model::config::ModelConfig;
use crate::model::dropout::{Dropout, Site};
use crate::model::embedding_head::EmbeddingHead;
use crate::model::input::{FrozenPrefix, HiddenStates, Input};
use crate::model::linear::Linear;
use crate::model::lora::LoraConfig;
use crate::model::norm::UnitNorm;
use crate::model::sentence_head::{Dense, SentenceHead, Standardization};
use crate::ops::apply_dropout;
use crate::recipe::{ParamGroup, Pooling, Task};
use crate::rng::{Rng, Stream};
use crate::usage::{DenseLayer, HeadLayers};
use crate::weights::{Tensors, WeightRef, Weights, WeightsError, weights_of};

/// Prefixes of the names of a head's weights. All other weights belong to the base model.
const HEADS: [&str; 5] = ["classifier.", "pre_classifier.", "qa_outputs.", "lm_head.", "head."];

/// A base model and a head: `BertForSequenceClassification`, `LlamaForCausalLM` and so on in transformers, or the same
/// with mean pooling.
#[derive(Clone, Debug)]
pub struct TaskModel {
    /// The pretrained network.
    pub base: BaseModel,
    head: Head,
}

/// The head of a task.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a few heads exist at a time, never many")]
enum Head {
    /// Logits for the whole text.
    Sentence(SentenceHead),
    /// Logits for each token.
    Tokens(TokenHead),
    /// The base model's own output layer: logits for the next token.
    Vocabulary,
    /// The pooled text itself, as a vector of length 1.
    Embedding(EmbeddingHead),
}

/// Layers from each token to its outputs.
#[derive(Clone, Debug)]
struct TokenHead {
    /// Hidden layer, if the family's head has one.
    dense: Option<Dense>,
    output: Linear,
}

/// Initializes or loads a layer of a head, given its name and its shape `[in, out]`.
type MakeLayer<'a, E> = &'a mut dyn FnMut(&str, [usize; 2]) -> Result<Linear, E>;

impl TaskModel {
    /// Adds a new head with `outputs` outputs to a base model.
    pub fn new(base: BaseModel, task: Task, pooling: Pooling, outputs: usize, seed: u64, device: &Device) -> Self {
        let mut rng = Rng::new(seed, Stream::Head, 0);
        let mut make = |name: &str, shape| Ok(Linear::new(name, shape, &mut rng, device));
        let Ok(model) = Self::with_head::<Infallible>(base, task, pooling, outputs, &mut make);
        model
    }

    /// Loads the base model and the head of a fine-tuned model.
    ///
    /// # Errors
    /// When a tensor is missing or of another shape.
    pub fn load(
        config: &ModelConfig,
        task: Task,
        pooling: Pooling,
        outputs: usize,
        tensors: &mut Tensors,
    ) -> Result<Self, WeightsError> {
        let base = BaseModel::load(config, tensors)?;
        Self::load_head(base, task, pooling, outputs, tensors)
    }

    /// Loads the head of a fine-tuned model whose base model has been loaded.
    ///
    /// # Errors
    /// When a tensor is missing or of another shape.
    pub fn load_head(
        base: BaseModel,
        task: Task,
        pooling: Pooling,
        outputs: usize,
        tensors: &mut Tensors,
    ) -> Result<Self, WeightsError> {
        let mut load = |name: &str, shape| Linear::load(tensors, name, ParamGroup::Head, shape);
        Self::with_head(base, task, pooling, outputs, &mut load)
    }

    fn with_head<E>(
        mut base: BaseModel,
        task: Task,
        pooling: Pooling,
        outputs: usize,
        layer: MakeLayer<E>,
    ) -> Result<Self, E> {
        let hidden = base.hidden();
        let head = match HeadLayers::of(task, base.family(), pooling) {
            None if task == Task::Embeddings => {
                // transformers' class of the network has no such layer. It has a pooler, which is kept and never used.
                base.take_prediction_head();
                Head::Embedding(EmbeddingHead { pooling })
            }
            None => Head::Vocabulary,
            Some(head) => {
                let dense = match (head.dense, base.take_prediction_head()) {
                    (Some(dense), Some(pretrained)) => Some(Dense { activation: dense.activation, ..pretrained }),
                    (Some(DenseLayer { name, activation, norm }), None) => {
                        let linear = layer(name, [hidden, hidden])?;
                        let norm = norm.map(|norm| base.new_head_norm(norm));
                        let linear = if norm.is_some() { linear.without_bias() } else { linear };
                        Some(Dense { linear, activation, norm })
                    }
                    (None, _) => None,
                };
                let output = layer(head.output, [hidden, outputs])?;
                match head.pooling {
                    Some(pooling) => {
                        let norm = match (pooling, &base) {
                            (Pooling::Mean, BaseModel::Bert(bert)) => {
                                Some(UnitNorm::new(hidden, bert.norm_eps(), &base.device()))
                            }
                            _ => None,
                        };
                        Head::Sentence(SentenceHead {
                            pooling,
                            norm,
                            dense,
                            output,
                            standardization: Standardization::default(),
                        })
                    }
                    None => Head::Tokens(TokenHead { dense, output }),
                }
            }
        };
        if let (Head::Tokens(_), BaseModel::Bert(bert)) = (&head, &mut base) {
            bert.drop_pooler();
        }
        Ok(Self { base, head })
    }

    /// Pooling of the tokens' hidden states into one vector; `None` if the head reads every token.
    pub fn pooling(&self) -> Option<Pooling> {
        match &self.head {
            Head::Sentence(head) => Some(head.pooling),
            Head::Embedding(head) => Some(head.pooling),
            Head::Tokens(_) | Head::Vocabulary => None,
        }
    }

    /// Name of a weight in the file of the whole model: weights of the base model get the family's prefix, such as
    /// `bert.`, unless there is no head, because then the network itself is the whole model.
    pub fn file_name(&self, name: &str) -> String {
        let is_head = HEADS.iter().any(|head| name.starts_with(head));
        let is_bare = is_head || matches!(self.head, Head::Embedding(_));
        format!("{}{name}", if is_bare { "" } else { self.base.family().prefix() })
    }

    /// The frozen part below the lowest trainable group. Embeddings alone are not worth caching: they are looked up, not
    /// computed.
    pub fn prefix_below(&self, lowest: ParamGroup) -> FrozenPrefix {
        match lowest {
            ParamGroup::Embeddings | ParamGroup::Layer(0) => FrozenPrefix::None,
            ParamGroup::Layer(i) => FrozenPrefix::Layers(i),
            ParamGroup::Pooler | ParamGroup::Head => match self.head {
                Head::Sentence(_) | Head::Embedding(_) => FrozenPrefix::Sentence,
                Head::Tokens(_) | Head::Vocabulary => FrozenPrefix::Layers(self.base.layers()),
            },
        }
    }

    /// Logits: `[batch, outputs]` for whole texts, `[batch · seq, outputs]` for tokens, `[picks, vocab]` for next tokens.
    /// Embeddings: vectors of length 1, `[batch, hidden]`.
    pub fn forward(&self, input: Input, dropout: &mut Dropout) -> Tensor<2> {
        match &self.head {
            Head::Sentence(head) => {
                let mask = dropout.draw(Site::Head);
                let sentence = self.sentence(input, dropout);
                let x = match (head.pooling, &head.dense) {
                    (Pooling::Cls, None) => self.base.pool(sentence),
                    _ => head.normalized(sentence),
                };
                head.outputs(x, mask)
            }
            Head::Tokens(head) => {
                let mask = dropout.draw(Site::Head);
                let tokens = self.tokens(input, dropout);
                let tokens = match &head.dense {
                    Some(dense) => dense.forward(tokens),
                    None => tokens,
                };
                head.output.forward(apply_dropout(tokens, mask), &mut Dropout::off())
            }
            Head::Embedding(head) => head.forward(self.sentence(input, dropout)),
            Head::Vocabulary => {
                let gather_positions = input.gather_positions.clone();
                let tokens = self.tokens(input, dropout);
                self.base.logits(match gather_positions {
                    Some(gather_positions) => tokens.select(0, gather_positions),
                    None => tokens,
                })
            }
        }
    }

    /// One vector per text: `[batch, hidden]`. If the head reads every token, this is the mean over the tokens.
    pub fn sentence(&self, input: Input, dropout: &mut Dropout) -> Tensor<2> {
        match self.encoded(&input, self.base.layers(), dropout) {
            Encoded::Tokens(_, x) => self.pooled(x, &input),
            Encoded::Sentence(sentence) => sentence,
        }
    }

    /// Hidden state of every token after the last layer: `[batch · seq, hidden]`.
    fn tokens(&self, input: Input, dropout: &mut Dropout) -> Tensor<2> {
        match self.encoded(&input, self.base.layers(), dropout) {
            Encoded::Tokens(_, x) => {
                let [batch, seq, hidden] = x.dims();
                x.reshape([batch * seq, hidden])
            }
            // `prefix_below` pools only for heads that read whole texts.
            Encoded::Sentence(sentence) => sentence,
        }
    }

    /// The texts, computed up to the top of `frozen_prefix`. Texts that are already beyond it are unchanged.
    pub fn forward_to(&self, input: Input, frozen_prefix: FrozenPrefix, dropout: &mut Dropout) -> Input {
        let (layers, is_pooled) = match frozen_prefix {
            FrozenPrefix::None => return input,
            FrozenPrefix::Layers(count) => (count, false),
            FrozenPrefix::Sentence => (self.base.layers(), true),
        };
        let hidden = match self.encoded(&input, layers, dropout) {
            Encoded::Tokens(_, x) if is_pooled => HiddenStates::Sentence(self.pooled(x, &input)),
            Encoded::Tokens(done, x) => HiddenStates::Tokens(done, x),
            Encoded::Sentence(sentence) => HiddenStates::Sentence(sentence),
        };
        Input { hidden, ..input }
    }

    /// The texts after at least `layers` layers.
    fn encoded(&self, input: &Input, layers: usize, dropout: &mut Dropout) -> Encoded {
        let (done, x) = match input.hidden.clone() {
            HiddenStates::Sentence(sentence) => return Encoded::Sentence(sentence),
            HiddenStates::Ids(ids) => (0, self.base.embed(ids, input.token_type_ids.clone(), dropout)),
            HiddenStates::Tokens(done, x) => (done, x),
        };
        let layers = layers.max(done);
        Encoded::Tokens(layers, self.base.encode(done..layers, x, input.attention_mask.clone(), dropout))
    }

    /// The first token's hidden state or the mean, `[batch, hidden]`, of `x` `[batch, seq, hidden]`.
    fn pooled(&self, x: Tensor<3>, input: &Input) -> Tensor<2> {
        match self.pooling() {
            Some(Pooling::Cls) => x.narrow(1, 0, 1).squeeze_dim(1),
            // The mean as a matrix product: `[batch, 1, seq]` by `[batch, seq, hidden]`.
            _ => input.pooling_weights.clone().unsqueeze_dim::<3>(1).matmul(x).squeeze_dim(1),
        }
    }

    /// The same model with these outputs of its head, in this order.
    pub fn with_outputs(mut self, outputs: &[usize]) -> Self {
        match &mut self.head {
            Head::Sentence(head) => head.output.select_outputs(outputs),
            Head::Tokens(head) => head.output.select_outputs(outputs),
            Head::Vocabulary | Head::Embedding(_) => {}
        }
        self
    }

    /// Makes the output layer predict standardized numbers. The outputs of the model are still the numbers themselves.
    pub fn set_standardization(&mut self, standardization: Standardization) {
        if let Head::Sentence(head) = &mut self.head {
            head.standardization = standardization;
        }
    }

    /// The same model with its standardization in the weights of the output layer, as transformers needs it.
    pub fn without_unit(mut self) -> Self {
        if let Head::Sentence(head) = &mut self.head {
            head.absorb_standardization();
        }
        self
    }

    /// The same model in the parts of transformers' own classes: a head on the mean becomes an averaging layer, whose value
    /// has this scale, and a head on the first token. Other models are returned unchanged.
    pub fn with_averaging_layer(mut self, scale: f64) -> Self {
        if let (Head::Sentence(head), BaseModel::Bert(bert)) = (&mut self.head, &mut self.base)
            && head.pooling == Pooling::Mean
        {
            averaging_layer::add(bert, head, scale);
        }
        self
    }

    /// Adds adapters to the base model and freezes all its other weights.
    pub fn adapt(&mut self, config: &LoraConfig, seed: u64) {
        self.base.adapt(config, seed);
    }

    /// A copy without adapters, which are added to the weights if `is_merged`.
    pub fn detached(&self, is_merged: bool) -> Self {
        let mut model = self.clone();
        model.base.detach(is_merged);
        model
    }

    /// Visits the weights in an adapter's folder: those of the adapters and of the head. [`adapt`](Self::adapt) froze
    /// all others.
    pub fn visit_adapter<'a>(&'a self, visitor: &mut dyn FnMut(WeightRef<'a>)) {
        self.visit(&mut |weight| {
            if !weight.is_frozen() {
                visitor(weight);
            }
        });
    }
}

/// Texts that are no longer token ids.
enum Encoded {
    /// Hidden states `[batch, seq, hidden]` after this many layers.
    Tokens(usize, Tensor<3>),
    /// Pooled texts `[batch, hidden]`.
    Sentence(Tensor<2>),
}

weights_of!(TaskModel { base, head });
weights_of!(TokenHead { dense, output });
weights_of!(Head: Sentence | Tokens | Embedding; Vocabulary);
