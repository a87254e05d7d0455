//! Facts about a whole config.json: the names of its fields, and what makes a model another one than its family's.

use serde_json::{Map, Value};

use crate::json_file;
use crate::model::config::error::ConfigError;
use crate::model::config::fields::Fields;
use crate::recipe::Family;
use crate::usage::is_own_class;

/// transformers' general names of fields that these families call otherwise (`attribute_map` of its classes).
const ALIASES: [(Family, &str, &str); 7] = [
    (Family::Gpt2, "hidden_size", "n_embd"),
    (Family::Gpt2, "num_hidden_layers", "n_layer"),
    (Family::Gpt2, "num_attention_heads", "n_head"),
    (Family::Gpt2, "max_position_embeddings", "n_positions"),
    (Family::DistilBert, "hidden_size", "dim"),
    (Family::DistilBert, "num_hidden_layers", "n_layers"),
    (Family::DistilBert, "num_attention_heads", "n_heads"),
];

/// config.json as plain JSON with the family's own names of fields. A file that cannot be read is returned unchanged.
pub fn plain_config(json: Vec<u8>) -> Vec<u8> {
    let Some(fields) = json_file::numbers(&json) else { return json };
    let mut renamed = Fields(fields);
    renamed.rename_aliases();
    let is_same = serde_json::from_slice::<Map<String, Value>>(&json).is_ok_and(|fields| fields == renamed.0);
    if is_same { json } else { Value::Object(renamed.0).to_string().into() }
}

impl Fields {
    /// Gives fields their family's own names.
    pub(super) fn rename_aliases(&mut self) {
        let model_type = self.0.get("model_type").and_then(Value::as_str).unwrap_or_default().to_owned();
        for (_, alias, own) in ALIASES.iter().filter(|(family, ..)| family.model_type() == model_type) {
            if !self.0.contains_key(*own)
                && let Some(value) = self.0.remove(*alias)
            {
                self.0.insert((*own).to_owned(), value);
            }
        }
    }

    /// The first class in `architectures`.
    pub(super) fn class(&self) -> &str {
        self.0.get("architectures").and_then(|classes| classes.get(0)?.as_str()).unwrap_or_default()
    }

    /// Refuses weights that are packed into fewer bits, which have other names and shapes than the model's. A configuration
    /// that names no method may be left over from loading: there, the tensors decide.
    pub(super) fn check_quantization(&self) -> Result<(), ConfigError> {
        let object = |field: &str| self.0.get(field).and_then(Value::as_object).filter(|object| !object.is_empty());
        let method = match (object("quantization_config"), object("quantization")) {
            (Some(config), _) => config.get("quant_method").and_then(Value::as_str),
            (None, Some(_)) => Some("MLX"),
            (None, None) => None,
        };
        method.map_or(Ok(()), |method| Err(ConfigError::Quantized(method.to_owned())))
    }

    /// Refuses a class of the model's own, which may compute anything, and what turns a class of transformers into another
    /// model: an encoder whose tokens see only what is before them, and a decoder whose tokens see everything.
    pub(super) fn check_class(&self, family: Family) -> Result<(), ConfigError> {
        let class = self.0.get("auto_map").and_then(Value::as_object).and_then(|map| {
            map.iter().find(|(auto, _)| *auto != "AutoConfig" && *auto != "AutoTokenizer").map(|(_, class)| class)
        });
        if let Some(class) = class
            && !is_own_class(self.class())
        {
            return Err(ConfigError::OwnClass(class.as_str().map_or_else(|| class.to_string(), str::to_owned)));
        }
        if family.is_decoder() { self.must_be_flag("is_causal", true) } else { self.must_be_flag("is_decoder", false) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostic;
    use crate::model::config::ModelConfig;

    const BERT: &str = r#"{"model_type":"bert","vocab_size":10,"hidden_size":8,"num_hidden_layers":1,
        "num_attention_heads":2,"intermediate_size":16,"max_position_embeddings":32}"#;

    fn refused(json: &str) -> Diagnostic {
        ModelConfig::parse(json.as_bytes()).expect_err(json).into()
    }

    fn with(part: &str) -> String {
        BERT.replacen('}', &format!(",{part}}}"), 1)
    }

    #[test]
    fn general_names_of_fields_become_the_familys_own() {
        let json = r#"{"model_type":"gpt2","vocab_size":10,"hidden_size":8,"num_hidden_layers":3,
            "num_attention_heads":2,"max_position_embeddings":32}"#;
        let sizes = ModelConfig::parse(json.as_bytes()).expect("a config").sizes();
        assert_eq!((sizes.layers, sizes.hidden), (3, 8));
        let plain: Value = serde_json::from_slice(&plain_config(json.into())).expect("JSON");
        assert_eq!((&plain["n_layer"], &plain["num_hidden_layers"]), (&3.into(), &Value::Null));
        assert_eq!(plain_config(BERT.into()), BERT.as_bytes());
        assert_eq!(plain_config(br#"{"a": NaN, "b": null}"#.into()), br#"{"b":null}"#);
    }

    #[test]
    fn packed_weights_are_refused_with_their_method() {
        for (part, method) in [
            (r#""quantization_config":{"quant_method":"gptq","bits":4}"#, "gptq"),
            (r#""quantization":{"group_size":64,"bits":4}"#, "MLX"),
        ] {
            let diagnostic = refused(&with(part));
            assert!(diagnostic.what.contains(method) && diagnostic.remedy.contains(".gguf"), "{diagnostic}");
        }
        for none in [r#""quantization_config":{}"#, r#""quantization_config":{"load_in_4bit":true}"#] {
            assert!(ModelConfig::parse(with(none).as_bytes()).is_ok());
        }
    }

    #[test]
    fn a_class_of_its_own_is_refused_unless_hone_wrote_it() {
        let map = r#""auto_map":{"AutoConfig":"c.C","AutoModel":"modeling_mine.MyBert"}"#;
        assert!(refused(&with(map)).what.contains("modeling_mine.MyBert"));
        let own = format!(r#"{map},"architectures":["HoneBertForSequenceClassification"]"#);
        assert!(ModelConfig::parse(with(&own).as_bytes()).is_ok());
    }

    #[test]
    fn attention_of_the_other_kind_is_refused() {
        assert!(refused(&with(r#""is_decoder":true"#)).what.contains("is_decoder is true"));
        let llama = with(r#""is_causal":false"#).replace("\"bert\"", "\"llama\"");
        assert!(refused(&llama).what.contains("is_causal is false"));
    }
}
