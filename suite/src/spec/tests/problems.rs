// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Every problem of a tree, and every file.

use super::{BASE, CLAUSES, GROUPS, PMU, QEMU, REGISTERS, Tree, UNLISTED, files, specs};
use crate::arch::{ALL, LoongArch64};
use crate::spec::{Source, Spec, problems};

fn places(tree: &Tree) -> Vec<String> {
    let found = problems(&Source::Directory(tree.path("")), &LoongArch64);
    let below = |file: &str| file.strip_prefix(tree.path("").to_str().unwrap()).unwrap().to_owned();
    found.iter().map(|problem| below(&problem.file)).collect()
}

#[test]
fn the_built_in_specifications_have_none() {
    for arch in ALL {
        assert!(problems(&Source::Embedded, arch).is_empty());
        assert!(!Spec::series_of(&Source::Embedded, arch).is_empty());
    }
}

#[test]
fn each_file_tells_its_first_problem() {
    let tree = Tree::new();
    for (file, old, new) in [
        (CLAUSES, "level: must", "level: may"),
        (UNLISTED, "families: [merr]", "families: [more]"),
        (QEMU, "[COUNTER]", "[CLOCK]"),
        (BASE, "count: 76", "count: 77"),
        (PMU, "features: [pmu]", "features: [pnu]"),
    ] {
        tree.write(file, tree.read(file).replacen(old, new, 1));
    }
    assert_eq!(places(&tree), [CLAUSES, UNLISTED, QEMU, BASE, PMU]);
    // Configurations cannot be judged without groups, nor anything without
    // registers.
    tree.write(GROUPS, tree.read(GROUPS).replacen("CRMD", "CRMB", 1));
    assert_eq!(places(&tree), [CLAUSES, UNLISTED, QEMU, GROUPS]);
    tree.write(REGISTERS, "");
    assert_eq!(places(&tree), [CLAUSES, REGISTERS]);
}

#[test]
fn a_tree_has_its_files_wherever_it_is() {
    let embedded = Source::Embedded.files();
    assert_eq!(embedded, Source::Directory(specs()).files());
    assert!(files().iter().all(|file| embedded.contains(file)));
    assert!(embedded.iter().any(|file| file == "schema/groups.json"));
    assert!(Source::Directory("/nowhere".into()).files().is_empty());
}
