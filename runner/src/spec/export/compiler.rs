// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Compilers in tests: the exports are programs.

use std::io;
use std::path::Path;
use std::process::Command;

/// The ids' part of uapi linux/kvm.h and asm/kvm.h, as Linux 7.2 has it.
pub(super) const HEADER: &str = "\
typedef unsigned long long __u64;
#define KVM_REG_SIZE_U64 0x0030000000000000ULL
#define KVM_REG_LOONGARCH 0x9000000000000000ULL
#define KVM_REG_LOONGARCH_CSR (KVM_REG_LOONGARCH | 0x10000ULL)
#define KVM_REG_LOONGARCH_KVM (KVM_REG_LOONGARCH | 0x20000ULL)
#define KVM_REG_LOONGARCH_CPUCFG (KVM_REG_LOONGARCH | 0x40000ULL)
#define KVM_REG_LOONGARCH_LBT (KVM_REG_LOONGARCH | 0x50000ULL)
#define KVM_REG_LOONGARCH_COUNTER (KVM_REG_LOONGARCH_KVM | KVM_REG_SIZE_U64 | 1)
#define KVM_REG_LOONGARCH_LBT_SCR0 (KVM_REG_LOONGARCH_LBT | KVM_REG_SIZE_U64 | 1)
#define KVM_REG_LOONGARCH_LBT_SCR1 (KVM_REG_LOONGARCH_LBT | KVM_REG_SIZE_U64 | 2)
#define KVM_REG_LOONGARCH_LBT_SCR2 (KVM_REG_LOONGARCH_LBT | KVM_REG_SIZE_U64 | 3)
#define KVM_REG_LOONGARCH_LBT_SCR3 (KVM_REG_LOONGARCH_LBT | KVM_REG_SIZE_U64 | 4)
#define KVM_REG_LOONGARCH_LBT_EFLAGS (KVM_REG_LOONGARCH_LBT | KVM_REG_SIZE_U64 | 5)
#define KVM_REG_LOONGARCH_LBT_FTOP (KVM_REG_LOONGARCH_LBT | KVM_REG_SIZE_U64 | 6)
#define KVM_CSR_IDX_MASK 0x7fff
#define LOONGARCH_REG_SHIFT 3
#define LOONGARCH_REG_64(TYPE, REG) (TYPE | KVM_REG_SIZE_U64 | (REG << LOONGARCH_REG_SHIFT))
#define KVM_IOC_CSRID(REG) LOONGARCH_REG_64(KVM_REG_LOONGARCH_CSR, REG)
#define KVM_IOC_CPUCFG(REG) LOONGARCH_REG_64(KVM_REG_LOONGARCH_CPUCFG, REG)
";

/// Runs a compiler in `directory`; false if this machine does not have it. Warnings are
/// errors, by the arguments.
pub(super) fn compiles(compiler: &str, arguments: &[&str], directory: &Path) -> bool {
    let output = match Command::new(compiler).args(arguments).current_dir(directory).output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            eprintln!("skipped: {compiler} is not installed");
            return false;
        }
        output => output.unwrap(),
    };
    assert!(output.status.success(), "{compiler} {arguments:?}\n{}", String::from_utf8_lossy(&output.stderr));
    true
}

/// The words that a compiled program prints.
pub(super) fn printed(program: &Path) -> Vec<String> {
    let output = Command::new(program).output().unwrap();
    assert!(output.status.success(), "{}", program.display());
    String::from_utf8(output.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
}
