// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Tells whether only KVM has changed since the last build of a whole kernel, by the
//! lists of dependencies that kbuild keeps beside its objects. Then make need not look
//! at everything else, which takes it seconds.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use crate::system::product::Product;

/// Directories of KVM's objects.
const KVM: [&str; 2] = ["arch/loongarch/kvm", "virt/kvm"];
/// The source in a build, before each of its paths.
const SOURCE: &str = "/src/";
/// More lists belong to no kernel of the lab; the same for directories.
const MOST: usize = 20_000;

/// Whether no file that the rest of the kernel is made from is newer than `since`, or
/// gone. `modified` says when a file of the source was changed.
pub(super) fn is_only_kvm(
    build: &Path,
    since: SystemTime,
    modified: impl Fn(&str) -> Option<SystemTime>,
) -> io::Result<bool> {
    let (mut needed, mut rules) = (HashSet::new(), HashSet::new());
    let mut todo = vec![String::new()];
    let mut seen = 0;
    while let Some(directory) = todo.pop() {
        // Rules, wherever something is made.
        let here = ["Makefile", "Kbuild"].map(|name| join(&directory, name));
        rules.extend(here.into_iter().filter(|rule| modified(rule).is_some()));
        for entry in fs::read_dir(build.join(&directory))? {
            let entry = entry?;
            seen += 1;
            let (Ok(name), kind) = (entry.file_name().into_string(), entry.file_type()?) else { continue };
            let path = join(&directory, &name);
            if seen > MOST {
                return Ok(false);
            }
            if kind.is_dir() && !KVM.contains(&path.as_str()) {
                todo.push(path);
            } else if kind.is_file() && name.ends_with(".cmd") {
                let list = Product::new(build, &path).read()?;
                needed.extend(sources(&String::from_utf8_lossy(&list)).map(str::to_owned));
            }
        }
    }
    let is_old = |name: &String| modified(name).is_some_and(|time| time < since);
    Ok(!needed.is_empty() && needed.iter().chain(&rules).all(is_old))
}

fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

/// The files of the source in a list: `source_X := /src/A`, and a line for each file
/// that A includes.
fn sources(list: &str) -> impl Iterator<Item = &str> {
    list.lines().filter_map(|line| {
        let line = line.trim_end_matches('\\').trim();
        let path =
            line.split_once(" := ").filter(|(name, _)| name.starts_with("source_")).map_or(line, |(_, path)| path);
        path.strip_prefix(SOURCE).filter(|path| !path.contains(char::is_whitespace))
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LIST: &str = "savedcmd_mm/a.o := gcc -I/src/include -c -o mm/a.o /src/mm/a.c\n\nsource_mm/a.o := /src/mm/a.c\n\n\
                        deps_mm/a.o := \\\n    $(wildcard include/config/X) \\\n  /src/include/linux/kvm_host.h \\\n  arch/x.h \\\n\n\
                        mm/a.o: $(deps_mm/a.o)\n";

    #[test]
    fn a_list_names_source_and_headers() {
        assert_eq!(sources(LIST).collect::<Vec<_>>(), ["mm/a.c", "include/linux/kvm_host.h"]);
    }

    #[test]
    fn a_change_outside_kvm_is_noticed() {
        let build = tempfile::tempdir().unwrap();
        for (name, text) in [("mm/.a.o.cmd", LIST), ("virt/kvm/.b.o.cmd", "source_b := /src/virt/kvm/b.c\n")] {
            let path = build.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let since = SystemTime::now();
        let (old, new) = (since - Duration::from_secs(1), since + Duration::from_secs(1));
        let check = |changed: &str, gone: &str| {
            let modified = |name: &str| match name {
                name if name == gone => None,
                name if name == changed => Some(new),
                "mm/a.c" | "include/linux/kvm_host.h" | "virt/kvm/b.c" | "mm/Makefile" => Some(old),
                _ => None,
            };
            is_only_kvm(build.path(), since, modified).unwrap()
        };
        assert!(check("", ""));
        assert!(check("virt/kvm/b.c", ""));
        for changed in ["mm/a.c", "include/linux/kvm_host.h", "mm/Makefile"] {
            assert!(!check(changed, ""), "{changed}");
        }
        assert!(!check("", "mm/a.c"));
        // Nothing is known of the build but its rules.
        let empty = tempfile::tempdir().unwrap();
        assert!(!is_only_kvm(empty.path(), since, |_| Some(old)).unwrap());
    }
}
