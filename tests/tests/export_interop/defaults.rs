//! The fields of a recipe that the engine fills in, as the worker and the program set up a run.

use burn::tensor::Device;
use hone_core::dataset::{Collector, Dataset, Hints, Mapping, Scanner};
use hone_core::recipe::{Defaults, Pooling, RecipeSpec};
use hone_core::runner::EncodedDataset;
use hone_tests::golden;

use crate::tokenizer::pretrained;

#[test]
fn a_run_fills_in_the_fields_that_its_recipe_leaves_out_and_keeps_the_others() {
    let model = pretrained(&golden("micro_bert"), Pooling::Mean, &Device::flex());
    let rows = |per_class: u32| {
        let csv = (0..4 * per_class).map(|row| format!("w{} w{},{}\n", 5 + row % 20, 6 + row / 20, row % 4));
        let file = format!("text,label\n{}", csv.collect::<String>());
        let mut scanner = Scanner::new("rows.csv", file.len() as f64, Hints::default());
        scanner.push(file.as_bytes()).unwrap();
        let mapping = Mapping::Classification { text: 0, pair: None, label: 1 };
        let mut collector = Collector::new(&scanner.finish().unwrap(), mapping).unwrap();
        collector.push(file.as_bytes()).unwrap();
        let (dataset, report) = Dataset::new(collector.finish().unwrap().into(), None, 0.25, 1).unwrap();
        let mut rows = EncodedDataset::new(dataset.into(), report);
        while rows.encode_next(&model).unwrap() {}
        rows
    };
    let recipe =
        |rows: &EncodedDataset, spec: RecipeSpec| rows.session(&model, spec, &Device::flex()).unwrap().recipe().clone();
    let (few, many) = (rows(10), rows(40));
    let named = RecipeSpec { epochs: Some(7), ..RecipeSpec::default() };
    for rows in [&few, &many] {
        let facts = model.facts(rows.report().facts());
        assert_eq!((facts.data.rows, facts.data.classes), (rows.report().train_rows, 4));
        let chosen = Defaults::new(&RecipeSpec::default(), &facts);
        let filled = recipe(rows, RecipeSpec::default());
        assert_eq!((filled.epochs() as u32, filled.learning_rate()), (chosen.epochs, chosen.learning_rate));
        assert_eq!(recipe(rows, named.clone()).epochs(), 7);
    }
    let epochs = |rows| recipe(rows, RecipeSpec::default()).epochs();
    assert!(epochs(&few) > epochs(&many), "{} {}", epochs(&few), epochs(&many));
}
