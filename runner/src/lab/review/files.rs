// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Which of the changed files a review compiles.

use std::collections::BTreeSet;

use crate::lab::apply::{BUILT_TOOLS, UNBUILT};

/// The changed files by what a review can do with them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Files {
    /// Objects of C files, in the source with the patches and without.
    pub(super) objects: Vec<String>,
    pub(super) base: Vec<String>,
    /// What the review cannot look at.
    pub(super) remarks: Vec<String>,
}

impl Files {
    /// Sorts files. `exists` says whether a file is there with the patches, `is_old` without;
    /// `is_built`, whether the kernel has the object.
    pub(super) fn sort<'n>(
        names: impl IntoIterator<Item = &'n String>,
        exists: impl Fn(&str) -> bool,
        is_old: impl Fn(&str) -> bool,
        is_built: impl Fn(&str) -> bool,
    ) -> Self {
        let mut files = Self::default();
        let mut unread = Vec::new();
        let names: BTreeSet<&String> = names.into_iter().collect();
        for name in names.into_iter().filter(|name| exists(name)) {
            let is_below = |places: &[&str]| places.iter().any(|place| name.starts_with(place));
            let object = name.strip_suffix(".c").map(|stem| format!("{stem}.o"));
            match object {
                _ if is_below(&UNBUILT) && !is_below(&BUILT_TOOLS) => unread.push(name.as_str()),
                Some(object) if is_built(&object) => {
                    if is_old(name) {
                        files.base.push(object.clone());
                    }
                    files.objects.push(object);
                }
                Some(_) => unread.push(name.as_str()),
                None => {}
            }
        }
        if !unread.is_empty() {
            files.remarks.push(format!("not built, so not compiled: {}", unread.join(", ")));
        }
        if files.objects.is_empty() {
            files.remarks.push("the patches change no C file of this kernel: nothing to compile".to_owned());
        }
        files
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_c_files_of_the_kernel_are_compiled() {
        let names = ["a/new.c", "a/old.c", "a/gone.c", "a/off.c", "a/old.h", "Documentation/a.rst"].map(String::from);
        let files =
            Files::sort(&names, |name| name != "a/gone.c", |name| name != "a/new.c", |object| object != "a/off.o");
        assert_eq!(files.objects, ["a/new.o", "a/old.o"]);
        assert_eq!(files.base, ["a/old.o"]);
        assert_eq!(files.remarks, ["not built, so not compiled: Documentation/a.rst, a/off.c"]);
        let none = Files::sort(&names[4..], |_| true, |_| true, |_| true);
        assert_eq!(none.remarks.len(), 2);
    }
}
