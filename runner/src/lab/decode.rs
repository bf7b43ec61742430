// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Adds the line of the source to a place in a module, as the kernel's log names it:
//! `kvm_set_one_reg+0x1c/0x30 [kvm]`.

use std::fs;

use gimli::DwarfSections;
use object::{File, Object as _, ObjectSection as _, ObjectSymbol as _, SymbolKind};

use super::debug_info::{Debug, DebugInfoError, TEXT, relocated};
use super::kernel::Kernel;

/// Where a build shows the source to the compiler.
const SOURCE: &str = "/src/";

/// A part of the paths of KVM's own code.
const KVM: &str = "/kvm/";

/// The text with the line behind the first place in a module that has debug information.
pub(crate) fn decode(text: &str, kernel: &Kernel) -> Option<String> {
    kernel.modules.iter().find_map(|module| {
        let mark = format!(" [{}]", module.trim_end_matches(".ko"));
        let (before, after) = text.split_once(&mark)?;
        let place = before.rsplit(|character: char| character.is_whitespace() || character == '"').next()?;
        let line = line(&fs::read(kernel.path.join(module)).ok()?, place).ok()??;
        Some(format!("{before}{mark} ({line}){after}"))
    })
}

/// `FILE:LINE` of a place, `FUNCTION+0xOFFSET/0xSIZE`.
fn line(module: &[u8], place: &str) -> Result<Option<String>, DebugInfoError> {
    let Some((function, offset)) = parts(place) else { return Ok(None) };
    let file = File::parse(module)?;
    let text = file.section_by_name(TEXT).ok_or(DebugInfoError::NoSection { name: TEXT })?;
    let is_it = |symbol: &object::Symbol<'_, '_>| {
        symbol.kind() == SymbolKind::Text
            && symbol.section_index() == Some(text.index())
            && symbol.name_bytes() == Ok(function.as_bytes())
    };
    let Some(symbol) = file.symbols().find(is_it) else { return Ok(None) };
    let sections = DwarfSections::load(|id| relocated(&file, id.name(), text.index()))?;
    // The log has the address behind a call.
    let address = symbol.address().wrapping_add(offset).saturating_sub(1);
    let lines = Debug::of(&sections)?.lines(address)?;
    // An inline function of a header says less than its caller in KVM.
    let own = lines.iter().find(|(path, _)| path.contains(KVM)).or(lines.first());
    Ok(own.map(|(path, number)| format!("{}:{number}", path.strip_prefix(SOURCE).unwrap_or(path))))
}

fn parts(place: &str) -> Option<(&str, u64)> {
    let (function, rest) = place.split_once("+0x")?;
    let (offset, _) = rest.split_once("/0x")?;
    Some((function, u64::from_str_radix(offset, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_function_with_an_offset() {
        assert_eq!(parts("kvm_x+0x1c/0x30"), Some(("kvm_x", 0x1c)));
        for place in ["kvm_x", "kvm_x+0x1c", "kvm_x+0xzz/0x30", ""] {
            assert_eq!(parts(place), None, "{place}");
        }
    }

    #[test]
    fn a_module_without_debug_information_has_no_lines() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("kvm.ko"), "no object").unwrap();
        let kernel = Kernel { modules: vec!["kvm.ko".to_owned()], ..Kernel::planned(directory.path().into(), false) };
        for text in ["BUG: KASAN in kvm_x+0x1c/0x30 [kvm]", "{\"x\":\" [kvm] [kvm]\"}", "nothing"] {
            assert_eq!(decode(text, &kernel), None);
        }
    }
}
