//! The file recipe.json: a recipe, and how the rows are read.

use serde::Deserialize;
use serde_json::Value;

use crate::dataset::DataRecipe;
use crate::recipe::RecipeSpec;

/// Name of the member that says how the rows are read, next to the fields of the recipe.
pub const DATA_KEY: &str = "data";

/// The contents of recipe.json.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecipeFile {
    /// The recipe.
    pub recipe: RecipeSpec,
    /// Settings by which the rows are read. None if their file was not known.
    pub data: Option<DataRecipe>,
}

impl RecipeFile {
    /// A recipe and the columns for it.
    ///
    /// # Errors
    /// If the columns are for another task.
    pub fn new(recipe: RecipeSpec, data: Option<DataRecipe>) -> Result<Self, String> {
        match data.as_ref().map(|data| data.mapping.task()) {
            Some(task) if task != recipe.task => {
                Err(format!("the columns in `{DATA_KEY}` are for another task than `task`; remove `{DATA_KEY}`"))
            }
            _ => Ok(Self { recipe, data }),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// The reason why it is no recipe.
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        let object = match serde_json::from_slice(json) {
            Ok(Value::Object(mut object)) => object.remove(DATA_KEY).map(|data| (object, data)),
            _ => None,
        };
        let Some((object, data)) = object else {
            // Without columns, errors name the line.
            let recipe = serde_json::from_slice(json).map_err(|error| error.to_string())?;
            return Ok(Self { recipe, data: None });
        };
        let recipe = RecipeSpec::deserialize(Value::Object(object)).map_err(|error| error.to_string())?;
        let data = Option::deserialize(data).map_err(|error| format!("`{DATA_KEY}`: {error}"))?;
        Self::new(recipe, data)
    }

    /// The contents of the file.
    ///
    /// # Errors
    /// If a number of the recipe cannot be written.
    pub fn to_value(&self) -> serde_json::Result<Value> {
        let mut value = serde_json::to_value(&self.recipe)?;
        if let (Value::Object(object), Some(data)) = (&mut value, &self.data) {
            object.insert(DATA_KEY.into(), serde_json::to_value(data)?);
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Hints, Mapping};
    use crate::recipe::Task;

    fn data() -> DataRecipe {
        let mapping = Mapping::Regression { text: 0, pair: None, number: 1 };
        let hints = Hints { delimiter: Some(crate::dataset::Delimiter::Character(';')), ..Hints::default() };
        DataRecipe { hints, columns: vec!["review".into(), "stars".into()], mapping }
    }

    #[test]
    fn a_recipe_with_its_columns_is_written_and_read() {
        let recipe = RecipeSpec { task: Task::Regression, seed: 7, ..RecipeSpec::default() };
        for data in [None, Some(data())] {
            let file = RecipeFile::new(recipe.clone(), data).unwrap();
            let json = serde_json::to_vec(&file.to_value().unwrap()).unwrap();
            assert_eq!(RecipeFile::parse(&json), Ok(file));
        }
        assert_eq!(RecipeFile::parse(b"{}"), Ok(RecipeFile::default()));
    }

    #[test]
    fn files_that_are_no_recipe_are_refused_with_the_reason() {
        let refused = |json: &str| RecipeFile::parse(json.as_bytes()).unwrap_err();
        assert!(refused("{\"learning\": 1}").contains("unknown field `learning`"));
        assert!(refused("{\"learning\": 1, \"data\": null}").contains("unknown field `learning`"));
        assert!(refused("{\"data\": {\"columns\": []}}").starts_with("`data`: missing field `mapping`"));
        let file = RecipeFile { recipe: RecipeSpec::default(), data: Some(data()) };
        assert!(refused(&file.to_value().unwrap().to_string()).contains("are for another task"));
        assert!(refused("7").contains("expected"));
    }
}
