// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `consumers/NAME.yaml`: the registers that a VMM saves from a fixed table.

use serde::Deserialize;

use super::error::{Problem, SpecError};
use super::features;
use super::register::Register;
use super::registers::RegisterTable;
use super::source::Source;
use super::text::Text;
use crate::arch::{Arch, Feature};

pub(super) const FOLDER: &str = "consumers";

/// A program that saves vCPUs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consumer {
    /// Its name.
    pub name: String,
    saves: Vec<Part>,
}

/// Registers that the program saves together.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    /// Features that the vCPU must have, every one.
    all: Vec<Feature>,
    registers: Vec<Register>,
}

impl Consumer {
    /// The registers that it saves of a vCPU with `features`, in its order.
    pub fn saves(&self, features: &[Feature]) -> Vec<&Register> {
        let saved = self.saves.iter().filter(|part| part.all.iter().all(|feature| features.contains(feature)));
        saved.flat_map(|part| &part.registers).collect()
    }

    /// All features that it needs to save the register; `None` if it never saves it.
    pub fn saves_with(&self, id: u64) -> Option<&[Feature]> {
        let part = self.saves.iter().find(|part| part.registers.iter().any(|register| register.id == id))?;
        Some(&part.all)
    }
}

/// A consumer's file.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a map with `name`, `source` and `saves`")]
pub(super) struct ConsumerFile {
    /// Its name.
    name: String,
    /// The place in its source.
    #[expect(dead_code, reason = "required of the file, read by people")]
    source: String,
    /// The registers that it saves, in its order.
    saves: Vec<PartEntry>,
}

/// Registers that the program saves together.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Part"))]
#[serde(deny_unknown_fields, expecting = "a part with `registers` and `all`")]
struct PartEntry {
    /// Registers by name, in order.
    #[cfg_attr(test, schemars(inner(regex(pattern = "^[A-Z][A-Za-z0-9_]*$")), extend("uniqueItems" = true)))]
    registers: Vec<String>,
    /// Features that the vCPU must have, every one; none if absent.
    #[cfg_attr(test, schemars(with = "Option<Vec<Feature>>", length(min = 1), extend("uniqueItems" = true)))]
    all: Option<Vec<String>>,
}

/// Reads `ARCHITECTURE/consumers/*.yaml`, sorted by file name; nothing without that folder.
pub(super) fn load(
    source: &Source,
    arch: &dyn Arch,
    table: &RegisterTable,
) -> impl Iterator<Item = Result<Consumer, SpecError>> {
    let folder = format!("{}/{FOLDER}", arch.name());
    let files = source.list(&folder).into_iter().filter(|file| file.ends_with(".yaml"));
    files.map(move |file| consumer(&source.read(&format!("{folder}/{file}"))?, arch, table))
}

fn consumer(text: &Text, arch: &dyn Arch, table: &RegisterTable) -> Result<Consumer, SpecError> {
    let file: ConsumerFile = text.parse()?;
    let mut saves: Vec<Part> = Vec::new();
    for entry in file.saves {
        let mut registers: Vec<Register> = Vec::new();
        for name in &entry.registers {
            let register = table.named(text, name, || text.line_of_word_in("saves", name))?;
            let mut saved = saves.iter().flat_map(|part| &part.registers).chain(&registers);
            if saved.any(|other| other.id == register.id) {
                let problem = Problem::Duplicate { key: "registers", name: name.clone() };
                return Err(text.error(text.line_of_word(name, 1), problem));
            }
            registers.push(register.clone());
        }
        let start = || entry.registers.last().map_or(1, |name| text.line_of_word_in("saves", name));
        let all = features::resolve_some(text, start, "all", entry.all.as_ref(), arch)?;
        saves.push(Part { all, registers });
    }
    Ok(Consumer { name: file.name, saves })
}
