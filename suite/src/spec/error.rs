// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Errors in a specification, with their file and line.

use std::io;

use super::register::Rule;
use crate::arch::RegisterType;

/// Maximum `{` and `[` in a file: libyaml needs quadratic time for nested ones.
pub(super) const MOST_BRACKETS: usize = 1 << 13;
/// Maximum groups of a series.
pub(super) const MOST_GROUPS: usize = 256;
/// Maximum values of a register.
pub(super) const MOST_VALUES: usize = 64;

/// An error in a specification: file, line, problem and remedy.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {problem}\n[{}]", problem.remedy())]
pub struct SpecError {
    /// The file, below the directory of the specifications.
    pub file: String,
    /// Line from 1; 1 where the problem is the file as a whole.
    pub line: usize,
    pub(super) problem: Problem,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    #[error("larger than 1 MiB")]
    TooLarge,
    #[error("more than {MOST_BRACKETS} brackets")]
    Brackets,
    /// The text is not YAML, or not of the expected form: an unknown or missing
    /// key, or a value of another type. The message holds the path to the key.
    #[error("{0}")]
    Form(String),
    #[error("register `{register}`: key `index`: {index:#x} is not an index of type {type_}")]
    Index { register: String, index: u64, type_: RegisterType },
    #[error("key `{key}`: `{name}` is a duplicate")]
    Duplicate { key: &'static str, name: String },
    #[error("register `{register}`: key `index`: id {id:#018x} is already `{other}`")]
    DuplicateId { register: String, other: String, id: u64 },
    #[error("key `{key}`: `{name}` is not known")]
    Unknown { key: &'static str, name: String, known: String },
    #[error("key `include`: group `{}` includes itself: {}", path.first().map_or("", String::as_str), path.join(" -> "))]
    Cycle { path: Vec<String> },
    #[error("key `groups`: more than {MOST_GROUPS} groups")]
    ManyGroups,
    #[error("key `{key}`: register `{register}` is in both `{first}` and `{second}`")]
    InTwoGroups { key: &'static str, register: String, first: String, second: String },
    #[error("group `{group}` is neither in `list` nor included by another")]
    UnusedGroup { group: String },
    #[error("key `when`: group `{group}` is not in `list`, so `when` has no effect")]
    UnreadWhen { group: String },
    #[error(
        "key `groups`: [{stated}] is stated, but `list` and `when` in groups.yaml give [{given}] for the features [{features}]"
    )]
    Groups { stated: String, given: String, features: String },
    #[error("file name: `{name}` cannot be the name of a configuration")]
    FileName { name: String },
    #[error("file name: `{name}` means all configurations of a series")]
    NameOfAll { name: String },
    #[error("key `{key}`: contradicts `contract_only`, which specifies no list")]
    ListOfContract { key: &'static str },
    #[error("key `{key}` is missing")]
    NoList { key: &'static str },
    #[error("key `count`: {stated} is stated, but the groups hold {actual} registers ({breakdown})")]
    Count { stated: usize, actual: usize, breakdown: String },
    #[error("register `{register}`: key `values`: more than {MOST_VALUES} values")]
    Values { register: String },
    #[error("register `{register}`: key `values`: {value} has bits outside the mask {mask}")]
    Value { register: String, value: String, mask: String },
    #[error("register `{register}`: key `{key}`: {number:#x} is too large for {size} bytes")]
    Wide { register: String, key: &'static str, number: u64, size: usize },
    #[error("register `{register}`: key `free`: {free} has bits outside the mask {mask}")]
    Free { register: String, free: String, mask: String },
    #[error("register `{register}`: key `free`: a register with rule {rule} has no free bits")]
    FreeAgainstRule { register: String, rule: Rule },
    #[error("register `{register}`: key `about` is missing or blank")]
    NoAbout { register: String },
    #[error("register `{register}`: key `conditional`: {free} has bits of the mask {mask}, which SET keeps anyway")]
    Conditional { register: String, free: String, mask: String },
    #[error("key `{key}`: names no feature")]
    NoFeature { key: &'static str },
    #[error("key `unnamed`: {first:#x} to {last:#x} is not a range of type {type_}")]
    Range { type_: RegisterType, first: u64, last: u64 },
    #[error("exception `{exception}` holds no registers")]
    NoRegisters { exception: String },
    #[error("series `{series}` has no configurations")]
    NoSeries { series: String, known: String },
}

impl Problem {
    fn remedy(&self) -> String {
        match self {
            Self::Unreadable(error) if error.kind() == io::ErrorKind::InvalidData => "save the file as UTF-8".into(),
            Self::Brackets => "write each key on a line of its own, without `{` and `[`".into(),
            Self::ManyGroups => "list the registers in fewer groups".into(),
            Self::Values { .. } => "keep the values that differ most".into(),
            Self::Unreadable(_) | Self::TooLarge => {
                "specs/README.md lists the files of a specification directory".into()
            }
            Self::Form(_) => {
                "compare with the keys in specs/README.md, or let an editor check against specs/schema".into()
            }
            Self::Index { type_, .. } | Self::Range { type_, .. } => format!("{type_}: {}", type_.indexes),
            Self::Duplicate { .. } => "remove one of the two".into(),
            Self::InTwoGroups { .. } => "remove it from one of the two, or one of the two from the list".into(),
            Self::UnusedGroup { .. } => "add it to `list`, include it, or remove it".into(),
            Self::UnreadWhen { .. } => "add it to `list`, or remove `when`".into(),
            Self::Groups { given, .. } => {
                format!("write groups: [{given}] if groups.yaml is right, else correct groups.yaml")
            }
            Self::FileName { .. } => "use only a-z, 0-9 and _: case ids begin with the name".into(),
            Self::NameOfAll { .. } => "rename the file".into(),
            Self::DuplicateId { .. } => "correct the index, or remove one of the two".into(),
            Self::Unknown { known, .. } => format!("known: {known}"),
            Self::Cycle { .. } => "remove one of the includes".into(),
            Self::ListOfContract { key } => format!("remove `{key}`, or `contract_only`"),
            Self::NoList { .. } => "state `groups` and `count`, or `contract_only: true` in place of both".into(),
            Self::Count { actual, .. } => {
                format!("write count: {actual} if the groups are right, else correct the groups")
            }
            Self::Value { .. } => "correct the mask, or choose a value within it".into(),
            Self::Wide { .. } => "remove the bits that the register does not have".into(),
            Self::Free { .. } => "correct the mask, or remove the free bits outside it".into(),
            Self::FreeAgainstRule { .. } => "remove `free`, or correct the rule".into(),
            Self::NoAbout { .. } => "add `about` here or to its family".into(),
            Self::Conditional { .. } => "remove the bits of the mask".into(),
            Self::NoFeature { .. } => "name at least one, or remove the condition".into(),
            Self::NoRegisters { .. } => "name some in `families`, `registers` or `unnamed`, or remove it".into(),
            Self::NoSeries { known, .. } => format!("known series: {known}"),
        }
    }
}
