// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The table of clauses in `specs/README.md` follows `specs/clauses.yaml`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use reglist_suite::spec::Source;
use reglist_suite::spec::clause::{Clause, Clauses};

const REWRITE: &str = "REGLIST_WRITE_README=1 cargo test -p reglist-suite --test readme";
const BEGIN: &str = "<!-- clauses -->\n";
const END: &str = "<!-- end of clauses -->\n";

fn table(clauses: &[Clause]) -> String {
    let mut table = "| clause | level | a conforming kernel ... | source |\n|---|---|---|---|\n".to_owned();
    for Clause { id, level, demand, source, .. } in clauses {
        let source: Vec<String> = source.iter().map(|origin| word(&serde_json::to_value(origin).unwrap())).collect();
        let _ = writeln!(table, "| {id} | {level} | {} | {} |", cell(demand), source.join(", "));
    }
    table
}

fn word(value: &serde_json::Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Text that ends no cell and begins no markup.
fn cell(text: &str) -> String {
    let mut cell = String::new();
    for character in text.chars() {
        if matches!(character, '|' | '*' | '<') {
            cell.push('\\');
        }
        cell.push(character);
    }
    cell
}

#[test]
fn the_table_of_clauses_is_that_of_the_specification() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/README.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (kept, after) = rest.split_once(END).unwrap();
    let table = table(&Clauses::load(&Source::Embedded).unwrap().clauses);
    if env::var_os("REGLIST_WRITE_README").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
        return;
    }
    assert!(kept == table, "specs/README.md does not follow specs/clauses.yaml; to rewrite it:\n{REWRITE}");
}

#[test]
fn a_demand_stays_in_its_cell() {
    assert_eq!(cell("sets reg[0..C) | a_b"), "sets reg[0..C) \\| a_b");
}
