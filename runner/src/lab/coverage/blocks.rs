// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The basic blocks of a module, and the lines of the source that each has.
//!
//! GCC begins each block with a call of KCOV. The code from one call to the next is a
//! block; debug information says which lines it comes from.

use std::collections::{BTreeMap, BTreeSet};

use gimli::DwarfSections;
use object::elf::{R_LARCH_B26, R_LARCH_CALL36};
use object::{File, Object as _, ObjectSection as _, ObjectSymbol as _, RelocationTarget, Section, SymbolKind};

use crate::lab::debug_info::{Debug, DebugInfoError, TEXT, kind, relocated};

/// The function that KCOV's calls go to.
const KCOV: &str = "__sanitizer_cov_trace_pc";
/// A basic block.
#[derive(Debug)]
pub(super) struct Block {
    /// The address that KCOV records, relative to the beginning of the text: the one
    /// behind the call.
    pub(super) recorded: u64,
    /// Path and line.
    pub(super) lines: BTreeSet<(String, u64)>,
}

/// The blocks of a module in the order of their addresses; none if it does not call KCOV.
pub(super) fn of(module: &[u8]) -> Result<Vec<Block>, DebugInfoError> {
    let file = File::parse(module)?;
    let text = file.section_by_name(TEXT).ok_or(DebugInfoError::NoSection { name: TEXT })?;
    let calls = calls(&file, &text)?;
    let mut blocks: Vec<Block> =
        calls.values().map(|recorded| Block { recorded: *recorded, lines: BTreeSet::new() }).collect();
    if blocks.is_empty() {
        return Ok(blocks);
    }
    let starts: Vec<u64> = calls.keys().copied().collect();
    let mut functions: Vec<(u64, u64)> = file
        .symbols()
        .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.section_index() == Some(text.index()))
        .map(|symbol| (symbol.address(), symbol.address().saturating_add(symbol.size())))
        .collect();
    functions.sort_unstable();
    let sections = DwarfSections::load(|id| relocated(&file, id.name(), text.index()))?;
    let debug = Debug::of(&sections)?;
    for (row, next) in debug.rows()? {
        let before = |start: u64| starts.partition_point(|known| *known < start);
        let function = functions.get(..functions.partition_point(|(first, _)| *first <= row)).and_then(<[_]>::last);
        let Some((first, end)) = function.filter(|(_, end)| row < *end) else { continue };
        let inside = before(*first)..before(*end);
        // Before its first call, a function sets up its frame.
        let begun = before(row + 1).saturating_sub(1).max(inside.start);
        let touched = (begun..before(next).max(begun + 1)).filter(|index| inside.contains(index));
        let lines = debug.lines(row)?;
        for index in touched {
            if let Some(block) = blocks.get_mut(index) {
                block.lines.extend(lines.iter().cloned());
            }
        }
    }
    Ok(blocks)
}

/// The address behind each call of KCOV, by the address of the call.
fn calls(file: &File<'_>, text: &Section<'_, '_>) -> Result<BTreeMap<u64, u64>, DebugInfoError> {
    let mut calls = BTreeMap::new();
    for (offset, relocation) in text.relocations() {
        let RelocationTarget::Symbol(symbol) = relocation.target() else { continue };
        if file.symbol_by_index(symbol)?.name_bytes()? != KCOV.as_bytes() {
            continue;
        }
        let length = match kind(&relocation) {
            R_LARCH_B26 => 4,
            R_LARCH_CALL36 => 8,
            kind => return Err(DebugInfoError::Relocation { kind: kind.0, offset }),
        };
        calls.insert(offset, offset.wrapping_add(length));
    }
    Ok(calls)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_module_is_told() {
        assert!(matches!(of(b"text"), Err(DebugInfoError::Object(_))));
    }

    proptest! {
        #[test]
        fn a_damaged_module_is_an_error(place in 0..10_000_usize, byte: u8, end in 64..10_000_usize) {
            // This program is an object with code and, in a debug build, lines.
            static PROGRAM: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
                std::fs::read(std::env::current_exe().unwrap()).unwrap().into_iter().take(10_000).collect()
            });
            let mut module = PROGRAM.clone();
            module[place] = byte;
            module.truncate(end);
            let _ = of(&module);
        }
    }
}
