//! The part of a recipe file that says how the rows are read, so that recipe and data repeat a run.

use serde::{Deserialize, Serialize};

use crate::dataset::layout::Hints;
use crate::dataset::mapping::Mapping;
use crate::dataset::source::SourceInfo;
use crate::diagnostic::Diagnostic;
use crate::phrases::names;

/// Settings by which the file of the rows is read, and the columns that are used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataRecipe {
    /// Settings by which the file is read, where the user has chosen them.
    #[serde(default)]
    pub hints: Hints,
    /// Names of the columns that are used.
    pub columns: Vec<String>,
    /// Use of the columns, by index in `columns`.
    pub mapping: Mapping,
}

impl DataRecipe {
    /// Settings and columns of a file that was scanned. None if it lacks a column of the mapping.
    pub fn new(source: &SourceInfo, mapping: &Mapping) -> Option<Self> {
        let roles = mapping.roles(&source.columns);
        let is_used = |index: usize| roles.iter().any(|(column, _)| *column as usize == index);
        let columns = source.columns.iter().enumerate().filter(|(index, _)| is_used(*index));
        let columns: Vec<String> = columns.map(|(_, name)| name.clone()).collect();
        let mapping = mapping.remap(&source.columns, &columns)?;
        Some(Self { hints: source.hints.clone(), columns, mapping })
    }

    /// The mapping of these columns in a file.
    ///
    /// # Errors
    /// `data.recipe-columns` if the file lacks one, and as [`Mapping::check`].
    pub fn mapping_in(&self, source: &SourceInfo) -> Result<Mapping, Diagnostic> {
        self.mapping.check(&self.columns)?;
        let roles = self.mapping.roles(&self.columns);
        let missing = |name: &&String| !source.columns.contains(name);
        let Some(name) = self.columns.iter().find(missing) else {
            let mapping = self.mapping.remap(&self.columns, &source.columns);
            return mapping.ok_or_else(|| lacks(source, self.columns.first().map_or("", String::as_str), "text"));
        };
        let index = self.columns.iter().position(|column| column == name).unwrap_or_default();
        let role = roles.iter().find(|(column, _)| *column as usize == index).map_or("text", |(_, role)| role);
        Err(lacks(source, name, role))
    }
}

fn lacks(source: &SourceInfo, name: &str, role: &str) -> Diagnostic {
    let what = format!("{} has no column {}, which the recipe uses as the {role}.", source.name, names(&[name]));
    Diagnostic::new("data.recipe-columns", what).remedy(format!(
        "Use the file that the recipe was saved for, or choose other columns: {}.",
        names(&source.columns)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::inspect::scan::Scanner;

    fn scanned(text: &str, hints: Hints) -> SourceInfo {
        let mut scanner = Scanner::new("rows.csv", text.len() as f64, hints);
        scanner.push(text.as_bytes()).unwrap();
        scanner.finish().unwrap()
    }

    #[test]
    fn columns_are_found_by_name_in_another_file() {
        let hints = Hints { label_separator: Some('/'), ..Hints::default() };
        let source = scanned("id,review,note,mood\n1,so good,x,a/b\n2,so bad,y,b\n", hints.clone());
        let mapping = Mapping::MultiLabel { text: 1, pair: None, labels: vec![3] };
        let recipe = DataRecipe::new(&source, &mapping).unwrap();
        let expected = Mapping::MultiLabel { text: 0, pair: None, labels: vec![1] };
        assert_eq!(recipe, DataRecipe { hints, columns: vec!["review".into(), "mood".into()], mapping: expected });
        let json = serde_json::to_string(&recipe).unwrap();
        assert_eq!(serde_json::from_str::<DataRecipe>(&json).unwrap(), recipe);
        let other = scanned("mood,when,review\na/b,now,so good\nb,then,so bad\n", Hints::default());
        assert_eq!(recipe.mapping_in(&other), Ok(Mapping::MultiLabel { text: 2, pair: None, labels: vec![0] }));
        let lacking = scanned("feeling,review\na/b,so good\nb,so bad\n", Hints::default());
        let refused = recipe.mapping_in(&lacking).unwrap_err();
        assert_eq!(refused.what, "rows.csv has no column \"mood\", which the recipe uses as the label.");
    }

    #[test]
    fn columns_of_a_prompt_belong_to_it() {
        let source = scanned("id,question,answer\n1,Who is it?,Me.\n2,Why is it?,So.\n", Hints::default());
        let mapping = Mapping::Completion { prompt: "Q: {question}".into(), completion: 2 };
        let recipe = DataRecipe::new(&source, &mapping).unwrap();
        assert_eq!(recipe.columns, ["question", "answer"]);
        let lacking = scanned("query,answer\nWho is it?,Me.\nWhy is it?,So.\n", Hints::default());
        assert!(
            recipe.mapping_in(&lacking).unwrap_err().what.contains("\"question\", which the recipe uses as the prompt")
        );
    }

    #[test]
    fn broken_indices_are_refused() {
        let source = scanned("text,label\nso good,pos\nso bad,neg\n", Hints::default());
        let mapping = Mapping::Classification { text: 0, pair: None, label: 7 };
        let recipe = DataRecipe { hints: Hints::default(), columns: vec!["text".into(), "label".into()], mapping };
        assert_eq!(recipe.mapping_in(&source).unwrap_err().code, "data.mapping");
    }
}
