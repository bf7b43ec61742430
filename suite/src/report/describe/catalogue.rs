// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The types of descriptions, and the catalogue that makes them.

use std::fmt;

use serde::Serialize;

use crate::arch::Arch;
use crate::spec::Spec;

/// Kind of a described thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A named register.
    Register,
    /// An id without a named register.
    Id,
    /// A requirement on the kernel.
    Clause,
    /// A check in a configuration.
    Case,
    /// A check.
    Check,
    /// Checks and clauses with the same prefix.
    Theme,
    /// A combination of guest features.
    Configuration,
    /// A named sequence of registers of a series.
    Group,
    /// Registers that registers.yaml specifies together.
    Family,
    /// A deliberately wrong behaviour.
    Fault,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// The description of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Description {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// A line or two.
    pub summary: String,
    /// All other facts.
    pub parts: Vec<Part>,
}

/// A labelled fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// The label.
    pub label: &'static str,
    /// Whether only verbose output shows it.
    pub detail: bool,
    /// The text.
    #[serde(flatten)]
    pub content: Content,
}

/// The text of a fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Sentences.
    Text(String),
    /// Names.
    Items(Vec<String>),
    /// Names with a text each.
    Entries(Vec<Entry>),
}

/// A name with a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// The text.
    pub text: String,
}

impl Description {
    pub(super) fn new(kind: Kind, name: impl Into<String>, summary: impl Into<String>) -> Self {
        Self { kind, name: name.into(), summary: summary.into(), parts: Vec::new() }
    }

    pub(super) fn say(&mut self, label: &'static str, content: impl Into<Content>) {
        self.parts.push(Part { label, detail: false, content: content.into() });
    }

    /// Adds a fact that only verbose output shows.
    pub(super) fn add(&mut self, label: &'static str, content: impl Into<Content>) {
        self.parts.push(Part { label, detail: true, content: content.into() });
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<String>> for Content {
    fn from(items: Vec<String>) -> Self {
        Self::Items(items)
    }
}

impl From<Vec<Entry>> for Content {
    fn from(entries: Vec<Entry>) -> Self {
        Self::Entries(entries)
    }
}

/// Makes descriptions from a series of the specifications and the checks.
#[derive(Debug, Clone, Copy)]
pub struct Catalogue<'a> {
    /// The specifications.
    pub spec: &'a Spec,
    /// The architecture.
    pub arch: &'a dyn Arch,
}

impl<'a> Catalogue<'a> {
    /// Makes a catalogue of the specifications of an architecture.
    pub fn new(spec: &'a Spec, arch: &'a dyn Arch) -> Self {
        Self { spec, arch }
    }
}
