//! The choices that a recipe makes among named values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A value of a choice, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChoiceOption {
    /// Name in a menu.
    pub label: &'static str,
    /// One sentence on its effect.
    pub what: &'static str,
}

impl ChoiceOption {
    /// `doc` is a doc comment: it may begin with the space that separates it from its slashes.
    pub(super) const fn new(label: &'static str, doc: &'static str) -> Self {
        Self { label, what: sentence(doc) }
    }
}

/// The text of a doc comment, without the space after its slashes.
pub(super) const fn sentence(doc: &'static str) -> &'static str {
    match doc.as_bytes() {
        [b' ', text @ ..] => match std::str::from_utf8(text) {
            Ok(text) => text,
            Err(_) => doc,
        },
        _ => doc,
    }
}

/// Declares an enum that a recipe chooses from: `Value = "label in the menu"`. The comment above a value is the sentence
/// that the form shows for it.
macro_rules! choice {
    (
        $(#[$meta:meta])*
        $name:ident { $( $(#[doc = $what:literal])+ $value:ident = $label:literal, )+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $( $(#[doc = $what])+ $value, )+
        }

        impl $name {
            /// All values, in the order in which a form lists them.
            pub const ALL: [Self; [$(stringify!($value)),+].len()] = [$(Self::$value),+];
            /// All values in words, in the same order.
            pub const OPTIONS: &[ChoiceOption] = &[$(ChoiceOption::new($label, concat!($($what),+))),+];

            /// Name in a menu.
            pub fn label(self) -> &'static str {
                match self {
                    $( Self::$value => $label, )+
                }
            }
        }
    };
}

choice! {
    /// Shape of the learning rate over a run.
    Schedule {
        /// Stays at its peak after warmup.
        Constant = "Constant",
        /// Falls in a straight line: a sound choice for nearly everything.
        Linear = "Linear",
        /// Falls along half a cosine: long near the peak, then quickly, then gently to the end.
        Cosine = "Cosine",
        /// Falls along a cosine and jumps back to the peak, which can leave a poor minimum.
        CosineRestarts = "Cosine with restarts",
        /// Falls along a power of the remaining steps: quickly at first, slowly toward the end.
        Polynomial = "Polynomial",
        /// Falls with the square root of the step and never reaches zero: good when the length of the run is open.
        InverseSqrt = "Inverse square root",
        /// Rises slowly to the peak and falls below its initial value, along cosines (Smith 2018).
        OneCycle = "One cycle",
        /// A short steep rise and a long fall, made for gradual unfreezing (ULMFiT).
        SlantedTriangular = "Slanted triangular",
        /// Stays at its peak and is cut whenever the validation score stalls.
        Plateau = "Plateau",
    }
}

choice! {
    /// Way in which token vectors become one vector for the whole text.
    Pooling {
        /// Averages the vectors of all tokens. Suits models made to compare sentences; the export includes a short Python
        /// file that transformers must be allowed to run.
        Mean = "mean of all tokens",
        /// Takes the first token's vector. Suits most other models; transformers opens the export without custom code.
        Cls = "first token (CLS)",
    }
}

choice! {
    /// Parameter groups that are trained, and their order.
    Unfreezing {
        /// Trains everything from the first step.
        All = "all layers",
        /// Trains only the new head and leaves the model unchanged: fast, and nothing is forgotten.
        Head = "head only",
        /// Trains the top layers and the head; the layers below stay frozen.
        Last = "last layers",
        /// Trains the head first, then unfreezes the layers one by one from the top.
        Gradual = "gradual, from the top",
        /// Trains the head first, then each layer alone from the bottom, then all together (Felbo et al. 2017).
        ChainThaw = "chain-thaw",
    }
}

choice! {
    /// Unit in which a stage of unfreezing is measured.
    UnfreezeUnit {
        /// The next stage begins after this many passes over the training rows, fractions included.
        Epochs = "epochs",
        /// The next stage begins after this many optimizer steps.
        Steps = "steps",
        /// The next stage begins when the score has not improved for this many evaluations in a row.
        Stall = "stalled evaluations",
    }
}

choice! {
    /// Kind of adapter: small trainable matrices next to frozen weights.
    AdapterKind {
        /// Trains the weights of the model themselves.
        None = "none",
        /// Freezes the model and trains small low-rank matrices next to its layers (Hu et al. 2021).
        Lora = "LoRA",
        /// LoRA that also trains the length of each weight row: a little better, a little slower (Liu et al. 2024).
        Dora = "DoRA",
    }
}

choice! {
    /// A linear layer that can have an adapter, in the order in which data flows.
    LoraTarget {
        /// Projects a token to the query that it compares with the keys of other tokens.
        Query = "query",
        /// Projects a token to the key that queries are compared with.
        Key = "key",
        /// Projects a token to the value that attention passes on.
        Value = "value",
        /// Projects the attended values back to the hidden size.
        AttentionOutput = "attention output",
        /// Leads into the feed-forward block; includes the gate where there is one.
        Intermediate = "feed-forward in",
        /// Leads out of the feed-forward block.
        Output = "feed-forward out",
    }
}

choice! {
    /// Loss of embeddings.
    SimilarityLoss {
        /// Compares each text with all others of its batch (MultipleNegativesRankingLoss; CoSENTLoss for pairs with a score).
        InBatch = "in-batch negatives",
        /// Compares each anchor with its own positive and negative alone: the negative has to be farther away by a margin
        /// (TripletLoss).
        Triplet = "triplet",
    }
}

choice! {
    /// Distance of two texts in the triplet loss. Vectors have length 1, so both are at most 2.
    TripletDistance {
        /// 1 minus the cosine, by which searches rank too.
        Cosine = "cosine",
        /// Length of the difference of the vectors.
        Euclidean = "Euclidean",
    }
}

/// Weights of the classes in the loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeights {
    /// Weight 1 for every class.
    Equal,
    /// Rows divided by (classes × rows of the class), as scikit-learn's `balanced`.
    Balanced,
    /// Weights by class name; a class that is not named weighs 1.
    Given(BTreeMap<String, f64>),
}
