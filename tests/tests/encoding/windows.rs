//! Question answering: windows over the passage.

use super::*;

#[test]
fn windows_cover_the_passage_and_each_answer() {
    let tokenizer = word_tokenizer(&WORDS, true);
    let letters = ["a", "abab", "c", "ab", "d", "e"];
    let context = (0..40).map(|i| letters[(i * i + i / 3) % 6]).collect::<Vec<_>>().join(" ");
    let pieces = tokenizer.tokenize(&context).unwrap();
    let (max_length, overlap) = (16, 5);
    // Every short run of words is an answer once.
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
            // The tokens of the passage in this window, starting with those that overlap the previous one.
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
fn a_question_whose_answer_fits_no_window_is_skipped_and_counted() {
    let tokenizer = word_tokenizer(&WORDS, true);
    let context = ["c"; 30].join(" ");
    let question = |answer: Option<Range<usize>>| {
        let answers = answer.into_iter().collect();
        Example::Question { question: "x", context: &context, answers }
    };
    let rows = [question(Some(0..39)), question(None), question(Some(4..7))];
    let (examples, cut) = encoded(&tokenizer, Task::QuestionAnswering, &rows).cut(&tokenizer, 16, 4).unwrap();
    assert_eq!((cut.skipped, cut.shortened), (1, 0));
    let Labels::Spans { windows, questions } = &examples.labels else { panic!("spans") };
    assert_eq!(questions.iter().map(|question| question.answers.len()).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(questions.iter().map(|question| question.row).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(windows.iter().map(|window| window.question).max(), Some(1));
    assert_eq!(windows.iter().filter(|window| window.answer != (0, 0)).count(), 1);
}

#[test]
fn a_long_question_leaves_room_for_its_passage() {
    let tokenizer = word_tokenizer(&WORDS, true);
    let (question, context) = (["x"; 40].join(" "), ["c"; 9].join(" "));
    let example = Example::Question { question: &question, context: &context, answers: Vec::new() };
    let (examples, _) = encoded(&tokenizer, Task::QuestionAnswering, &[example]).cut(&tokenizer, 15, 64).unwrap();
    assert!((0..examples.len()).all(|i| row(&examples, i).len() <= 15));
    assert_eq!(row(&examples, 0), ids(&tokenizer, "[CLS] x x x x x x [SEP] c c c c c c [SEP]"));
}
