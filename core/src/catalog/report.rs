//! Facts about the loaded model: enough to plan a run without the engine.

use serde::{Deserialize, Serialize};

use crate::catalog::tuned_head::TunedHead;
use crate::recipe::{AdapterKind, Family, LoraTarget, ModelFacts, ParamGroup, Pooling, RecipeSpec, RowFacts};
use crate::usage::HeadLayers;

/// A loaded model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelReport {
    /// Id in the catalog.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Model family.
    pub family: Family,
    /// Default pooling; ignored for a decoder.
    pub pooling: Pooling,
    /// True if the file has a pretrained pooler.
    pub has_pooler: bool,
    /// Number of parameters.
    pub parameters: f64,
    /// Parameter groups, from the input to the output, without the head that a task adds.
    pub groups: Vec<ParamGroupFacts>,
    /// Size of the weights in an exported folder, in bytes.
    pub bytes: f64,
    /// Number of layers.
    pub layers: u32,
    /// Hidden size.
    pub hidden: u32,
    /// Longest sequence, in tokens.
    pub max_positions: u32,
    /// Size of the vocabulary, in tokens.
    pub vocab: u32,
    /// Number of tensors taken from the file.
    pub applied: u32,
    /// The head that it was tuned with before, if it has one that a run can continue.
    #[serde(default)]
    pub tuned_head: Option<TunedHead>,
    /// Sentences about what is in its files and not used.
    pub notes: Vec<String>,
}

/// One parameter group of a loaded model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParamGroupFacts {
    /// The group.
    pub group: ParamGroup,
    /// Number of parameters.
    pub parameters: f64,
    /// Linear layers that can take an adapter.
    pub linears: Vec<AdaptableLinear>,
}

/// A linear layer that can take an adapter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdaptableLinear {
    /// Name in a recipe's `target_modules`.
    pub target: LoraTarget,
    /// Number of inputs.
    pub inputs: u32,
    /// Number of outputs.
    pub outputs: u32,
}

impl ModelReport {
    /// The facts that a recipe must fit, for this data.
    pub fn facts(&self, data: RowFacts) -> ModelFacts {
        ModelFacts {
            family: self.family,
            parameters: self.parameters,
            layers: self.layers as usize,
            hidden: self.hidden,
            has_pooler: self.has_pooler,
            max_positions: self.max_positions,
            pooling: self.pooling,
            data,
        }
    }

    /// Size of the last layer's weights in an exported folder, in bytes.
    pub fn layer_bytes(&self) -> f64 {
        let last = self.groups.iter().rev().find(|facts| matches!(facts.group, ParamGroup::Layer(_)));
        last.map_or(0.0, |facts| 4.0 * facts.parameters)
    }

    /// Number of parameters that a run of `recipe` trains while `group` is trainable, on data with `labels` labels:
    /// the group's own, or those of its adapters.
    pub fn trainable_parameters(&self, group: ParamGroup, recipe: &RecipeSpec, labels: usize) -> f64 {
        let pooling = recipe.pooling.unwrap_or(self.pooling);
        let head = match (group, HeadLayers::of(recipe.task, self.family, pooling)) {
            // The heads of these tasks read every token, and the model loses its pooler.
            (ParamGroup::Pooler, Some(HeadLayers { pooling: None, .. })) => return 0.0,
            (ParamGroup::Head, Some(head)) => {
                head.parameters(self.hidden as usize, HeadLayers::outputs(recipe.task, labels)) as f64
            }
            _ => 0.0,
        };
        let pretrained = self.groups.iter().find(|facts| facts.group == group).map_or(0.0, |facts| {
            if recipe.adapter == AdapterKind::None {
                return facts.parameters;
            }
            let adapted = facts.linears.iter().filter(|linear| recipe.target_modules.contains(&linear.target));
            adapted.map(|linear| linear.adapter_parameters(recipe)).sum()
        });
        pretrained + head
    }
}

impl AdaptableLinear {
    /// Number of parameters of the layer's adapter: two matrices of rank `lora_r`, and for DoRA a magnitude for each
    /// output.
    fn adapter_parameters(&self, recipe: &RecipeSpec) -> f64 {
        let magnitudes = if recipe.adapter == AdapterKind::Dora { self.outputs } else { 0 };
        f64::from(recipe.lora_r) * f64::from(self.inputs + self.outputs) + f64::from(magnitudes)
    }
}
