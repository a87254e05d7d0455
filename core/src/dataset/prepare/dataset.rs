//! A data set: the rows to train on, to validate on and to test on.

use std::collections::HashSet;
use std::sync::Arc;

use crate::dataset::collect::example::Example;
use crate::dataset::collect::examples::Examples;
use crate::dataset::data_recipe::DataRecipe;
use crate::dataset::input_columns::InputColumns;
use crate::dataset::prepare::held_out::HeldOutRows;
use crate::recipe::Task;
use crate::usage::PromptForm;

/// Training, validation and test rows. Rows are numbers, which this type turns into examples.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The task that the file is mapped to.
    pub task: Task,
    /// Classes, labels or tags, in the order of the model's outputs. Empty for other tasks.
    pub labels: Vec<String>,
    /// Training rows, in the order of the file.
    pub train: Vec<u32>,
    /// Validation rows, in the order of the file.
    pub validation: Vec<u32>,
    /// Test rows, in the order of the file. Empty unless the user holds some out.
    pub test: Vec<u32>,
    pub(crate) train_file: DatasetFile,
    /// The user's own validation file. Its rows are numbered after those of `train_file`.
    pub(crate) validation_file: Option<DatasetFile>,
    /// The user's own test file. Its rows are numbered after those of the other files.
    pub(crate) test_file: Option<DatasetFile>,
}

/// The files of a data set.
#[derive(Clone, Debug)]
pub struct DatasetFiles {
    /// The training file.
    pub train: Arc<Examples>,
    /// Validation rows apart from those of the training file.
    pub validation: Option<HeldOutRows>,
    /// Test rows apart from those of the training file.
    pub test: Option<HeldOutRows>,
}

/// The rows of the training file that are held out. A side that has a file of its own takes none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HoldOut {
    /// Ratio of all rows for validation.
    pub validation_ratio: f64,
    /// Ratio of all rows for the test; 0 for no test rows.
    pub test_ratio: f64,
    /// Seed of the split.
    pub seed: u64,
}

/// A file of a data set.
#[derive(Clone, Debug)]
pub(crate) struct DatasetFile {
    pub examples: Arc<Examples>,
    /// Index in `Dataset::labels` of each label of the file. None for labels that are not learned; no row of the data set
    /// has them.
    pub class_of_label: Vec<Option<u32>>,
}

impl DatasetFile {
    /// Returns true if all labels of a row are learned.
    pub(crate) fn has_known_labels(&self, row: usize) -> bool {
        self.examples.label_ids(row).into_iter().all(|id| self.class(id).is_some())
    }

    fn class(&self, id: u32) -> Option<u32> {
        self.class_of_label.get(id as usize).copied().flatten()
    }

    /// The class of a label that is learned, as all labels on the rows of a data set are.
    fn known_class(&self, id: u32) -> u32 {
        self.class(id).unwrap_or_default()
    }
}

impl Dataset {
    /// Form of the prompts that a model trained on these rows expects.
    pub fn prompt_form(&self) -> PromptForm {
        self.train_file.examples.mapping.prompt_form()
    }

    /// The names of the columns that the model's input comes from.
    pub fn input_columns(&self) -> Option<&InputColumns<String>> {
        self.train_file.examples.input.as_ref()
    }

    /// Settings by which the training file was read, for the recipe file.
    pub fn data_recipe(&self) -> Option<&DataRecipe> {
        self.train_file.examples.data_recipe.as_ref()
    }

    /// A row as an example.
    pub fn example(&self, row: u32) -> Example<'_> {
        let (file, row) = self.locate(row);
        file.examples.example(row, |id| file.known_class(id))
    }

    /// First text of a row, for display: the question, the prompt, or all turns of a conversation joined.
    pub fn text(&self, row: u32) -> &str {
        let (file, row) = self.locate(row);
        file.examples.text(row)
    }

    /// Second text of a row, for display: that of a pair, the passage, or the completion. None if there is none.
    pub fn second_text(&self, row: u32) -> Option<&str> {
        let (file, row) = self.locate(row);
        file.examples.second_text(row)
    }

    /// The first different texts of the validation rows that a search can find: the positives of pairs, or all texts.
    pub fn searched_texts(&self, most: usize) -> Vec<String> {
        let mut known = HashSet::new();
        let texts = self.validation.iter().map(|&row| self.second_text(row).unwrap_or_else(|| self.text(row)));
        texts.filter(|text| known.insert(*text)).take(most).map(str::to_owned).collect()
    }

    /// Index of a row's class in `labels`; 0 where rows have no single class.
    pub fn label(&self, row: u32) -> u32 {
        match self.example(row) {
            Example::Class { class, .. } | Example::LabeledText { class, .. } => class,
            _ => 0,
        }
    }

    /// Size of all texts in bytes.
    pub fn text_bytes(&self) -> usize {
        self.files().map(|file| file.examples.text_bytes()).sum()
    }

    /// Line on which a row begins in its file, from 1.
    pub fn line(&self, row: u32) -> u32 {
        let (file, row) = self.locate(row);
        file.examples.line(row)
    }

    /// Number of a row's record in its file, from 0.
    #[cfg_attr(not(feature = "engine"), expect(dead_code, reason = "only the engine writes scripts"))]
    pub(crate) fn record_number(&self, row: u32) -> u32 {
        let (file, row) = self.locate(row);
        file.examples.records.number(row)
    }

    /// Returns true if a row is from the training file rather than from the user's own validation or test file.
    pub(crate) fn is_from_train_file(&self, row: u32) -> bool {
        (row as usize) < self.train_file.examples.len()
    }

    /// Indices in `labels` of a row's labels: its class, its labels, or the tag of each of its words.
    pub(crate) fn row_labels(&self, row: u32) -> Vec<u32> {
        let (file, row) = self.locate(row);
        file.examples.label_ids(row).into_iter().map(|id| file.known_class(id)).collect()
    }

    /// Returns true if a row is from the user's own test file.
    pub(crate) fn is_from_test_file(&self, row: u32) -> bool {
        let validation = self.validation_file.as_ref().map_or(0, |file| file.examples.len());
        self.test_file.is_some() && row as usize >= self.train_file.examples.len() + validation
    }

    /// All rows, first those of training.
    pub(crate) fn rows(&self) -> impl Iterator<Item = u32> {
        self.train.iter().chain(&self.validation).chain(&self.test).copied()
    }

    /// Number of rows in all files.
    pub(crate) fn rows_in_files(&self) -> usize {
        self.files().map(|file| file.examples.len()).sum()
    }

    /// The files, in the order in which their rows are numbered.
    fn files(&self) -> impl Iterator<Item = &DatasetFile> {
        [Some(&self.train_file), self.validation_file.as_ref(), self.test_file.as_ref()].into_iter().flatten()
    }

    /// The file of a row, and the row's number in it.
    fn locate(&self, row: u32) -> (&DatasetFile, usize) {
        let mut row = row as usize;
        for file in self.files() {
            if row < file.examples.len() {
                return (file, row);
            }
            row -= file.examples.len();
        }
        (&self.train_file, row)
    }
}
