//! From rows to tokens, and from those to what fits a run's length.

use std::ops::Range;

use hone_core::dataset::{
    Collector, Cut, DataReport, Dataset, Example, Hints, Mapping, Message, Role, Scanner, TaskFacts, Word,
};
use hone_core::diagnostic::Diagnostic;
use hone_core::recipe::Task;
use hone_core::text::{ChatTemplate, EncodedExamples, EncodedRows, Labels, Piece, RowEncoder, Tokenizer, conversation};
use hone_core::usage::PromptForm;
use hone_tests::{minilm, stories, word_tokenizer};
use serde_json::json;

/// Words with ids from 4; "ab" and "abab" are of one word's pieces.
const WORDS: [&str; 10] = ["a", "##b", "##a", "c", "d", "e", "f", "x", "y", "z"];

/// Ids of what `text` names, special tokens too.
fn ids(tokenizer: &Tokenizer, text: &str) -> Vec<u32> {
    tokenizer.pieces(text).unwrap().into_iter().map(|piece| piece.id).collect()
}

fn row(examples: &EncodedExamples, row: usize) -> &[u32] {
    examples.texts.get(row)
}

fn encoded(tokenizer: &Tokenizer, task: Task, rows: &[Example]) -> EncodedRows {
    let mut encoded = EncodedRows::new(task);
    for row in rows {
        encoded.push(tokenizer, None, 3, row).unwrap();
    }
    encoded
}

#[test]
fn windows_cover_the_passage_and_each_answer() {
    let tokenizer = word_tokenizer(&WORDS, true);
    let letters = ["a", "abab", "c", "ab", "d", "e"];
    let context = (0..40).map(|i| letters[(i * i + i / 3) % 6]).collect::<Vec<_>>().join(" ");
    let pieces = tokenizer.pieces(&context).unwrap();
    let (max_length, overlap) = (16, 5);
    // Every part of the passage that is a few words long is an answer once.
    let starts = || context.match_indices(' ').map(|(at, _)| at + 1);
    let answers: Vec<_> = starts()
        .flat_map(|start| starts().map(move |end| start..end - 1))
        .filter(|answer| answer.start < answer.end && answer.len() <= 6)
        .collect();
    assert!(answers.len() > 80);
    let questions = answers.iter().map(|answer| Example::Question {
        question: "x y",
        context: &context,
        answers: vec![answer.clone()],
    });
    let rows = encoded(&tokenizer, Task::QuestionAnswering, &questions.collect::<Vec<_>>());
    let (examples, cut) = rows.cut(&tokenizer, max_length, overlap).unwrap();
    assert_eq!(cut, Cut::default());
    let Labels::Spans { windows, questions } = &examples.labels else { panic!("spans") };
    assert_eq!((examples.len(), questions.len()), (windows.len(), answers.len()));
    let question = ids(&tokenizer, "[CLS] x y [SEP]");
    for (index, answer) in answers.iter().enumerate() {
        let own: Vec<usize> = (0..windows.len()).filter(|&i| windows[i].question == index as u32).collect();
        let (mut covered, mut found) = (0, 0);
        for (i, &row) in own.iter().enumerate() {
            let (window, ids) = (&windows[row], examples.texts.get(row));
            assert!(ids.len() <= max_length);
            assert_eq!((&ids[..4], window.first, examples.texts.second(row)), (&question[..], 4, 4));
            // The tokens of the passage, those in common with the window before among them.
            let from = if i == 0 { 0 } else { covered - overlap };
            let part = &pieces[from..from + window.bytes.len()];
            assert_eq!(window.bytes.to_vec(), part.iter().map(|piece| piece.bytes.clone()).collect::<Vec<_>>());
            assert_eq!(ids[4..ids.len() - 1], part.iter().map(|piece| piece.id).collect::<Vec<_>>());
            covered = from + part.len();
            let (first, last) = window.answer;
            if first > 0 {
                let bytes = window.bytes[first as usize - 4].start..window.bytes[last as usize - 4].end;
                assert_eq!(bytes, answer.start as u32..answer.end as u32);
                found += 1;
            }
        }
        assert_eq!(covered, pieces.len());
        assert!(found > 0, "{answer:?} is in no window");
    }
}

#[test]
fn a_question_whose_answer_fits_no_window_is_left_out_and_told() {
    let tokenizer = word_tokenizer(&WORDS, true);
    let context = ["c"; 30].join(" ");
    let question = |answer: Option<Range<usize>>| {
        let answers = answer.into_iter().collect();
        Example::Question { question: "x", context: &context, answers }
    };
    let examples = [question(Some(0..39)), question(None), question(Some(4..7))];
    let (cut, told) = encoded(&tokenizer, Task::QuestionAnswering, &examples).cut(&tokenizer, 16, 4).unwrap();
    assert_eq!((told.skipped, told.shortened), (1, 0));
    let Labels::Spans { windows, questions } = &cut.labels else { panic!("spans") };
    assert_eq!(questions.iter().map(|question| question.answers.len()).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(windows.iter().map(|window| window.question).max(), Some(1));
    assert_eq!(windows.iter().filter(|window| window.answer != (0, 0)).count(), 1);
}

#[test]
fn a_question_leaves_room_for_its_passage() {
    let tokenizer = word_tokenizer(&WORDS, true);
    let (question, context) = (["x"; 40].join(" "), ["c"; 9].join(" "));
    let example = Example::Question { question: &question, context: &context, answers: Vec::new() };
    let (examples, _) = encoded(&tokenizer, Task::QuestionAnswering, &[example]).cut(&tokenizer, 15, 64).unwrap();
    assert!((0..examples.len()).all(|i| row(&examples, i).len() <= 15));
    assert_eq!(row(&examples, 0), ids(&tokenizer, "[CLS] x x x x x x [SEP] c c c c c c [SEP]"));
}

#[test]
fn long_prompts_lose_their_head_and_never_the_answer() {
    for is_framed in [false, true] {
        let tokenizer = word_tokenizer(&WORDS, is_framed);
        let row = |prompt, completion| Example::Completion { prompt, completion };
        let rows = encoded(
            &tokenizer,
            Task::Generation,
            &[
                row("a c d", "x y"),
                row("a c d e f a c d e f", "x y z"),
                row("a", "x y z x y z x y z"),
                row("a c d e f", "x y z x y z"),
            ],
        );
        let (examples, cut) = rows.cut(&tokenizer, 8, 0).unwrap();
        assert_eq!((cut.shortened, cut.skipped), (2, 1), "what is learned alone is longer than the length");
        let Labels::Continuations { target_ranges, references } = &examples.labels else { panic!("continuations") };
        let expected = match is_framed {
            true => ["[CLS] a c d x y [SEP]", "[CLS] d e f x y z [SEP]", "[CLS] x y z x y z [SEP]"],
            false => ["a c d x y [SEP]", "c d e f x y z [SEP]", "f x y z x y z [SEP]"],
        };
        for (i, expected) in expected.iter().enumerate() {
            assert_eq!(examples.texts.get(i), ids(&tokenizer, expected));
            let answer = &examples.texts.get(i)[target_ranges[i][0].start as usize..];
            assert_eq!(target_ranges[i].len(), 1);
            assert_eq!(answer, ids(&tokenizer, ["x y [SEP]", "x y z [SEP]", "x y z x y z [SEP]"][i]));
            // A model is asked to write on from what it would learn from.
            assert_eq!([&references[i].prompt[..], answer].concat(), examples.texts.get(i));
        }
        assert_eq!((&*references[1].prompt_text, &*references[1].completion), ("a c d e f a c d e f", "x y z"));
    }
}

#[test]
fn tags_behind_a_cut_vanish_with_their_words() {
    let tokenizer = word_tokenizer(&WORDS, true);
    let text = "abab c ab d e";
    let word = |start, end, tag| Word { start, end, tag };
    let words = vec![word(0, 4, 1), word(5, 6, 2), word(7, 9, 1), word(10, 11, 0), word(12, 13, 2)];
    let rows = encoded(&tokenizer, Task::TokenClassification, &[Example::Tags { text, words }]);
    let tags = |max_length| {
        let (examples, cut) = rows.cut(&tokenizer, max_length, 0).unwrap();
        let Labels::Tags(tags) = &examples.labels else { panic!("tags") };
        assert!(row(&examples, 0).len() <= max_length);
        assert!(tags[0].iter().all(|&(at, _)| row(&examples, 0)[at as usize] != 3), "no tag is on a special token");
        (tags[0].to_vec(), cut.shortened)
    };
    // [CLS] a ##b ##a ##b c a ##b d e [SEP]: a tag is on a word's first token.
    assert_eq!(tags(16), (vec![(1, 1), (5, 2), (6, 1), (8, 0), (9, 2)], 0));
    assert_eq!(tags(8), (vec![(1, 1), (5, 2), (6, 1)], 1));
    assert_eq!(tags(7), (vec![(1, 1), (5, 2)], 1));
}

#[test]
fn a_pair_keeps_its_types_when_it_is_cut() {
    let tokenizer = word_tokenizer(&WORDS, true);
    let pair = |text, pair| Example::Class { text, pair, class: 0 };
    let rows = encoded(
        &tokenizer,
        Task::Classification,
        &[pair("a", Some("x y")), pair("c", None), pair("a c d e f", Some("x y z x y z")), pair("a a a a a a a", None)],
    );
    let (examples, cut) = rows.cut(&tokenizer, 7, 0).unwrap();
    assert_eq!((cut.shortened, cut.skipped), (2, 0));
    let batch = examples.batch(&[0, 1, 2, 3], 5, 7, 0);
    let texts = ["[CLS] a [SEP] x y [SEP]", "[CLS] c [SEP]", "[CLS] a c [SEP] x y [SEP]", "[CLS] a a a a a [SEP]"];
    for (i, text) in texts.iter().enumerate() {
        assert_eq!(row(&examples, i), ids(&tokenizer, text));
    }
    let types = batch.token_type_ids.unwrap();
    let of_row = |row: usize| &types[row * 7..][..7];
    assert_eq!(of_row(0), [0, 0, 0, 1, 1, 1, 0]);
    assert_eq!(of_row(2), [0, 0, 0, 0, 1, 1, 1]);
    assert_eq!([of_row(1), of_row(3), of_row(4)], [[0; 7]; 3]);
}

#[test]
fn a_corpus_is_packed_into_full_windows() {
    for is_framed in [false, true] {
        let tokenizer = word_tokenizer(&WORDS, is_framed);
        let text = ["a c d e f x y"; 9].join(" ");
        let rows = encoded(&tokenizer, Task::Generation, &[Example::Passage(&text), Example::Passage("z z z")]);
        assert_eq!(rows.len(), 2);
        let (examples, cut) = rows.cut(&tokenizer, 16, 0).unwrap();
        assert_eq!(cut, Cut::default());
        let begin = usize::from(is_framed);
        let packed: Vec<u32> = (0..examples.len()).flat_map(|i| row(&examples, i)[begin..].to_vec()).collect();
        assert_eq!(packed, ids(&tokenizer, &format!("{text} z z z")));
        assert!((0..examples.len() - 1).all(|i| row(&examples, i).len() == 16));
        let Labels::Continuations { target_ranges, references } = &examples.labels else { panic!("continuations") };
        for (i, target_ranges) in target_ranges.iter().enumerate() {
            let len = row(&examples, i).len() as u32;
            assert_eq!((target_ranges.len(), target_ranges[0].clone()), (1, 1..len), "all but the first is learned");
            let prompt = &references[i].prompt;
            assert!(!prompt.is_empty() && row(&examples, i).starts_with(prompt));
            let rest = tokenizer.decode(&row(&examples, i)[prompt.len()..]).unwrap();
            assert_eq!(rest, references[i].completion);
        }
    }
}

fn said(role: Role, content: &str) -> Message<'_> {
    Message { role, content }
}

/// The words that a conversation is put into, with what is learned in brackets.
fn shown(tokenizer: &Tokenizer, turns: &conversation::Turns) -> String {
    let mut shown = String::new();
    for (at, &id) in (0..).zip(&turns.ids) {
        let word = if id == 3 { "[SEP]".to_owned() } else { tokenizer.decode(&[id]).unwrap() };
        let is_learned = turns.target_ranges.iter().any(|range| range.contains(&at));
        shown += &if is_learned { format!("({word})") } else { format!(" {word} ") };
    }
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

const CHAT_WORDS: [&str; 13] =
    ["begin", "end", "system", "user", "assistant", "User", "Assistant", ":", "be", "kind", "hi", "ho", "bye"];

#[test]
fn of_a_conversation_the_assistants_turns_are_learned() {
    let tokenizer = word_tokenizer(&CHAT_WORDS, false);
    let template = ChatTemplate::parse(
        "{% for turn in messages %}begin {{ turn.role }} {{ turn.content }} end {% endfor %}\
         {% if add_generation_prompt %}begin assistant {% endif %}",
    )
    .unwrap();
    let messages = [
        said(Role::System, "be kind"),
        said(Role::User, "hi"),
        said(Role::Assistant, "ho"),
        said(Role::User, "bye"),
        said(Role::Assistant, "bye ho"),
        said(Role::User, "hi"),
    ];
    let turns = conversation::chat(&tokenizer, Some(&template), &messages).unwrap();
    let expected = "begin system be kind end begin user hi end begin assistant (ho)(end) begin user bye end \
                    begin assistant (bye)(ho)(end) begin user hi end";
    assert_eq!(shown(&tokenizer, &turns), expected);
    assert_eq!((&*turns.prompt_text, &*turns.completion), ("bye", "bye ho"));
    // What it is asked to write on from is what stood before what it learned.
    let asked = conversation::prompt(&tokenizer, Some(&template), &messages[..4]).unwrap();
    assert_eq!(asked, turns.ids[..turns.target_ranges[1].start as usize]);

    let turns = conversation::chat(&tokenizer, None, &messages).unwrap();
    let expected = "be kind User : hi Assistant : (ho)([SEP]) User : bye Assistant : (bye)(ho)([SEP]) User : hi";
    assert_eq!(shown(&tokenizer, &turns), expected);
    let asked = conversation::prompt(&tokenizer, None, &messages[..4]).unwrap();
    assert_eq!(asked, turns.ids[..turns.target_ranges[1].start as usize]);
}

#[test]
fn prompts_and_completions_take_the_models_form_where_it_has_one() {
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
    assert_eq!(asked(&tokenizer, None, PromptForm::Completion, "hi \n"), "[CLS] hi");
}

/// What a person's prompt is put into, special tokens by their names.
fn asked(tokenizer: &Tokenizer, template: Option<&ChatTemplate>, form: PromptForm, prompt: &str) -> String {
    let ids = conversation::asked(tokenizer, template, form, prompt).unwrap();
    let shown = shown(tokenizer, &conversation::Turns { ids: ids.clone(), ..Default::default() });
    if ids.first() == Some(&2) { format!("[CLS] {shown}") } else { shown }
}

#[test]
fn a_model_is_asked_in_the_form_that_it_has_learned() {
    let tokenizer = word_tokenizer(&CHAT_WORDS, true);
    let template = ChatTemplate::parse("begin user {{ messages[0].content }} end begin assistant").unwrap();
    let template = Some(&template);
    let turn = "begin user hi end begin assistant";
    assert_eq!(asked(&tokenizer, template, PromptForm::Completion, "hi \n"), turn);
    assert_eq!(asked(&tokenizer, template, PromptForm::Chat, "hi \n"), turn);
    assert_eq!(asked(&tokenizer, template, PromptForm::Corpus, "hi"), "[CLS] hi", "running text has no turns");
    assert_eq!(asked(&tokenizer, None, PromptForm::Completion, "hi"), "[CLS] hi");
    assert_eq!(asked(&tokenizer, None, PromptForm::Chat, "hi"), "[CLS] User : hi Assistant :");
    assert_eq!(asked(&tokenizer, None, PromptForm::Corpus, "hi"), "[CLS] hi");
    let forms = [
        (Mapping::Completion { prompt: "{a}".into(), completion: 1 }, PromptForm::Completion),
        (Mapping::Chat { messages: 0 }, PromptForm::Chat),
        (Mapping::Corpus { text: 0 }, PromptForm::Corpus),
    ];
    for (mapping, form) in forms {
        assert_eq!(mapping.prompt_form(), form);
    }
}

/// Conversations, one a line, of which the roles are given by their first letters.
fn conversations(lines: &[&str]) -> (Dataset, DataReport) {
    let turn = |(nth, role): (usize, char)| {
        let role = if role == 'u' { "user" } else { "assistant" };
        json!({"role": role, "content": if nth == 0 { "hi" } else { "ho" }})
    };
    let line = |(nth, roles): (usize, &&str)| {
        // Texts differ, or they could not stand on both sides.
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
fn a_conversation_that_the_model_refuses_is_left_out_with_its_line() {
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
        let [train, validation] = encoder.rows();
        assert_eq!((train.len(), validation.len()), (dataset.train.len(), dataset.validation.len()));
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
fn templates_that_put_earlier_turns_another_way_leave_the_last_to_learn() {
    let tokenizer = word_tokenizer(&CHAT_WORDS, false);
    let messages =
        [said(Role::User, "hi"), said(Role::Assistant, "ho"), said(Role::User, "hi"), said(Role::Assistant, "bye")];
    // Earlier answers of the assistant are left out.
    let source = "{% for turn in messages %}{% if turn.role == 'user' or loop.last %}{{ turn.role }} {{ turn.content }} \
                  {% endif %}{% endfor %}{% if add_generation_prompt %}assistant {% endif %}";
    let turns = conversation::chat(&tokenizer, Some(&ChatTemplate::parse(source).unwrap()), &messages).unwrap();
    assert_eq!(shown(&tokenizer, &turns), "user hi user hi assistant (bye)");
    let none = ChatTemplate::parse("{{ messages | length }}").unwrap();
    assert_eq!(conversation::chat(&tokenizer, Some(&none), &messages).unwrap_err().code, "text.template");
}

/// A byte-level tokenizer without merges, for the bytes of "a é".
fn byte_level(post_processor: serde_json::Value) -> Tokenizer {
    let bytes = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
    let file = json!({
        "version": "1.0", "added_tokens": [{"id": 0, "content": "<s>", "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": false, "special": true}, {"id": 1, "content": "</s>", "single_word": false,
            "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
        "pre_tokenizer": bytes, "decoder": bytes, "post_processor": post_processor,
        "model": {"type": "BPE", "vocab": {"<s>": 0, "</s>": 1, "a": 2, "b": 3, "Ġ": 4, "Ã": 5, "©": 6}, "merges": []},
    });
    Tokenizer::parse(file.to_string().as_bytes(), 7).unwrap()
}

#[test]
fn a_part_of_a_character_stands_for_all_of_it() {
    let tokenizer = byte_level(json!(null));
    let pieces = tokenizer.pieces("aé a").unwrap();
    let piece = |id, bytes| Piece { id, bytes };
    assert_eq!(pieces, [piece(2, 0..1), piece(5, 1..3), piece(6, 1..3), piece(4, 3..4), piece(2, 4..5)]);
    assert_eq!(tokenizer.decode(&[2, 5, 6, 4, 2]).unwrap(), "aé a");
    assert_eq!(tokenizer.frame(), &hone_core::text::SpecialTokens::default());
}

#[test]
fn the_frame_is_that_of_the_tokenizers_own_processor() {
    let roberta = byte_level(json!({"type": "RobertaProcessing", "sep": ["</s>", 1], "cls": ["<s>", 0],
        "trim_offsets": true, "add_prefix_space": false}));
    let frame = roberta.frame();
    assert_eq!((&frame.begin[..], &frame.middle[..], &frame.end[..]), (&[0][..], &[1, 1][..], &[1][..]));
    assert_eq!(frame.pair(&[2], &[3]), (vec![0, 2, 1, 1, 3, 1], 4));
    let file = std::fs::read(minilm().join("tokenizer.json")).unwrap();
    let bert = Tokenizer::parse(&file, 30_522).unwrap();
    let frame = bert.frame();
    assert_eq!((&frame.begin[..], &frame.middle[..], &frame.end[..]), (&[101][..], &[102][..], &[102][..]));
    let llama = stories_tokenizer();
    assert_eq!((&llama.frame().begin[..], llama.frame().end.len()), (&[1][..], 0));
}

#[test]
fn byte_fallback_covers_a_character_outside_the_vocabulary() {
    let tokenizer = stories_tokenizer();
    let pieces = tokenizer.pieces("cat 猫").unwrap();
    assert_eq!(pieces.last().unwrap().bytes, 4..7);
    let ids: Vec<u32> = pieces.iter().map(|piece| piece.id).collect();
    assert_eq!(tokenizer.decode(&ids).unwrap(), "cat 猫");
}

fn stories_tokenizer() -> Tokenizer {
    Tokenizer::parse(&std::fs::read(stories().join("tokenizer.json")).unwrap(), 512).unwrap()
}

#[test]
fn a_row_that_cannot_be_put_into_tokens_leaves_the_others_their_answers() {
    // A vocabulary that knows two letters and no token for the rest.
    let file = json!({
        "version": "1.0", "added_tokens": [],
        "model": {"type": "Unigram", "unk_id": null, "vocab": [["a", -1.0], ["b", -1.0]]},
    });
    let tokenizer = Tokenizer::parse(file.to_string().as_bytes(), 2).unwrap();
    let class = |text, class| Example::Class { text, pair: None, class };
    let labels = |text, label| Example::Labels { text, pair: None, labels: vec![label] };
    let number = |text, value| Example::Number { text, pair: None, value };
    for (task, rows, answers) in [
        (Task::Classification, [class("a", 0), class("x", 1), class("b", 2)], Labels::Classes(vec![0, 2])),
        (
            Task::MultiLabel,
            [labels("a", 0), labels("x", 1), labels("b", 1)],
            Labels::MultiLabel(vec![[true, false].into(), [false, true].into()]),
        ),
        (Task::Regression, [number("a", 0.5), number("x", 1.0), number("b", 2.0)], Labels::Numbers(vec![0.5, 2.0])),
    ] {
        let mut encoded = EncodedRows::new(task);
        let taken = rows.map(|row| encoded.push(&tokenizer, None, 2, &row).is_ok());
        assert_eq!(taken, [true, false, true]);
        let EncodedRows::Texts(examples) = &encoded else { panic!("texts") };
        assert_eq!((examples.len(), &examples.labels), (2, &answers));
    }
}
