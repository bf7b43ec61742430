// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A patch for Linux: LoongArch's part of the kernel's selftest get-reg-list.
//!
//! The common part, tools/testing/selftests/kvm/get-reg-list.c, expects `vcpu_configs`, a
//! list of configurations that consist of sublists, and calls `finalize_vcpu`. The parts of
//! the patch that no specification changes are files beside this one. They have this file's
//! licence; a line that says so would be in the patch.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use reglist_suite::arch::{Arch as _, Feature, LoongArch64};
use reglist_suite::spec::{Configuration, ListedGroup, Register};

use super::{id, word};
use crate::report::paragraph::fill;
use crate::spec::Error;
use crate::spec::show::List;

const MAIL: &str = include_str!("mail.txt");
const MAKEFILE: &str = include_str!("makefile.diff");
const VCPU: &str = include_str!("vcpu.c");
const PATH: &str = "tools/testing/selftests/kvm/loongarch/get-reg-list.c";

/// A mail with the test and its line of Makefile.kvm.
pub(crate) fn patch(list: &List) -> Result<String, Error> {
    if list.architecture != LoongArch64.name() {
        return Err(no_selftest("only LoongArch has one"));
    }
    let source = source(list)?;
    let lines: Vec<&str> = source.lines().collect();
    let mut patch = format!("{MAIL}{MAKEFILE}diff --git a/{PATH} b/{PATH}\nnew file mode 100644\n--- /dev/null\n");
    let _ = writeln!(patch, "+++ b/{PATH}\n@@ -0,0 +1,{} @@", lines.len());
    for line in lines {
        let _ = writeln!(patch, "+{line}");
    }
    Ok(patch)
}

fn source(list: &List) -> Result<String, Error> {
    let mut source = String::from("// SPDX-License-Identifier: GPL-2.0-only\n/*\n");
    source.push_str(" * The registers of KVM_GET_REG_LIST on LoongArch, by vCPU configuration.\n *\n");
    fill(&mut source, " * ", " * ", &super::comment(&list.head()));
    let _ = write!(source, " */\n{VCPU}");
    let listed = |group: &&ListedGroup| list.registers.iter().any(|entry| entry.group == group.name);
    let groups: Vec<&ListedGroup> = list.groups.iter().filter(listed).collect();
    let base = groups.iter().filter(|group| group.when.is_empty()).flat_map(|group| &group.registers);
    array(&mut source, list, "base", base);
    for group in groups.iter().filter(|group| !group.when.is_empty()) {
        array(&mut source, list, &group.name, &group.registers);
    }
    for configuration in &list.chosen {
        let _ = writeln!(source, "\nstatic struct vcpu_reg_list config_{} = {{", configuration.name);
        let _ = writeln!(source, "\t.name = \"{}\",\n\t.sublists = {{", configuration.name);
        sublist(&mut source, "base", "base", None);
        for (group, switch) in switched(configuration, &groups)? {
            sublist(&mut source, &switch.name(group), &word(&group.name), Some(&switch));
        }
        source.push_str("\t{ 0 },\n\t},\n};\n");
    }
    source.push_str("\nstruct vcpu_reg_list *vcpu_configs[] = {\n");
    for configuration in &list.chosen {
        let _ = writeln!(source, "\t&config_{},", configuration.name);
    }
    source.push_str("};\n\nint vcpu_configs_n = ARRAY_SIZE(vcpu_configs);\n");
    Ok(source)
}

fn array<'r>(source: &mut String, list: &List, name: &str, registers: impl IntoIterator<Item = &'r Register>) {
    let _ = writeln!(source, "\nstatic __u64 {}_regs[] = {{", word(name));
    for register in registers {
        let _ = writeln!(source, "\t{},\t/* {} */", id(list, register.id), super::comment(&register.name));
    }
    source.push_str("};\n");
}

fn sublist(source: &mut String, name: &str, array: &str, switch: Option<&Switched>) {
    let _ = writeln!(source, "\t{{\n\t\t.name = \"{name}\",");
    if let Some(Switched { kind, bits, .. }) = switch {
        let _ = writeln!(source, "\t\t.feature = {bits:#x},\n\t\t.feature_type = {kind},");
    }
    let _ = writeln!(source, "\t\t.regs = {array}_regs,\n\t\t.regs_n = ARRAY_SIZE({array}_regs),\n\t}},");
}

/// How a sublist is switched on.
struct Switched {
    /// A constant of vcpu.c.
    kind: &'static str,
    bits: u64,
    features: Vec<Feature>,
}

impl Switched {
    /// The group's name, with those of the features if they are only a part.
    fn name(&self, group: &ListedGroup) -> String {
        if self.features.len() == group.when.len() {
            return word(&group.name);
        }
        self.features.iter().map(|feature| feature.name).collect::<Vec<_>>().join("+")
    }
}

/// The groups that features bring into a configuration's list, and their switches. Every
/// feature must bring a group: the common part knows no other place for it.
fn switched<'g>(
    configuration: &Configuration,
    groups: &[&'g ListedGroup],
) -> Result<Vec<(&'g ListedGroup, Switched)>, Error> {
    let mut switched = Vec::new();
    for group in groups.iter().copied().filter(|group| !group.when.is_empty()) {
        let of = |feature: &&Feature| group.when.contains(feature);
        let features: Vec<Feature> = configuration.features.iter().filter(of).copied().collect();
        let mut switches = features.iter().filter_map(|feature| LoongArch64.switch(*feature));
        let Some(first) = switches.next() else { continue };
        let mut bits = first.bits;
        for other in switches {
            if other.register != first.register {
                return Err(no_selftest(&format!("features of two registers bring group {}", group.name)));
            }
            bits |= other.bits;
        }
        let kind = match LoongArch64.decode(first.register) {
            Some((LoongArch64::CPUCFG, 2)) => "SWITCH_CPUCFG2",
            Some((LoongArch64::CPUCFG, 6)) => "SWITCH_PMU",
            _ => return Err(no_selftest(&format!("group {} has a switch that it does not know", group.name))),
        };
        switched.push((group, Switched { kind, bits, features }));
    }
    let is_on = |feature: &&Feature| !switched.iter().any(|(_, switch)| switch.features.contains(feature));
    match configuration.features.iter().find(is_on) {
        Some(feature) => Err(no_selftest(&format!("{feature} brings no group into the list"))),
        None => Ok(switched),
    }
}

fn no_selftest(why: &str) -> Error {
    Error::NoSelftest { why: why.to_owned() }
}
