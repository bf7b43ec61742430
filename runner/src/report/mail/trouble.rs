// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Cases that ended in error, by reason.

use reglist_suite::report::events::Outcome;

use super::block::{Block, Item, headed};
use super::form::Form;
use crate::record::Record;
use crate::report::id::by_key;
use crate::report::words::count;

/// Reasons that are shown; the rest is counted.
const MOST: usize = 4;

pub(super) fn blocks(form: Form, record: &Record) -> Vec<Block> {
    let cases = record.ended().filter(|case| case.outcome == Outcome::Error);
    let heading = format!("{} ended in error", count(cases.clone().count(), "case"));
    let reason = |reason: Option<&'_ str>| reason.and_then(|reason| reason.lines().next().map(str::to_owned));
    let reasons = by_key(cases.map(|case| (reason(case.reason.as_deref()), case.case.as_str())));
    let item = |(reason, cases): &(Option<String>, Vec<&str>)| {
        let first = cases.first().map(|case| form.name(case)).unwrap_or_default();
        let more = match cases.len() {
            1 => String::new(),
            number => format!(" and {}", count(number - 1, "more case")),
        };
        Item::new(format!("{first}{more}: {}", form.text(reason.as_deref().unwrap_or("no reason given"))))
    };
    let mut items: Vec<Item> = reasons.iter().take(MOST).map(item).collect();
    if reasons.len() > MOST {
        items.push(Item::new(format!("{} of other cases", count(reasons.len() - MOST, "more reason"))));
    }
    headed(heading, items)
}
