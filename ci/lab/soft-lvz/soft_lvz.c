// SPDX-License-Identifier: GPL-2.0
/*
 * Just enough of the LoongArch virtualization extension (LVZ) for an unmodified
 * kvm.ko to load and answer ioctls on a CPU that has no LVZ, such as QEMU's TCG.
 *
 * KVM's register ioctls never enter a guest. They create VMs and vCPUs and copy
 * state between memory and the guest's CSRs, for which KVM needs:
 *
 *  - the feature bits of the host CPU: they are set in cpu_data[] before kvm.ko
 *    looks at them, which is why KVM has to be a module;
 *  - the instructions gcsrrd, gcsrwr and gcsrxchg: when kvm.ko is loaded, each is
 *    replaced by a break instruction, and a die notifier carries it out on an array;
 *  - invtlb with a guest operation: replaced as well, and as there is no guest TLB
 *    there is nothing to do but to step over it.
 *
 * The root's own CSRs of LVZ (GSTAT, GCFG, GINTC, GTLBC, GCNTC) need no help: an
 * unknown CSR reads as 0 and swallows writes without a trap.
 *
 * Entering a guest is out of scope: KVM_RUN must not be called on such a machine.
 *
 * Without the replacement, the instructions raise a reserved instruction exception.
 * Its handler enables interrupts before it calls the notifiers, so that a KVM section
 * with interrupts disabled sees them enabled for a moment, and lockdep complains. The
 * handler of break leaves them as they are. The reserved instructions are still
 * handled, for code that cannot be written to.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitfield.h>
#include <linux/cpumask.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/kdebug.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/ptrace.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <asm/branch.h>
#include <asm/cacheflush.h>
#include <asm/cpu-features.h>
#include <asm/cpu-info.h>
#include <asm/tlb.h>

static unsigned int lbt = 7;
module_param(lbt, uint, 0444);
MODULE_PARM_DESC(lbt, "binary translation of the host: 1 x86, 2 arm, 4 mips (default: 7, all)");

static bool pmu = true;
module_param(pmu, bool, 0444);
MODULE_PARM_DESC(pmu, "performance counters of the host (default: y)");

static bool msgint = true;
module_param(msgint, bool, 0444);
MODULE_PARM_DESC(msgint, "message interrupts of the host, without effect before they were known to the kernel (default: y)");

/* gcsr{rd,wr,xchg}: opcode, csr, rj, rd; rj 0 reads, 1 writes, any other is a mask */
#define INSN_GCSR_OPCODE	GENMASK(31, 24)
#define INSN_GCSR_CSR		GENMASK(23, 10)
#define INSN_GCSR_RJ		GENMASK(9, 5)
#define INSN_GCSR_RD		GENMASK(4, 0)
#define GCSR_OPCODE		0x05
#define GCSR_RJ_READ		0
#define GCSR_RJ_WRITE		1

/* invtlb: opcode, rk, rj, op */
#define INSN_INVTLB_OPCODE	GENMASK(31, 15)
#define INSN_INVTLB_OP		GENMASK(4, 0)
#define INVTLB_OPCODE		0x0c93

/* break: opcode, code; the kernel's own codes are below 1024 */
#define INSN_BREAK_CODE		GENMASK(14, 0)
#define INSN_BREAK		0x002a0000
#define BREAK_FIRST		0x2000
#define BREAK_COUNT		(INSN_BREAK_CODE + 1 - BREAK_FIRST)

/* As many as the csr field can name. */
#define GCSR_COUNT		BIT(14)

/*
 * The guest CSRs of every CPU. A plain array, because they are far larger than
 * the per-CPU area that a module may use.
 */
static u64 (*soft_gcsr)[GCSR_COUNT];

/* What cpu_data[] said before, for unloading. */
static u64 *saved_options;

static bool kvm_present;

/* The replaced instructions of kvm.ko, by the code of their break. */
static u32 *replaced;
static unsigned int replaced_count;

static void emulate_gcsr(struct pt_regs *regs, u32 insn)
{
	unsigned int rj = FIELD_GET(INSN_GCSR_RJ, insn);
	unsigned int rd = FIELD_GET(INSN_GCSR_RD, insn);
	u64 *cell, old, mask;

	cell = &soft_gcsr[raw_smp_processor_id()][FIELD_GET(INSN_GCSR_CSR, insn)];
	old = *cell;

	switch (rj) {
	case GCSR_RJ_READ:
		mask = 0;
		break;
	case GCSR_RJ_WRITE:
		mask = ~0ULL;
		break;
	default:
		mask = regs->regs[rj];
		break;
	}

	*cell = (old & ~mask) | (regs->regs[rd] & mask);

	/* Register 0 is hardwired to zero. */
	if (rd)
		regs->regs[rd] = old;
}

static bool is_gcsr(u32 insn)
{
	return FIELD_GET(INSN_GCSR_OPCODE, insn) == GCSR_OPCODE;
}

static bool is_guest_invtlb(u32 insn)
{
	return FIELD_GET(INSN_INVTLB_OPCODE, insn) == INVTLB_OPCODE &&
	       FIELD_GET(INSN_INVTLB_OP, insn) >= INVGTLB_GID;
}

static int soft_lvz_die(struct notifier_block *nb, unsigned long reason, void *data)
{
	struct die_args *args = data;
	struct pt_regs *regs = args->regs;
	unsigned long flags;
	u32 insn, code;

	if ((reason != DIE_RI && reason != DIE_TRAP) || user_mode(regs))
		return NOTIFY_DONE;

	if (get_kernel_nofault(insn, (u32 *)exception_era(regs)))
		return NOTIFY_DONE;

	if (reason == DIE_TRAP) {
		code = FIELD_GET(INSN_BREAK_CODE, insn) - BREAK_FIRST;
		if ((insn & ~INSN_BREAK_CODE) != INSN_BREAK || code >= replaced_count)
			return NOTIFY_DONE;
		insn = replaced[code];
	}

	if (is_gcsr(insn)) {
		/* No interrupt comes in the middle of an instruction. */
		local_irq_save(flags);
		emulate_gcsr(regs, insn);
		local_irq_restore(flags);
	} else if (!is_guest_invtlb(insn)) {
		return NOTIFY_DONE;
	}

	compute_return_era(regs);

	return NOTIFY_STOP;
}

static struct notifier_block soft_lvz_die_nb = {
	.notifier_call = soft_lvz_die,
};

/*
 * Replaces the instructions of LVZ in a module that is about to run for the first
 * time. Where the text of modules is write-protected, they stay as they are.
 */
static int replace(struct module *mod)
{
	u32 *text = mod->mem[MOD_TEXT].base;
	unsigned int i, n = 0, size = mod->mem[MOD_TEXT].size / sizeof(u32);

	if (IS_ENABLED(CONFIG_STRICT_MODULE_RWX))
		return 0;

	for (i = 0; i < size; i++)
		n += is_gcsr(text[i]) || is_guest_invtlb(text[i]);

	replaced = kvmalloc_array(n, sizeof(*replaced), GFP_KERNEL);
	if (!replaced)
		return -ENOMEM;

	for (i = 0; i < size && replaced_count < BREAK_COUNT; i++) {
		if (!is_gcsr(text[i]) && !is_guest_invtlb(text[i]))
			continue;

		replaced[replaced_count] = text[i];
		WRITE_ONCE(text[i], INSN_BREAK | (BREAK_FIRST + replaced_count));
		replaced_count++;
	}
	flush_icache_range((unsigned long)text, (unsigned long)(text + size));

	return 0;
}

static void forget_replaced(void)
{
	replaced_count = 0;
	kvfree(replaced);
	replaced = NULL;
}

/*
 * kvm.ko uses no symbol of this module, so nothing would keep this module from
 * being unloaded under it, and the next guest CSR access would be an oops.
 */
static int soft_lvz_module(struct notifier_block *nb, unsigned long state, void *data)
{
	struct module *mod = data;
	int ret;

	if (strcmp(mod->name, "kvm") && strcmp(mod->name, "kvm_lab"))
		return NOTIFY_DONE;

	if (state == MODULE_STATE_COMING) {
		if (!try_module_get(THIS_MODULE))
			return notifier_from_errno(-ENODEV);
		ret = replace(mod);
		if (ret) {
			module_put(THIS_MODULE);
			return notifier_from_errno(ret);
		}
		kvm_present = true;
	} else if (state == MODULE_STATE_GOING && kvm_present) {
		kvm_present = false;
		forget_replaced();
		module_put(THIS_MODULE);
	}

	return NOTIFY_OK;
}

static struct notifier_block soft_lvz_module_nb = {
	.notifier_call = soft_lvz_module,
};

/*
 * The features a parameter stands for are set or cleared, whatever the CPU has:
 * with lbt=0 a test shall see a host without it, also where QEMU has it. The
 * lab's programs do not use binary translation themselves.
 */
static u64 soft_options(u64 options)
{
	options |= LOONGARCH_CPU_LVZ;

	options &= ~(LOONGARCH_CPU_LBT_X86 | LOONGARCH_CPU_LBT_ARM |
		     LOONGARCH_CPU_LBT_MIPS | LOONGARCH_CPU_PMP);
	if (lbt & BIT(0))
		options |= LOONGARCH_CPU_LBT_X86;
	if (lbt & BIT(1))
		options |= LOONGARCH_CPU_LBT_ARM;
	if (lbt & BIT(2))
		options |= LOONGARCH_CPU_LBT_MIPS;
	if (pmu)
		options |= LOONGARCH_CPU_PMP;

#ifdef LOONGARCH_CPU_MSGINT
	options &= ~LOONGARCH_CPU_MSGINT;
	if (msgint)
		options |= LOONGARCH_CPU_MSGINT;
#endif

	return options;
}

static int __init soft_lvz_init(void)
{
	int cpu, ret;

	if (lbt > 7)
		return -EINVAL;

	if (cpu_has_lvz) {
		pr_err("this CPU has LVZ, use kvm.ko alone\n");
		return -EEXIST;
	}

	soft_gcsr = vzalloc(array_size(nr_cpu_ids, sizeof(*soft_gcsr)));
	saved_options = kcalloc(nr_cpu_ids, sizeof(*saved_options), GFP_KERNEL);
	if (!soft_gcsr || !saved_options) {
		ret = -ENOMEM;
		goto err_free;
	}

	ret = register_die_notifier(&soft_lvz_die_nb);
	if (ret)
		goto err_free;

	ret = register_module_notifier(&soft_lvz_module_nb);
	if (ret)
		goto err_die;

	for_each_possible_cpu(cpu) {
		saved_options[cpu] = cpu_data[cpu].options;
		cpu_data[cpu].options = soft_options(saved_options[cpu]);
	}

	pr_info("lbt=%u pmu=%d msgint=%d\n", lbt, pmu, msgint);

	return 0;

err_die:
	unregister_die_notifier(&soft_lvz_die_nb);
err_free:
	kfree(saved_options);
	vfree(soft_gcsr);

	return ret;
}

static void __exit soft_lvz_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		cpu_data[cpu].options = saved_options[cpu];

	unregister_module_notifier(&soft_lvz_module_nb);
	unregister_die_notifier(&soft_lvz_die_nb);
	kfree(saved_options);
	vfree(soft_gcsr);
}

module_init(soft_lvz_init);
module_exit(soft_lvz_exit);

MODULE_DESCRIPTION("Software stand-in for LoongArch LVZ, for testing KVM's ioctls");
MODULE_LICENSE("GPL");
