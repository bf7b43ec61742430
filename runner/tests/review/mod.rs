// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Patches with one defect for each check of `reglist lab --review`.

/// Inserts C code into arch/loongarch/kvm/vcpu.c of Linux 7.2.
pub(crate) fn inserting(code: &str) -> String {
    let added: String = code.lines().map(|line| format!("+{line}\n")).collect();
    let count = code.lines().count() + 6;
    format!(
        "--- a/arch/loongarch/kvm/vcpu.c\n+++ b/arch/loongarch/kvm/vcpu.c\n@@ -11,6 +11,{count} @@\n \
         #include <asm/time.h>\n #include <asm/timex.h>\n \n{added} #define CREATE_TRACE_POINTS\n #include \"trace.h\"\n \n"
    )
}

/// A mail without a sign-off.
pub(crate) fn mail(diff: &str) -> String {
    format!("From: A <a@example.org>\nSubject: [PATCH] LoongArch: KVM: Try\n\nTry something.\n---\n{diff}")
}

/// A user pointer that is read like one of the kernel, a table on the stack and one that is
/// not, an unsigned value compared with 0, and a missing space.
pub(crate) const DEFECTS: &str = "\
static noinline __used int user_pointer(u64 __user *ids)
{
	return *ids == 1;
}

static noinline __used unsigned int table_on_stack(unsigned int i)
{
	unsigned int table[60] = { 1, 2, 3 };

	return READ_ONCE(table[i]);
}

static noinline __used unsigned int static_table(unsigned int i)
{
	static const unsigned int table[60] = { 1, 2, 3 };

	if(i < 0)
		return 0;
	return table[i];
}

";

/// What compiles only in a module.
pub(crate) const ONLY_COMPILES_IN_A_MODULE: &str = "\
#ifdef MODULE
#define ONLY_IN_A_MODULE 1
#endif

static const int only_in_a_module __used = ONLY_IN_A_MODULE;

";
