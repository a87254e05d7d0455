//! Components that several steps use. They take values and callbacks, and use neither the page nor its state.

mod bars;
mod changing;
mod chart;
mod collect_any;
mod diagnostic_note;
mod file_button;
mod handlers;
mod memo;
mod menu_option;
mod number_row;
mod snippet;
mod table;
mod watched;

pub use bars::{Bar, Bars};
pub use changing::changing;
pub use chart::{Chart, Key, SaveCharts};
pub use collect_any::CollectAny;
pub use diagnostic_note::{DiagnosticNote, ProblemPlace};
pub use file_button::FileButton;
pub use handlers::{pressed, pressed_away, ticked, typed};
pub use memo::{Plain, memo};
pub use menu_option::MenuOption;
pub use number_row::NumberRow;
pub use snippet::Snippet;
pub use table::{Table, heads};
pub use watched::{Watched, watched};
