// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The patch is applied by git, and its file compiled with a stand-in for libkvm.

use std::fs;
use std::path::Path;

use super::super::compiler::{HEADER, compiles, printed};
use super::*;

/// Lines 231 to 242 of Linux 7.2's Makefile.kvm.
const EXCERPT: &str = "\
TEST_GEN_PROGS_loongarch = loongarch/pmu_test
TEST_GEN_PROGS_loongarch += arch_timer
TEST_GEN_PROGS_loongarch += coalesced_io_test
TEST_GEN_PROGS_loongarch += demand_paging_test
TEST_GEN_PROGS_loongarch += dirty_log_perf_test
TEST_GEN_PROGS_loongarch += dirty_log_test
TEST_GEN_PROGS_loongarch += guest_print_test
TEST_GEN_PROGS_loongarch += hardware_disable_test
TEST_GEN_PROGS_loongarch += kvm_binary_stats_test
TEST_GEN_PROGS_loongarch += kvm_create_max_vcpus
TEST_GEN_PROGS_loongarch += kvm_page_table_test
";

/// What the file uses of libkvm. A SET is printed; the host has PMBITS 47 and no LBT_MIPS.
const LIBKVM: &str = r#"
#include <linux/kvm.h>
#include <stdbool.h>
typedef unsigned long long u64;
struct kvm_vcpu { unsigned int id; };
struct vcpu_reg_sublist {
	const char *name; long capability; int feature; int feature_type; bool finalize;
	__u64 *regs; __u64 regs_n;
	__u64 *rejects_set; __u64 rejects_set_n; __u64 *skips_set; __u64 skips_set_n;
};
struct vcpu_reg_list { char *name; struct vcpu_reg_sublist sublists[]; };
#define for_each_sublist(c, s) for ((s) = &(c)->sublists[0]; (s)->regs; ++(s))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define __TEST_REQUIRE(c, ...) do { if (!(c)) { printf("skip "); return; } } while (0)
static inline int __vcpu_set_reg(struct kvm_vcpu *vcpu, u64 id, u64 value)
{
	if (id == KVM_IOC_CPUCFG(6) && value != (1 | 47 << 8))
		return -1;
	if (id == KVM_IOC_CPUCFG(2) && value & 1 << 20)
		return -1;
	printf("%llx=%llx ", id, value + 0 * vcpu->id);
	return 0;
}
static inline void vcpu_set_reg(struct kvm_vcpu *vcpu, u64 id, u64 value) { __vcpu_set_reg(vcpu, id, value); }
void finalize_vcpu(struct kvm_vcpu *vcpu, struct vcpu_reg_list *c);
void print_reg(const char *prefix, __u64 id);
"#;

const MAIN: &str = r#"
#include "get-reg-list.c"
int main(void)
{
	struct kvm_vcpu vcpu = { 0 };
	struct vcpu_reg_sublist *s;
	for (int i = 0; i < vcpu_configs_n; i++) {
		u64 sum = 0, n = 0;
		printf("%s: ", vcpu_configs[i]->name);
		finalize_vcpu(&vcpu, vcpu_configs[i]);
		for_each_sublist(vcpu_configs[i], s)
			for (u64 r = 0; r < s->regs_n; r++, n++)
				sum += s->regs[r];
		printf("%llu %llx\n", n, sum);
	}
	print_reg("x", KVM_IOC_CSRID(0x42));
	print_reg("x", KVM_REG_LOONGARCH_LBT_FTOP);
	print_reg("x", 0x9030000000010001);
}
"#;

fn list(configuration: &str) -> List {
    List::of(None, None, Some("v5"), configuration).unwrap()
}

/// Applies the patch; none if git is not installed.
fn applied(directory: &Path) -> Option<()> {
    let kvm = directory.join("tools/testing/selftests/kvm");
    fs::create_dir_all(&kvm).unwrap();
    fs::write(kvm.join("Makefile.kvm"), "\n".repeat(230) + EXCERPT).unwrap();
    fs::write(directory.join("test.patch"), patch(&list("all")).unwrap()).unwrap();
    compiles("git", &["apply", "--whitespace=error-all", "test.patch"], directory).then_some(())
}

#[test]
fn git_applies_the_patch_to_linux_7_2() {
    let directory = tempfile::tempdir().unwrap();
    if applied(directory.path()).is_none() {
        return;
    }
    let makefile = fs::read_to_string(directory.path().join("tools/testing/selftests/kvm/Makefile.kvm")).unwrap();
    assert!(makefile.contains("+= dirty_log_test\nTEST_GEN_PROGS_loongarch += get-reg-list\n"), "{makefile}");
    assert_eq!(fs::read_to_string(directory.path().join(PATH)).unwrap(), source(&list("all")).unwrap());
}

#[test]
fn every_configuration_sets_its_features_and_has_the_ids_of_the_specification() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::create_dir(path("linux")).unwrap();
    fs::write(path("linux/kvm.h"), HEADER).unwrap();
    fs::write(path("kvm_util.h"), LIBKVM).unwrap();
    fs::write(path("test_util.h"), "").unwrap();
    fs::write(path("processor.h"), "").unwrap();
    let union = list("all");
    fs::write(path("get-reg-list.c"), source(&union).unwrap()).unwrap();
    fs::write(path("main.c"), MAIN).unwrap();
    if !compiles("cc", &["-std=gnu99", "-Wall", "-Werror", "-I", ".", "main.c", "-o", "main"], directory.path()) {
        return;
    }
    let words = printed(&path("main")).join(" ");
    for configuration in &union.chosen {
        let sum = configuration.registers.iter().fold(0_u64, |sum, register| sum.wrapping_add(register.id));
        let features = match configuration.name.as_str() {
            "base" => "",
            "pmu" => "9030000000040030=2f01 ",
            "lbt_x86" => "9030000000040010=44007 ",
            "lbt_arm" => "9030000000040010=84007 ",
            "pmu_lbt" => "9030000000040030=2f01 skip ",
            _ => "skip ",
        };
        let expected = format!(
            "{}: 9030000000010100=0 9030000000040010=4007 {features}{} {sum:x}",
            configuration.name,
            configuration.registers.len()
        );
        assert!(words.contains(&expected), "{expected}\n{words}");
    }
    let lines = "KVM_IOC_CSRID(0x42), KVM_REG_LOONGARCH_LBT | KVM_REG_SIZE_U64 | 6, 0x9030000000010001, /* x:";
    assert!(words.contains(lines), "{words}");
}

#[test]
fn a_feature_without_a_group_is_refused() {
    let mut list = list("pmu");
    list.groups.retain(|group| group.name != "pmu");
    let error = patch(&list).unwrap_err().to_string();
    assert!(error.starts_with("no selftest can be made: pmu brings no group into the list\n["), "{error}");
}
