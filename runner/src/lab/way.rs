// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Decides how much of a kernel to build.
//!
//! KVM alone takes a tenth of the time. But Debian's kernel is then what it is:
//! patches must stay inside KVM.

use super::apply::UNBUILT;
use super::error::LabError;
use super::patch::PatchFile;
use super::source::{KernelName, Wish};
use super::toolchain::Toolchain;

/// Path prefixes of the module's files, and of the headers that the module uses instead
/// of Debian's.
const HELD: [&str; 8] = [
    "arch/loongarch/include/asm/kvm",
    "arch/loongarch/include/uapi/asm/kvm",
    "arch/loongarch/kvm/",
    "include/kvm/",
    "include/linux/kvm",
    "include/trace/events/kvm",
    "include/uapi/linux/kvm",
    "virt/kvm/",
];

/// What to build, and why it has to be all of the kernel, if it has to.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) wish: Wish,
    pub(super) reason: Option<String>,
}

impl Way {
    /// The way for patches of the user. `need`: what an option needs of the kernel.
    ///
    /// # Errors
    /// The user wants `--kernel stock`, and a patch does not stay inside KVM.
    pub(super) fn of(
        name: &KernelName,
        wants_whole: bool,
        need: Option<&str>,
        toolchain: &Toolchain,
        patches: &[PatchFile],
    ) -> Result<Self, LabError> {
        let outside = patches.iter().find_map(|patch| {
            let name = patch.touches().find(|name| !is_held(name))?;
            Some(format!("`{}` changes {name}", patch.path.display()))
        });
        // Debian's tools for modules need a C library as new as the tree's.
        let tools = toolchain.is_host().then(|| "the tools are the host's".to_owned());
        let lacking = need.map(|need| format!("{need}, which Debian's kernel lacks"));
        let reason = lacking.or(outside).or(tools);
        Ok(match (name, wants_whole, reason) {
            (KernelName::Stock, true, _) => {
                return Err(LabError::NotForStock { reason: "--full builds the whole kernel".to_owned() });
            }
            (KernelName::Stock, _, Some(reason)) => return Err(LabError::NotForStock { reason }),
            (KernelName::Stock, _, None) => Self { wish: Wish::Stock, reason: None },
            (_, true, _) => Self { wish: Wish::Whole, reason: None },
            (_, false, Some(reason)) => Self { wish: Wish::Whole, reason: Some(reason) },
            (_, false, None) => Self { wish: Wish::Quick, reason: None },
        })
    }
}

/// Whether the module follows a change of this file.
fn is_held(name: &str) -> bool {
    let is_below = |places: &[&str]| places.iter().any(|place| name.starts_with(place));
    is_below(&UNBUILT) || (is_below(&HELD) && !name.ends_with("/Kconfig"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_holds_kvm_and_its_headers() {
        for name in [
            "arch/loongarch/kvm/vcpu.c",
            "arch/loongarch/kvm/Makefile",
            "arch/loongarch/kvm/intc/new.c",
            "virt/kvm/kvm_main.c",
            "arch/loongarch/include/asm/kvm_host.h",
            "arch/loongarch/include/uapi/asm/kvm.h",
            "include/uapi/linux/kvm.h",
            "Documentation/virt/kvm/api.rst",
            "tools/testing/selftests/kvm/Makefile.kvm",
            "MAINTAINERS",
        ] {
            assert!(is_held(name), "{name}");
        }
        for name in [
            "arch/loongarch/kvm/Kconfig",
            "virt/kvm/Kconfig",
            "arch/loongarch/kernel/cpu-probe.c",
            "arch/loongarch/include/asm/loongarch.h",
            "include/linux/sched.h",
            "mm/memory.c",
            "Kbuild",
            "soft_lvz.c",
        ] {
            assert!(!is_held(name), "{name}");
        }
    }
}
