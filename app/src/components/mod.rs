//! Pieces that several steps use.

mod bars;
mod changing;
mod chart;
mod control;
mod file_button;
mod handlers;
mod menu_option;
mod number_field;
mod problem_note;
mod rail;
mod snippet;
mod step_section;
mod table;

pub use bars::{Bar, Bars};
pub use changing::changing;
pub use chart::{Chart, Key};
pub use control::ControlField;
pub use file_button::FileButton;
pub use handlers::{pressed, pressed_away, ticked, typed};
pub use menu_option::MenuOption;
pub use number_field::{NumberField, NumberRow};
pub use problem_note::{ProblemNote, ProblemPlace};
pub use rail::Rail;
pub use snippet::Snippet;
pub use step_section::StepSection;
pub use table::{Table, heads};
