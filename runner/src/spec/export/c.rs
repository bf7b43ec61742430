// SPDX-License-Identifier: Apache-2.0 OR MIT
//! C: an array of ids in the macros of the kernel's uapi headers.

use std::fmt::Write as _;

use super::{comment, id, list_name, listed};
use crate::report::paragraph::fill;
use crate::spec::show::List;

/// An array for kernel and user code. It needs no header besides linux/kvm.h.
pub(crate) fn array(list: &List) -> String {
    let mut shown = String::from("/*\n");
    fill(&mut shown, " * ", " * ", &comment(&list.head()));
    let _ = writeln!(shown, " */\n#include <linux/kvm.h>\n\nstatic const __u64 {}[] = {{", list_name(list));
    let mut group = None;
    for entry in &list.registers {
        if group != Some(&entry.group) {
            let gap = if group.is_some() { "\n" } else { "" };
            let _ = writeln!(shown, "{gap}\t/* {} */", comment(&entry.group));
            group = Some(&entry.group);
        }
        let listed = listed(list, entry).map(|names| format!(": {names}")).unwrap_or_default();
        let _ = writeln!(shown, "\t{},\t/* {}{listed} */", id(list, entry.register.id), comment(&entry.name));
    }
    shown.push_str("};\n");
    shown
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::compiler::{HEADER, compiles, printed};
    use super::*;

    fn list(configuration: &str) -> List {
        List::of(None, None, Some("v5"), configuration).unwrap()
    }

    #[test]
    fn every_entry_of_the_array_is_the_id_of_the_specification() {
        let list = list("pmu_lbt");
        let array = array(&list);
        assert!(!array.contains("ULL"), "{array}");
        let directory = tempfile::tempdir().unwrap();
        let main = "
#include <stdio.h>
int main(void)
{
	for (unsigned int i = 0; i < sizeof(loongarch64_v5_pmu_lbt) / sizeof(__u64); i++)
		printf(\"%llx\\n\", loongarch64_v5_pmu_lbt[i]);
}
";
        fs::create_dir(directory.path().join("linux")).unwrap();
        fs::write(directory.path().join("linux/kvm.h"), HEADER).unwrap();
        fs::write(directory.path().join("list.c"), array + main).unwrap();
        if !compiles("cc", &["-Wall", "-Wextra", "-Werror", "-I", ".", "list.c", "-o", "list"], directory.path()) {
            return;
        }
        let ids: Vec<String> = list.registers.iter().map(|entry| format!("{:x}", entry.register.id)).collect();
        assert_eq!(printed(&directory.path().join("list")), ids);
    }

    #[test]
    fn the_union_names_the_configurations_that_list_only_some() {
        let array = array(&list("all"));
        assert!(array.contains("\n\tKVM_IOC_CSRID(0x0),\t/* CRMD */\n"), "{array}");
        assert!(array.contains("\n\tKVM_IOC_CSRID(0x200),\t/* PERFCTRL0: pmu, pmu_lbt */\n"), "{array}");
        assert!(array.contains("static const __u64 loongarch64_v5_all[]"), "{array}");
    }

    #[test]
    fn a_csr_has_its_name_in_a_comment() {
        let array = array(&list("base"));
        assert!(array.contains("\n\tKVM_IOC_CSRID(0x0),\t/* CRMD */\n"), "{array}");
        assert!(array.contains("\n\tKVM_IOC_CPUCFG(2),\t/* CPUCFG2 */\n"), "{array}");
        assert!(array.contains("\n\tKVM_REG_LOONGARCH_COUNTER,\t/* COUNTER */\n"), "{array}");
    }

    #[test]
    fn no_name_ends_a_comment() {
        let mut list = list("base");
        for entry in &mut list.registers {
            entry.name = "A*/ #error".to_owned();
            entry.group = "B*/ #error".to_owned();
        }
        let array = array(&list);
        assert!(!array.contains("A*/") && !array.contains("B*/"), "{array}");
    }
}
