//! Short names for what a wasm module and its JavaScript have from each other. Those of wasm-bindgen have sixteen random
//! digits each, which no compression shortens: 3 KB of the page's wasm.

use std::collections::HashMap;

use anyhow::{Context, Result};
use serde_json::Value;

/// The pass of wasm-opt that gives short names in the module and prints them as JSON. All imports are then from `a`.
pub const PASS: &str = "--minify-imports-and-exports-and-modules";

/// Gives the same names in the JavaScript. `names` is what the pass printed: a list `[module, name, short]` for each import,
/// and `[name, short]` for each export.
///
/// # Errors
/// If the names cannot be read, or the JavaScript has no such module.
pub fn shorten(javascript: &str, names: &str) -> Result<String> {
    let names: Value = serde_json::from_str(names).context("wasm-opt printed no names")?;
    let (imports, exports) = (pairs(&names["imports"]), pairs(&names["exports"]));
    let module = names["imports"][0][0].as_str().context("a module without imports")?;
    let (before, after) = javascript.split_once(&format!("\"{module}\"")).context("JavaScript of another module")?;
    let javascript = format!("{before}\"a\"{after}");
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let mut shortened = String::new();
    let mut rest = javascript.as_str();
    while !rest.is_empty() {
        let (name, others) = rest.split_at(rest.find(|c| !is_name(c)).unwrap_or(rest.len()));
        let names = if shortened.ends_with("wasm.") { &exports } else { &imports };
        shortened += names.get(name).copied().unwrap_or(name);
        let (between, others) = others.split_at(others.find(is_name).unwrap_or(others.len()));
        shortened += between;
        rest = others;
    }
    Ok(shortened)
}

/// Short names by those before them.
fn pairs(names: &Value) -> HashMap<&str, &str> {
    let lists = names.as_array().into_iter().flatten().filter_map(Value::as_array);
    lists.filter_map(|list| Some((list.get(list.len().checked_sub(2)?)?.as_str()?, list.last()?.as_str()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_shortened_everywhere_and_exports_where_they_are_called() {
        let javascript = "const it = { __wbg_new_1f: function() { return invoke_2(wasm.memory); } };
            function invoke_2(of) { wasm.invoke_2(of.memory); }
            return { \"./hone-app_bg.js\": it };";
        let names = r#"{"imports": [["./hone-app_bg.js", "__wbg_new_1f", "$"]], "exports": [["memory", "b"], ["invoke_2", "c"]]}"#;
        let expected = "const it = { $: function() { return invoke_2(wasm.b); } };
            function invoke_2(of) { wasm.c(of.memory); }
            return { \"a\": it };";
        assert_eq!(shorten(javascript, names).unwrap(), expected);
        assert!(shorten("const it = {};", names).is_err());
    }
}
