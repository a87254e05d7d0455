//! What a run needs to continue: plain data, and tensors by name.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::device_to_host::data_to_host;
use crate::diagnostic::Diagnostic;
use crate::metrics::Evaluation;
use crate::model::{Standardization, TaskModel};
use crate::recipe::ParamGroup;
use crate::run::{EndReason, Forgetting};
use crate::train::eval::predict::Prediction;
use crate::train::eval::searched_rows::SearchedRow;
use crate::train::state::RunState;
use crate::weights::{Weight, WeightMut, WeightRef, Weights, in_32_bits};

/// Kinds of saved tensors. A tensor's name is `<kind>.<weight name>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TensorKind {
    /// A weight as it is trained.
    Live,
    /// A weight of the best evaluation.
    Best,
    /// [`AdamWState::exp_avg`](crate::train::AdamWState).
    ExpAvg,
    /// [`AdamWState::exp_avg_sq`](crate::train::AdamWState).
    ExpAvgSq,
}

impl TensorKind {
    /// Name of a tensor of this kind.
    pub fn name(self, weight: &str) -> String {
        let kind = match self {
            Self::Live => "live",
            Self::Best => "best",
            Self::ExpAvg => "exp_avg",
            Self::ExpAvgSq => "exp_avg_sq",
        };
        format!("{kind}.{weight}")
    }
}

/// The next work of a saved run. An evaluation or a measurement that was under way begins again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SavedPhase {
    /// An optimizer step.
    Training,
    /// An evaluation, after which the run ends if there is a reason.
    Evaluating(Option<EndReason>),
    /// The scores on the test rows.
    Testing(EndReason),
    /// The measurement of forgetting.
    MeasuringForgetting(EndReason),
    /// Nothing: the run is over.
    Finished(EndReason),
}

impl SavedPhase {
    /// Returns true once training is over and the best weights are in place.
    pub(in crate::train) fn is_after_training(self) -> bool {
        matches!(self, Self::Testing(_) | Self::MeasuringForgetting(_) | Self::Finished(_))
    }
}

/// The best evaluation so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedBest {
    /// Scores, without anything of a row.
    pub evaluation: Evaluation,
    /// Prediction for each validation row.
    pub predictions: Vec<Prediction>,
    /// Findings for the validation rows of embeddings.
    #[serde(default)]
    pub searched: Vec<SearchedRow>,
    /// True if its weights are the live ones, which are then not saved twice.
    pub is_live: bool,
}

/// Everything of a session that is neither a tensor nor follows from recipe, model and data. It has no row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionState {
    /// Progress and history; evaluations without anything of a row.
    pub run: RunState,
    /// The next work.
    pub phase: SavedPhase,
    /// [`TrainingData::tokens_crc32`](crate::train::TrainingData::tokens_crc32).
    pub tokens_crc32: u32,
    /// Optimizer steps taken by each weight that has optimizer state.
    pub optimizer_steps: BTreeMap<String, i32>,
    /// The best evaluation; none before the first.
    pub best: Option<SavedBest>,
    /// Scores on the test rows, without anything of a row; none before the end of the run.
    #[serde(default)]
    pub test: Option<Evaluation>,
    /// The measurement of forgetting; none before the end of the run.
    pub forgetting: Option<Forgetting>,
}

impl SessionState {
    /// Returns true if training can go on: at once, after the evaluation under way, or when the run is trained further, for
    /// which the optimizer's state is saved.
    pub(in crate::train) fn can_train(&self) -> bool {
        match self.phase {
            SavedPhase::Training => true,
            SavedPhase::Evaluating(reason) => reason.is_none_or(EndReason::can_be_extended),
            SavedPhase::Testing(reason) | SavedPhase::MeasuringForgetting(reason) | SavedPhase::Finished(reason) => {
                reason.can_be_extended() && !self.optimizer_steps.is_empty()
            }
        }
    }
}

/// A tensor to be saved. It stays on its device until it is read.
#[derive(Clone, Debug)]
pub struct SavedTensor {
    /// Name in the file: see [`TensorKind::name`].
    pub name: String,
    /// Shape.
    pub shape: Vec<usize>,
    values: Tensor<1>,
}

impl SavedTensor {
    /// A tensor under this name.
    pub fn new<const D: usize>(name: String, tensor: &Tensor<D>) -> Self {
        let shape = tensor.dims().to_vec();
        Self { name, values: tensor.clone().reshape([tensor.shape().num_elements()]), shape }
    }

    fn of_weight(kind: TensorKind, weight: WeightRef) -> Self {
        let name = kind.name(weight.name());
        match weight {
            WeightRef::Vector(w) => Self::new(name, &w.tensor),
            WeightRef::Matrix(w) => Self::new(name, &in_32_bits(w.tensor.clone())),
        }
    }

    /// The weights of `model` that are trained in the groups that `is_wanted` selects.
    pub fn of_model(kind: TensorKind, model: &TaskModel, is_wanted: impl Fn(ParamGroup) -> bool) -> Vec<Self> {
        let mut tensors = Vec::new();
        model.visit(&mut |weight| {
            if is_wanted(weight.group()) && !weight.is_frozen() {
                tensors.push(Self::of_weight(kind, weight));
            }
        });
        tensors
    }

    /// A part of its values, row-major, in 32-bit floats.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn values(&self, elements: Range<usize>) -> Result<TensorData, Diagnostic> {
        data_to_host(self.values.clone().slice([elements])).await
    }
}

/// A session that can be saved: see [`Session::checkpoint`](crate::train::Session::checkpoint).
#[derive(Clone, Debug)]
pub struct SessionCheckpoint {
    /// Standardization of the numbers that the output layer predicts.
    pub standardization: Standardization,
    /// Plain data.
    pub state: SessionState,
    /// Weights and optimizer state. They share the session's memory.
    pub tensors: Vec<SavedTensor>,
}

/// Saved tensors that have been read, by name.
#[derive(Debug)]
pub struct RestoredTensors {
    device: Device,
    tensors: HashMap<String, Tensor<1>>,
}

impl RestoredTensors {
    /// Starts without tensors.
    pub fn new(device: &Device) -> Self {
        Self { device: device.clone(), tensors: HashMap::new() }
    }

    /// Device of the tensors.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Adds a tensor's row-major values, `[values]`.
    pub fn add(&mut self, name: String, values: TensorData) {
        self.tensors.insert(name, Tensor::from_data(values, &self.device));
    }

    /// Takes a tensor out, in the shape of a weight.
    ///
    /// # Errors
    /// `checkpoint.tensor` if it is missing or has another size.
    pub fn take<const D: usize>(&mut self, kind: TensorKind, weight: &Weight<D>) -> Result<Tensor<D>, Diagnostic> {
        let name = kind.name(&weight.name);
        let tensor = self.tensors.remove(&name).ok_or_else(|| wrong_tensor(&name, "is missing"))?;
        if tensor.shape().num_elements() == weight.tensor.shape().num_elements() {
            Ok(tensor.reshape(weight.tensor.dims()))
        } else {
            Err(wrong_tensor(&name, "has another size than in the model"))
        }
    }

    /// Replaces the weights of `model` that are trained in the groups that `is_wanted` selects.
    ///
    /// # Errors
    /// `checkpoint.tensor` if one is missing or has another size.
    pub fn replace(
        &mut self,
        kind: TensorKind,
        model: &mut TaskModel,
        is_wanted: impl Fn(ParamGroup) -> bool,
    ) -> Result<(), Diagnostic> {
        let mut replaced = Ok(());
        model.visit_mut(&mut |weight| {
            let read = weight.as_ref();
            if replaced.is_err() || read.is_frozen() || !is_wanted(read.group()) {
                return;
            }
            replaced = match weight {
                WeightMut::Vector(w) => self.take(kind, w).map(|tensor| w.tensor = tensor),
                WeightMut::Matrix(w) => self.take(kind, w).map(|tensor| w.tensor = tensor),
            };
        });
        replaced
    }
}

fn wrong_tensor(name: &str, reason: &str) -> Diagnostic {
    Diagnostic::new("checkpoint.tensor", format!("The saved run does not fit the model: the tensor {name} {reason}."))
        .done("Nothing was changed.")
        .remedy("Load the model that the run was started with.")
}
