// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The notes of the patches' review.

use super::block::{Block, Item, headed};
use super::form::Form;
use crate::record::Record;
use crate::report::reviewed::sentence;
use crate::report::words::count;

/// Notes that are shown; the rest is counted.
const MOST: usize = 8;

pub(super) fn blocks(form: Form, record: &Record) -> Vec<Block> {
    let Some(review) = &record.review else { return Vec::new() };
    let item = |note| Item::new(format!("Note: {}", form.text(&sentence(note))));
    let mut items: Vec<Item> = review.notes.iter().take(MOST).map(item).collect();
    let more = review.count().saturating_sub(items.len());
    if more > 0 {
        items.push(Item::new(format!("The review has {}.", count(more, "more note"))));
    }
    headed(format!("The review of the patches made {}", count(review.count(), "note")), items)
}
