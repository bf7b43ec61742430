// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A built kernel: the image, and the modules with their load order.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use object::Object as _;
use reglist_suite::harness::guest::{KVM, KVM_ON_STOCK};
use reglist_suite::report::events::Label;
use serde::{Deserialize, Serialize};

use super::error::LabError;
use crate::system::digest;
use crate::system::files::FileError;
use crate::system::product::Product;

/// The module that emulates the missing hardware.
pub(crate) const SOFT_LVZ: &str = "soft_lvz.ko";
const IMAGE: &str = "vmlinux";
/// Debian's own build of a kernel.
const STOCK_IMAGE: &str = "vmlinuz";
const INDEX: &str = "kernel.json";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kernel {
    /// The directory with all its files.
    pub(crate) path: PathBuf,
    /// File name of the image.
    pub(crate) image: String,
    /// File names of modules in load order.
    pub(crate) modules: Vec<String>,
}

/// The image, the load order and the checksums of all files.
#[derive(Debug, Serialize, Deserialize)]
struct Index {
    image: String,
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
        let complete = index.modules.iter().chain([&index.image]).all(|name| index.digests.contains_key(name));
        (whole && complete).then(|| Self { path: path.to_owned(), image: index.image, modules: index.modules })
    }

    /// The kernel of a dry run.
    pub(crate) fn planned(path: PathBuf, is_stock: bool) -> Self {
        let (image, kvm) = if is_stock { (STOCK_IMAGE, KVM_ON_STOCK) } else { (IMAGE, KVM) };
        Self { path, image: image.to_owned(), modules: vec![SOFT_LVZ.to_owned(), kvm.to_owned()] }
    }

    /// Whether it is Debian's own build.
    pub(crate) fn is_stock(&self) -> bool {
        self.image == STOCK_IMAGE
    }

    /// The file name of KVM's module.
    pub(crate) fn kvm(&self) -> &'static str {
        if self.is_stock() { KVM_ON_STOCK } else { KVM }
    }

    /// The build ids of the image and of KVM, if they have any. The guest cannot
    /// read them.
    pub(crate) fn labels(&self) -> Vec<Label> {
        let files = [(Label::BUILD_ID, &*self.image), (Label::KVM_BUILD_ID, self.kvm())];
        let label = |(name, file): (&str, &str)| {
            let content = fs::read(self.path.join(file)).ok()?;
            let value = digest::hex(object::File::parse(content.as_slice()).ok()?.build_id().ok()??);
            Some(Label { name: name.to_owned(), value })
        };
        files.into_iter().filter_map(label).collect()
    }

    /// Copies image and modules from the build directory.
    pub(crate) fn collect(products: &[Product], to: &Path) -> Result<Self, LabError> {
        fs::create_dir_all(to).map_err(FileError::of("create", to))?;
        let mut digests = BTreeMap::new();
        let mut needs = BTreeMap::new();
        let mut image = IMAGE.to_owned();
        for product in products {
            let name = product.file_name();
            let content = product.read().map_err(LabError::product(product))?;
            let copy = to.join(&name);
            fs::write(&copy, &content).map_err(FileError::write(&copy))?;
            digests.insert(name.clone(), digest::of_bytes(&content));
            if name == IMAGE || name == STOCK_IMAGE {
                image = name;
            } else {
                needs.insert(name, dependencies(&content));
            }
        }
        let modules = load_order(&needs);
        let index = Index { image: image.clone(), modules: modules.clone(), digests };
        let path = to.join(INDEX);
        let written =
            serde_json::to_vec_pretty(&index).map_err(io::Error::from).and_then(|text| fs::write(&path, text));
        written.map_err(FileError::write(&path))?;
        Ok(Self { path: to.to_owned(), image, modules })
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
    let (mut order, mut seen) = (Vec::new(), BTreeSet::new());
    let first = needs.keys().filter(|name| *name == SOFT_LVZ);
    for name in first.chain(needs.keys()) {
        load(name, needs, &mut order, &mut seen);
    }
    order
}

fn load<'n>(
    name: &'n String,
    needs: &'n BTreeMap<String, Vec<String>>,
    order: &mut Vec<String>,
    seen: &mut BTreeSet<&'n String>,
) {
    let Some(needed) = needs.get(name).filter(|_| seen.insert(name)) else {
        return;
    };
    for other in needed {
        load(other, needs, order, seen);
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
        let products = ["kvm.ko", "irqbypass.ko", SOFT_LVZ, IMAGE].map(|name| Product::new(&from, name));
        let kernel = Kernel::collect(&products, &directory.path().join("to")).unwrap();
        (directory, kernel)
    }

    #[test]
    fn modules_load_after_what_they_need() {
        assert_eq!(built().1.modules, [SOFT_LVZ, "irqbypass.ko", "kvm.ko"]);
    }

    #[test]
    fn modules_that_need_each_other_load_once() {
        let names: Vec<String> = (0..100).map(|number| format!("{number}.ko")).collect();
        let needs: BTreeMap<_, _> = names.iter().map(|name| (name.clone(), names.clone())).collect();
        assert_eq!(load_order(&needs).len(), 100);
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
