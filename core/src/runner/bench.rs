//! Training steps of synthetic models, for the benchmarks of the worker and the program.

use burn::tensor::{Device, Tensor};

use crate::diagnostic::Diagnostic;
use crate::generate::{Generator, Sampling};
use crate::model::{
    BertConfig, Dropout, DropoutRates, Input, LayerAttention, LlamaConfig, LlamaVariant, LoraConfig, ModelConfig,
    TaskModel, synthetic,
};
use crate::recipe::{Family, LoraTarget, ParamGroup};
use crate::run::BenchCase;
use crate::text::{EncodedExamples, EncodedTexts, Labels};
use crate::train::{AdamW, AdamWConfig, Gradients, Objective, SoftTargets, StepInput, clip_scale, gradients};

const DROPOUT: f64 = 0.1;
const LEARNING_RATE: f64 = 1e-4;
const MAX_GRAD_NORM: f64 = 1.0;
/// Words of the token ids.
const IDS: u32 = 500;

/// A model with random weights, its optimizer and one batch.
#[derive(Debug)]
pub struct BenchModel {
    model: TaskModel,
    optimizer: AdamW,
    examples: EncodedExamples,
    rows: Vec<u32>,
    len: usize,
    lowest: ParamGroup,
    /// Outputs of the frozen layers, if they are cached.
    prefix: Option<Input>,
    device: Device,
}

impl BenchModel {
    /// The model and the batch of a case.
    ///
    /// # Errors
    /// `bench.case` if there is no such size.
    pub fn new(case: &BenchCase, device: &Device) -> Result<Self, Diagnostic> {
        let unknown = || Diagnostic::new("bench.case", format!("There is no benchmark \"{}\".", case.size));
        let config = config(&case.size).ok_or_else(unknown)?;
        let mut model = synthetic(&config, 2, 0.02, device)?;
        if case.size == "smollm2" {
            model.adapt(&LoraConfig { rank: 8, scale: 2.0, is_dora: false, targets: LoraTarget::ALL.into() }, 0);
        }
        let lowest = ParamGroup::lowest_of(case.trainable_layers, config.sizes().layers);
        let mut bench = Self {
            model,
            optimizer: AdamW::new(AdamWConfig::default()),
            examples: examples(case, config.family()),
            rows: (0..case.batch).collect(),
            len: case.len as usize,
            lowest,
            prefix: None,
            device: device.clone(),
        };
        if case.keeps_prefix {
            let prefix = bench.model.prefix_below(lowest);
            bench.prefix = Some(bench.model.forward_to(bench.batch(), prefix, &mut Dropout::off()));
        }
        Ok(bench)
    }

    fn batch(&self) -> Input {
        Input::new(&self.examples.batch(&self.rows, self.rows.len(), self.len, 0), &self.device)
    }

    /// Loss `[1]` and gradients of step number `step`.
    pub fn gradients(&self, step: u32) -> (Tensor<1>, Gradients) {
        let input = self.prefix.clone().unwrap_or_else(|| self.batch());
        let input = StepInput::new(input, &SoftTargets::uniform(2), &self.examples, &self.rows, &self.rows);
        let rates = DropoutRates { adapter: 0.0, ..DropoutRates::uniform(DROPOUT) };
        let mut dropout = Dropout::new(rates, 0, u64::from(step));
        gradients(&self.model, input, Objective::default(), |group| group >= self.lowest, &mut dropout)
    }

    /// Updates the weights with gradients of this squared norm.
    pub fn update(&mut self, gradients: Gradients, squared_norm: f64) {
        let scale = clip_scale(squared_norm.sqrt(), MAX_GRAD_NORM);
        self.optimizer.step(&mut self.model, gradients, |_| LEARNING_RATE, scale);
    }

    /// Reads the first text as a prompt and generates one token; `max_new_tokens` more can follow. `None` for models that
    /// generate nothing.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn generator(&self, max_new_tokens: u32) -> Result<Option<Generator>, Diagnostic> {
        if !matches!(self.examples.labels, Labels::Continuations { .. }) || max_new_tokens == 0 {
            return Ok(None);
        }
        let sampling = Sampling { max_new_tokens: max_new_tokens + 1, ..Sampling::default() };
        let mut generator = Generator::new(self.examples.texts.get(0), sampling, &[]);
        while generator.generated().is_empty() {
            generator.advance(&self.model).await?;
        }
        Ok(Some(generator))
    }

    /// The model as it is now.
    pub fn model(&self) -> &TaskModel {
        &self.model
    }

    /// Size of the optimizer's state, in bytes.
    pub fn optimizer_bytes(&self) -> u64 {
        self.optimizer.bytes() as u64
    }
}

/// The configuration of a model; `smollm2` is trained through adapters.
fn config(size: &str) -> Option<ModelConfig> {
    let bert = |vocab, hidden, intermediate_size, heads, layers| {
        let embedding_size = hidden;
        let sizes =
            BertConfig { vocab, hidden, intermediate_size, heads, layers, embedding_size, ..BertConfig::default() };
        ModelConfig::Bert(sizes)
    };
    let llama = |vocab, hidden, intermediate_size, heads, kv_heads, layers| {
        let (head_dim, max_position_embeddings, rms_norm_eps, is_tied) = (hidden / heads, 512, 1e-5, true);
        ModelConfig::Llama(LlamaConfig {
            family: Family::Llama,
            vocab,
            hidden,
            heads,
            kv_heads,
            head_dim,
            intermediate_size,
            max_position_embeddings,
            rms_norm_eps,
            is_tied,
            layers: vec![LayerAttention::full(1e4); layers],
            variant: LlamaVariant::LLAMA,
        })
    };
    Some(match size {
        "micro" => bert(512, 64, 256, 4, 5),
        "tiny" => bert(30_522, 128, 512, 2, 2),
        "minilm" => bert(30_522, 384, 1_536, 12, 6),
        "decoder" => llama(512, 64, 172, 8, 4, 5),
        "smollm2" => llama(49_152, 576, 1_536, 9, 3, 30),
        _ => return None,
    })
}

/// Rows of full length: texts of two classes, or texts of which all but the first token are targets.
fn examples(case: &BenchCase, family: Family) -> EncodedExamples {
    let (rows, len) = (case.batch, case.len);
    let mut texts = EncodedTexts::default();
    for row in 0..rows {
        let ids: Vec<u32> = (0..len).map(|i| (31 * i + 17 * row) % IDS).collect();
        texts.push(&ids);
    }
    let labels = if family.is_decoder() {
        let target_ranges = (0..rows).map(|_| std::iter::once(1..len).collect()).collect();
        Labels::Continuations { target_ranges, references: Vec::new() }
    } else {
        Labels::Classes((0..rows).map(|row| row % 2).collect())
    };
    EncodedExamples { texts, labels }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device_to_host::{ready, step_to_host};

    fn case(size: &str, keeps_prefix: bool) -> BenchCase {
        let (batch, len, steps, generated_tokens) = (2, 8, 1, 1);
        BenchCase { size: size.into(), batch, len, steps, generated_tokens, trainable_layers: Some(1), keeps_prefix }
    }

    fn losses(case: &BenchCase) -> Vec<f64> {
        let mut bench = BenchModel::new(case, &Device::flex()).unwrap();
        let mut step = |number| {
            let (loss, gradients) = bench.gradients(number);
            let scalars = ready(step_to_host(gradients.step_scalars(loss))).unwrap();
            bench.update(gradients, scalars.squared_norm);
            scalars.loss
        };
        (0..40).map(&mut step).collect()
    }

    #[test]
    fn steps_lower_the_loss_with_and_without_cached_outputs() {
        for keeps_prefix in [false, true] {
            let losses = losses(&case("micro", keeps_prefix));
            // Dropout makes single losses differ.
            let [first, last] = [&losses[..10], &losses[30..]].map(|part| part.iter().sum::<f64>());
            assert!(losses.iter().all(|loss| loss.is_finite()) && last < first, "{losses:?}");
        }
    }

    #[test]
    fn only_decoders_generate() {
        let generated = |size| {
            let bench = BenchModel::new(&case(size, false), &Device::flex()).unwrap();
            let mut generator = ready(bench.generator(1)).unwrap()?;
            ready(generator.advance(bench.model())).unwrap();
            Some(generator.generated().len())
        };
        assert_eq!([generated("micro"), generated("decoder")], [None, Some(2)]);
    }

    #[test]
    fn an_unknown_size_is_an_error() {
        assert_eq!(BenchModel::new(&case("huge", false), &Device::flex()).unwrap_err().code, "bench.case");
    }
}
