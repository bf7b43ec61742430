// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What is said of a thing, and who says it.

use serde::Serialize;

use crate::arch::Arch;
use crate::spec::Spec;

/// What kind of thing is described.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A register that has a name.
    Register,
    /// An id that no register has.
    Id,
    /// A requirement on the kernel.
    Clause,
    /// A check in a configuration.
    Case,
    /// A check, whatever the configuration.
    Check,
    /// Checks and clauses whose names begin alike.
    Theme,
    /// A combination of guest features.
    Configuration,
    /// A named sequence of registers of a series.
    Group,
    /// Registers that are specified together.
    Family,
    /// A deliberately wrong behaviour.
    Fault,
}

impl Kind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Id => "id",
            Self::Clause => "clause",
            Self::Case => "case",
            Self::Check => "check",
            Self::Theme => "theme",
            Self::Configuration => "configuration",
            Self::Group => "group",
            Self::Family => "family",
            Self::Fault => "fault",
        }
    }
}

/// What one thing is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Description {
    /// What kind of thing it is.
    pub kind: Kind,
    /// What it is called.
    pub name: String,
    /// What it is, in one line or two.
    pub summary: String,
    /// Everything else.
    pub parts: Vec<Part>,
}

/// One thing that is to be said of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// What is said.
    pub label: &'static str,
    /// Whether it is for those who want to know more.
    pub detail: bool,
    /// The words.
    #[serde(flatten)]
    pub content: Content,
}

/// Words, in the form that they have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Sentences.
    Text(String),
    /// Names.
    Items(Vec<String>),
    /// Names, each with what there is to say of it.
    Entries(Vec<Entry>),
}

/// A name with what there is to say of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// The words.
    pub text: String,
}

impl Description {
    pub(super) fn new(kind: Kind, name: impl Into<String>, summary: impl Into<String>) -> Self {
        Self { kind, name: name.into(), summary: summary.into(), parts: Vec::new() }
    }

    pub(super) fn say(&mut self, label: &'static str, content: impl Into<Content>) {
        self.parts.push(Part { label, detail: false, content: content.into() });
    }

    /// What only those need who want to know more.
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

/// Who knows what things are: a series of the specifications, and the checks.
#[derive(Debug, Clone, Copy)]
pub struct Catalogue<'a> {
    pub(super) spec: &'a Spec,
    pub(super) arch: &'a dyn Arch,
}

impl<'a> Catalogue<'a> {
    /// Of the specifications for an architecture.
    pub fn new(spec: &'a Spec, arch: &'a dyn Arch) -> Self {
        Self { spec, arch }
    }

    /// The specifications.
    pub fn spec(&self) -> &'a Spec {
        self.spec
    }
}
