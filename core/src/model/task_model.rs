//! A pretrained body with the head of a task.

use burn::tensor::{Device, Tensor};

use crate::model::layers::Linear;
use crate::model::{BaseModel, Dropout, FrozenPrefix, HiddenStates, Input, LoraConfig, ModelConfig, Site};
use crate::recipe::{ParamGroup, Pooling, Task};
use crate::rng::{Rng, Stream};
use crate::usage::{Activation, HeadLayers};
use crate::weights::{Tensors, WeightRef, Weights, WeightsError, weights_of};

/// What the names of heads begin with in a file; everything else is the body's.
const HEADS: [&str; 4] = ["classifier.", "pre_classifier.", "qa_outputs.", "lm_head."];

/// A body and a head: what transformers calls `BertForSequenceClassification`, `LlamaForCausalLM` and so on, or the same
/// with the mean over the tokens.
#[derive(Clone, Debug)]
pub struct TaskModel {
    /// The pretrained network.
    pub body: BaseModel,
    head: Head,
}

/// What is made of the tokens' vectors.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a few heads exist at a time, never many")]
enum Head {
    /// Scores for the whole text.
    Sentence(SentenceHead),
    /// Scores for each token.
    Tokens(Linear),
    /// The body's own: scores for the next token.
    Vocabulary,
}

#[derive(Clone, Debug)]
struct SentenceHead {
    /// Turns the tokens' vectors into one.
    pooling: Pooling,
    /// Hidden layer, where the family's head has one.
    dense: Option<Dense>,
    scores: Linear,
}

#[derive(Clone, Debug)]
struct Dense {
    linear: Linear,
    activation: Activation,
}

/// Makes or loads a layer of a head: its name, and its `[in, out]`.
type MakeLayer<'a> = &'a mut dyn FnMut(&str, [usize; 2]) -> Result<Linear, WeightsError>;

impl TaskModel {
    /// Puts a new head with `outputs` outputs on a body.
    pub fn new(body: BaseModel, task: Task, pooling: Pooling, outputs: usize, seed: u64, device: &Device) -> Self {
        let mut rng = Rng::new(seed, Stream::Head, 0);
        let mut make = |name: &str, shape| Ok(Linear::new(name, shape, &mut rng, device));
        match Self::with_head(body.clone(), task, pooling, outputs, &mut make) {
            Ok(model) => model,
            Err(_) => unreachable!("a layer that is made anew cannot be missing"),
        }
    }

    /// Takes body and head out of a file that was tuned before.
    ///
    /// # Errors
    /// Names the tensor that is missing or of another shape.
    pub fn load(
        config: &ModelConfig,
        task: Task,
        pooling: Pooling,
        outputs: usize,
        tensors: &mut Tensors,
    ) -> Result<Self, WeightsError> {
        let body = BaseModel::load(config, tensors)?;
        let mut take = |name: &str, shape| Linear::load(tensors, name, ParamGroup::Head, shape);
        Self::with_head(body, task, pooling, outputs, &mut take)
    }

    fn with_head(
        mut body: BaseModel,
        task: Task,
        pooling: Pooling,
        outputs: usize,
        layer: MakeLayer,
    ) -> Result<Self, WeightsError> {
        let hidden = body.hidden();
        let head = match HeadLayers::of(task, body.family(), pooling) {
            None => Head::Vocabulary,
            Some(head) => {
                let dense = match head.dense {
                    Some((name, activation)) => Some(Dense { linear: layer(name, [hidden, hidden])?, activation }),
                    None => None,
                };
                let scores = layer(head.output, [hidden, outputs])?;
                match head.pooling {
                    Some(pooling) => Head::Sentence(SentenceHead { pooling, dense, scores }),
                    None => Head::Tokens(scores),
                }
            }
        };
        if let (Head::Tokens(_), BaseModel::Bert(bert)) = (&head, &mut body) {
            bert.drop_pooler();
        }
        Ok(Self { body, head })
    }

    /// How the tokens' vectors become one, where the task needs one.
    pub fn pooling(&self) -> Option<Pooling> {
        match &self.head {
            Head::Sentence(head) => Some(head.pooling),
            Head::Tokens(_) | Head::Vocabulary => None,
        }
    }

    /// A weight's name in the file of the whole model, by its own: `bert.` and the like before those of the body.
    pub fn file_name(&self, name: &str) -> String {
        let is_head = HEADS.iter().any(|head| name.starts_with(head));
        format!("{}{name}", if is_head { "" } else { self.body.family().prefix() })
    }

    /// What lies below the lowest part that learns. Frozen embeddings alone are not worth keeping apart: they are
    /// looked up, not computed.
    pub fn prefix_below(&self, lowest: ParamGroup) -> FrozenPrefix {
        match lowest {
            ParamGroup::Embeddings | ParamGroup::Layer(0) => FrozenPrefix::None,
            ParamGroup::Layer(i) => FrozenPrefix::Layers(i),
            ParamGroup::Pooler | ParamGroup::Head => match self.head {
                Head::Sentence(_) => FrozenPrefix::Sentence,
                Head::Tokens(_) | Head::Vocabulary => FrozenPrefix::Layers(self.body.layers()),
            },
        }
    }

    /// Scores: `[batch, outputs]` for whole texts, `[batch · seq, outputs]` for tokens, `[picks, vocab]` for what comes
    /// next.
    pub fn forward(&self, input: Input, dropout: &mut Dropout) -> Tensor<2> {
        match &self.head {
            Head::Sentence(SentenceHead { pooling, dense, scores }) => {
                let [rows, _] = input.attention_mask.dims();
                let kept = dropout.draw(Site::Head, [rows, self.body.hidden()], &input.attention_mask.device());
                let sentence = self.sentence(input, dropout);
                let pooled = match (pooling, dense) {
                    (Pooling::Cls, None) => self.body.pool(sentence),
                    (_, None) => sentence,
                    (_, Some(Dense { linear, activation })) => {
                        let x = linear.forward(sentence, &mut Dropout::off());
                        match activation {
                            Activation::Tanh => x.clamp(-15.0, 15.0).tanh(),
                            Activation::Relu => burn::tensor::activation::relu(x),
                        }
                    }
                };
                scores.forward(kept.apply(pooled), &mut Dropout::off())
            }
            Head::Tokens(scores) => {
                let [rows, len] = input.attention_mask.dims();
                let kept = dropout.draw(Site::Head, [rows * len, self.body.hidden()], &input.attention_mask.device());
                let tokens = self.tokens(input, dropout);
                scores.forward(kept.apply(tokens), &mut Dropout::off())
            }
            Head::Vocabulary => {
                let gather_positions = input.gather_positions.clone();
                let tokens = self.tokens(input, dropout);
                self.body.scores(match gather_positions {
                    Some(gather_positions) => tokens.select(0, gather_positions),
                    None => tokens,
                })
            }
        }
    }

    /// One vector a text: `[batch, hidden]`. Tasks that need none take the mean.
    pub fn sentence(&self, input: Input, dropout: &mut Dropout) -> Tensor<2> {
        match self.forward_to(input, FrozenPrefix::Sentence, dropout).hidden {
            HiddenStates::Sentence(sentence) => sentence,
            HiddenStates::Ids(_) | HiddenStates::Tokens(..) => {
                unreachable!("raised to the sentence's vector in the line above")
            }
        }
    }

    /// Every token's vector after the last layer: `[batch · seq, hidden]`.
    fn tokens(&self, input: Input, dropout: &mut Dropout) -> Tensor<2> {
        match self.forward_to(input, FrozenPrefix::Layers(self.body.layers()), dropout).hidden {
            HiddenStates::Tokens(_, x) => {
                let [batch, seq, hidden] = x.dims();
                x.reshape([batch * seq, hidden])
            }
            HiddenStates::Ids(_) | HiddenStates::Sentence(_) => {
                unreachable!("raised to the last layer in the line above")
            }
        }
    }

    /// The texts, computed up to the top of `bottom`. Those that are higher already stay.
    pub fn forward_to(&self, input: Input, frozen_prefix: FrozenPrefix, dropout: &mut Dropout) -> Input {
        let top = match frozen_prefix {
            FrozenPrefix::None => return input,
            FrozenPrefix::Layers(count) => count,
            FrozenPrefix::Sentence => self.body.layers(),
        };
        let (done, x) = match input.hidden {
            HiddenStates::Sentence(_) => return input,
            HiddenStates::Ids(ids) => (0, self.body.embed(ids, input.token_type_ids.clone(), dropout)),
            HiddenStates::Tokens(done, x) => (done, x),
        };
        let x = self.body.encode(done..top.max(done), x, input.attention_mask.clone(), dropout);
        let hidden = match (frozen_prefix, self.pooling()) {
            (FrozenPrefix::Sentence, Some(Pooling::Cls)) => HiddenStates::Sentence(x.narrow(1, 0, 1).squeeze_dim(1)),
            // The mean as a matrix product: `[batch, 1, seq]` by `[batch, seq, hidden]`.
            (FrozenPrefix::Sentence, _) => {
                HiddenStates::Sentence(input.pooling_weights.clone().unsqueeze_dim::<3>(1).matmul(x).squeeze_dim(1))
            }
            _ => HiddenStates::Tokens(top.max(done), x),
        };
        Input { hidden, ..input }
    }

    /// Puts adapters into the body, of which nothing else learns from then on.
    pub fn adapt(&mut self, config: &LoraConfig, seed: u64) {
        self.body.adapt(config, seed);
    }

    /// The same model without adapters: with what they have learned added to the weights, or as it was before them.
    pub fn detached(&self, is_merged: bool) -> Self {
        let mut model = self.clone();
        model.body.detach(is_merged);
        model
    }

    /// Visits the weights that an adapter's folder holds: those of the adapters and of the head. [`adapt`](Self::adapt)
    /// froze all others.
    pub fn visit_adapter<'a>(&'a self, visitor: &mut dyn FnMut(WeightRef<'a>)) {
        self.visit(&mut |weight| {
            if !weight.is_frozen() {
                visitor(weight);
            }
        });
    }
}

weights_of!(TaskModel { body, head });
weights_of!(Head: Sentence | Tokens; Vocabulary);
weights_of!(SentenceHead { dense, scores });
weights_of!(Dense { linear });
