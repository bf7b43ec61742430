// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Reports of one run or two runs, for people and programs.

pub(crate) mod coverage;
pub(crate) mod diff;
pub(crate) mod groups;
pub(crate) mod id;
pub(crate) mod likeness;
pub(crate) mod mail;
mod markup;
pub(crate) mod matrix;
pub(crate) mod page;
pub(crate) mod paragraph;
mod reviewed;
pub(crate) mod series;
pub(crate) mod state;
pub(crate) mod stored;
pub(crate) mod text;
pub(crate) mod words;
