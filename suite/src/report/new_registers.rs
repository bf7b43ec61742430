// SPDX-License-Identifier: Apache-2.0 OR MIT
//! New registers as YAML for a specification.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::arch::Arch;
use crate::report::events::{Finding, NamedRegister};

/// The `observed` of a register that `--allow-new` allows.
pub const NEW: &str = "a new one";

const ABOUT: &str = "listed by a newer kernel";

/// The new registers among `findings` as YAML to paste into `registers.yaml`
/// (those without a name there) and `groups.yaml`; `None` if there are none.
pub fn as_yaml<'a>(findings: impl IntoIterator<Item = &'a Finding>, arch: &dyn Arch) -> Option<String> {
    let new: BTreeMap<u64, &NamedRegister> = findings
        .into_iter()
        .filter(|finding| finding.observed == NEW)
        .filter_map(|finding| finding.register.as_ref())
        .map(|register| (register.id, register))
        .collect();
    if new.is_empty() {
        return None;
    }
    let mut unnamed = String::new();
    let mut names = Vec::new();
    for register in new.values() {
        let name = register.name.replace(' ', "_");
        match arch.decode(register.id) {
            Some((type_, index)) if register.name == arch.describe(register.id) => {
                let _ = writeln!(
                    unnamed,
                    "      - {{name: {name}, index: {index:#x}, about: \"{ABOUT}\"}}  # type {type_}"
                );
            }
            Some(_) => {}
            None => {
                let _ = writeln!(unnamed, "      # {:#018x}: {}", register.id, arch.describe(register.id));
                continue;
            }
        }
        names.push(name);
    }
    let mut yaml = String::new();
    if !unnamed.is_empty() {
        let _ = write!(yaml, "# registers.yaml, under a group of the right type:\n{unnamed}");
    }
    if !names.is_empty() {
        let _ = writeln!(yaml, "# groups.yaml:\n    registers: [{}]", names.join(", "));
    }
    Some(yaml)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::LoongArch64;
    use crate::spec::clause::Level;

    fn finding(name: &str, id: u64, observed: &str) -> Finding {
        Finding {
            register: Some(NamedRegister { name: name.into(), id }),
            ..Finding::new("list.contents", Level::Note, String::new(), observed.into())
        }
    }

    #[test]
    fn named_and_unnamed_registers_are_ready_to_paste() {
        let findings = [
            finding("MERRCTL", 0x9030_0000_0001_0480, NEW),
            finding("CSR 0x9", 0x9030_0000_0001_0048, NEW),
            finding("CSR 0x9", 0x9030_0000_0001_0048, NEW),
            finding("CRMD", 0x9030_0000_0001_0000, "missing"),
            finding("no LoongArch register", 0x1, NEW),
        ];
        insta::assert_snapshot!(as_yaml(&findings, &LoongArch64).unwrap());
    }

    #[test]
    fn nothing_new_is_nothing_to_paste() {
        assert_eq!(as_yaml(&[finding("CRMD", 1, "missing")], &LoongArch64), None);
    }
}
