//! Which models there are, and which is loaded.

use hone_core::catalog::CatalogEntry;
use hone_core::problem::Problem;
use hone_core::protocol::ModelReport;

/// The models on offer and the chosen one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// What can be chosen.
    pub catalog: Vec<CatalogEntry>,
    /// Why there is nothing to choose from.
    pub catalog_problem: Option<Problem>,
    /// Index of the chosen one.
    pub chosen: usize,
    /// How far it is.
    pub load: Load,
}

/// How far a model is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Load {
    /// Nobody asked for it yet.
    #[default]
    Idle,
    /// This share has arrived.
    Loading(f64),
    /// It is there.
    Ready(ModelReport),
    /// It cannot be used.
    Failed(Problem),
}

impl Model {
    /// The chosen entry of the catalog.
    pub fn entry(&self) -> Option<&CatalogEntry> {
        self.catalog.get(self.chosen)
    }

    /// The loaded model.
    pub fn report(&self) -> Option<&ModelReport> {
        match &self.load {
            Load::Ready(report) => Some(report),
            _ => None,
        }
    }
}
