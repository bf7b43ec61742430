// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Clauses: one requirement on a conforming kernel each.

use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::{Problem, SpecError};
use super::source::Source;

/// The effect of a broken clause on the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The case fails.
    Must,
    /// A warning; a failure with `--strict`.
    Should,
    /// Reported only.
    Note,
}

impl Level {
    /// The effect of a broken clause of this level.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Must => "a kernel that breaks the clause fails",
            Self::Should => "a kernel that breaks the clause gets a warning, and fails with --strict",
            Self::Note => "findings are notes and never fail a kernel",
        }
    }

    /// Whether a finding at this level fails a case.
    pub fn fails(self, strict: bool) -> bool {
        match self {
            Self::Must => true,
            Self::Should => strict,
            Self::Note => false,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Source of a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Origin {
    /// The kernel's KVM API document.
    API,
    /// The uapi headers.
    #[serde(rename = "uapi")]
    Uapi,
    /// The behaviour of arm64, riscv64 and x86.
    #[serde(rename = "upstream")]
    Upstream,
    /// The discussion of the LoongArch patch.
    #[serde(rename = "thread")]
    Thread,
    /// A need of save and restore.
    #[serde(rename = "caller")]
    Caller,
    /// The behaviour of the architecture's KVM.
    #[serde(rename = "kernel")]
    Kernel,
}

impl Origin {
    /// The source in words.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::API => "the kernel's KVM API document (Documentation/virt/kvm/api.rst, 4.68 and 4.84)",
            Self::Uapi => "the uapi headers (include/uapi/linux/kvm.h and the architecture's asm/kvm.h)",
            Self::Upstream => "the behaviour of arm64, riscv64 and x86, measured on Linux 6.12 and 7.2",
            Self::Thread => "the discussion of the LoongArch patch, v1 to v5",
            Self::Caller => "a need of save and restore of a vCPU",
            Self::Kernel => "the behaviour of arch/loongarch/kvm in Linux 6.12, 7.2 and 7.3",
        }
    }
}

/// One requirement on the kernel.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a clause with `id`, `level`, `demand`, `why` and `source`")]
pub struct Clause {
    /// Stable id, `theme.name`.
    #[cfg_attr(test, schemars(regex(pattern = "^[a-z0-9_]+\\.[a-z0-9_]+$")))]
    pub id: String,
    /// The effect of a broken clause on the verdict.
    pub level: Level,
    /// "A conforming kernel ..."
    pub demand: String,
    /// Why it matters to a caller, and its exact source.
    pub why: String,
    /// Source of the requirement.
    #[cfg_attr(test, schemars(extend("uniqueItems" = true)))]
    pub source: Vec<Origin>,
}

/// The catalogue, as the file has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a map with `clauses`")]
pub struct Clauses {
    /// Every clause, in the order in which reports show them.
    pub clauses: Vec<Clause>,
}

impl Clauses {
    /// Reads `clauses.yaml`.
    pub fn load(source: &Source) -> Result<Self, SpecError> {
        let text = source.read("clauses.yaml")?;
        let clauses: Self = text.parse()?;
        let mut known = HashSet::new();
        for clause in &clauses.clauses {
            if !known.insert(&clause.id) {
                let line = text.line_of_pair("id", &clause.id, 1);
                return Err(text.error(line, Problem::Duplicate { key: "id", name: clause.id.clone() }));
            }
        }
        Ok(clauses)
    }

    /// The clause of that id.
    pub fn get(&self, id: &str) -> Option<&Clause> {
        self.clauses.iter().find(|clause| clause.id == id)
    }
}
