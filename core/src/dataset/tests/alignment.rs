//! A skipped row never shifts the texts, targets and lines of the rows after it.

use super::*;

/// A file under a mapping, with some rows that are skipped.
struct SkipCase {
    mapping: Mapping,
    file: String,
    /// Lines of the rows that are kept.
    lines: &'static [u32],
    /// Examples that the rows must become, with label names in place of ids.
    expected: &'static [&'static str],
}

fn cases() -> Vec<SkipCase> {
    let case = |mapping, file: &str, lines, expected| SkipCase { mapping, file: file.into(), lines, expected };
    let chat = |user: &str, assistant: &str| {
        let user = serde_json::json!({"role": "user", "content": user});
        let assistant = serde_json::json!({"role": "assistant", "content": assistant});
        serde_json::json!({"messages": [user, assistant]})
    };
    let passage = "one two three four";
    let question = |id: &str, answer: &str| serde_json::json!({"id": id, "question": id, "answers": [{"text": answer, "answer_start": passage.find(answer).unwrap_or(0)}]});
    let questions =
        ["one", "five", "three", " ", "four"].map(|answer| question(&format!("{}?", answer.trim()), answer));
    vec![
        case(
            class(0, 1),
            "text,label\na a,x\n,y\nb b,\nc c,y,z\nd d,y\ne e,x\n",
            &[2, 6, 7],
            &["a a: x", "d d: y", "e e: x"],
        ),
        case(
            Mapping::Classification { text: 0, pair: Some(1), label: 2 },
            "premise,hypothesis,label\na,b,x\nc,,y\n,d,y\ne,f,y\n",
            &[2, 5],
            &["a + b: x", "e + f: y"],
        ),
        case(
            Mapping::MultiLabel { text: 0, pair: None, labels: vec![1, 2] },
            "text,rude,kind\na a,1,0\nb b,2,0\nc c,0,\nd d,0,1\ne e,1,1\n",
            &[2, 5, 6],
            &["a a: rude", "d d: kind", "e e: rude kind"],
        ),
        case(
            Mapping::MultiLabel { text: 0, pair: None, labels: vec![1] },
            "text,topics\na a,x|y\n,z\nc c,\nd d,z\n",
            &[2, 4, 5],
            &["a a: x y", "c c: ", "d d: z"],
        ),
        case(
            Mapping::Regression { text: 0, pair: None, number: 1 },
            "text,score\na a,1.5\nb b,much\nc c,inf\n,2\ne e,-3.5\n",
            &[2, 6],
            &["a a: 1.5", "e e: -3.5"],
        ),
        case(
            Mapping::TokenClassification { text: 0, tags: 1 },
            "words,tags\na b,O B-X\nc d,O\ne  f,O O O\ng h,B-Y O\n",
            &[2, 5],
            &["a b: O B-X", "g h: B-Y O"],
        ),
        case(
            Mapping::TokenClassification { text: 0, tags: 1 },
            "{\"text\":\"a b\",\"spans\":[[0,1,\"X\"]]}\n{\"text\":\"\",\"spans\":[]}\n{\"text\":\"c d\",\"spans\":[[2,3,\"Y\"]]}\n",
            &[1, 3],
            &["a b: B-X O", "c d: O B-Y"],
        ),
        SkipCase {
            mapping: Mapping::QuestionAnswering { question: 1, context: 2, answer: 3, start: None },
            file: serde_json::json!({"data": [{"paragraphs": [{"context": passage, "qas": questions}]}]}).to_string(),
            lines: &[1, 1, 1],
            expected: &["one?: one", "three?: three", "four?: four"],
        },
        case(
            Mapping::Completion { prompt: "{input}".into(), completion: 1 },
            "input,target\none,1 x\ntwo,\n,3 x\nfour,4 x\n",
            &[2, 5],
            &["one -> 1 x", "four -> 4 x"],
        ),
        SkipCase {
            mapping: Mapping::Chat { messages: 0 },
            file: format!("{}\n{}\n{}\n", chat("a", "b"), chat("c", " "), chat("dd", "ee")),
            lines: &[1, 3],
            expected: &["User a, Assistant b", "User dd, Assistant ee"],
        },
        case(Mapping::Corpus { text: 0 }, "text,n\na a,1\n,2\nc c,3\n", &[2, 4], &["a a", "c c"]),
        case(
            Mapping::Pairs { anchor: 0, positive: 1, negative: Some(2) },
            "anchor,positive,negative\na,b,c\n,e,f\ng,h,h\ni,i,k\nl,m,n\n",
            &[2, 6],
            &["a ~ b, not c", "l ~ m, not n"],
        ),
        case(
            Mapping::ScoredPairs { text: 0, pair: 1, score: 2 },
            "sentence1,sentence2,score\na,b,0.5\nc,,1\ne,f,high\ng,h,5\n",
            &[2, 5],
            &["a ~ b: 0.5", "g ~ h: 5"],
        ),
        case(Mapping::LabeledTexts { text: 0, label: 1 }, "text,label\na,x\nb,\nc,y\n", &[2, 4], &["a is x", "c is y"]),
        case(
            Mapping::Reranking { query: 0, passage: 1, label: 2 },
            "query,passage,label\na,b,1\nc,,0\n,d,1\ne,f,good\ng,h,0\n",
            &[2, 6],
            &["a: 1", "g: 0"],
        ),
    ]
}

/// An example in one line, with label names in place of ids.
fn shown(example: Example, names: &[String]) -> String {
    let name = |&id: &u32| names[id as usize].as_str();
    match example {
        Example::Class { text, pair: Some(pair), class } => format!("{text} + {pair}: {}", name(&class)),
        Example::Class { text, class, .. } => format!("{text}: {}", name(&class)),
        Example::Labels { text, labels, .. } => {
            format!("{text}: {}", labels.iter().map(name).collect::<Vec<_>>().join(" "))
        }
        Example::Number { text, value, .. } => format!("{text}: {value}"),
        Example::Tags { text, words } => {
            format!("{text}: {}", words.iter().map(|word| name(&word.tag)).collect::<Vec<_>>().join(" "))
        }
        Example::Question { question, context, answers } => format!("{question}: {}", &context[answers[0].clone()]),
        Example::Completion { prompt, completion } => format!("{prompt} -> {completion}"),
        Example::Chat(turns) => {
            turns.iter().map(|turn| format!("{:?} {}", turn.role, turn.content)).collect::<Vec<_>>().join(", ")
        }
        Example::Passage(text) => text.to_owned(),
        Example::Pair { anchor, positive, negative } => {
            format!("{anchor} ~ {positive}, not {}", negative.unwrap_or_default())
        }
        Example::ScoredPair { text, pair, score } => format!("{text} ~ {pair}: {score}"),
        Example::LabeledText { text, class } => format!("{text} is {}", name(&class)),
    }
}

#[test]
fn skipped_rows_never_shift_the_targets_of_later_rows() {
    for SkipCase { mapping, file, lines, expected } in cases() {
        let rows = collect_mapped(&file, mapping.clone()).unwrap();
        let names: Vec<String> = rows.label_names.iter().map(|label| label.name.clone()).collect();
        let found: Vec<String> = (0..rows.len()).map(|row| shown(rows.example(row, |id| id), &names)).collect();
        assert_eq!(found, expected, "{mapping:?}");
        assert_eq!((0..rows.len()).map(|row| rows.line(row)).collect::<Vec<_>>(), lines, "{mapping:?}");
        assert!(rows.skipped.rows > 0, "{mapping:?}");
    }
}

#[test]
fn skipped_rows_are_tried_for_every_task() {
    let tasks: std::collections::BTreeSet<Task> = cases().iter().map(|case| case.mapping.task()).collect();
    assert_eq!(tasks.into_iter().collect::<Vec<_>>(), Task::ALL);
}
