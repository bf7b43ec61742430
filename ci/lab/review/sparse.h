/* SPDX-License-Identifier: GPL-2.0 */
/* gcc's built-in functions of LoongArch, which sparse does not know. */
extern unsigned int __builtin_loongarch_cpucfg(unsigned int);
extern unsigned int __builtin_loongarch_csrrd_w(unsigned int);
extern unsigned long __builtin_loongarch_csrrd_d(unsigned int);
extern unsigned int __builtin_loongarch_csrwr_w(unsigned int, unsigned int);
extern unsigned long __builtin_loongarch_csrwr_d(unsigned long, unsigned int);
extern unsigned int __builtin_loongarch_csrxchg_w(unsigned int, unsigned int, unsigned int);
extern unsigned long __builtin_loongarch_csrxchg_d(unsigned long, unsigned long, unsigned int);
extern unsigned int __builtin_loongarch_iocsrrd_w(unsigned int);
extern unsigned long __builtin_loongarch_iocsrrd_d(unsigned int);
extern void __builtin_loongarch_iocsrwr_w(unsigned int, unsigned int);
extern void __builtin_loongarch_iocsrwr_d(unsigned long, unsigned int);
extern void __builtin_loongarch_dbar(int);
extern void __builtin_loongarch_ibar(int);
extern unsigned int __builtin_loongarch_movfcsr2gr(int);
extern void __builtin_loongarch_movgr2fcsr(int, unsigned int);
extern long __builtin_loongarch_lddir_d(long, int);
extern void __builtin_loongarch_ldpte_d(long, int);
