//! Fields with an effect on the data: a change splits the rows anew.

use crate::state::recipe::fields::Field;
use crate::state::recipe::fields::number::{own, share, whole};

/// Share of rows kept for validation; it stands with the data.
pub static VALIDATION_RATIO: Field = share(
    "validation_ratio",
    "Kept for validation",
    own!(validation_ratio: f64),
    [
        "Rows the model never learns from, with the same shares of labels, to check it honestly.",
        "More when there are few rows, so that the check is worth something.",
    ],
);

/// Seed of all that is random.
pub static SEED: Field = whole(
    "seed",
    "Seed",
    own!(seed: u32),
    [
        "The number all chance is drawn from: split, order, new head, dropout.",
        "Change it to see how much of a score is luck; keep it to compare two recipes.",
    ],
);
