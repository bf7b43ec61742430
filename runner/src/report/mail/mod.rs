// SPDX-License-Identifier: Apache-2.0 OR MIT
//! One run as a mail to a kernel mailing list, or as Markdown for an issue.
//!
//! Both have the same [blocks](block::Block). A block's text is foreign text only where
//! [`Form`] has escaped it; so each renderer only lays blocks out.

mod ascii;
mod block;
mod causes;
mod content;
mod form;
mod markdown;
mod plain;
mod quote;
mod repeat;
mod review;
mod tag;
mod tested;
mod trouble;

use crate::record::Record;
use form::Form;

/// The run as plain ASCII, in lines of at most 72 columns. Longer are only single words
/// and the line `Tested-by:`, which other programs read as one line.
pub(crate) fn mail(record: &Record) -> String {
    plain::laid_out(&content::blocks(Form::Mail, record))
}

/// The run as Markdown.
pub(crate) fn markdown(record: &Record) -> String {
    markdown::laid_out(&content::blocks(Form::Markdown, record))
}

#[cfg(test)]
mod tests;
