//! Facts about a model and its data that a recipe has to fit.

use crate::recipe::choices::Pooling;
use crate::recipe::family::Family;
use crate::recipe::param_group::ParamGroup;
use crate::recipe::task::Task;

/// Facts about a model and its data that a recipe has to fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModelFacts {
    /// Family of the model.
    pub family: Family,
    /// Number of parameters.
    pub parameters: f64,
    /// Number of layers.
    pub layers: usize,
    /// Hidden size, which is also the number of numbers in a text's vector.
    pub hidden: u32,
    /// True if the model has a pretrained pooler.
    pub has_pooler: bool,
    /// Longest sequence that the model reads, in tokens.
    pub max_positions: u32,
    /// Pooling that the model was trained with.
    pub pooling: Pooling,
    /// The data.
    pub data: RowFacts,
}

/// Facts about data that the defaults of a recipe are chosen from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowFacts {
    /// Number of training rows.
    pub rows: u32,
    /// Number of classes, labels or tags; 0 for other tasks.
    pub classes: u32,
    /// Sequence length that fits the data, in tokens.
    pub suggested_len: u32,
    /// False if the rows of embeddings have no negative each.
    pub has_negatives: bool,
}

impl Default for RowFacts {
    /// Data that is not known yet: a file of middling size that fits every recipe.
    fn default() -> Self {
        Self { rows: 1_000, classes: 2, suggested_len: 64, has_negatives: true }
    }
}

impl ModelFacts {
    /// The parameter groups of the model for a task, from the bottom.
    ///
    /// Only BERT's own head reads the first token through the pretrained pooler. The classification heads of DistilBERT
    /// and RoBERTa have a dense layer of their own, which is part of the head; the other tasks and mean pooling use no
    /// pooler. Embeddings have no head.
    pub fn param_groups(&self, task: Task, pooling: Pooling) -> Vec<ParamGroup> {
        let reads_first = task.reads_sentences() && pooling == Pooling::Cls;
        let mut groups = ParamGroup::all(self.layers, reads_first && self.family == Family::Bert && self.has_pooler);
        if task == Task::Embeddings {
            groups.retain(|group| *group != ParamGroup::Head);
        }
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bert_with_cls_pooling_of_whole_texts_has_a_pooler_group() {
        for family in Family::ALL {
            for task in Task::ALL {
                for pooling in Pooling::ALL {
                    for has_pooler in [true, false] {
                        let facts = ModelFacts {
                            family,
                            parameters: 1e6,
                            layers: 2,
                            hidden: 32,
                            has_pooler,
                            max_positions: 512,
                            pooling,
                            data: RowFacts::default(),
                        };
                        let groups = facts.param_groups(task, pooling);
                        let is_whole_text = task.reads_sentences();
                        let expected = family == Family::Bert && is_whole_text && pooling == Pooling::Cls && has_pooler;
                        let case = format!("{family} {task:?} {pooling:?} {has_pooler}");
                        assert_eq!(groups.contains(&ParamGroup::Pooler), expected, "{case}");
                        let head = usize::from(task != Task::Embeddings);
                        assert_eq!(groups.len(), 3 + head + usize::from(expected), "{case}");
                    }
                }
            }
        }
    }
}
