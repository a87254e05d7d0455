//! Pieces that several steps use.

mod bars;
mod changing;
mod chart;
mod control;
mod diagnostic_note;
mod file_button;
mod handlers;
mod menu_option;
mod nav;
mod number_field;
mod snippet;
mod step_section;
mod table;

pub use bars::{Bar, Bars};
pub use changing::changing;
pub use chart::{Chart, Key};
pub use control::ControlField;
pub use diagnostic_note::{DiagnosticNote, ProblemPlace};
pub use file_button::FileButton;
pub use handlers::{pressed, pressed_away, ticked, typed};
pub use menu_option::MenuOption;
pub use nav::Rail;
pub use number_field::{NumberField, NumberRow};
pub use snippet::Snippet;
pub use step_section::StepSection;
pub use table::{Table, heads};
