// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A stranger's patch: what it can reach of the host, of other patches' builds, and
//! of the programs that read its products.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::fake::{FakeLab, expect, text};
use crate::hostile::{AS_NOBODY, Canary, FORKS, behind, can_be_nobody, check_forks, give_to_nobody, text_of};

const HEADER: &str = "--- a/arch/loongarch/kvm/vcpu.c\n+++ b/arch/loongarch/kvm/vcpu.c\n";

/// A patch that adds a word, for which the hostile make waits.
fn patch(lab: &FakeLab, word: &str) {
    lab.write(&format!("{word}.patch"), format!("{HEADER}@@ -1,3 +1,4 @@\n one\n+{word}\n two\n three\n"));
}

/// Has make run a script first.
fn make_runs(lab: &FakeLab, script: &str) {
    let real = fs::read_to_string(lab.path("bin/make")).unwrap();
    let hostile = real.replacen("\nstage=\n", &format!("\n{script}\nstage=\n"), 1);
    assert_ne!(real, hostile);
    lab.write("bin/make", hostile);
}

fn escapes(lab: &FakeLab, submount: &str, run: impl FnOnce(&Command) -> Command) {
    let canary = Canary::new(lab.path("canary"));
    let has_perl = fs::exists("/usr/bin/perl").unwrap();
    make_runs(lab, &(canary.script(submount) + if has_perl { FORKS } else { "" }));
    expect(0, &mut run(&lab.lab(&["--results", "out"])));
    canary.check(&lab.path("out/logs"));
    if has_perl {
        check_forks(&lab.path("out/logs"));
    }
}

#[test]
fn a_hostile_build_reaches_nothing_of_the_host() {
    let Some(lab) = FakeLab::new("escape") else { return };
    if !nix::unistd::geteuid().is_root() {
        return escapes(&lab, "/usr", |inner| behind(&["env"], inner));
    }
    // A mount below the programs is read-only too.
    let mount = "mount -t tmpfs none /opt && mkdir /opt/mount && mount -t tmpfs none /opt/mount && exec \"$@\"";
    escapes(&lab, "/opt/mount", |inner| behind(&["unshare", "--mount", "sh", "-c", mount, "sh"], inner));
}

#[test]
fn a_hostile_build_of_an_ordinary_user_reaches_nothing_either() {
    let Some(lab) = FakeLab::new("escape-user") else { return };
    if !can_be_nobody() {
        return;
    }
    escapes(&lab, "/usr", |inner| {
        give_to_nobody(lab.path("."));
        behind(&AS_NOBODY, inner)
    });
}

/// Leaves files in every place where it can, and says where it finds such files.
const POISON: &str = r"
for place in /build /build/kvm /soft-lvz /ccache /lab /src /tmp; do
  [ -e $place/poison ] && echo POISONED $place
done
if grep -q poison /src/arch/loongarch/kvm/vcpu.c; then
  mkdir /build/kvm 2> /dev/null
  for place in /build /build/kvm /soft-lvz /ccache /lab /src /tmp; do
    touch $place/poison
  done 2> /dev/null
fi
";

/// Files of the build directories of the source's own text, with their times.
fn own_files(lab: &FakeLab) -> BTreeMap<String, std::time::SystemTime> {
    let mut files = BTreeMap::new();
    let mut open = vec![lab.path("cache/reglist/builds"), lab.path("cache/reglist/ccache")];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.display().to_string();
            if name.ends_with("-patched") || name.ends_with("/out") || name.ends_with("/built") {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else {
                files.insert(name, entry.metadata().unwrap().modified().unwrap());
            }
        }
    }
    files
}

#[test]
fn a_patch_cannot_poison_the_build_of_another() {
    let Some(lab) = FakeLab::new("poison") else { return };
    make_runs(&lab, POISON);
    patch(&lab, "poison");
    patch(&lab, "other");
    let run = |arguments: &[&str]| {
        let _ = fs::remove_dir_all(lab.path("out"));
        expect(0, &mut lab.lab(&[&["--results", "out"], arguments].concat()));
        let poisoned = text_of(&lab.path("out/logs")).contains("POISONED");
        let copied = fs::read_dir(lab.path("out/logs"))
            .unwrap()
            .any(|log| log.unwrap().file_name().to_string_lossy().ends_with("-copy.log"));
        (poisoned, copied)
    };
    assert_eq!(run(&[]), (false, false));
    let clean = own_files(&lab);
    assert!(!clean.is_empty());
    // Its own later stages see what it left, and so does the same patch again.
    assert_eq!(run(&["--patch", "poison.patch"]), (true, true));
    assert_eq!(run(&["--patch", "poison.patch"]), (true, false));
    assert_eq!(own_files(&lab).keys().collect::<Vec<_>>(), clean.keys().collect::<Vec<_>>());
    assert_eq!(run(&[]), (false, false));
    assert_eq!(run(&["--patch", "other.patch"]), (false, true));
    assert!(run(&["--patch", "other.patch", "--patch", "poison.patch"]).1);
}

#[test]
fn a_patch_alone_makes_a_broken_tree_build() {
    let Some(lab) = FakeLab::new("mends") else { return };
    make_runs(&lab, "case $* in *vmlinux*) grep -q mended /src/arch/loongarch/kvm/vcpu.c || exit 2 ;; esac");
    patch(&lab, "mended");
    expect(6, &mut lab.lab(&[]));
    expect(0, &mut lab.lab(&["--patch", "mended.patch"]));
    expect(6, &mut lab.lab(&[]));
}

#[test]
fn a_build_in_the_future_is_not_used() {
    let Some(lab) = FakeLab::new("future") else { return };
    expect(0, &mut lab.lab(&[]));
    let builds = lab.path("cache/reglist/builds");
    let own = fs::read_dir(builds).unwrap().next().unwrap().unwrap().path();
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(3600);
    fs::File::options().write(true).open(own.join("built")).unwrap().set_modified(later).unwrap();
    fs::write(own.join("build/stale"), "").unwrap();
    expect(0, &mut lab.lab(&[]));
    assert!(own.join("build/vmlinux").exists() && !own.join("build/stale").exists());
}

/// A word of a patch, what make then does after a successful build, and what
/// reglist says of it.
const PRODUCTS: [(&str, &str, &str); 5] = [
    ("linked", "ln -sf /etc/passwd /build/vmlinux", "no usable `vmlinux`: it is a symbolic link"),
    ("piped", "rm /build/vmlinux; mkfifo /build/vmlinux", "no usable `vmlinux`: it is not a regular file"),
    ("above", "echo ../../../suite > /build/modules.order", "no usable `../../../suite.ko`: its name leaves"),
    ("away", "rm -r /build/arch; ln -s AWAY /build/arch; echo arch/kvm.o > /build/modules.order", "symbolic link"),
    ("many", "seq 1001 > /build/modules.order", "no usable `modules.order`: it lists more than 1000 modules"),
];

#[test]
fn products_of_a_build_are_read_with_care() {
    let Some(lab) = FakeLab::new("products") else { return };
    fs::create_dir(lab.path("away")).unwrap();
    lab.write("away/kvm.ko", "");
    for (word, action, message) in PRODUCTS {
        let action = action.replace("AWAY", &lab.path("away").display().to_string());
        // The last command of a build, in the place of the module's.
        make_runs(
            &lab,
            &format!(
                "case $* in *M=/soft-lvz*) grep -q {word} /src/arch/loongarch/kvm/vcpu.c && {{ {action}; }} ;; esac"
            ),
        );
        patch(&lab, word);
        let output = expect(6, &mut lab.lab(&["--patch", &format!("{word}.patch")]));
        let error = text(&output.stderr).replace("\n  because", "");
        assert!(error.contains(message), "{word}: {error}");
    }
    // Nothing of it stays.
    expect(0, &mut lab.lab(&[]));
}

#[test]
fn what_is_in_the_place_of_the_labs_module_is_replaced() {
    let Some(lab) = FakeLab::new("replaced") else { return };
    lab.write("mine", "mine");
    let link = format!("ln -sf '{}' /soft-lvz/soft_lvz.c", lab.path("mine").display());
    let pipe = "rm /soft-lvz/Kbuild && mkfifo /soft-lvz/Kbuild";
    make_runs(&lab, &format!("case $* in *M=/soft-lvz*) {link}; {pipe} ;; esac"));
    for _ in 0..2 {
        expect(0, &mut lab.lab(&[]));
        assert_eq!(fs::read_to_string(lab.path("mine")).unwrap(), "mine");
    }
}

#[test]
fn what_a_build_leaves_can_be_removed() {
    let Some(lab) = FakeLab::new("removed") else { return };
    if !can_be_nobody() {
        return;
    }
    // Closed directories, and more levels than a process can have open files.
    let leave = "mkdir -p /build/closed/closed && chmod 0 /build/closed/closed /build/closed; \
                 (cd /build && for i in $(seq 1500); do mkdir -p deep && cd -P deep || break; done)";
    make_runs(
        &lab,
        &format!("case $* in *vmlinux*) grep -q poison /src/arch/loongarch/kvm/vcpu.c && {{ {leave}; }} ;; esac"),
    );
    patch(&lab, "poison");
    patch(&lab, "other");
    give_to_nobody(lab.path("."));
    let few = ["prlimit", "--nofile=512"];
    for name in ["poison.patch", "other.patch"] {
        expect(0, &mut behind(&few, &behind(&AS_NOBODY, &lab.lab(&["--patch", name]))));
    }
    expect(0, &mut behind(&few, &behind(&AS_NOBODY, &lab.command(&["cache", "--clear"]))));
    assert_eq!(fs::read_dir(lab.path("cache/reglist")).unwrap().count(), 0);
    assert!(Path::new(&lab.path("cache")).exists());
}
