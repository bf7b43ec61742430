// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What the built-in specifications say, and what is said of broken ones.
//!
//! Every broken tree is a copy of `specs` with one edit; the messages are kept
//! here whole, with `DIR` for the tree and `LINE` for the line that the test
//! finds by itself.

mod consumer;
mod contract;
mod groups;
mod limits;
mod mutations;
mod problems;
mod registers;
mod schema;
mod unlisted;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{Rule, Source, Spec, SpecError};
use crate::arch::{Arch, LoongArch64};

const CLAUSES: &str = "clauses.yaml";
const REGISTERS: &str = "loongarch64/registers.yaml";
const UNLISTED: &str = "loongarch64/unlisted.yaml";
const QEMU: &str = "loongarch64/consumers/qemu.yaml";
const GROUPS: &str = "loongarch64/v5/groups.yaml";
const CONTRACT: &str = "x86_64/contract/base.yaml";
const BASE: &str = "loongarch64/v5/base.yaml";
const PMU: &str = "loongarch64/v5/pmu.yaml";

/// The directory that is built into the program.
fn specs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")
}

/// Every YAML file below `specs`, by its path there.
fn files() -> Vec<String> {
    fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let mut found = Vec::new();
    walk(&specs(), &specs(), &mut found);
    found.sort();
    found
}

/// A copy of `specs`, to be broken.
struct Tree(TempDir);

impl Tree {
    fn new() -> Self {
        let tree = Self(TempDir::new().unwrap());
        for file in files() {
            fs::create_dir_all(tree.path(&file).parent().unwrap()).unwrap();
            fs::copy(specs().join(&file), tree.path(&file)).unwrap();
        }
        tree
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap()
    }

    fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(file), content).unwrap();
    }

    /// Replaces the one place where `old` stands.
    fn replace(&self, file: &str, old: &str, new: &str) {
        let text = self.read(file);
        assert_eq!(text.matches(old).count(), 1, "{file} holds `{old}` once");
        self.write(file, text.replace(old, new));
    }

    fn load(&self, series: &str) -> Result<Spec, SpecError> {
        self.load_for(&LoongArch64, series)
    }

    fn load_for(&self, arch: &dyn Arch, series: &str) -> Result<Spec, SpecError> {
        Spec::load(&Source::Directory(self.0.path().to_owned()), arch, series)
    }

    /// The problem's message; it must be in `file`, in the one line that holds
    /// `culprit`.
    fn refusal(&self, file: &str, culprit: &str) -> String {
        let text = self.read(file);
        let lines: Vec<usize> =
            text.lines().zip(1..).filter(|(line, _)| line.contains(culprit)).map(|(_, number)| number).collect();
        assert_eq!(lines.len(), 1, "{file} holds `{culprit}` in one line");
        self.refusal_at(file, lines[0])
    }

    fn refusal_at(&self, file: &str, line: usize) -> String {
        let error = self.load("v5").expect_err("the tree is broken");
        assert_eq!((error.file.as_str(), error.line), (self.path(file).to_str().unwrap(), line), "{error}");
        neutral(&error, self.0.path())
    }
}

fn neutral(error: &SpecError, root: &Path) -> String {
    let text =
        error.to_string().replace(root.to_str().unwrap(), "DIR").replace(&format!(":{}: ", error.line), ":LINE: ");
    // Lines and columns come and go with every edit of the files.
    let mut parts = text.split(" at line ");
    let mut neutral = parts.next().unwrap().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(" column ");
        neutral.push_str(" at line LINE");
        neutral.push_str(rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    neutral
}

fn embedded() -> Spec {
    Spec::load(&Source::Embedded, &LoongArch64, "v5").unwrap()
}

#[test]
fn v5_lists_as_many_registers_as_its_author_meant() {
    let counts: Vec<(String, usize)> = embedded()
        .configurations
        .into_iter()
        .map(|configuration| (configuration.name, configuration.registers.len()))
        .collect();
    let expected =
        [("base", 76), ("lbt", 82), ("lbt_arm", 82), ("lbt_mips", 82), ("lbt_x86", 82), ("pmu", 84), ("pmu_lbt", 90)];
    assert_eq!(counts, expected.map(|(name, count)| (name.to_owned(), count)));
}

#[test]
fn each_bit_of_lbt_alone_brings_the_registers_of_all_of_lbt() {
    let spec = embedded();
    let list = |name: &str| &spec.configurations.iter().find(|known| known.name == name).unwrap().registers;
    for single in ["lbt_x86", "lbt_arm", "lbt_mips"] {
        assert_eq!(list(single), list("lbt"), "{single}");
    }
}

#[test]
fn the_csrs_begin_with_crmd_and_end_with_the_timer() {
    for configuration in embedded().configurations {
        let csrs: Vec<&str> = configuration.registers.iter().take(54).map(|register| register.name.as_str()).collect();
        assert_eq!(csrs.first(), Some(&"CRMD"), "{}", configuration.name);
        assert_eq!(csrs[52..], ["TVAL", "TCFG"], "{}", configuration.name);
    }
}

#[test]
fn a_pmu_and_lbt_add_their_registers_and_change_no_others() {
    let spec = embedded();
    let list = |name: &str| -> Vec<&str> {
        let found = spec.configurations.iter().find(|known| known.name == name).unwrap();
        found.registers.iter().map(|register| register.name.as_str()).collect()
    };
    let without = |name: &str, prefixes: &[&str]| -> Vec<&str> {
        list(name).into_iter().filter(|name| !prefixes.iter().any(|prefix| name.starts_with(prefix))).collect()
    };
    assert_eq!(without("pmu", &["PERF"]), list("base"));
    assert_eq!(without("lbt", &["LBT_"]), list("base"));
    assert_eq!(without("pmu_lbt", &["PERF", "LBT_"]), list("base"));
}

#[test]
fn every_listed_register_has_a_safe_value_or_keeps_the_one_it_has() {
    for configuration in embedded().configurations {
        for register in configuration.registers {
            let fixed = register.rule == Rule::Fixed;
            assert_ne!(fixed, !register.values.is_empty(), "{}: {}", configuration.name, register.name);
        }
    }
}

#[test]
fn every_register_says_where_its_facts_come_from() {
    for register in embedded().registers.all() {
        assert!(!register.source.trim().is_empty(), "{}", register.name);
    }
}

#[test]
fn every_register_says_in_a_phrase_what_it_is_for() {
    for register in embedded().registers.all() {
        let about = &register.about;
        assert!(about.chars().count() <= 120, "{}: {about}", register.name);
        assert!(!about.ends_with('.'), "{}: {about}", register.name);
    }
}

#[test]
fn what_get_and_set_do_completes_a_sentence() {
    for register in embedded().registers.all() {
        for text in [&register.get, &register.set].into_iter().flatten() {
            assert!(text.starts_with(|c: char| c.is_ascii_lowercase()), "{}: {text}", register.name);
            assert!(!text.ends_with(['.', ' ']) && !text.contains('\n'), "{}: {text}", register.name);
        }
    }
    for register in &embedded().configurations.iter().flat_map(|known| known.registers.clone()).collect::<Vec<_>>() {
        assert!(register.get.is_some() && register.set.is_some(), "{}", register.name);
    }
}

#[test]
fn every_clause_says_why_in_whole_sentences() {
    for clause in &embedded().clauses.clauses {
        assert!(clause.why.starts_with(|c: char| !c.is_whitespace()), "{}", clause.id);
        assert!(clause.why.ends_with('.') && !clause.why.contains('\n'), "{}: {}", clause.id, clause.why);
        assert!(!clause.demand.ends_with('.'), "{}", clause.id);
    }
}

#[test]
fn a_register_of_which_nothing_is_said_is_refused() {
    let tree = Tree::new();
    let text = tree.read(REGISTERS).replace(", about: \"scratch register 7 for the kernel's own use\"", "");
    tree.write(REGISTERS, text);
    insta::assert_snapshot!(tree.refusal(REGISTERS, "name: KS7"), @"
    DIR/loongarch64/registers.yaml:LINE: register `KS7`: key `about` is missing or blank
    [add `about` here or to its family]
    ");
    let tree = Tree::new();
    tree.replace(REGISTERS, "about: \"scratch register 7 for the kernel's own use\"", "about: \" \"");
    insta::assert_snapshot!(tree.refusal(REGISTERS, "name: KS7"), @"
    DIR/loongarch64/registers.yaml:LINE: register `KS7`: key `about` is missing or blank
    [add `about` here or to its family]
    ");
}

#[test]
fn a_register_inherits_what_its_family_says() {
    let spec = embedded();
    let [defined, undefined, other] =
        ["CPUCFG6", "CPUCFG7", "CPUCFG15"].map(|name| spec.registers.by_name(name).unwrap());
    assert_ne!(defined.about, undefined.about);
    assert_eq!((&undefined.about, &undefined.set), (&other.about, &other.set));
    assert_eq!((defined.get.as_ref(), undefined.get.is_some()), (undefined.get.as_ref(), true));
    assert_ne!(defined.set, undefined.set);
}

#[test]
fn a_clause_that_says_not_why_is_refused() {
    let tree = Tree::new();
    let text = tree.read(CLAUSES);
    let (before, after) = text.split_once("    why: >-\n").unwrap();
    let rest: Vec<&str> = after.lines().skip_while(|line| line.starts_with("      ")).collect();
    tree.write(CLAUSES, format!("{before}{}\n", rest.join("\n")));
    insta::assert_snapshot!(tree.refusal(CLAUSES, "id: list.count"), @"
    DIR/clauses.yaml:LINE: clauses[0]: missing field `why` at line LINE
    [compare with the keys in specs/README.md, or let an editor check against specs/schema]
    ");
}

#[test]
fn ids_are_composed_as_the_uapi_header_says() {
    // asm/kvm.h: KVM_REG_LOONGARCH, KVM_REG_SIZE_U64, a type, and the index,
    // which LOONGARCH_REG_SHIFT moves for CSRs and CPUCFG words.
    const LOONGARCH_U64: u64 = 0x9000_0000_0000_0000 | 0x0030_0000_0000_0000;
    let spec = embedded();
    for (name, low) in [
        ("CRMD", 0x1_0000),
        ("TCFG", 0x1_0000 | 0x41 << 3),
        ("DMWIN3", 0x1_0000 | 0x183 << 3),
        ("PERFCNTR3", 0x1_0000 | 0x207 << 3),
        ("CPUCFG0", 0x4_0000),
        ("CPUCFG20", 0x4_0000 | 20 << 3),
        ("COUNTER", 0x2_0001),
        ("LBT_SCR0", 0x5_0001),
        ("LBT_FTOP", 0x5_0006),
    ] {
        assert_eq!(spec.registers.by_name(name).map(|register| register.id), Some(LOONGARCH_U64 | low), "{name}");
    }
    for register in spec.registers.all() {
        assert_eq!(register.id & !0x7_ffff, LOONGARCH_U64, "{}", register.name);
    }
}

#[test]
fn a_copy_of_the_built_in_specifications_says_the_same() {
    let (copy, embedded) = (Tree::new().load("v5").unwrap(), embedded());
    assert_eq!(copy.configurations, embedded.configurations);
    assert_eq!(copy.clauses, embedded.clauses);
    assert_eq!(copy.registers.all(), embedded.registers.all());
    assert_eq!(copy.unlisted, embedded.unlisted);
    assert_eq!(copy.consumers, embedded.consumers);
}

#[test]
fn what_editors_leave_beside_the_files_is_no_configuration() {
    let tree = Tree::new();
    tree.write("loongarch64/v5/.#base.yaml", "");
    tree.write("loongarch64/v5/base.yaml~", "");
    assert_eq!(tree.load("v5").unwrap().configurations.len(), 7);
}

#[test]
fn an_unknown_key_of_a_register_is_refused() {
    let tree = Tree::new();
    tree.replace(REGISTERS, "name: PRMD, index: 0x1", "name: PRMD, index: 0x1, colour: 3");
    insta::assert_snapshot!(tree.refusal(REGISTERS, "colour"), @"
    DIR/loongarch64/registers.yaml:LINE: groups.csr.registers[1]: unknown field `colour`, expected one of `name`, `index`, `about`, `get`, `set`, `mask`, `free`, `rule`, `values`, `gate`, `reloads`, `conditional`, `source`, `exceptions`, `refuses`, `unique` at line LINE
    [compare with the keys in specs/README.md, or let an editor check against specs/schema]
    ");
}

#[test]
fn an_unknown_key_of_a_group_is_refused() {
    let tree = Tree::new();
    tree.replace(GROUPS, "    include: [timer]", "    includes: [timer]");
    insta::assert_snapshot!(tree.refusal(GROUPS, "includes"), @"
    DIR/loongarch64/v5/groups.yaml:LINE: groups.csr: unknown field `includes`, expected one of `registers`, `include`, `when` at line LINE
    [compare with the keys in specs/README.md, or let an editor check against specs/schema]
    ");
}

#[test]
fn an_unknown_key_of_a_configuration_is_refused() {
    let tree = Tree::new();
    tree.replace(BASE, "count: 76", "counts: 76");
    insta::assert_snapshot!(tree.refusal(BASE, "counts"), @"
    DIR/loongarch64/v5/base.yaml:LINE: unknown field `counts`, expected one of `features`, `groups`, `count`, `contract_only`, `source` at line LINE
    [compare with the keys in specs/README.md, or let an editor check against specs/schema]
    ");
}

#[test]
fn a_missing_key_is_refused() {
    let tree = Tree::new();
    tree.replace(CLAUSES, "    demand: lists no id twice\n", "");
    insta::assert_snapshot!(tree.refusal(CLAUSES, "id: list.unique"), @"
    DIR/clauses.yaml:LINE: clauses[2]: missing field `demand` at line LINE
    [compare with the keys in specs/README.md, or let an editor check against specs/schema]
    ");
}

#[test]
fn an_unknown_level_is_refused() {
    let tree = Tree::new();
    tree.replace(CLAUSES, "id: list.order\n    level: should", "id: list.order\n    level: maybe");
    insta::assert_snapshot!(tree.refusal(CLAUSES, "level: maybe"), @"
    DIR/clauses.yaml:LINE: clauses[8].level: unknown variant `maybe`, expected one of `must`, `should`, `note` at line LINE
    [compare with the keys in specs/README.md, or let an editor check against specs/schema]
    ");
}

#[test]
fn an_unknown_register_in_a_group_is_refused() {
    let tree = Tree::new();
    tree.replace(GROUPS, "[TVAL, TCFG]", "[TVAL, TCGF]");
    insta::assert_snapshot!(tree.refusal(GROUPS, "TCGF"), @"
    DIR/loongarch64/v5/groups.yaml:LINE: key `registers`: `TCGF` is not known
    [known: the names in registers.yaml]
    ");
}

#[test]
fn a_name_that_two_registers_have_is_refused_where_it_stands_again() {
    let tree = Tree::new();
    // "as PRCFG1" stands before the second name and is none.
    tree.replace(REGISTERS, "name: KS7, index: 0x37", "name: PRCFG1, index: 0x37");
    insta::assert_snapshot!(tree.refusal(REGISTERS, "name: PRCFG1, index: 0x37"), @"
    DIR/loongarch64/registers.yaml:LINE: key `name`: `PRCFG1` is a duplicate
    [remove one of the two]
    ");
}

#[test]
fn an_id_that_two_names_have_is_refused() {
    let tree = Tree::new();
    tree.replace(REGISTERS, "name: KS7, index: 0x37", "name: KS7, index: 0x36");
    insta::assert_snapshot!(tree.refusal(REGISTERS, "name: KS7"), @"
    DIR/loongarch64/registers.yaml:LINE: register `KS7`: key `index`: id 0x90300000000101b0 is already `KS6`
    [correct the index, or remove one of the two]
    ");
}

#[test]
fn a_family_that_stands_twice_is_refused() {
    let tree = Tree::new();
    tree.replace(REGISTERS, "\n  timer:\n", "\n  csr:\n");
    let error = tree.load("v5").unwrap_err();
    insta::assert_snapshot!(neutral(&error, tree.0.path()), @"
    DIR/loongarch64/registers.yaml:LINE: groups: key `csr` is a duplicate at line LINE
    [compare with the keys in specs/README.md, or let an editor check against specs/schema]
    ");
}

#[test]
fn a_group_that_stands_twice_is_refused() {
    let tree = Tree::new();
    tree.replace(GROUPS, "\n  counter:\n", "\n  lbt:\n");
    let error = tree.load("v5").unwrap_err();
    insta::assert_snapshot!(neutral(&error, tree.0.path()), @"
    DIR/loongarch64/v5/groups.yaml:LINE: groups: key `lbt` is a duplicate at line LINE
    [compare with the keys in specs/README.md, or let an editor check against specs/schema]
    ");
}

#[test]
fn a_register_twice_in_a_group_is_refused() {
    let tree = Tree::new();
    tree.replace(GROUPS, "[TVAL, TCFG]", "[TVAL, TCFG,\n      TVAL]");
    insta::assert_snapshot!(tree.refusal(GROUPS, "      TVAL]"), @"
    DIR/loongarch64/v5/groups.yaml:LINE: key `registers`: `TVAL` is a duplicate
    [remove one of the two]
    ");
}

#[test]
fn a_register_in_a_group_and_in_one_it_includes_is_refused() {
    let tree = Tree::new();
    tree.replace(GROUPS, "[CRMD, ", "[CRMD, TVAL, ");
    insta::assert_snapshot!(tree.refusal(GROUPS, "[TVAL, TCFG]"), @"
    DIR/loongarch64/v5/groups.yaml:LINE: key `registers`: `TVAL` is a duplicate
    [remove one of the two]
    ");
}

#[test]
fn a_group_twice_in_a_configuration_is_refused() {
    let tree = Tree::new();
    tree.replace(BASE, "groups: [csr, cpucfg, counter]", "groups: [csr, cpucfg, counter, csr]");
    insta::assert_snapshot!(tree.refusal(BASE, "groups: "), @"
    DIR/loongarch64/v5/base.yaml:LINE: key `groups`: `csr` is a duplicate
    [remove one of the two]
    ");
}

#[test]
fn a_feature_twice_in_a_configuration_is_refused() {
    let tree = Tree::new();
    tree.replace(PMU, "features: [pmu]", "features: [pmu, pmu]");
    insta::assert_snapshot!(tree.refusal(PMU, "features: "), @"
    DIR/loongarch64/v5/pmu.yaml:LINE: key `features`: `pmu` is a duplicate
    [remove one of the two]
    ");
}

#[test]
fn a_wrong_count_is_refused_with_the_right_one() {
    let tree = Tree::new();
    tree.replace(BASE, "count: 76", "count: 77");
    insta::assert_snapshot!(tree.refusal(BASE, "count: "), @"
    DIR/loongarch64/v5/base.yaml:LINE: key `count`: 77 is stated, but the groups hold 76 registers (csr 54, cpucfg 21, counter 1)
    [write count: 76 if the groups are right, else correct the groups]
    ");
}

#[test]
fn a_csr_beyond_the_last_one_is_refused() {
    let tree = Tree::new();
    tree.replace(REGISTERS, "name: KS7, index: 0x37", "name: KS7, index: 0x800");
    insta::assert_snapshot!(tree.refusal(REGISTERS, "name: KS7"), @"
    DIR/loongarch64/registers.yaml:LINE: register `KS7`: key `index`: 0x800 is not an index of type csr
    [csr: 0 to 0x7ff]
    ");
}

#[test]
fn a_cpucfg_word_beyond_the_last_one_is_refused() {
    let tree = Tree::new();
    tree.replace(REGISTERS, "name: CPUCFG15, index: 0xf", "name: CPUCFG15, index: 21");
    insta::assert_snapshot!(tree.refusal(REGISTERS, "name: CPUCFG15"), @"
    DIR/loongarch64/registers.yaml:LINE: register `CPUCFG15`: key `index`: 0x15 is not an index of type cpucfg
    [cpucfg: 0 to 20]
    ");
}

#[test]
fn the_bounds_of_an_index_are_those_that_the_remedy_states() {
    for (old, new) in [
        ("name: KS7, index: 0x37", "name: KS7, index: 0x7ff"),
        ("name: COUNTER\n        index: 0x1", "name: COUNTER\n        index: 0x0"),
        ("name: DEBUG_INST\n        index: 0x3", "name: DEBUG_INST\n        index: 0x4"),
        ("name: LBT_SCR0, index: 0x1", "name: LBT_SCR0, index: 0x0"),
        ("name: LBT_EFLAGS, index: 0x5", "name: LBT_EFLAGS, index: 0x7"),
    ] {
        let tree = Tree::new();
        tree.replace(REGISTERS, old, new);
        assert_eq!(tree.load("v5").is_ok(), new.contains("0x7ff"), "{new}");
    }
}

#[test]
fn a_negative_index_is_refused() {
    let tree = Tree::new();
    tree.replace(REGISTERS, "name: KS7, index: 0x37", "name: KS7, index: -1");
    insta::assert_snapshot!(tree.refusal(REGISTERS, "name: KS7"), @"
    DIR/loongarch64/registers.yaml:LINE: groups.csr.registers[33].index: invalid type: integer `-1`, expected u64 at line LINE
    [compare with the keys in specs/README.md, or let an editor check against specs/schema]
    ");
}

#[test]
fn text_for_an_index_is_refused() {
    let tree = Tree::new();
    tree.replace(REGISTERS, "name: KS7, index: 0x37", "name: KS7, index: seven");
    insta::assert_snapshot!(tree.refusal(REGISTERS, "name: KS7"), @r#"
    DIR/loongarch64/registers.yaml:LINE: groups.csr.registers[33].index: invalid type: string "seven", expected u64 at line LINE
    [compare with the keys in specs/README.md, or let an editor check against specs/schema]
    "#);
}

#[test]
fn a_value_outside_the_mask_is_refused() {
    let tree = Tree::new();
    tree.replace(REGISTERS, "values: [0x1, 0x3]", "values: [0x1, 0x7]");
    insta::assert_snapshot!(tree.refusal(REGISTERS, "name: ESTAT"), @"
    DIR/loongarch64/registers.yaml:LINE: register `ESTAT`: key `values`: 0x7 has bits outside the mask 0x3
    [correct the mask, or choose a value within it]
    ");
}

#[test]
fn a_refusal_of_an_unknown_feature_and_of_an_unknown_errno_is_refused() {
    let tree = Tree::new();
    tree.replace(REGISTERS, "{flip: 0xf0, with: [pmu]", "{flip: 0xf0, with: [pnu]");
    insta::assert_snapshot!(tree.refusal(REGISTERS, "with: [pnu]"), @"
    DIR/loongarch64/registers.yaml:LINE: key `with`: `pnu` is not known
    [known: pmu, lbt_x86, lbt_arm, lbt_mips]
    ");
    tree.replace(REGISTERS, "with: [pnu], errno: EINVAL", "with: [pmu], errno: EINVL");
    insta::assert_snapshot!(tree.refusal(REGISTERS, "errno: EINVL"), @"
    DIR/loongarch64/registers.yaml:LINE: key `errno`: `EINVL` is not known
    [known: the names in errno(3)]
    ");
}

#[test]
fn an_unknown_errno_of_an_exception_is_refused() {
    let tree = Tree::new();
    tree.replace(
        REGISTERS,
        "errno: EINVAL, source: \"kvm_arch_vcpu_create leaves 0",
        "errno: EINVL, source: \"kvm_arch_vcpu_create leaves 0",
    );
    insta::assert_snapshot!(tree.refusal(REGISTERS, "errno: EINVL"), @"
    DIR/loongarch64/registers.yaml:LINE: key `errno`: `EINVL` is not known
    [known: the names in errno(3)]
    ");
}

#[test]
fn another_architecture_is_refused() {
    let tree = Tree::new();
    tree.replace(REGISTERS, "architecture: loongarch64", "architecture: loongarch32");
    insta::assert_snapshot!(tree.refusal(REGISTERS, "architecture: "), @"
    DIR/loongarch64/registers.yaml:LINE: key `architecture`: `loongarch32` is not known
    [known: loongarch64]
    ");
}

#[test]
fn a_group_that_includes_itself_is_refused() {
    let tree = Tree::new();
    tree.replace(GROUPS, "registers: [TVAL, TCFG]", "registers: [TVAL, TCFG]\n    include: [timer]");
    insta::assert_snapshot!(tree.refusal(GROUPS, "  timer:"), @"
    DIR/loongarch64/v5/groups.yaml:LINE: key `include`: group `timer` includes itself: timer -> timer
    [remove one of the includes]
    ");
}

#[test]
fn groups_that_include_each_other_are_refused() {
    let tree = Tree::new();
    tree.replace(GROUPS, "registers: [TVAL, TCFG]", "registers: [TVAL, TCFG]\n    include: [csr]");
    insta::assert_snapshot!(tree.refusal(GROUPS, "  csr:"), @"
    DIR/loongarch64/v5/groups.yaml:LINE: key `include`: group `csr` includes itself: csr -> timer -> csr
    [remove one of the includes]
    ");
}

#[test]
fn an_unknown_group_in_a_configuration_is_refused() {
    let tree = Tree::new();
    tree.replace(BASE, "groups: [csr, cpucfg, counter]", "groups: [csr, cpucfg, counters]");
    insta::assert_snapshot!(tree.refusal(BASE, "groups: "), @"
    DIR/loongarch64/v5/base.yaml:LINE: key `groups`: `counters` is not known
    [known: counter, cpucfg, csr, lbt, pmu, timer]
    ");
}

#[test]
fn an_unknown_group_in_an_include_is_refused() {
    let tree = Tree::new();
    tree.replace(GROUPS, "include: [timer]", "include: [timers]");
    insta::assert_snapshot!(tree.refusal(GROUPS, "include: "), @"
    DIR/loongarch64/v5/groups.yaml:LINE: key `include`: `timers` is not known
    [known: counter, cpucfg, csr, lbt, pmu, timer]
    ");
}

#[test]
fn an_unknown_feature_is_refused() {
    let tree = Tree::new();
    // `lbt` stands further down too, as a group.
    tree.replace(PMU, "features: [pmu]", "features: [pmu, lbt]");
    insta::assert_snapshot!(tree.refusal(PMU, "features: "), @"
    DIR/loongarch64/v5/pmu.yaml:LINE: key `features`: `lbt` is not known
    [known: pmu, lbt_x86, lbt_arm, lbt_mips]
    ");
}

#[test]
fn a_clause_id_that_stands_twice_is_refused() {
    let tree = Tree::new();
    tree.replace(CLAUSES, "id: reg.set_same", "id: reg.get");
    let text = tree.read(CLAUSES);
    let second = text.lines().zip(1..).filter(|(line, _)| line.contains("id: reg.get")).last().unwrap().1;
    insta::assert_snapshot!(tree.refusal_at(CLAUSES, second), @"
    DIR/clauses.yaml:LINE: key `id`: `reg.get` is a duplicate
    [remove one of the two]
    ");
}

#[test]
fn what_is_not_yaml_is_refused() {
    let tree = Tree::new();
    tree.replace(BASE, "groups: [csr, cpucfg, counter]", "groups: [csr, cpucfg, counter");
    insta::assert_snapshot!(tree.refusal(BASE, "count: "), @"
    DIR/loongarch64/v5/base.yaml:LINE: did not find expected ',' or ']' at line LINE, while parsing a flow sequence at line LINE
    [compare with the keys in specs/README.md, or let an editor check against specs/schema]
    ");
}

#[test]
fn another_value_than_a_map_is_refused() {
    let tree = Tree::new();
    tree.write(BASE, "just words\n");
    insta::assert_snapshot!(tree.refusal_at(BASE, 1), @r#"
    DIR/loongarch64/v5/base.yaml:LINE: invalid type: string "just words", expected a map with `features`, `groups`, `count` and `source`
    [compare with the keys in specs/README.md, or let an editor check against specs/schema]
    "#);
}

#[test]
fn an_empty_file_is_refused() {
    let tree = Tree::new();
    tree.write(BASE, "");
    insta::assert_snapshot!(tree.refusal_at(BASE, 1), @"
    DIR/loongarch64/v5/base.yaml:LINE: missing field `features`
    [compare with the keys in specs/README.md, or let an editor check against specs/schema]
    ");
}

#[test]
fn a_missing_file_is_refused() {
    for file in [CLAUSES, REGISTERS, GROUPS] {
        let tree = Tree::new();
        fs::remove_file(tree.path(file)).unwrap();
        let message = tree.refusal_at(file, 1);
        assert_eq!(
            message,
            format!(
                "DIR/{file}:LINE: cannot be read: No such file or directory (os error 2)\n\
                 [specs/README.md lists the files of a specification directory]"
            )
        );
    }
}

#[test]
fn what_is_not_utf_8_is_refused() {
    let tree = Tree::new();
    tree.write(BASE, [tree.read(BASE).as_bytes(), &[0xff]].concat());
    insta::assert_snapshot!(tree.refusal_at(BASE, 1), @"
    DIR/loongarch64/v5/base.yaml:LINE: cannot be read: stream did not contain valid UTF-8
    [save the file as UTF-8]
    ");
}

#[test]
fn a_file_whose_name_cannot_begin_an_id_is_refused() {
    let tree = Tree::new();
    fs::copy(tree.path(BASE), tree.path("loongarch64/v5/Base-2.yaml")).unwrap();
    insta::assert_snapshot!(tree.refusal_at("loongarch64/v5/Base-2.yaml", 1), @"
    DIR/loongarch64/v5/Base-2.yaml:LINE: file name: `Base-2` cannot be the name of a configuration
    [use only a-z, 0-9 and _: case ids begin with the name]
    ");
}

#[test]
fn no_configuration_has_the_name_of_all() {
    let tree = Tree::new();
    fs::copy(tree.path(BASE), tree.path("loongarch64/v5/all.yaml")).unwrap();
    insta::assert_snapshot!(tree.refusal_at("loongarch64/v5/all.yaml", 1), @"
    DIR/loongarch64/v5/all.yaml:LINE: file name: `all` means all configurations of a series
    [rename the file]
    ");
}

#[test]
fn a_series_that_does_not_exist_is_refused_with_those_that_do() {
    let tree = Tree::new();
    insta::assert_snapshot!(neutral(&tree.load("v6").unwrap_err(), tree.0.path()), @"
    DIR/loongarch64/v6:LINE: series `v6` has no configurations
    [known series: v5]
    ");
    insta::assert_snapshot!(Spec::load(&Source::Embedded, &LoongArch64, "v6").unwrap_err(), @"
    specs/loongarch64/v6:1: series `v6` has no configurations
    [known series: v5]
    ");
}

#[test]
fn a_path_is_no_series() {
    for series in ["", ".", "..", "v5/", "../loongarch64/v5", "registers.yaml"] {
        for source in [Source::Embedded, Source::Directory(specs())] {
            let error = Spec::load(&source, &LoongArch64, series).unwrap_err();
            assert!(error.to_string().ends_with("has no configurations\n[known series: v5]"), "{series}: {error}");
        }
    }
}

#[test]
fn a_directory_without_anything_is_refused() {
    let empty = TempDir::new().unwrap();
    let error = Spec::load(&Source::Directory(empty.path().to_owned()), &LoongArch64, "v5").unwrap_err();
    insta::assert_snapshot!(neutral(&error, empty.path()), @"
    DIR/clauses.yaml:LINE: cannot be read: No such file or directory (os error 2)
    [specs/README.md lists the files of a specification directory]
    ");
}
