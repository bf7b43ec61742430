// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The causes: broken clauses with their groups of findings.

use std::sync::LazyLock;

use reglist_suite::report::events::RunStarted;
use reglist_suite::spec::Source;
use reglist_suite::spec::clause::{Clauses, Level};

use super::block::{Block, Item, headed};
use super::form::Form;
use crate::report::groups::Group;
use crate::report::id::by_key;
use crate::report::words::{count, some};

/// Groups of one clause that are shown; the rest is counted.
const MOST: usize = 4;
/// Registers of a group that are shown by name.
const MOST_NAMES: usize = 4;

/// The clauses; empty if they are unreadable.
static CLAUSES: LazyLock<Clauses> =
    LazyLock::new(|| Clauses::load(&Source::Embedded).unwrap_or(Clauses { clauses: Vec::new() }));

/// Broken must clauses, then broken should clauses.
pub(super) fn blocks(form: Form, groups: &[Group<'_>], started: &RunStarted) -> Vec<Block> {
    let mut blocks = Vec::new();
    for level in [Level::Must, Level::Should] {
        let of_level = groups.iter().filter(|group| group.first.level == level);
        let by_clause = by_key(of_level.map(|group| (group.first.clause.as_str(), group)));
        let is_or_are = if by_clause.len() == 1 { "is" } else { "are" };
        let effect = if level.fails(started.strict) { "" } else { " (warnings)" };
        let heading = format!("{} {is_or_are} broken{effect}", count(by_clause.len(), &format!("{level} clause")));
        let items = by_clause.iter().map(|(clause, groups)| cause(form, clause, level, groups));
        blocks.extend(headed(heading, items.collect()));
    }
    blocks
}

/// The number of notes.
pub(super) fn notes(groups: &[Group<'_>]) -> Option<Block> {
    let number = groups.iter().filter(|group| group.first.level == Level::Note).count();
    let words = format!("The suite also made {}. A note fails no kernel.", count(number, "note"));
    (number > 0).then_some(Block::Paragraph(words))
}

fn cause(form: Form, id: &str, level: Level, groups: &[&Group<'_>]) -> Item {
    let mut words = format!("{} ({level})", form.name(id));
    if let Some(clause) = CLAUSES.get(id) {
        let sources: Vec<&str> = clause.source.iter().map(|source| source.sentence()).collect();
        let demand = form.text(&clause.demand);
        words.push_str(&format!(": A conforming kernel {demand}. Source: {}.", sources.join("; ")));
    }
    let mut below: Vec<String> = groups.iter().take(MOST).map(|group| finding(form, group)).collect();
    if groups.len() > MOST {
        below.push(format!("The run has {} of this clause.", count(groups.len() - MOST, "more finding")));
    }
    Item { words, below }
}

/// `Expected: X. Observed: Y. KVM_GET_REG_LIST, 2 registers: KS6, KS7. In 3 cases, such as Z.`
fn finding(form: Form, group: &Group<'_>) -> String {
    let mut sentences = Vec::new();
    for (label, words) in [("Expected", group.expected()), ("Observed", group.observed())] {
        if !words.is_empty() {
            sentences.push(format!("{label}: {}", form.text(&words)));
        }
    }
    sentences.extend(about(form, group));
    let first = group.cases.first().map(|case| form.name(case)).unwrap_or_default();
    sentences.push(match group.cases.len() {
        1 => format!("In 1 case: {first}"),
        number => format!("In {number} cases, such as {first}"),
    });
    sentences.iter().map(|sentence| format!("{}.", sentence.trim_end_matches('.'))).collect::<Vec<_>>().join(" ")
}

/// The ioctl, the errno, the registers and the entries.
fn about(form: Form, group: &Group<'_>) -> Option<String> {
    let named = [&group.first.ioctl, &group.first.errno].into_iter().flatten();
    let mut parts: Vec<String> = named.map(|name| form.text(name)).collect();
    match (group.registers.first(), group.registers.len()) {
        (None, _) => {}
        (Some(one), 1) => parts.push(format!("register {} ({:#018x})", form.text(&one.name), one.id)),
        (_, number) => {
            let names: Vec<String> = group.registers.iter().map(|register| form.text(&register.name)).collect();
            parts.push(format!("{number} registers ({})", some(&names, MOST_NAMES)));
        }
    }
    parts.extend(group.entries().map(|(word, entries)| format!("{word} {entries}")));
    (!parts.is_empty()).then(|| parts.join(", "))
}
