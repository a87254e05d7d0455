//! Chat templates: conversations in the text format that a model was trained on. They are Jinja, rendered as in
//! `_compile_jinja_template` of transformers 4.57:
//! <https://github.com/huggingface/transformers/blob/v4.57.0/src/transformers/utils/chat_template_utils.py>

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, ErrorKind, State, Value, context};
use minijinja_contrib::pycompat::unknown_method_callback;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::diagnostic::Diagnostic;
use crate::limits::{MAX_CHAT_FUEL, MAX_CHAT_TEMPLATE_BYTES};
use crate::text::chat_nesting::check_nesting;

/// Name of the only template in an environment.
const NAME: &str = "chat";
/// Tokens of tokenizer_config.json that templates use.
const TOKENS: [&str; 4] = ["bos_token", "eos_token", "unk_token", "pad_token"];

/// One message of a conversation, as chat templates take it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// `system`, `user` or `assistant`.
    pub role: String,
    /// The text of the message.
    pub content: String,
}

/// A model's chat template.
#[derive(Debug)]
pub struct ChatTemplate {
    environment: Environment<'static>,
    /// Special tokens by their names in templates, such as `bos_token`.
    tokens: Value,
}

impl ChatTemplate {
    /// Parses a template.
    ///
    /// # Errors
    /// When the template is too long or not Jinja.
    pub fn parse(source: &str) -> Result<Self, Diagnostic> {
        if source.len() > MAX_CHAT_TEMPLATE_BYTES {
            let most = MAX_CHAT_TEMPLATE_BYTES;
            return Err(unusable(format!("it is {} bytes long; the limit is {most}", source.len())));
        }
        check_nesting(source).map_err(unusable)?;
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(|error| unusable(error.to_string()))?);
        environment.set_unknown_method_callback(method);
        environment.set_fuel(Some(MAX_CHAT_FUEL));
        environment.add_function("raise_exception", |message: String| -> Result<(), Error> {
            Err(Error::new(ErrorKind::InvalidOperation, message))
        });
        environment.add_template_owned(NAME, source.to_owned()).map_err(|error| unusable(located(&error)))?;
        Ok(Self { environment, tokens: Value::from_pairs::<_, String, Value>([]) })
    }

    /// Finds the template in a model's files, in chat_template.jinja or tokenizer_config.json, with its special tokens.
    /// Returns `None` if there is none.
    ///
    /// # Errors
    /// When the template cannot be used, or tokenizer_config.json is not JSON.
    pub fn find(files: &[(String, Vec<u8>)]) -> Result<Option<Self>, Diagnostic> {
        let file = |name: &str| files.iter().find(|(other, _)| other == name).map(|(_, bytes)| bytes.as_slice());
        let config: Json = match file("tokenizer_config.json") {
            Some(json) => serde_json::from_slice(json)
                .map_err(|error| unusable(format!("tokenizer_config.json cannot be read: {error}")))?,
            None => Json::Null,
        };
        let source = match file("chat_template.jinja") {
            Some(bytes) => {
                let text = std::str::from_utf8(bytes);
                Some(text.map_err(|_| unusable("chat_template.jinja is not UTF-8".into()))?)
            }
            None => in_config(&config),
        };
        let Some(source) = source else { return Ok(None) };
        let mut template = Self::parse(source)?;
        // Older files have an object instead of the token's text.
        let text = |token: &'_ Json| token.get("content").unwrap_or(token).as_str().map(Value::from);
        template.tokens = Value::from_pairs(TOKENS.iter().filter_map(|name| Some((*name, text(config.get(name)?)?))));
        Ok(Some(template))
    }

    /// Renders a conversation. `add_generation_prompt` appends the beginning of the assistant's answer.
    ///
    /// # Errors
    /// When the template rejects the conversation or exceeds [`MAX_CHAT_FUEL`].
    pub fn render(&self, messages: &[ChatMessage], add_generation_prompt: bool) -> Result<String, Diagnostic> {
        let message = |ChatMessage { role, content }: &ChatMessage| {
            Value::from_pairs([("role", role.as_str()), ("content", content.as_str())])
        };
        let messages: Value = messages.iter().map(message).collect();
        let context = context! { messages, add_generation_prompt, ..self.tokens.clone() };
        let template = self.environment.get_template(NAME).map_err(|error| unusable(located(&error)))?;
        template.render(context).map_err(|error| match error.kind() {
            ErrorKind::OutOfFuel => unusable("it takes too many steps for one conversation".into()),
            _ => Diagnostic::new(
                "chat.refused",
                format!("The model's chat template rejects the conversation: {}.", located(&error)),
            )
            .done("Nothing was generated.")
            .remedy("Use the roles and the order that the model expects, or choose another model."),
        })
    }
}

/// Python's methods of strings, lists and dictionaries.
///
/// Methods whose result can be much longer than their input are delegated to the filters of the same name, which consume
/// fuel first, or are missing. A list of all characters takes about 32 bytes for each.
fn method(state: &mut State, value: &Value, name: &str, arguments: &[Value]) -> Result<Value, Error> {
    match (name, arguments) {
        ("replace", [from, to]) => state.apply_filter("replace", &[value.clone(), from.clone(), to.clone()]),
        ("join", [list]) => state.apply_filter("join", &[list.clone(), value.clone()]),
        ("replace" | "join" | "format", _) => Err(Error::from(ErrorKind::UnknownMethod)),
        _ => {
            state.consume_fuel(value.as_str().map_or(0, str::len) as u64 / 2)?;
            unknown_method_callback(state, value, name, arguments)
        }
    }
}

/// The template in tokenizer_config.json: the only one, or the one named `default`.
fn in_config(config: &Json) -> Option<&str> {
    match config.get("chat_template")? {
        Json::Array(several) => {
            several.iter().find(|template| template["name"] == "default")?.get("template")?.as_str()
        }
        one => one.as_str(),
    }
}

/// A minijinja error with its line.
fn located(error: &Error) -> String {
    let what = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    match error.line() {
        Some(line) => format!("{what} (line {line} of the template)"),
        None => what,
    }
}

fn unusable(what: String) -> Diagnostic {
    Diagnostic::new("chat.template", format!("The model's chat template cannot be used: {what}."))
        .done("Nothing was changed.")
        .remedy("Choose another model, or a task without conversations.")
}
