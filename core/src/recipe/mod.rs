//! The recipe of a run. A [`RecipeSpec`] is a recipe as written in a file or a form; a [`Recipe`] is one that can be run.

mod checks;
mod choices;
mod defaults;
mod error;
mod facts;
mod family;
mod fields;
mod metric;
mod param_group;
mod preset;
mod schedule;
mod task;
mod unfreeze;
mod valid;

pub use choices::{
    AdapterKind, ChoiceOption, ClassWeights, LoraTarget, Pooling, Schedule, SimilarityLoss, TripletDistance,
    UnfreezeUnit, Unfreezing,
};
pub use defaults::Defaults;
pub use error::RecipeError;
pub use facts::{ModelFacts, RowFacts};
pub use family::Family;
pub use fields::{Choice, FIELDS, Field, FieldGroup, FieldKind, Number, RecipeSpec, Switch, Unit, Values};
pub use metric::Metric;
pub use param_group::ParamGroup;
pub use preset::Preset;
pub use schedule::LrCurve;
pub use task::Task;
pub use unfreeze::{UnfreezeSchedule, UnfreezeTrigger};
pub use valid::Recipe;
