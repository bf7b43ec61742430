// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Which code of the kernel each line of a patch has, for `--coverage`.

mod blocks;
mod lines;

use std::collections::{BTreeMap, HashMap};
use std::fs;

use reglist_suite::report::coverage::{Change, Coverage, PatchedFile};

use self::blocks::Block;
use super::apply::{Changes, Content};
use super::kernel::Kernel;
use super::source::Source;

/// Where the objects of KVM are made; other files of KVM are named from here.
const KVM: &str = "arch/loongarch/kvm/";
const COMMON: &str = "virt/kvm/";

/// Why nothing is known of the lines that run. The run goes on without.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoCoverage {
    #[error("the patch changes no C file of KVM")]
    NothingTraced,
    #[error("{module} does not call KCOV; this kernel lacks it")]
    NoCalls { module: String },
    #[error("{module} has no debug information of the changed files")]
    NoLines { module: String },
    #[error("cannot read {module}: {reason}")]
    Unreadable { module: String, reason: String },
}

/// The objects that a build instruments: the changed C files of KVM, as kbuild names
/// their objects.
pub(crate) fn objects(changes: &Changes) -> Vec<String> {
    let object = |name: &String| {
        let file = name.strip_suffix(".c")?;
        match file.strip_prefix(KVM) {
            Some(file) => Some(format!("{file}.o")),
            None => file.starts_with(COMMON).then(|| format!("../../../{file}.o")),
        }
    };
    let kept = changes.iter().filter(|(_, content)| content.is_some());
    kept.filter_map(|(name, _)| object(name)).collect()
}

/// The lines of all changes, with their blocks in the module.
pub(crate) fn of(kernel: &Kernel, source: &Source, changes: &Changes) -> Result<Coverage, NoCoverage> {
    if objects(changes).is_empty() {
        return Err(NoCoverage::NothingTraced);
    }
    let module = kernel.kvm();
    let unreadable = |reason: String| NoCoverage::Unreadable { module: module.to_owned(), reason };
    let content = fs::read(kernel.path.join(module)).map_err(|error| unreadable(error.to_string()))?;
    let known = blocks::of(&content).map_err(|error| unreadable(error.to_string()))?;
    if known.is_empty() {
        return Err(NoCoverage::NoCalls { module: module.to_owned() });
    }
    let mut used = Used::default();
    let text = |content: Option<&Content>| {
        content.map(|content| String::from_utf8_lossy(&content.bytes).into_owned()).unwrap_or_default()
    };
    let mut files = Vec::new();
    for (name, content) in changes {
        let old = Content::read(&source.path.join(name)).map_err(|error| unreadable(error.to_string()))?;
        let mut hunks = lines::hunks(&text(old.as_ref()), &text(content.as_ref()));
        let of_line = by_line(&known, name);
        for line in hunks.iter_mut().flat_map(|hunk| &mut hunk.lines).filter(|line| line.change == Change::Added) {
            let indices = of_line.get(&u64::from(line.number)).into_iter().flatten();
            line.blocks = indices.map(|index| used.number(&known, *index)).collect();
        }
        files.push(PatchedFile { name: name.clone(), hunks, is_traced: !of_line.is_empty() });
    }
    if !files.iter().any(|file| file.is_traced) {
        return Err(NoCoverage::NoLines { module: module.to_owned() });
    }
    let module = module.trim_end_matches(".ko").to_owned();
    Ok(Coverage { module, blocks: used.recorded, files })
}

/// Whether the path in debug information is this file of the source.
fn is_same(path: &str, name: &str) -> bool {
    path.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

/// The indices of the blocks with code of each line of a file.
fn by_line(known: &[Block], file: &str) -> BTreeMap<u64, Vec<usize>> {
    let mut of_line: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (index, block) in known.iter().enumerate() {
        for (_, number) in block.lines.iter().filter(|(path, _)| is_same(path, file)) {
            of_line.entry(*number).or_default().push(index);
        }
    }
    of_line
}

/// The blocks of changed lines, numbered as they come.
#[derive(Debug, Default)]
struct Used {
    numbers: HashMap<usize, u32>,
    /// The addresses that KCOV records, in the order of the numbers.
    recorded: Vec<u64>,
}

impl Used {
    fn number(&mut self, known: &[Block], index: usize) -> u32 {
        let next = u32::try_from(self.recorded.len()).unwrap_or(u32::MAX);
        let recorded = &mut self.recorded;
        *self.numbers.entry(index).or_insert_with(|| {
            recorded.push(known.get(index).map_or(0, |block| block.recorded));
            next
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_files_of_kvm_are_instrumented() {
        let content = || Some(Content { bytes: Vec::new(), executable: false });
        let mut changes = Changes::new();
        for name in ["arch/loongarch/kvm/vcpu.c", "arch/loongarch/kvm/intc/ipi.c", "virt/kvm/kvm_main.c"] {
            changes.insert(name.to_owned(), content());
        }
        for name in ["arch/loongarch/kvm/Makefile", "Documentation/virt/kvm/api.rst", "mm/memory.c"] {
            changes.insert(name.to_owned(), content());
        }
        changes.insert("arch/loongarch/kvm/gone.c".to_owned(), None);
        assert_eq!(objects(&changes), ["intc/ipi.o", "vcpu.o", "../../../virt/kvm/kvm_main.o"]);
    }

    #[test]
    fn a_path_of_debug_information_names_a_file_of_the_source() {
        let name = "arch/loongarch/kvm/vcpu.c";
        assert!(is_same("/src/arch/loongarch/kvm/vcpu.c", name) && is_same(name, name));
        assert!(!is_same("/src/xarch/loongarch/kvm/vcpu.c", name) && !is_same("vcpu.c", name));
    }
}
