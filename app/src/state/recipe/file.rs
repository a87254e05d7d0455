//! Recipes that the user opens, as files and as links.

use hone_core::recipe::{ModelFacts, RecipeSpec};
use hone_core::run::RecipeFile;

use crate::state::{Effect, Form, RecipeLink, State};

impl State {
    /// Opens a recipe that was read from a file, unless a run is under way. The rows are split again only if the recipe
    /// changes the split. If the file also fits the recipe's task, its columns for that task are used.
    pub fn open_recipe(&mut self, read: Result<RecipeSpec, String>) -> Vec<Effect> {
        self.replace_recipe(|form, facts| form.import(read, facts))
    }

    /// Opens recipe.json: its recipe, and its columns in the file that is open, or in the next one.
    pub fn open_recipe_file(&mut self, read: Result<RecipeFile, String>) -> Vec<Effect> {
        let (read, data) = match read {
            Ok(file) => (Ok(file.recipe), file.data),
            Err(reason) => (Err(reason), None),
        };
        let mut effects = self.open_recipe(read);
        if let Some(data) = data.filter(|_| self.form.diagnostic.is_none() && !self.is_engaged()) {
            effects.extend(self.use_data_recipe(data));
        }
        effects
    }

    /// Opens the recipe of a link in the same way.
    pub fn open_recipe_link(&mut self, read: Result<RecipeSpec, String>) -> Vec<Effect> {
        self.replace_recipe(|form, facts| form.import_link(read, facts))
    }

    fn replace_recipe(&mut self, import: impl FnOnce(&mut Form, Option<ModelFacts>)) -> Vec<Effect> {
        if self.is_engaged() {
            return Vec::new();
        }
        let split = |form: &Form| [form.recipe.validation_ratio, form.recipe.test_ratio, f64::from(form.recipe.seed)];
        let before = split(&self.form);
        let facts = self.facts();
        import(&mut self.form, facts);
        // The form is unchanged, and says why.
        if self.form.diagnostic.is_some() || matches!(self.form.link, RecipeLink::Refused(_)) {
            return Vec::new();
        }
        if let Some(mapping) = self.data.columns_for(self.form.recipe.task) {
            return self.map(mapping);
        }
        self.follow_task();
        if split(&self.form) == before { Vec::new() } else { self.remap() }
    }
}
