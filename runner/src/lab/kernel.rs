// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A built kernel: the image, and the modules with their load order.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use object::Object as _;
use reglist_suite::report::events::Label;
use serde::{Deserialize, Serialize};

use crate::system::digest;

/// The module that emulates the missing hardware.
pub(crate) const SOFT_LVZ: &str = "soft_lvz.ko";
const IMAGE: &str = "vmlinux";
const KVM: &str = "kvm.ko";
const INDEX: &str = "kernel.json";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kernel {
    /// The directory with all its files.
    pub(crate) path: PathBuf,
    /// File names of modules in load order.
    pub(crate) modules: Vec<String>,
}

/// The load order and the checksums of all files.
#[derive(Debug, Serialize, Deserialize)]
struct Index {
    modules: Vec<String>,
    digests: BTreeMap<String, String>,
}

impl Kernel {
    /// The kernel in a directory, if all checksums match.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        let index: Index = serde_json::from_slice(&fs::read(path.join(INDEX)).ok()?).ok()?;
        let whole = index
            .digests
            .iter()
            .all(|(name, known)| digest::of_file(&path.join(name)).is_ok_and(|found| found == *known));
        let complete =
            index.digests.contains_key(IMAGE) && index.modules.iter().all(|name| index.digests.contains_key(name));
        (whole && complete).then(|| Self { path: path.to_owned(), modules: index.modules })
    }

    /// The build ids of the image and of KVM, if they have any. The guest cannot
    /// read them.
    pub(crate) fn labels(&self) -> Vec<Label> {
        let files = [(Label::BUILD_ID, IMAGE), (Label::KVM_BUILD_ID, KVM)];
        let label = |(name, file): (&str, &str)| {
            let content = fs::read(self.path.join(file)).ok()?;
            let value = digest::hex(object::File::parse(content.as_slice()).ok()?.build_id().ok()??);
            Some(Label { name: name.to_owned(), value })
        };
        files.into_iter().filter_map(label).collect()
    }

    /// Copies image and modules from the build directory.
    pub(crate) fn collect(image: &Path, modules: &[PathBuf], to: &Path) -> io::Result<Self> {
        fs::create_dir_all(to)?;
        let mut digests = BTreeMap::new();
        let mut needs = BTreeMap::new();
        for file in modules.iter().map(PathBuf::as_path).chain([image]) {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let copy = to.join(&name);
            fs::copy(file, &copy)?;
            digests.insert(name.clone(), digest::of_file(&copy)?);
            if file != image {
                needs.insert(name, dependencies(&fs::read(&copy)?));
            }
        }
        let modules = load_order(&needs);
        let index = Index { modules: modules.clone(), digests };
        fs::write(to.join(INDEX), serde_json::to_vec_pretty(&index)?)?;
        Ok(Self { path: to.to_owned(), modules })
    }
}

/// The dependencies that a module's description lists.
fn dependencies(module: &[u8]) -> Vec<String> {
    const KEY: &[u8] = b"\0depends=";
    let Some(start) = module.windows(KEY.len()).position(|window| window == KEY) else {
        return Vec::new();
    };
    let names = module.iter().skip(start + KEY.len()).take_while(|byte| **byte != 0);
    String::from_utf8_lossy(&names.copied().collect::<Vec<u8>>())
        .split(',')
        .filter(|name| !name.is_empty())
        .map(|name| format!("{name}.ko"))
        .collect()
}

/// Dependencies first. Soft LVZ before all others, because KVM checks the CPU on
/// load.
fn load_order(needs: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let mut order = Vec::new();
    let first = needs.keys().filter(|name| *name == SOFT_LVZ);
    for name in first.chain(needs.keys()) {
        load(name, needs, &mut order, needs.len());
    }
    order
}

fn load(name: &String, needs: &BTreeMap<String, Vec<String>>, order: &mut Vec<String>, depth: usize) {
    if order.contains(name) || depth == 0 {
        return;
    }
    let Some(needed) = needs.get(name) else {
        return;
    };
    for other in needed {
        load(other, needs, order, depth - 1);
    }
    order.push(name.clone());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built() -> (tempfile::TempDir, Kernel) {
        let directory = tempfile::tempdir().unwrap();
        let from = directory.path().join("from");
        fs::create_dir(&from).unwrap();
        fs::write(from.join("vmlinux"), "kernel").unwrap();
        fs::write(from.join("kvm.ko"), b"x\0depends=irqbypass,other\0y").unwrap();
        fs::write(from.join("irqbypass.ko"), b"x\0depends=\0y").unwrap();
        fs::write(from.join(SOFT_LVZ), b"x").unwrap();
        let modules = ["kvm.ko", "irqbypass.ko", SOFT_LVZ].map(|name| from.join(name));
        let kernel = Kernel::collect(&from.join("vmlinux"), &modules, &directory.path().join("to")).unwrap();
        (directory, kernel)
    }

    #[test]
    fn modules_load_after_what_they_need() {
        assert_eq!(built().1.modules, [SOFT_LVZ, "irqbypass.ko", "kvm.ko"]);
    }

    #[test]
    fn a_damaged_file_is_noticed() {
        let (_directory, kernel) = built();
        assert_eq!(Kernel::at(&kernel.path).unwrap(), kernel);
        fs::write(kernel.path.join("kvm.ko"), "").unwrap();
        assert_eq!(Kernel::at(&kernel.path), None);
        fs::remove_file(kernel.path.join("kvm.ko")).unwrap();
        assert_eq!(Kernel::at(&kernel.path), None);
    }
}
