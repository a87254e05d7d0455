//! Conversations and prompts, with a chat template and without.

use super::*;

fn message(role: Role, content: &str) -> Message<'_> {
    Message { role, content }
}

/// The words of an encoded conversation, with the targets in parentheses.
fn shown(tokenizer: &Tokenizer, turns: &conversation::Turns) -> String {
    let mut shown = String::new();
    for (at, &id) in (0..).zip(&turns.ids) {
        let word = if id == 3 { "[SEP]".to_owned() } else { tokenizer.decode(&[id]).unwrap() };
        let is_target = turns.target_ranges.iter().any(|range| range.contains(&at));
        shown += &if is_target { format!("({word})") } else { format!(" {word} ") };
    }
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

const CHAT_WORDS: [&str; 13] =
    ["begin", "end", "system", "user", "assistant", "User", "Assistant", ":", "be", "kind", "hi", "ho", "bye"];

#[test]
fn only_the_assistants_turns_are_trained_on() {
    let tokenizer = word_tokenizer(&CHAT_WORDS, false);
    let template = ChatTemplate::parse(
        "{% for turn in messages %}begin {{ turn.role }} {{ turn.content }} end {% endfor %}\
         {% if add_generation_prompt %}begin assistant {% endif %}",
    )
    .unwrap();
    let messages = [
        message(Role::System, "be kind"),
        message(Role::User, "hi"),
        message(Role::Assistant, "ho"),
        message(Role::User, "bye"),
        message(Role::Assistant, "bye ho"),
        message(Role::User, "hi"),
    ];
    let turns = conversation::chat(&tokenizer, Some(&template), &messages).unwrap();
    let expected = "begin system be kind end begin user hi end begin assistant (ho)(end) begin user bye end \
                    begin assistant (bye)(ho)(end) begin user hi end";
    assert_eq!(shown(&tokenizer, &turns), expected);
    assert_eq!((&*turns.prompt_text, &*turns.completion), ("bye", "bye ho"));
    // The prompt is everything before the target.
    let prompt = conversation::generation_prompt(&tokenizer, Some(&template), &messages[..4]).unwrap();
    assert_eq!(prompt, turns.ids[..turns.target_ranges[1].start as usize]);

    let turns = conversation::chat(&tokenizer, None, &messages).unwrap();
    let expected = "be kind User : hi Assistant : (ho)([SEP]) User : bye Assistant : (bye)(ho)([SEP]) User : hi";
    assert_eq!(shown(&tokenizer, &turns), expected);
    let prompt = conversation::generation_prompt(&tokenizer, None, &messages[..4]).unwrap();
    assert_eq!(prompt, turns.ids[..turns.target_ranges[1].start as usize]);
}

#[test]
fn turns_that_a_file_excludes_are_context() {
    let tokenizer = word_tokenizer(&CHAT_WORDS, false);
    let messages = [
        message(Role::User, "hi"),
        message(Role::AssistantContext, "bye"),
        message(Role::User, "hi"),
        message(Role::Assistant, "ho"),
    ];
    for content in ["{{ turn.content }} end ", "{% generation %}{{ turn.content }} end {% endgeneration %}"] {
        let source = "{% for turn in messages %}begin {{ turn.role }} CONTENT{% endfor %}\
                      {% if add_generation_prompt %}begin assistant {% endif %}";
        let template = ChatTemplate::parse(&source.replace("CONTENT", content)).unwrap();
        let turns = conversation::chat(&tokenizer, Some(&template), &messages).unwrap();
        let expected = "begin user hi end begin assistant bye end begin user hi end begin assistant (ho)(end)";
        assert_eq!(shown(&tokenizer, &turns), expected, "{content}");
    }
    let turns = conversation::chat(&tokenizer, None, &messages).unwrap();
    assert_eq!(shown(&tokenizer, &turns), "User : hi Assistant : bye [SEP] User : hi Assistant : (ho)([SEP])");
}

#[test]
fn prompts_and_completions_use_the_chat_template_if_there_is_one() {
    let tokenizer = word_tokenizer(&CHAT_WORDS, true);
    let template = ChatTemplate::parse(
        "{% for turn in messages %}begin {{ turn.role }} {{ turn.content }} end {% endfor %}\
         {% if add_generation_prompt %}begin assistant {% endif %}",
    )
    .unwrap();
    let turns = conversation::completion(&tokenizer, Some(&template), "hi \n", "ho").unwrap();
    assert_eq!(shown(&tokenizer, &turns), "begin user hi end begin assistant (ho)(end)");
    let turns = conversation::completion(&tokenizer, None, "hi \n", "ho").unwrap();
    assert_eq!(shown(&tokenizer, &turns), "hi (ho)([SEP])");
    assert_eq!(turns.ids[0], 2, "[CLS] begins it");
    assert_eq!(encoded_prompt(&tokenizer, None, PromptForm::Completion, "hi \n"), "[CLS] hi");
}

#[test]
fn what_a_template_marks_as_generated_is_trained_on() {
    let tokenizer = word_tokenizer(&CHAT_WORDS, false);
    let template = ChatTemplate::parse(
        "{% for turn in messages %}begin {{ turn.role }} {% if turn.role == 'assistant' %}be {% generation %}\
         {{ turn.content }}{% endgeneration %} end {% else %}{{ turn.content }} end {% endif %}{% endfor %}\
         {% if add_generation_prompt %}begin assistant {% endif %}",
    )
    .unwrap();
    let mut messages = vec![message(Role::User, "hi"), message(Role::Assistant, "ho"), message(Role::User, "bye")];
    messages.push(message(Role::Assistant, "bye ho"));
    let turns = conversation::chat(&tokenizer, Some(&template), &messages).unwrap();
    let expected = "begin user hi end begin assistant be (ho) end begin user bye end begin assistant be (bye)(ho) end";
    assert_eq!(shown(&tokenizer, &turns), expected);
    // A turn that is context only is not trained on, marked or not.
    messages[1].role = Role::AssistantContext;
    let turns = conversation::chat(&tokenizer, Some(&template), &messages).unwrap();
    assert_eq!(shown(&tokenizer, &turns), expected.replace("(ho) end begin user", "ho end begin user"));
}

#[test]
fn an_answer_is_found_if_the_generation_prompt_begins_a_thought() {
    let tokenizer = word_tokenizer(&CHAT_WORDS, false);
    let template = ChatTemplate::parse(
        "{% for turn in messages %}{{ turn.role }} {{ turn.content }} end {% endfor %}\
         {% if add_generation_prompt %}assistant be {% endif %}",
    )
    .unwrap();
    let messages = [message(Role::User, "hi"), message(Role::Assistant, "ho")];
    let turns = conversation::chat(&tokenizer, Some(&template), &messages).unwrap();
    assert_eq!(shown(&tokenizer, &turns), "user hi end assistant (ho)(end)");
}

#[test]
fn a_conversation_may_begin_with_the_assistant() {
    let tokenizer = word_tokenizer(&CHAT_WORDS, false);
    let template = ChatTemplate::parse(
        "{% if messages[0].role == 'system' %}system {% endif %}{% for turn in messages %}{{ turn.role }} \
         {{ turn.content }} end {% endfor %}{% if add_generation_prompt %}assistant {% endif %}",
    )
    .unwrap();
    let messages = [message(Role::Assistant, "ho"), message(Role::User, "hi"), message(Role::Assistant, "bye")];
    let turns = conversation::chat(&tokenizer, Some(&template), &messages).unwrap();
    assert_eq!(shown(&tokenizer, &turns), "assistant ho end user hi end assistant (bye)(end)");
}

#[test]
fn an_unusable_template_refuses_conversations_but_not_completions() {
    let tokenizer = word_tokenizer(&CHAT_WORDS, true);
    let files = [("chat_template.jinja".to_owned(), b"{% include 'other' %}{% for %}".to_vec())];
    let template = ChatTemplate::find(&files);
    let messages = [message(Role::User, "hi"), message(Role::Assistant, "ho")];
    let refusal = conversation::chat(&tokenizer, template.as_ref(), &messages).unwrap_err();
    assert_eq!(refusal.code, "chat.template");
    assert!(refusal.remedy.contains("prompts with completions"), "{refusal}");
    let turns = conversation::completion(&tokenizer, template.as_ref(), "hi \n", "ho").unwrap();
    assert_eq!(shown(&tokenizer, &turns), "hi (ho)([SEP])");
    assert_eq!(encoded_prompt(&tokenizer, template.as_ref(), PromptForm::Completion, "hi"), "[CLS] hi");
    assert!(conversation::encode_prompt(&tokenizer, template.as_ref(), PromptForm::Chat, "hi").is_err());
}

/// A prompt as the model reads it, with the names of special tokens.
fn encoded_prompt(tokenizer: &Tokenizer, template: Option<&ChatTemplate>, form: PromptForm, prompt: &str) -> String {
    let ids = conversation::encode_prompt(tokenizer, template, form, prompt).unwrap();
    let shown = shown(tokenizer, &conversation::Turns { ids: ids.clone(), ..Default::default() });
    if ids.first() == Some(&2) { format!("[CLS] {shown}") } else { shown }
}

#[test]
fn a_prompt_is_encoded_in_the_form_that_was_trained() {
    let tokenizer = word_tokenizer(&CHAT_WORDS, true);
    let template = ChatTemplate::parse("begin user {{ messages[0].content }} end begin assistant").unwrap();
    let template = Some(&template);
    let turn = "begin user hi end begin assistant";
    assert_eq!(encoded_prompt(&tokenizer, template, PromptForm::Completion, "hi \n"), turn);
    assert_eq!(encoded_prompt(&tokenizer, template, PromptForm::Chat, "hi \n"), turn);
    assert_eq!(encoded_prompt(&tokenizer, template, PromptForm::Corpus, "hi"), "[CLS] hi", "running text has no turns");
    assert_eq!(encoded_prompt(&tokenizer, None, PromptForm::Completion, "hi"), "[CLS] hi");
    assert_eq!(encoded_prompt(&tokenizer, None, PromptForm::Chat, "hi"), "[CLS] User : hi Assistant :");
    assert_eq!(encoded_prompt(&tokenizer, None, PromptForm::Corpus, "hi"), "[CLS] hi");
    let forms = [
        (Mapping::Completion { prompt: "{a}".into(), completion: 1 }, PromptForm::Completion),
        (Mapping::Chat { messages: 0 }, PromptForm::Chat),
        (Mapping::Corpus { text: 0 }, PromptForm::Corpus),
    ];
    for (mapping, form) in forms {
        assert_eq!(mapping.prompt_form(), form);
    }
}

/// A dataset with one conversation per line, given by the first letters of its roles.
fn conversations(lines: &[&str]) -> (Dataset, DataReport) {
    let turn = |(nth, role): (usize, char)| {
        let role = if role == 'u' { "user" } else { "assistant" };
        json!({"role": role, "content": if nth == 0 { "hi" } else { "ho" }})
    };
    let line = |(nth, roles): (usize, &&str)| {
        // Texts differ, as duplicates never appear on both sides of the split.
        let mut turns: Vec<_> = roles.chars().enumerate().map(turn).collect();
        turns.push(json!({"role": "assistant", "content": "bye ".repeat(nth + 1)}));
        format!("{}\n", json!({"messages": turns}))
    };
    let file: String = lines.iter().enumerate().map(line).collect();
    let mut scanner = Scanner::new("chats.jsonl", file.len() as f64, Hints::default());
    scanner.push(file.as_bytes()).unwrap();
    let info = scanner.finish().unwrap();
    let mut collector = Collector::new(&info, Mapping::Chat { messages: 0 }).unwrap();
    collector.push(file.as_bytes()).unwrap();
    Dataset::new(collector.finish().unwrap().into(), None, 0.25, 1).unwrap()
}

#[test]
fn a_conversation_that_the_template_rejects_is_skipped_with_its_line() {
    let tokenizer = word_tokenizer(&CHAT_WORDS, true);
    let template = ChatTemplate::parse(
        "{% for turn in messages %}{% if (turn.role == 'user') != (loop.index0 % 2 == 0) %}\
         {{ raise_exception('roles must alternate') }}{% endif %}{{ turn.role }} {{ turn.content }} {% endfor %}\
         {% if add_generation_prompt %}assistant {% endif %}",
    )
    .unwrap();
    let finished = |lines: &[&str]| {
        let (dataset, report) = conversations(lines);
        let mut encoder = RowEncoder::new(dataset.task);
        while encoder.encode_next(&dataset, &tokenizer, Some(&template)) {}
        let (dataset, report) = encoder.finish(&dataset, &report, 512)?;
        let [train, validation, test] = encoder.rows();
        assert_eq!((train.len(), validation.len()), (dataset.train.len(), dataset.validation.len()));
        assert!(test.is_empty());
        Ok::<_, Diagnostic>(report)
    };
    let whole = finished(&["u"; 12]).unwrap();
    assert_eq!((whole.rows_kept, whole.rows_dropped), (12, 0));
    assert!(whole.tokens.is_some());

    let report = finished(&["u", "u", "uu", "u", "u", "u", "u", "u", "u", "u", "uu", "u"]).unwrap();
    assert_eq!((report.rows_kept, report.rows_dropped), (10, 2));
    assert_eq!(report.train_rows + report.validation_rows, 10);
    assert_eq!(report.dropped.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 11]);
    assert!(report.dropped[0].reason.contains("roles must alternate"), "{:?}", report.dropped);
    assert_eq!(report.facts, TaskFacts::Turns { assistant: 10, max: 2 });

    let diagnostic = finished(&["uu"; 12]).unwrap_err();
    assert_eq!(diagnostic.code, "data.refused");
    assert!(diagnostic.what.contains("Line 1") && !diagnostic.remedy.is_empty(), "{diagnostic}");
}

#[test]
fn if_a_template_rewrites_earlier_turns_only_the_last_is_trained_on() {
    let tokenizer = word_tokenizer(&CHAT_WORDS, false);
    let messages = [
        message(Role::User, "hi"),
        message(Role::Assistant, "ho"),
        message(Role::User, "hi"),
        message(Role::Assistant, "bye"),
    ];
    // Leaves out the assistant's earlier turns.
    let source = "{% for turn in messages %}{% if turn.role == 'user' or loop.last %}{{ turn.role }} {{ turn.content }} \
                  {% endif %}{% endfor %}{% if add_generation_prompt %}assistant {% endif %}";
    let turns = conversation::chat(&tokenizer, Some(&ChatTemplate::parse(source).unwrap()), &messages).unwrap();
    assert_eq!(shown(&tokenizer, &turns), "user hi user hi assistant (bye)");
    let none = ChatTemplate::parse("{{ messages | length }}").unwrap();
    assert_eq!(conversation::chat(&tokenizer, Some(&none), &messages).unwrap_err().code, "text.template");
}
