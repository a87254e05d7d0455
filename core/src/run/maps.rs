//! Maps of validation rows: their vectors over a run, and how sure the model was of their labels.

use serde::{Deserialize, Serialize};

use crate::run::WrongRow;

/// The maps of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunMaps {
    /// Texts by the two principal components of their vectors, at each evaluation.
    pub vectors: RowMap,
    /// Rows by the variability and the mean of the probability of what is right in them, over the evaluations; the least
    /// probable first.
    pub dynamics: RowMap,
}

/// Rows in a square.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RowMap {
    /// The rows; empty if there is no such map.
    pub points: Vec<MapPoint>,
    /// Names of the kinds of rows, mostly their labels; empty if rows have none.
    pub legend: Vec<String>,
    /// Their places at one time after another.
    pub frames: Vec<MapFrame>,
    /// Number of points, the first ones, that are worth reading one by one.
    pub listed: u32,
    /// `d` attribute of a path around a part of the square; empty if there is none.
    pub guide: String,
    /// Meaning of right and of up.
    pub axes: String,
    /// Method of the map, and the way to read it.
    pub note: String,
}

/// A row of a map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapPoint {
    /// The row, right or wrong.
    pub row: WrongRow,
    /// Index of its kind in the legend; 0 if there is none.
    pub class: u32,
}

/// The places of all rows of a map at a time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MapFrame {
    /// The time: “before training”, “step 30”.
    pub name: String,
    /// Reading of the map at that step.
    pub words: String,
    /// Distance of each row from the left, in percent of the square.
    pub x: Vec<f32>,
    /// Distance of each row from the top, in percent of the square.
    pub y: Vec<f32>,
}
