//! Measures how far the weights of a run have moved.

use std::collections::{BTreeMap, HashMap};

use burn::tensor::Tensor;

use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;
use crate::recipe::ParamGroup;
use crate::run::GroupMovement;
use crate::train::gradients::Gradient;
use crate::train::session::Session;
use crate::weights::Weights;

/// Squared norms of a group's weights, each `[1]`.
struct SquaredNorms {
    moved: Tensor<1>,
    start: Tensor<1>,
}

impl Session {
    /// The relative distance of each parameter group from the model before the run, from the embeddings to the head. Empty if
    /// an adapter is trained, which leaves the model's own weights where they are.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn movement(&self) -> Result<Vec<GroupMovement>, Diagnostic> {
        if self.recipe().spec().has_adapter() {
            return Ok(Vec::new());
        }
        // Groups that have never been trainable are where they were.
        let moving = &self.state().ever_trainable;
        let mut starts = HashMap::new();
        self.base().visit(&mut |weight| {
            if moving.contains(&weight.group()) {
                starts.insert(weight.name().clone(), Gradient::from_weight(weight));
            }
        });
        let mut norms: BTreeMap<ParamGroup, SquaredNorms> = BTreeMap::new();
        self.model().visit(&mut |weight| {
            let (group, name) = (weight.group(), weight.name().clone());
            let Some(start) = starts.remove(&name) else { return };
            let moved = match (Gradient::from_weight(weight), &start) {
                (Gradient::Vector(now), Gradient::Vector(start)) => Gradient::Vector(now - start.clone()),
                (Gradient::Matrix(now), Gradient::Matrix(start)) => Gradient::Matrix(now - start.clone()),
                _ => return,
            };
            let (moved, start) = (moved.squared_norm(), start.squared_norm());
            let sum = match norms.remove(&group) {
                Some(sum) => SquaredNorms { moved: sum.moved + moved, start: sum.start + start },
                None => SquaredNorms { moved, start },
            };
            norms.insert(group, sum);
        });
        let found: Vec<ParamGroup> = norms.keys().copied().collect();
        let scalars: Vec<Tensor<1>> = norms.into_values().flat_map(|norms| [norms.moved, norms.start]).collect();
        let values = if scalars.is_empty() { Vec::new() } else { device_to_host(Tensor::cat(scalars, 0)).await? };
        let relative = |group: ParamGroup| {
            let nth = found.iter().position(|other| *other == group)?;
            let [moved, start] = [values.get(2 * nth)?, values.get(2 * nth + 1)?].map(|value| f64::from(*value));
            Some((moved / start.max(f64::MIN_POSITIVE)).sqrt())
        };
        let groups = self.recipe().groups().iter();
        Ok(groups.map(|&group| GroupMovement { group, relative: relative(group).unwrap_or(0.0) }).collect())
    }
}
