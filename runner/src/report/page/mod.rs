// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A run as one HTML file that needs nothing else, or two runs beside each
//! other. A function of their events and of this program's specifications.

mod anchor;
mod clauses;
mod content;
mod differences;
mod environment;
mod findings;
mod fit;
mod graph;
mod lists;
mod mark;
mod order;
mod output;
mod overview;
mod registers;
mod specification;
mod template;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use output::{Output, PageError, leave};
