//! A file whose rows are predicted.

use hone_core::dataset::{CellReader, Cells, Hints, InputColumns, Scanner};
use hone_core::generate::{Generator, Sampling};
use hone_core::inference::{
    Answer, EncodedPrompt, EncodedQueries, InferenceContext, Query, TableFormat, prediction_cells, prediction_columns,
};
use hone_core::pretrained::TunedParts;
use hone_core::recipe::Task;
use hone_core::runner::FilePrediction;
use hone_tests::ready;
use serde_json::{Value, json};

use crate::text;

/// Predicts a file in batches, and compares each row with the answer to a query of its own.
pub fn assert_file_is_predicted(parts: &TunedParts, context: &InferenceContext, is_pairs: bool) {
    let task = parts.recipe.task();
    let columns = match task {
        Task::QuestionAnswering => InputColumns::Question { question: 1, context: 2 },
        Task::Generation => InputColumns::Prompt { prompt: "{first}".into() },
        _ => InputColumns::Text { text: 1, pair: is_pairs.then_some(2) },
    };
    let cells = cells();
    let mut file =
        FilePrediction::new(cells.clone(), columns.clone(), context, TableFormat::JsonLines, Vec::new()).unwrap();
    let mut last = 0;
    while ready(file.advance(&parts.model, &parts.pretrained, context, f64::INFINITY)).unwrap() {
        let (done, total) = file.progress();
        assert!(last <= done && done <= total && total == cells.rows.len());
        last = done;
    }
    let (bytes, outcome) = file.finish().unwrap();
    let lines = String::from_utf8(bytes).unwrap();
    let written: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((written.len(), outcome.rows, outcome.predicted, outcome.unreadable), (20, 20, 19, 1), "{task:?}");
    for (row, written) in cells.rows.iter().zip(&written) {
        assert_eq!(written["id"], json!(row[0]));
        let sampling = Sampling { max_new_tokens: parts.recipe.spec().max_new_tokens, ..Sampling::default() };
        let query = columns.cells(&cells.columns, row, task).unwrap().map(|input| Query::of_row(input, sampling));
        let expected = query.map(|query| prediction_cells(&answer(&query, parts, context), &query, context.labels));
        let names = prediction_columns(task, context.labels, &cells.columns);
        let expected = expected.unwrap_or_else(|| vec![Value::Null; names.len()]);
        assert_eq!(expected.len(), names.len());
        for (name, expected) in names.iter().zip(&expected) {
            assert!(is_close(&written[name], expected), "{task:?}, {name}: {} {expected}", written[name]);
        }
    }
}

/// Rows of different lengths, one of them without texts and one that cannot be read.
fn cells() -> Cells {
    let row = |row: u32| match row {
        3 => "3,,\n".to_owned(),
        4 => "4,one,too,many\n".to_owned(),
        _ => format!("{row},{},{}\n", text(row, 2 + row % 9), text(row + 40, 9)),
    };
    let csv = format!("id,first,second\n{}", (0..21).map(row).collect::<String>());
    let mut scanner = Scanner::new("rows.csv", csv.len() as f64, Hints::default());
    scanner.push(csv.as_bytes()).unwrap();
    let mut reader = CellReader::new(&scanner.finish().unwrap());
    reader.push(csv.as_bytes()).unwrap();
    reader.finish().unwrap()
}

fn answer(query: &Query, parts: &TunedParts, context: &InferenceContext) -> Answer {
    if let Query::Prompt { prompt, sampling } = query {
        let new_tokens = sampling.max_new_tokens as usize;
        let prompt = EncodedPrompt::new(prompt, new_tokens, context, &parts.pretrained, f64::INFINITY).unwrap();
        let tokenizer = &parts.pretrained.tokenizer;
        let mut generator = Generator::new(&prompt.ids, *sampling, tokenizer.eos_ids());
        while !generator.is_over() {
            ready(generator.advance(&parts.model)).unwrap();
        }
        let text = tokenizer.decode(generator.generated()).unwrap();
        return Answer::Generated { text: text.trim().into(), is_over: true };
    }
    let queries = EncodedQueries::new(std::slice::from_ref(query), context, &parts.pretrained.tokenizer).unwrap();
    let mut predictions = Vec::new();
    loop {
        if let Some(mut answers) = ready(queries.advance(&mut predictions, 1, &parts.model, context)).unwrap() {
            return answers.remove(0);
        }
    }
}

/// Batches differ in rounding.
fn is_close(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let [a, b] = [a, b].map(|number| number.as_f64().unwrap());
            (a - b).abs() <= 1e-4 * a.abs().max(1.0)
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_close(a, b)),
        (Value::Object(a), Value::Object(b)) => a.iter().zip(b).all(|((_, a), (_, b))| is_close(a, b)),
        _ => a == b,
    }
}
