// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The debug information of a module: which lines of the source an address comes from.
//!
//! A module is not linked, so that its relocations have to be applied first.

use addr2line::Context;
use gimli::{Dwarf, DwarfSections, EndianSlice, LittleEndian};
use object::elf::{
    R_LARCH_32, R_LARCH_64, R_LARCH_ADD8, R_LARCH_ADD16, R_LARCH_ADD32, R_LARCH_ADD64, R_LARCH_NONE, R_LARCH_SUB8,
    R_LARCH_SUB16, R_LARCH_SUB32, R_LARCH_SUB64, RelocationType,
};
use object::{File, Object as _, ObjectSection as _, ObjectSymbol as _, RelocationFlags, RelocationTarget};
use object::{Relocation, SectionIndex};

/// The section with a module's code.
pub(super) const TEXT: &str = ".text";
/// Addresses of other sections than [`TEXT`] begin here.
const ELSEWHERE: u64 = 1 << 62;

type Slice<'d> = EndianSlice<'d, LittleEndian>;

#[derive(Debug, thiserror::Error)]
pub(super) enum DebugInfoError {
    #[error("it is no object file: {0}")]
    Object(#[from] object::Error),
    #[error("its debug information is damaged: {0}")]
    Dwarf(#[from] gimli::Error),
    #[error("it has no section {name}")]
    NoSection { name: &'static str },
    #[error("relocation {kind} at {offset:#x} is unknown")]
    Relocation { kind: u32, offset: u64 },
}

/// The debug information of a module, relocated as if its text were at address 0.
pub(super) struct Debug<'d> {
    dwarf: Dwarf<Slice<'d>>,
    context: Context<Slice<'d>>,
}

impl<'d> Debug<'d> {
    pub(super) fn of(sections: &'d DwarfSections<Vec<u8>>) -> Result<Self, DebugInfoError> {
        let borrowed = || sections.borrow(|section| EndianSlice::new(section, LittleEndian));
        Ok(Self { dwarf: borrowed(), context: Context::from_dwarf(borrowed())? })
    }

    /// Addresses at which another line begins, each with the address of the next one.
    pub(super) fn rows(&self) -> Result<Vec<(u64, u64)>, DebugInfoError> {
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
    pub(super) fn lines(&self, address: u64) -> Result<Vec<(String, u64)>, DebugInfoError> {
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
pub(super) fn relocated(file: &File<'_>, name: &str, text: SectionIndex) -> Result<Vec<u8>, DebugInfoError> {
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
            kind => return Err(DebugInfoError::Relocation { kind: kind.0, offset }),
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
pub(super) fn kind(relocation: &Relocation) -> RelocationType {
    match relocation.flags() {
        RelocationFlags::Elf { r_type } => r_type,
        _ => R_LARCH_NONE,
    }
}
