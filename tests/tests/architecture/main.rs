//! Checks that the code map in ARCHITECTURE.md is true: rooms only use those before them, no files form a circle, the
//! engine does not depend on a browser, and the page does not depend on tensors.

mod modules;
mod rules;
mod source;

use std::fs;
use std::path::PathBuf;

use modules::Modules;
use rules::{against_order, circles, orders, uses_of};

fn root() -> PathBuf {
    PathBuf::from("..")
}

fn modules(folder: &str) -> Modules {
    Modules::read(&root().join(folder))
}

/// Source folders of all crates that the rules apply to.
const CRATES: [&str; 5] = ["core/src", "app/src", "app/worker/src", "app/cli/src", "app/tables/src"];

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn rooms_use_only_rooms_before_them() {
    let orders = orders(&fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap());
    for folder in ["core/src", "app/src"] {
        assert!(orders.iter().any(|order| order.krate == folder && order.within.is_empty()), "no order of {folder}");
    }
    let wrong: Vec<String> = orders.iter().flat_map(|order| against_order(order, &modules(&order.krate))).collect();
    assert_none(&wrong);
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let found = CRATES
        .iter()
        .flat_map(|folder| circles(&modules(folder)).into_iter().map(move |circle| format!("{folder}: {circle}")));
    assert_none(&found.collect::<Vec<_>>());
}

#[test]
fn the_engine_does_not_use_a_browser() {
    assert_none(&uses_of(&["web_sys", "js_sys", "wasm_bindgen", "JsValue"], &modules("core/src")));
    let manifest = fs::read_to_string(root().join("core/Cargo.toml")).unwrap();
    assert!(!manifest.contains("web-sys") && !manifest.contains("js-sys") && !manifest.contains("wasm-bindgen"));
}

#[test]
fn the_page_does_not_use_tensors() {
    assert_none(&uses_of(&["burn"], &modules("app/src")));
    let manifest = fs::read_to_string(root().join("app/Cargo.toml")).unwrap();
    assert!(!manifest.contains("burn") && !manifest.contains("\"engine\"") && !manifest.contains("\"wgpu\""));
}

/// The checks themselves, on small crates.
mod checks {
    use super::*;

    fn crate_of(files: &[(&str, &str)]) -> Modules {
        Modules::new(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
    }

    fn order(line: &str) -> rules::Order {
        orders(&format!("Text\n```rooms\n{line}\n```\nmore")).remove(0)
    }

    #[test]
    fn an_order_is_read_from_its_block() {
        let read = orders("a\n```rooms\ncore/src: x y ·\n  z\ncore/src/y/w: p\n```\n```rust\nno: no\n```\n");
        let expected = [("core/src", "", vec!["x", "y", "z"]), ("core/src", "y::w", vec!["p"])];
        assert_eq!(read.len(), expected.len());
        for (order, (krate, within, rooms)) in read.iter().zip(expected) {
            assert_eq!((order.krate.as_str(), order.within.as_str()), (krate, within));
            assert_eq!(order.rooms, rooms);
        }
    }

    #[test]
    fn an_arrow_upward_is_found_through_use_inline_path_and_facade() {
        let upper = ("upper/mod.rs", "mod thing; pub use thing::Thing as Renamed;");
        let thing = ("upper/thing.rs", "pub struct Thing;");
        for text in [
            "use crate::upper::{self};",
            "use crate::{upper::Renamed as Other};",
            "fn f() { crate::upper::thing::Thing; }",
            "use super::upper::thing::Thing;",
        ] {
            let modules = crate_of(&[("lower.rs", text), upper, thing, ("lib.rs", "pub mod lower;")]);
            assert_eq!(against_order(&order("core/src: lower upper"), &modules).len(), 1, "{text}");
            assert!(against_order(&order("core/src: upper lower"), &modules).is_empty(), "{text}");
        }
        let modules = crate_of(&[("lower.rs", "use crate::upper::Renamed;"), upper, thing]);
        assert_eq!(against_order(&order("core/src: lower upper"), &modules), ["lower uses upper::thing"]);
    }

    #[test]
    fn an_order_of_inner_rooms_binds_them_alone() {
        let modules = crate_of(&[
            ("data/mod.rs", "pub struct Item;"),
            ("data/a.rs", "use crate::data::b::B;"),
            ("data/b.rs", "use crate::data::Item; use crate::other::O;"),
            ("other.rs", ""),
        ]);
        assert_eq!(
            against_order(&order("core/src/data: a b"), &modules),
            ["data::a uses data::b", "data::b uses data, which is around it"]
        );
    }

    #[test]
    fn an_unlisted_room_is_found() {
        let modules = crate_of(&[("known.rs", ""), ("unknown.rs", "")]);
        assert_eq!(against_order(&order("core/src: known"), &modules), ["unknown is not in the order of the rooms"]);
    }

    #[test]
    fn comments_strings_and_test_code_are_no_use() {
        let text = r##"
            //! [`crate::upper`]
            /* use crate::upper; /* nested */ use crate::upper; */
            const A: &str = "use crate::upper;"; const B: &str = r#"crate::upper::x" "#; const C: char = '"';
            fn life<'a>(text: &'a str) -> &'a str { text }
            #[cfg(test)]
            use crate::upper::X;
            #[cfg(test)]
            mod inner { use crate::upper::X; fn f() { { } } }
            #[cfg(test)]
            mod tests;
        "##;
        let files = [("lower/mod.rs", text), ("lower/tests.rs", "use crate::upper::X;"), ("upper.rs", "")];
        assert!(against_order(&order("core/src: lower upper"), &crate_of(&files)).is_empty());
    }

    #[test]
    fn circles_are_found_but_not_between_a_file_and_its_submodules() {
        let modules = crate_of(&[
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "use crate::c::{C, D};"),
            ("c.rs", "use crate::a::A;"),
            ("own/mod.rs", "mod part; use part::Part;"),
            ("own/part.rs", "use crate::own::Whole;"),
        ]);
        assert_eq!(circles(&modules), ["a -> b -> c"]);
    }

    #[test]
    fn names_match_whole_words_of_code() {
        let modules = crate_of(&[("a.rs", "// burn\nfn burned() {}"), ("b.rs", "use burn::Tensor;")]);
        assert_eq!(uses_of(&["burn"], &modules), ["b names burn"]);
    }
}
