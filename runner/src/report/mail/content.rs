// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The parts of a report to paste, in order.

use reglist_suite::report::events::RunStarted;

use super::block::{Block, Item, headed};
use super::form::Form;
use super::{causes, repeat, review, tag, tested, trouble};
use crate::record::Record;
use crate::record::verdict::Conclusion;
use crate::report::groups::grouped;
use crate::report::likeness::{Guess, guesses};
use crate::report::text::verdict;

/// The whole report. A run that did not start has at most a review.
pub(super) fn blocks(form: Form, record: &Record) -> Vec<Block> {
    let Some(started) = &record.started else {
        let mut blocks = vec![Block::Title("reglist: the run did not start".to_owned())];
        blocks.extend(review::blocks(form, record));
        return blocks;
    };
    let groups = grouped(record.ended());
    let conclusion = Conclusion::of(record, None);
    let mut blocks = tested::blocks(form, started);
    blocks.push(verdict_line(form, started, &conclusion));
    blocks.extend(causes::blocks(form, &groups, started));
    blocks.extend(trouble::blocks(form, record));
    blocks.extend(review::blocks(form, record));
    blocks.extend(causes::notes(&groups));
    let guesses = guesses(record).iter().map(|guess| Item::new(guessed(form, guess))).collect();
    blocks.extend(headed("What the findings look like (a guess, not a finding)".to_owned(), guesses));
    blocks.extend(repeat::blocks(record, started, &groups));
    blocks.extend(tag::blocks(record, started, &conclusion));
    blocks
}

fn verdict_line(form: Form, started: &RunStarted, conclusion: &Conclusion) -> Block {
    let word = form.strong(&format!("reglist: {}", conclusion.word()));
    Block::Paragraph(format!("{word}: {}", form.text(&verdict::sentence(started, conclusion, None))))
}

fn guessed(form: Form, guess: &Guess) -> String {
    match guess {
        Guess::Fault { name, sentence } => {
            format!("The findings look like the suite's fault {}: {}", form.name(name), form.text(sentence))
        }
        Guess::List(words) => format!("The list looks like {}", form.text(words)),
    }
}
