//! Code shared by the worker and the program: loading a model, encoding the rows, ending a run, exporting. It works on
//! values only: it uses no clock, no file system and no browser.

mod archive;
mod bench;
mod best_model;
mod clock;
mod download;
mod encoded_dataset;
mod export;
mod file_prediction;
mod folder;
mod label_progress;
mod label_review;
mod labeler;
mod learning_curve;
mod model_loader;
mod neighbor_search;
mod outcome;
mod past;
mod pinned_texts;
mod run_record;
mod save_schedule;
mod script;
mod text_issues;
mod text_vectors;
mod wrong_rows;

pub use archive::{ModelArchive, too_large, unreadable};
pub use bench::BenchModel;
pub use best_model::BestModel;
pub use clock::RunClock;
pub use download::{Response, Resume};
pub use encoded_dataset::{EncodedDataset, validation_mapping};
pub use export::{Exported, Provenance, export};
pub use file_prediction::FilePrediction;
pub use folder::{find_file, find_weights};
pub use label_review::LabelReview;
pub use labeler::Labeler;
pub use learning_curve::LearningCurve;
pub use model_loader::{ModelFiles, ModelLoader};
pub use neighbor_search::NeighborSearch;
pub use outcome::{abort, advice, lost_step, summary};
pub use past::{PastEntry, past};
pub use pinned_texts::PinnedTexts;
pub use run_record::run_record;
pub use save_schedule::SaveSchedule;
pub use script::{SCRIPT_ZIP, training_script};
pub use wrong_rows::wrong_rows;
