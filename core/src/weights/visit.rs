//! One traversal over the weights of a model, to read or to change them.

use std::collections::BTreeMap;

use burn::tensor::Device;

use crate::recipe::ParamGroup;
use crate::weights::weight::{Weight, WeightMut, WeightRef};

/// A module that has weights. `weights_of!` implements both visits from one list of fields.
pub trait Weights {
    /// Visits every weight, from the input to the output.
    fn visit<'a>(&'a self, visitor: &mut dyn FnMut(WeightRef<'a>));

    /// Visits every weight in the same order, to change it.
    fn visit_mut<'a>(&'a mut self, visitor: &mut dyn FnMut(WeightMut<'a>));

    /// A copy for one training step: weights of the groups that `trainable` selects record their gradients. All others
    /// are constants, and nothing is computed backwards below the lowest trainable weight.
    fn tracked(&self, trainable: impl Fn(ParamGroup) -> bool) -> Self
    where
        Self: Clone,
    {
        let mut tracked = self.clone();
        tracked.visit_mut(&mut |weight| {
            let read = weight.as_ref();
            if trainable(read.group()) && !read.is_frozen() {
                weight.require_grad();
            }
        });
        tracked
    }

    /// Number of parameters.
    fn parameters(&self) -> usize {
        let mut sum = 0;
        self.visit(&mut |weight| sum += weight.len());
        sum
    }

    /// Number of parameters of each group that are trained when the group is trainable.
    fn trainable_parameters(&self) -> BTreeMap<ParamGroup, usize> {
        let mut sums = BTreeMap::new();
        self.visit(&mut |weight| {
            *sums.entry(weight.group()).or_default() += if weight.is_frozen() { 0 } else { weight.len() };
        });
        sums
    }

    /// Device that holds the weights; the default device if there are none.
    fn device(&self) -> Device {
        let mut device = None;
        self.visit(&mut |weight| {
            device.get_or_insert_with(|| weight.device());
        });
        device.unwrap_or_default()
    }
}

impl Weights for Weight<1> {
    fn visit<'a>(&'a self, visitor: &mut dyn FnMut(WeightRef<'a>)) {
        visitor(WeightRef::Vector(self));
    }

    fn visit_mut<'a>(&'a mut self, visitor: &mut dyn FnMut(WeightMut<'a>)) {
        visitor(WeightMut::Vector(self));
    }
}

impl Weights for Weight<2> {
    fn visit<'a>(&'a self, visitor: &mut dyn FnMut(WeightRef<'a>)) {
        visitor(WeightRef::Matrix(self));
    }

    fn visit_mut<'a>(&'a mut self, visitor: &mut dyn FnMut(WeightMut<'a>)) {
        visitor(WeightMut::Matrix(self));
    }
}

impl<T: Weights> Weights for Option<T> {
    fn visit<'a>(&'a self, visitor: &mut dyn FnMut(WeightRef<'a>)) {
        self.iter().for_each(|module| module.visit(visitor));
    }

    fn visit_mut<'a>(&'a mut self, visitor: &mut dyn FnMut(WeightMut<'a>)) {
        self.iter_mut().for_each(|module| module.visit_mut(visitor));
    }
}

impl<T: Weights> Weights for Vec<T> {
    fn visit<'a>(&'a self, visitor: &mut dyn FnMut(WeightRef<'a>)) {
        self.iter().for_each(|module| module.visit(visitor));
    }

    fn visit_mut<'a>(&'a mut self, visitor: &mut dyn FnMut(WeightMut<'a>)) {
        self.iter_mut().for_each(|module| module.visit_mut(visitor));
    }
}

/// Implements [`Weights`] for a struct from the fields that hold weights, or for an enum from its variants, each of
/// which holds one module. Variants after the semicolon hold none.
macro_rules! weights_of {
    ($type:ident: $($variant:ident)|+ $(; $($empty:ident)|+)?) => {
        impl $crate::weights::Weights for $type {
            fn visit<'a>(&'a self, visitor: &mut dyn FnMut($crate::weights::WeightRef<'a>)) {
                match self {
                    $(Self::$variant(module) => module.visit(visitor),)+
                    $($(Self::$empty => {})+)?
                }
            }

            fn visit_mut<'a>(&'a mut self, visitor: &mut dyn FnMut($crate::weights::WeightMut<'a>)) {
                match self {
                    $(Self::$variant(module) => module.visit_mut(visitor),)+
                    $($(Self::$empty => {})+)?
                }
            }
        }
    };
    ($type:ident { $($field:ident),+ }) => {
        impl $crate::weights::Weights for $type {
            fn visit<'a>(&'a self, visitor: &mut dyn FnMut($crate::weights::WeightRef<'a>)) {
                $(self.$field.visit(visitor);)+
            }

            fn visit_mut<'a>(&'a mut self, visitor: &mut dyn FnMut($crate::weights::WeightMut<'a>)) {
                $(self.$field.visit_mut(visitor);)+
            }
        }
    };
}
pub(crate) use weights_of;

#[cfg(test)]
mod tests {
    use burn::tensor::Tensor;

    use super::*;

    /// A module that cannot be cloned: code that compiles with it does not copy weights.
    struct NotClone {
        matrix: Weight<2>,
        bias: Option<Weight<1>>,
        layers: Vec<Weight<1>>,
    }

    weights_of!(NotClone { matrix, bias, layers });

    fn module() -> NotClone {
        let device = Device::flex();
        let vector = |name: &str, group, len| Weight {
            name: name.into(),
            tensor: Tensor::ones([len], &device),
            group,
            transposed: false,
            is_frozen: false,
        };
        let matrix = Weight {
            name: "dense.weight".into(),
            tensor: Tensor::ones([2, 3], &device),
            group: ParamGroup::Embeddings,
            transposed: true,
            is_frozen: true,
        };
        let layers = (0..2).map(|i| vector(&format!("layer.{i}.weight"), ParamGroup::Layer(i), 5)).collect();
        NotClone { matrix, bias: Some(vector("dense.bias", ParamGroup::Embeddings, 3)), layers }
    }

    #[test]
    fn reading_weights_clones_no_module() {
        let module = module();
        assert_eq!(module.parameters(), 19);
        let trainable = [(ParamGroup::Embeddings, 3), (ParamGroup::Layer(0), 5), (ParamGroup::Layer(1), 5)];
        assert_eq!(module.trainable_parameters(), trainable.into());
        assert_eq!(module.device(), Device::flex());
    }

    #[test]
    fn both_visits_have_the_same_order() {
        let mut module = module();
        let (mut read, mut changed) = (Vec::new(), Vec::new());
        module.visit(&mut |weight| read.push(weight.name().to_string()));
        module.visit_mut(&mut |weight| changed.push(weight.as_ref().name().to_string()));
        assert_eq!(read, ["dense.weight", "dense.bias", "layer.0.weight", "layer.1.weight"]);
        assert_eq!(read, changed);
    }
}
