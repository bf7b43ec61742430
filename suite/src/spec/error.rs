// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What can be wrong with a specification, and where.

use std::io;

use super::register::Rule;
use crate::arch::RegisterType;

/// A specification that cannot be used: file, line, what is wrong, what to do.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {problem}\n[{}]", problem.remedy())]
pub struct SpecError {
    /// The file, below the directory of the specifications.
    pub file: String,
    /// Line from 1; 1 where the problem is the file as a whole.
    pub line: usize,
    pub(super) problem: Problem,
}

/// What is wrong with a specification.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// The text is not YAML, or not of the expected form: an unknown or missing
    /// key, or a value of another type. The message holds the path to the key.
    #[error("{0}")]
    Form(String),
    /// A register's index lies outside what its type can hold.
    #[error("register `{register}`: key `index`: {index:#x} is no index of type {type_}")]
    Index { register: String, index: u64, type_: RegisterType },
    /// A name stands twice where it may stand once.
    #[error("key `{key}`: `{name}` stands here a second time")]
    Duplicate { key: &'static str, name: String },
    /// Two names have one id.
    #[error("register `{register}`: key `index`: id {id:#018x} is already `{other}`")]
    DuplicateId { register: String, other: String, id: u64 },
    /// A name that nothing defines.
    #[error("key `{key}`: `{name}` is not known")]
    Unknown { key: &'static str, name: String, known: String },
    /// A group includes itself.
    #[error("key `include`: group `{}` includes itself: {}", path.first().map_or("", String::as_str), path.join(" -> "))]
    Cycle { path: Vec<String> },
    /// A register comes with two names of a list.
    #[error("key `{key}`: register `{register}` comes with `{first}` and again with `{second}`")]
    InTwoGroups { key: &'static str, register: String, first: String, second: String },
    /// A group that no list can hold.
    #[error("group `{group}` is neither in `list` nor included by another")]
    UnusedGroup { group: String },
    /// A condition on a group that comes with another.
    #[error("key `when`: group `{group}` is not in `list`, so that nobody asks when it is listed")]
    UnreadWhen { group: String },
    /// A configuration states other groups than its features bring.
    #[error(
        "key `groups`: [{stated}] is stated, but `list` and `when` in groups.yaml give [{given}] for the features [{features}]"
    )]
    Groups { stated: String, given: String, features: String },
    /// A file's name cannot be part of a case's id.
    #[error("file name: `{name}` cannot be the name of a configuration")]
    FileName { name: String },
    /// A list where nothing is said of it.
    #[error("key `{key}`: stands beside `contract_only`, which says nothing of the list")]
    ListOfContract { key: &'static str },
    /// No list, although something is said of it.
    #[error("key `{key}` is missing")]
    NoList { key: &'static str },
    /// The stated count is not the number of registers.
    #[error("key `count`: {stated} is stated, but the groups hold {actual} registers ({breakdown})")]
    Count { stated: usize, actual: usize, breakdown: String },
    /// A value that the register's own mask would not keep.
    #[error("register `{register}`: key `values`: {value} has bits outside the mask {mask}")]
    Value { register: String, value: String, mask: String },
    /// A number with more bits than the register.
    #[error("register `{register}`: key `{key}`: {number:#x} is too large for {size} bytes")]
    Wide { register: String, key: &'static str, number: u64, size: usize },
    /// Free bits that the register's own mask would not keep.
    #[error("register `{register}`: key `free`: {free} has bits outside the mask {mask}")]
    Free { register: String, free: String, mask: String },
    /// Free bits, although GET does not return what was SET.
    #[error("register `{register}`: key `free`: a register with rule {rule} has no free bits")]
    FreeAgainstRule { register: String, rule: Rule },
    /// A register of which neither it nor its family says what it is for.
    #[error("register `{register}`: key `about` is missing or blank")]
    NoAbout { register: String },
    /// Conditional bits that are no further ones.
    #[error("register `{register}`: key `conditional`: {free} has bits of the mask {mask}, which SET keeps anyway")]
    Conditional { register: String, free: String, mask: String },
    /// A condition on features that names none.
    #[error("key `{key}`: no feature is named")]
    NoFeature { key: &'static str },
    /// Indexes that their type does not hold, or none.
    #[error("key `unnamed`: {first:#x} to {last:#x} is no range of type {type_}")]
    Range { type_: RegisterType, first: u64, last: u64 },
    /// An exception that nothing belongs to.
    #[error("exception `{exception}` holds no registers")]
    NoRegisters { exception: String },
    /// A series without configurations, or no series of that name.
    #[error("series `{series}` has no configurations")]
    NoSeries { series: String, known: String },
}

impl Problem {
    /// What to do about it.
    fn remedy(&self) -> String {
        match self {
            Self::Unreadable(error) if error.kind() == io::ErrorKind::InvalidData => "save the file as UTF-8".into(),
            Self::Unreadable(_) => "specs/README.md shows which files a directory of specifications holds".into(),
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
            Self::FileName { .. } => "use a to z, 0 to 9 and _, as the name begins the ids of its cases".into(),
            Self::DuplicateId { .. } => "correct the index, or remove one of the two".into(),
            Self::Unknown { known, .. } => format!("known: {known}"),
            Self::Cycle { .. } => "remove one of the includes".into(),
            Self::ListOfContract { key } => format!("remove `{key}`, or `contract_only`"),
            Self::NoList { .. } => "state `groups` and `count`, or `contract_only: true` in place of both".into(),
            Self::Count { actual, .. } => {
                format!("write count: {actual} if the groups are right, else correct the groups")
            }
            Self::Value { .. } => "correct the mask, or choose a value within it".into(),
            Self::Wide { .. } => "leave out the bits that the register has not".into(),
            Self::Free { .. } => "correct the mask, or leave only bits within it free".into(),
            Self::FreeAgainstRule { .. } => "remove `free`, or correct the rule".into(),
            Self::NoAbout { .. } => "say what it is for, here or for its whole family".into(),
            Self::Conditional { .. } => "name the further bits alone".into(),
            Self::NoFeature { .. } => "name at least one, or remove the condition".into(),
            Self::NoRegisters { .. } => "name some in `families`, `registers` or `unnamed`, or remove it".into(),
            Self::NoSeries { known, .. } => format!("known series: {known}"),
        }
    }
}
