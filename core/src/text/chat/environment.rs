//! The functions, filters and settings that transformers gives to chat templates:
//! <https://github.com/huggingface/transformers/blob/v5.0.0/src/transformers/utils/chat_template_utils.py>

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Tuple, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, Value};

use crate::limits::MAX_CHAT_FUEL;
use crate::text::chat::date::strftime;
use crate::text::chat::methods;
use crate::text::chat::rewrite::PERCENT;
use crate::text::chat::to_json::to_json;

/// An environment without templates.
///
/// # Errors
/// When minijinja refuses the settings.
pub(crate) fn environment() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_unknown_method_callback(methods::call);
    environment.set_fuel(Some(MAX_CHAT_FUEL));
    environment.add_function("raise_exception", |message: String| -> Result<(), Error> {
        Err(Error::new(ErrorKind::InvalidOperation, message))
    });
    environment.add_function("strftime_now", |format: &str| strftime(format));
    environment.add_filter("tojson", to_json);
    environment.add_filter("wordcount", |text: &str| text.split_whitespace().count());
    // In Jinja, strings and dictionaries are sequences too.
    environment.add_test("sequence", |value: &Value| {
        matches!(value.kind(), ValueKind::String | ValueKind::Seq | ValueKind::Map)
    });
    environment.add_filter(PERCENT, percent);
    Ok(environment)
}

/// Python's `format % value`: a tuple has one value for each directive.
fn percent(state: &mut State, format: Value, value: Value) -> Result<Value, Error> {
    let mut arguments = vec![format];
    match value.downcast_object_ref::<Tuple>() {
        Some(_) => arguments.extend(value.try_iter()?),
        None => arguments.push(value),
    }
    state.apply_filter("format", &arguments)
}
