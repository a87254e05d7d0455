//! Chat templates against transformers.

use std::time::{Duration, Instant};

use hone_core::limits::MAX_CHAT_TEMPLATE_BYTES;
use hone_core::text::{ChatMessage, ChatTemplate};
use hone_tests::json;
use serde_json::json as value;

fn user(content: &str) -> Vec<ChatMessage> {
    vec![ChatMessage { role: "user".into(), content: content.into() }]
}

fn file(name: &str, text: impl ToString) -> (String, Vec<u8>) {
    (name.into(), text.to_string().into_bytes())
}

/// The tokenizer_config.json of the golden conversations.
fn config(template: &str) -> (String, Vec<u8>) {
    let eos = value!({"content": "</s>", "lstrip": false});
    file("tokenizer_config.json", value!({"bos_token": "<s>", "eos_token": eos, "chat_template": template}))
}

#[test]
fn rendered_conversations_equal_transformers() {
    let golden = json("chat.json");
    for case in golden["cases"].as_array().unwrap() {
        let name = case["template"].as_str().unwrap();
        let source = golden["templates"][name].as_str().unwrap();
        let template = ChatTemplate::find(&[config(source)]).unwrap();
        let messages: Vec<ChatMessage> = serde_json::from_value(case["messages"].clone()).unwrap();
        match (template.render(&messages, case["prompt"] == true), case["error"].as_str()) {
            (Ok(text), None) => {
                assert_eq!(text, case["text"].as_str().unwrap(), "{name}, {messages:?}");
                if case["prompt"] == false {
                    let marked = template.render_marked(&messages).unwrap();
                    let chars = |bytes: usize| marked.text[..bytes].chars().count();
                    let found: Vec<_> =
                        marked.generated.iter().map(|at| value!([chars(at.start), chars(at.end)])).collect();
                    assert_eq!(value!(found), case.get("marks").cloned().unwrap_or(value!([])), "{name}, {messages:?}");
                }
            }
            (Err(diagnostic), Some(error)) => {
                assert_eq!(diagnostic.code, "chat.refused");
                assert!(diagnostic.what.contains(error), "{diagnostic} does not say {error:?}");
            }
            (found, _) => panic!("{name}, {messages:?}: {found:?}"),
        }
    }
}

#[test]
fn the_template_is_found_in_every_file_that_may_hold_it() {
    let find = |files: &[(String, Vec<u8>)]| {
        let template = ChatTemplate::find(files);
        template.map(|template| template.render(&user("Hi"), false).unwrap())
    };
    assert_eq!(find(&[]), None);
    assert_eq!(find(&[file("tokenizer_config.json", "{}")]), None);
    assert_eq!(find(&[config("{{ bos_token }}a")]).unwrap(), "<s>a");
    assert_eq!(find(&[config("a"), file("chat_template.jinja", "b{{ eos_token }}")]).unwrap(), "b</s>");
    let several = value!([{"name": "tools", "template": "t"}, {"name": "default", "template": "d"}]);
    assert_eq!(find(&[file("tokenizer_config.json", value!({"chat_template": several}))]).unwrap(), "d");
    let processor = file("chat_template.json", value!({"chat_template": "p{{ bos_token }}"}));
    let map = file("special_tokens_map.json", value!({"bos_token": "<m>", "pad_token": null}));
    assert_eq!(find(&[processor.clone(), map]).unwrap(), "p<m>");
    assert_eq!(find(&[config("a"), processor.clone()]).unwrap(), "a");
    assert_eq!(find(&[file("chat_template.jinja", "b"), processor]).unwrap(), "b");
    let named = file("chat_template.json", value!({"chat_template": {"default": "d", "rag": "r"}}));
    assert_eq!(find(&[named, file("tokenizer_config.json", value!({"chat_template": null}))]).unwrap(), "d");
}

#[test]
fn an_unusable_template_refuses_each_conversation_with_the_reason() {
    let refused = |files: &[(String, Vec<u8>)], because: &str| {
        let template = ChatTemplate::find(files).unwrap();
        let diagnostic = template.render(&user("Hi"), false).unwrap_err();
        assert_eq!((diagnostic.code.as_str(), template.refusal()), ("chat.template", Some(&diagnostic)));
        assert!(diagnostic.what.contains(because), "{diagnostic} does not say {because:?}");
    };
    refused(&[file("chat_template.jinja", "a\n{% for %}")], "line 2 of the template");
    refused(&[file("chat_template.jinja", "a".repeat(MAX_CHAT_TEMPLATE_BYTES + 1))], "the limit is");
    refused(&[file("tokenizer_config.json", "{")], "tokenizer_config.json cannot be read");
    refused(&[("chat_template.jinja".into(), vec![0xff])], "not UTF-8");
    refused(&[config("a\n{{ messages | unknown }}")], "unknown is unknown (line 2 of the template)");
    refused(&[config("{{ unknown() }}")], "unknown");
    refused(&[config("{{ messages[0].content.unknown() }}")], "unknown");
    refused(&[config("{% generation %}a")], "line 1 of the template");
    let several = value!([{"name": "rag", "template": "r"}, {"name": "tool_use", "template": "t"}]);
    refused(&[file("tokenizer_config.json", value!({"chat_template": several}))], "named \"default\"");
    refused(&[file("chat_template.jinja", "{{".to_owned() + &"(".repeat(MAX_CHAT_TEMPLATE_BYTES - 2))], "the template");
}

#[test]
fn templates_are_limited_in_time_and_memory() {
    for source in [
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        "{% set ns = namespace(x='xxxxxxxx') %}{% for a in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "{{ 'x' * 9999999999 }}",
        "{{ messages[0].content.replace('', messages[0].content) }}",
        "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
        "{{ messages[0].content.replace('', messages[0].content, 99999) }}",
        "{{ messages[0].content.join(messages[0].content) }}",
        "{{ '{:>9999999999}'.format('x') }}",
        "{{ ('{0}' * 9999).format(messages[0].content) }}",
        "{{ 'x'.rjust(9999999999) }}",
        "{{ '%9999999999s' % 'x' }}",
        "{% set ns = namespace(x='x') %}{% for a in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | tojson }}",
        "{% set ns = namespace(x='x') %}{% for a in range(99) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x | tojson }}",
        "{{ '%9999999999s' | format('x') }}",
        "{% for a in range(9999) %}{% set x = messages[0].content.split('') %}{% endfor %}",
    ] {
        let start = Instant::now();
        let template = ChatTemplate::parse(source).unwrap();
        assert!(template.render(&user(&"x".repeat(100_000)), false).is_err(), "{source}");
        assert!(start.elapsed() < Duration::from_secs(20), "{source}");
    }
}
