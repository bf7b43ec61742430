// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Rust: a module with a constant for each register, and lists as arrays.

use std::fmt::Write as _;

use super::{list_name, listed, name_of};
use crate::report::paragraph::fill;
use crate::spec::Error;
use crate::spec::show::List;

/// A module without dependencies, which denied warnings accept.
pub(crate) fn module(list: &List) -> Result<String, Error> {
    let arrays = arrays(list);
    for entry in &list.registers {
        if !is_constant(&entry.name) || arrays.iter().any(|array| array.name == entry.name) {
            return Err(Error::NoConstant { name: entry.name.clone() });
        }
    }
    let mut shown = String::new();
    fill(&mut shown, "//! ", "//! ", &format!("{}.", list.head()));
    // A VMM need not use every register, and names are the specification's.
    shown.push_str("\n#![allow(dead_code, non_upper_case_globals)]\n");
    for entry in &list.registers {
        shown.push('\n');
        fill(&mut shown, "/// ", "/// ", &sentence(&entry.register.about));
        if let Some(configurations) = listed(list, entry) {
            shown.push_str("///\n");
            fill(&mut shown, "/// ", "/// ", &format!("Listed in {configurations}."));
        }
        let _ = writeln!(shown, "pub const {}: u64 = {};", entry.name, grouped(entry.register.id));
    }
    for Array { name, about, registers } in &arrays {
        let length = registers.len();
        let _ = writeln!(shown, "\n/// {about}\n#[rustfmt::skip]\npub const {name}: [u64; {length}] = [");
        for register in registers {
            let _ = writeln!(shown, "    {register},");
        }
        shown.push_str("];\n");
    }
    Ok(shown)
}

/// An array of constants, by name.
struct Array<'l> {
    name: String,
    about: String,
    registers: Vec<&'l str>,
}

/// The list; for the union, also the list of each configuration.
fn arrays(list: &List) -> Vec<Array<'_>> {
    let name = list_name(list).to_uppercase();
    let registers = list.registers.iter().map(|entry| entry.name.as_str()).collect();
    let is_union = !list.configurations.is_empty();
    let about =
        if is_union { "Every register that a configuration lists." } else { "The list, in the kernel's order." };
    let mut arrays = vec![Array { name, about: about.to_owned(), registers }];
    for configuration in &list.configurations {
        let name = name_of(list, configuration).to_uppercase();
        let about = format!("The list of configuration {configuration}, in the kernel's order.");
        let listed = list.registers.iter().filter(|entry| entry.configurations.contains(configuration));
        arrays.push(Array { name, about, registers: listed.map(|entry| entry.name.as_str()).collect() });
    }
    arrays
}

/// A purpose as a sentence.
fn sentence(about: &str) -> String {
    let mut characters = about.trim().trim_end_matches('.').chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).chain(['.']).collect()
}

/// Whether a name can be that of a constant. The schema wants no other names, but the
/// loader accepts them.
fn is_constant(name: &str) -> bool {
    let mut characters = name.chars();
    let first = characters.next().is_some_and(|first| first.is_ascii_uppercase());
    first && characters.all(|c| c.is_ascii_alphanumeric() || c == '_') && name != "Self"
}

/// Hexadecimal in groups of four digits, as clippy wants it.
fn grouped(id: u64) -> String {
    let groups = [48, 32, 16, 0].map(|shift| format!("{:04x}", id >> shift & 0xffff));
    format!("0x{}", groups.join("_"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::compiler::{compiles, printed};
    use super::*;

    fn list(configuration: &str) -> List {
        List::of(None, None, Some("v5"), configuration).unwrap()
    }

    #[test]
    fn the_module_compiles_alone_and_has_the_ids_of_the_specification() {
        let list = list("pmu_lbt");
        let directory = tempfile::tempdir().unwrap();
        let main = "\
#![deny(warnings)]
mod list;
fn main() {
    list::LOONGARCH64_V5_PMU_LBT.iter().for_each(|id| println!(\"{id:x}\"));
    println!(\"{:x}\", list::ESTAT);
}
";
        fs::write(directory.path().join("list.rs"), module(&list).unwrap()).unwrap();
        fs::write(directory.path().join("main.rs"), main).unwrap();
        if !compiles("rustc", &["--edition", "2021", "main.rs", "-o", "main"], directory.path()) {
            return;
        }
        let mut ids: Vec<String> = list.registers.iter().map(|entry| format!("{:x}", entry.register.id)).collect();
        ids.push("9030000000010028".to_owned());
        assert_eq!(printed(&directory.path().join("main")), ids);
    }

    #[test]
    fn the_union_has_the_list_of_each_configuration() {
        let union = list("all");
        let directory = tempfile::tempdir().unwrap();
        let main = "\
#![deny(warnings)]
mod list;
fn main() {
    list::LOONGARCH64_V5_LBT_ARM.iter().for_each(|id| println!(\"{id:x}\"));
    assert_eq!(list::LOONGARCH64_V5_ALL.len(), 90);
}
";
        let module = module(&union).unwrap();
        let constant = "\n///\n/// Listed in pmu, pmu_lbt.\npub const PERFCTRL0: u64 =";
        assert!(module.contains(constant), "{module}");
        assert_eq!(module.matches("; 82] = [").count(), 4, "{module}");
        fs::write(directory.path().join("list.rs"), module).unwrap();
        fs::write(directory.path().join("main.rs"), main).unwrap();
        if !compiles("rustc", &["--edition", "2021", "main.rs", "-o", "main"], directory.path()) {
            return;
        }
        let ids: Vec<String> =
            list("lbt_arm").registers.iter().map(|entry| format!("{:x}", entry.register.id)).collect();
        assert_eq!(printed(&directory.path().join("main")), ids);
    }

    #[test]
    fn every_constant_has_its_purpose() {
        let module = module(&list("base")).unwrap();
        let constant = "/// Exception return address.\npub const ERA: u64 = 0x9030_0000_0001_0030;\n";
        assert!(module.contains(constant), "{module}");
        let lines: Vec<&str> = module.lines().collect();
        let bare = lines.windows(2).find(|pair| pair[1].starts_with("pub const") && !pair[0].starts_with(['/', '#']));
        assert_eq!(bare, None);
        assert!(module.lines().all(|line| line.len() <= 80), "{module}");
    }

    #[test]
    fn a_name_that_rust_does_not_accept_is_refused() {
        for name in ["CSR-1", "9TH", "", "Self", "A B", "É", "LOONGARCH64_V5_BASE"] {
            let mut list = list("base");
            list.registers[3].name = name.to_owned();
            let error = module(&list).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{name}` cannot be the name of a constant in Rust\n[")), "{error}");
        }
    }
}
