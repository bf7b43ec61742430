// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The basic blocks of a module, and the lines of the source that each has.
//!
//! GCC begins each block with a call of KCOV. The code from one call to the next is a
//! block; debug information says which lines it comes from.

use std::collections::{BTreeMap, BTreeSet};

use addr2line::Context;
use gimli::{Dwarf, DwarfSections, EndianSlice, LittleEndian};
use object::elf::{
    R_LARCH_32, R_LARCH_64, R_LARCH_ADD8, R_LARCH_ADD16, R_LARCH_ADD32, R_LARCH_ADD64, R_LARCH_B26, R_LARCH_CALL36,
    R_LARCH_NONE, R_LARCH_SUB8, R_LARCH_SUB16, R_LARCH_SUB32, R_LARCH_SUB64, RelocationType,
};
use object::{File, Object as _, ObjectSection as _, ObjectSymbol as _, RelocationFlags, RelocationTarget};
use object::{Relocation, Section, SectionIndex, SymbolKind};

/// The function that KCOV's calls go to.
const KCOV: &str = "__sanitizer_cov_trace_pc";
const TEXT: &str = ".text";
/// Addresses of other sections than [`TEXT`] begin here.
const ELSEWHERE: u64 = 1 << 62;

type Slice<'d> = EndianSlice<'d, LittleEndian>;

#[derive(Debug, thiserror::Error)]
pub(super) enum BlocksError {
    #[error("it is no object file: {0}")]
    Object(#[from] object::Error),
    #[error("its debug information is damaged: {0}")]
    Dwarf(#[from] gimli::Error),
    #[error("it has no section {name}")]
    NoSection { name: &'static str },
    #[error("relocation {kind} at {offset:#x} is unknown")]
    Relocation { kind: u32, offset: u64 },
}

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
pub(super) fn of(module: &[u8]) -> Result<Vec<Block>, BlocksError> {
    let file = File::parse(module)?;
    let text = file.section_by_name(TEXT).ok_or(BlocksError::NoSection { name: TEXT })?;
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
fn calls(file: &File<'_>, text: &Section<'_, '_>) -> Result<BTreeMap<u64, u64>, BlocksError> {
    let mut calls = BTreeMap::new();
    for (offset, relocation) in text.relocations() {
        let RelocationTarget::Symbol(symbol) = relocation.target() else { continue };
        if file.symbol_by_index(symbol)?.name_bytes()? != KCOV.as_bytes() {
            continue;
        }
        let length = match kind(&relocation) {
            R_LARCH_B26 => 4,
            R_LARCH_CALL36 => 8,
            kind => return Err(BlocksError::Relocation { kind: kind.0, offset }),
        };
        calls.insert(offset, offset.wrapping_add(length));
    }
    Ok(calls)
}

/// The debug information of a module, relocated as if its text were at address 0.
struct Debug<'d> {
    dwarf: Dwarf<Slice<'d>>,
    context: Context<Slice<'d>>,
}

impl<'d> Debug<'d> {
    fn of(sections: &'d DwarfSections<Vec<u8>>) -> Result<Self, BlocksError> {
        let borrowed = || sections.borrow(|section| EndianSlice::new(section, LittleEndian));
        Ok(Self { dwarf: borrowed(), context: Context::from_dwarf(borrowed())? })
    }

    /// Addresses at which another line begins, each with the address of the next one.
    fn rows(&self) -> Result<Vec<(u64, u64)>, BlocksError> {
        let mut rows = Vec::new();
        let mut units = self.dwarf.units();
        while let Some(header) = units.next()? {
            let Some(program) = self.dwarf.unit(header)?.line_program else { continue };
            let mut current = None;
            let mut steps = program.rows();
            while let Some((_, row)) = steps.next_row()? {
                rows.extend(current.filter(|first| *first < row.address()).map(|first| (first, row.address())));
                current = Some(row.address()).filter(|address| !row.end_sequence() && *address < ELSEWHERE);
            }
        }
        Ok(rows)
    }

    /// The lines at an address: of the code, and of the calls that the compiler has
    /// replaced by it.
    fn lines(&self, address: u64) -> Result<Vec<(String, u64)>, BlocksError> {
        let mut frames = self.context.find_frames(address).skip_all_loads()?;
        let mut lines = Vec::new();
        while let Some(frame) = frames.next()? {
            let location = frame.location.and_then(|location| Some((location.file?.to_owned(), location.line?)));
            lines.extend(location.map(|(file, line)| (file, u64::from(line))));
        }
        Ok(lines)
    }
}

/// A section of debug information with its relocations applied.
/// Empty if the module does not have it.
fn relocated(file: &File<'_>, name: &str, text: SectionIndex) -> Result<Vec<u8>, BlocksError> {
    let Some(section) = file.section_by_name(name) else { return Ok(Vec::new()) };
    let mut data = section.uncompressed_data()?.into_owned();
    for (offset, relocation) in section.relocations() {
        let RelocationTarget::Symbol(symbol) = relocation.target() else { continue };
        let symbol = file.symbol_by_index(symbol)?;
        let mut value = symbol.address().wrapping_add_signed(relocation.addend());
        let (bytes, adds) = match kind(&relocation) {
            R_LARCH_32 => (4, None),
            R_LARCH_64 => {
                if symbol.section_index() != Some(text) {
                    value |= ELSEWHERE;
                }
                (8, None)
            }
            R_LARCH_ADD8 => (1, Some(true)),
            R_LARCH_ADD16 => (2, Some(true)),
            R_LARCH_ADD32 => (4, Some(true)),
            R_LARCH_ADD64 => (8, Some(true)),
            R_LARCH_SUB8 => (1, Some(false)),
            R_LARCH_SUB16 => (2, Some(false)),
            R_LARCH_SUB32 => (4, Some(false)),
            R_LARCH_SUB64 => (8, Some(false)),
            kind => return Err(BlocksError::Relocation { kind: kind.0, offset }),
        };
        let place = usize::try_from(offset).ok().and_then(|first| data.get_mut(first..first.checked_add(bytes)?));
        let Some(place) = place else { continue };
        let mut old = [0; 8];
        old.iter_mut().zip(&*place).for_each(|(to, from)| *to = *from);
        let old = u64::from_le_bytes(old);
        let new = match adds {
            None => value,
            Some(true) => old.wrapping_add(value),
            Some(false) => old.wrapping_sub(value),
        };
        place.iter_mut().zip(new.to_le_bytes()).for_each(|(to, from)| *to = from);
    }
    Ok(data)
}

/// The number of a relocation's type in ELF.
fn kind(relocation: &Relocation) -> RelocationType {
    match relocation.flags() {
        RelocationFlags::Elf { r_type } => r_type,
        _ => R_LARCH_NONE,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_module_is_told() {
        assert!(matches!(of(b"text"), Err(BlocksError::Object(_))));
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
