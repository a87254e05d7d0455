//! Recipe files that the user opens.

use hone_core::recipe::RecipeSpec;

use crate::state::{Effect, Form, State};

impl State {
    /// Opens a recipe that was read from a file, unless a run is under way. The rows are split again only if the recipe
    /// changes the split.
    pub fn open_recipe(&mut self, read: Result<RecipeSpec, String>) -> Vec<Effect> {
        if self.is_engaged() {
            return Vec::new();
        }
        let split = |form: &Form| (form.recipe.validation_ratio, form.recipe.seed);
        let before = split(&self.form);
        self.form.import(read, self.facts());
        self.follow_task();
        if split(&self.form) == before { Vec::new() } else { self.remap() }
    }
}
