#include <stdio.h>

#include "kvm_util.h"
#include "test_util.h"
#include "processor.h"

/* FP, FPSP, FPDP and LLFTP: what every guest has. KVM requires LLFTP. */
#define CPUCFG2_BASE		0x4007

#define PMU_PMP			0x1
#define PMU_BITS_SHIFT		8
#define PMU_BITS_MAX		63

/* How finalize_vcpu() switches on the feature of a sublist. */
enum {
	SWITCH_NONE,
	SWITCH_CPUCFG2,
	SWITCH_PMU,
};

/* The width of the counters must be the host's, which KVM does not tell. */
static bool set_pmu(struct kvm_vcpu *vcpu)
{
	int bits;

	for (bits = PMU_BITS_MAX; bits >= 0; bits--) {
		u64 word = PMU_PMP | (u64)bits << PMU_BITS_SHIFT;

		if (!__vcpu_set_reg(vcpu, KVM_IOC_CPUCFG(6), word))
			return true;
	}
	return false;
}

void finalize_vcpu(struct kvm_vcpu *vcpu, struct vcpu_reg_list *c)
{
	u64 cpucfg2 = CPUCFG2_BASE;
	struct vcpu_reg_sublist *s;

	/* SET refuses the values that these two have on a new vCPU. */
	vcpu_set_reg(vcpu, KVM_IOC_CSRID(0x20), vcpu->id);	/* CPUID */
	vcpu_set_reg(vcpu, KVM_IOC_CPUCFG(2), cpucfg2);

	for_each_sublist(c, s) {
		bool done = true;

		if (s->feature_type == SWITCH_CPUCFG2) {
			cpucfg2 |= s->feature;
			done = !__vcpu_set_reg(vcpu, KVM_IOC_CPUCFG(2), cpucfg2);
		} else if (s->feature_type == SWITCH_PMU) {
			done = set_pmu(vcpu);
		}
		__TEST_REQUIRE(done, "%s: the host lacks %s, skipping tests",
			       c->name, s->name);
	}
}

/* Ids as the arrays below have them; LBT and KVM registers by their number. */
void print_reg(const char *prefix, __u64 id)
{
	__u64 low = id & KVM_CSR_IDX_MASK;
	__u64 index = low >> LOONGARCH_REG_SHIFT;

	if (id == KVM_IOC_CSRID(index))
		printf("\tKVM_IOC_CSRID(0x%llx),\n", index);
	else if (id == KVM_IOC_CPUCFG(index))
		printf("\tKVM_IOC_CPUCFG(%llu),\n", index);
	else if (id == (KVM_REG_LOONGARCH_LBT | KVM_REG_SIZE_U64 | low))
		printf("\tKVM_REG_LOONGARCH_LBT | KVM_REG_SIZE_U64 | %llu,\n", low);
	else if (id == (KVM_REG_LOONGARCH_KVM | KVM_REG_SIZE_U64 | low))
		printf("\tKVM_REG_LOONGARCH_KVM | KVM_REG_SIZE_U64 | %llu,\n", low);
	else
		printf("\t0x%llx,\t/* %s: not a register's id */\n", id, prefix);
}
