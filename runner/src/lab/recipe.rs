// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The files of `ci/lab`, embedded in the program: kernel configuration, soft LVZ
//! module, rules for Debian's own build, reference patches.

use std::path::Path;

use include_dir::{Dir, include_dir};

use super::error::LabError;
use super::patch::PatchFile;

static LAB: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../ci/lab");

/// Options that the lab requires.
const NEEDED: [&str; 14] = [
    "CONFIG_BINFMT_ELF",
    "CONFIG_BLK_DEV_INITRD",
    "CONFIG_DEVTMPFS",
    "CONFIG_EFI",
    "CONFIG_KVM",
    "CONFIG_MODULES",
    "CONFIG_OF",
    "CONFIG_PRINTK",
    "CONFIG_PROC_FS",
    "CONFIG_SERIAL_8250",
    "CONFIG_SERIAL_8250_CONSOLE",
    "CONFIG_SERIAL_OF_PLATFORM",
    "CONFIG_TTY",
    "CONFIG_VIRTUALIZATION",
];

/// The kernel's configuration; `is_debugged`: with the kernel's checks of its own code.
pub(crate) fn config(is_debugged: bool) -> Result<Vec<u8>, LabError> {
    let checks = if is_debugged { file("debug.config")? } else { &[] };
    Ok([file("kernel.config")?, checks].concat())
}

/// The rules that build KVM for Debian's own build of a kernel.
pub(crate) fn stock() -> Result<&'static [u8], LabError> {
    file("stock/Kbuild")
}

/// The soft LVZ module's files: name and content.
pub(crate) fn soft_lvz() -> Result<Vec<(&'static str, &'static [u8])>, LabError> {
    let directory = LAB.get_dir("soft-lvz").ok_or(LabError::NoRecipe { name: "soft-lvz" })?;
    let mut files: Vec<_> =
        directory.files().filter_map(|file| Some((file.path().file_name()?.to_str()?, file.contents()))).collect();
    files.sort();
    Ok(files)
}

/// The files that a review shows to its tools: name and content.
pub(crate) fn review() -> Result<[(&'static str, &'static [u8]); 2], LabError> {
    Ok([("sparse", file("review/sparse")?), ("sparse.h", file("review/sparse.h")?)])
}

/// The reference patch for a kernel, else for the newest older kernel, else for
/// the oldest kernel.
pub(crate) fn reference(version: (u32, u32)) -> Result<PatchFile, LabError> {
    let mut known: Vec<((u32, u32), &str)> = LAB
        .get_dir("patches")
        .into_iter()
        .flat_map(Dir::files)
        .filter_map(|file| {
            let name = file.path().to_str()?;
            let version = name.strip_prefix("patches/reference-")?.strip_suffix(".patch")?;
            let (major, minor) = version.split_once('.')?;
            Some(((major.parse().ok()?, minor.parse().ok()?), name))
        })
        .collect();
    known.sort();
    let before = known.iter().rev().find(|(made_for, _)| *made_for <= version);
    let (_, name) = before.or(known.first()).ok_or(LabError::NoRecipe { name: "patches" })?;
    let path = Path::new("ci/lab").join(name);
    Ok(PatchFile::own(&path, file(name)?)?)
}

/// The patch that adds faults to the reference.
pub(crate) fn faults() -> Result<PatchFile, LabError> {
    let name = "patches/faults.patch";
    let path = Path::new("ci/lab").join(name);
    Ok(PatchFile::own(&path, file(name)?)?)
}

/// The fragment's options that a configuration lacks: required ones, then others.
pub(crate) fn lost_options(fragment: &str, config: &str) -> (Vec<String>, Vec<String>) {
    let kept: Vec<&str> = config.lines().collect();
    fragment
        .lines()
        .filter(|line| line.starts_with("CONFIG_") && !kept.contains(line))
        .map(str::to_owned)
        .partition(|line| line.split('=').next().is_some_and(|name| NEEDED.contains(&name)))
}

fn file(name: &'static str) -> Result<&'static [u8], LabError> {
    LAB.get_file(name).map(include_dir::File::contents).ok_or(LabError::NoRecipe { name })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::ValueEnum as _;
    use reglist_suite::fault::{Fault, Place};

    use super::*;

    #[test]
    fn the_recipe_is_complete() {
        let config = String::from_utf8(config(true).unwrap()).unwrap();
        for option in NEEDED {
            assert!(config.contains(&format!("\n{option}=")), "{option}");
        }
        assert!(soft_lvz().unwrap().iter().any(|(name, _)| *name == "soft_lvz.c"));
    }

    #[test]
    fn every_kernel_has_a_reference() {
        for (version, expected) in
            [((7, 2), "7.2"), ((6, 12), "6.12"), ((6, 18), "6.12"), ((7, 3), "7.2"), ((8, 0), "7.2"), ((6, 1), "6.12")]
        {
            let patch = reference(version).unwrap();
            assert!(patch.path.ends_with(format!("reference-{expected}.patch")), "{version:?}");
            assert!(patch.touches().any(|name| name == "arch/loongarch/kvm/vcpu.c"));
        }
    }

    #[test]
    fn a_kernel_can_have_every_fault_that_is_said_to_be_one_of_a_kernel() {
        let text = String::from_utf8(file("patches/faults.patch").unwrap().to_vec()).unwrap();
        let name = |line: &str| Some(line.strip_prefix("+\tF(")?.split('"').nth(1)?.to_owned());
        let known: BTreeSet<String> = text.lines().filter_map(name).collect();
        let can_have = |fault: &&Fault| !matches!(fault.place(), Place::Model(_));
        let wanted: BTreeSet<String> =
            Fault::value_variants().iter().filter(can_have).map(|fault| fault.name()).collect();
        assert_eq!(known, wanted);
    }

    #[test]
    fn lost_options_are_sorted_by_weight() {
        let fragment = "# text\nCONFIG_KVM=m\nCONFIG_FOO=y\nCONFIG_TTY=y\n";
        let (fatal, other) = lost_options(fragment, "CONFIG_TTY=y\nCONFIG_KVM=y\n");
        assert_eq!((fatal, other), (vec!["CONFIG_KVM=m".to_owned()], vec!["CONFIG_FOO=y".to_owned()]));
    }
}
