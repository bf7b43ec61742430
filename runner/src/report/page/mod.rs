// SPDX-License-Identifier: Apache-2.0 OR MIT
//! One run, or two compared runs, as a self-contained HTML file. It depends only on
//! the events and this program's specifications.

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
mod patch;
mod registers;
mod specification;
mod template;
#[cfg(test)]
mod tests;
mod view;

#[cfg(test)]
pub(crate) use output::text;
pub(crate) use output::{Output, PageError, leave};
