// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Who is blamed for what: exit codes of trouble of the patch, the machine, the
//! kernel and the call, for `lab`, `lab --bisect` and `lab --set`.

use std::fs;

use crate::fake::{FakeLab, expect, text};
use crate::hostile::behind;

const HEADER: &str = "--- a/arch/loongarch/kvm/vcpu.c\n+++ b/arch/loongarch/kvm/vcpu.c\n";

fn patch(line: &str) -> String {
    format!("{HEADER}@@ -1,3 +1,3 @@\n one\n-{line}\n+2\n three\n")
}

/// A case in which something goes wrong.
struct Trouble {
    name: &'static str,
    /// What is changed in the lab.
    set_up: fn(&FakeLab),
    /// What the error says; empty if the verdict says it.
    message: &'static str,
    /// Exit codes of `lab`, `lab --bisect`, `lab --set`.
    codes: [i32; 3],
}

fn events(lab: &FakeLab, change: impl Fn(&str) -> String) {
    let events = fs::read_to_string(lab.path("bin/events")).unwrap();
    lab.write("bin/events", change(&events));
}

/// The first lines of the events; then the emulator gets SIGKILL.
fn dies_after(lab: &FakeLab, lines: usize) {
    events(lab, |events| events.lines().take(lines).map(|line| format!("{line}\n")).collect());
    lab.write("bin/die-boot", "");
}

const TROUBLE: [Trouble; 14] = [
    Trouble {
        name: "patch: does not fit",
        set_up: |lab| lab.write("p.patch", patch("zwei")),
        message: "line 2: `zwei` is `two` here",
        codes: [64, 125, 64],
    },
    Trouble {
        name: "patch: does not compile",
        set_up: |lab| {
            let included = "In file included from include/linux/kvm_host.h:40,\n                 from arch/loongarch/kvm/vcpu.c:6:\n";
            lab.write("bin/fail-build", format!("  CC x\n{included}asm/kvm_host.h:7:1: error: unknown type\n"));
        },
        message: "from arch/loongarch/kvm/vcpu.c:6:",
        codes: [6, 125, 6],
    },
    Trouble {
        name: "machine: patch(1) has no disk space",
        set_up: |lab| {
            lab.tool("patch");
            lab.write("bin/fail-patches", "patch: **** write error : No space left on device\n");
            lab.write("p.patch", patch("zwei"));
        },
        message: "no space left on device",
        codes: [5, 125, 5],
    },
    Trouble {
        name: "machine: patch(1) is broken",
        set_up: |lab| {
            lab.tool("patch");
            lab.write("bin/fail-patches", "patch: error while loading shared libraries\n");
            lab.write("p.patch", patch("zwei"));
        },
        message: "`patch` failed with status 2",
        codes: [5, 125, 5],
    },
    Trouble {
        name: "machine: the compiler is killed",
        set_up: |lab| lab.write("bin/fail-build", "gcc: fatal error: Killed signal terminated program cc1\n"),
        message: "a process was killed, or memory or processes ran out",
        codes: [5, 125, 5],
    },
    Trouble {
        name: "machine: too many processes",
        set_up: |lab| lab.write("bin/fail-build", "make: fork: Resource temporarily unavailable\n"),
        message: "a process was killed, or memory or processes ran out",
        codes: [5, 125, 5],
    },
    Trouble {
        name: "machine: disk full while compiling",
        set_up: |lab| lab.write("bin/fail-build", "x.c:1:1: error: x\nas: No space left on device\n"),
        message: "no space left on device",
        codes: [5, 125, 5],
    },
    Trouble {
        name: "machine: the emulator is killed before the suite starts",
        set_up: |lab| dies_after(lab, 0),
        message: "the emulator failed",
        codes: [5, 125, 5],
    },
    Trouble {
        name: "machine: the emulator is killed in a case",
        set_up: |lab| dies_after(lab, 2),
        message: "the emulator failed",
        codes: [5, 125, 5],
    },
    Trouble {
        name: "machine: the emulator is killed between two cases",
        set_up: |lab| dies_after(lab, 3),
        message: "the emulator failed",
        codes: [5, 125, 5],
    },
    Trouble {
        name: "kernel: a case fails",
        set_up: |lab| events(lab, |events| events.replacen("\"outcome\":\"pass\"", "\"outcome\":\"fail\"", 1)),
        message: "",
        codes: [1, 1, 1],
    },
    Trouble {
        name: "kernel: crashes in a case",
        set_up: |lab| events(lab, |events| events.lines().take(4).map(|line| format!("{line}\n")).collect()),
        message: "",
        codes: [1, 1, 1],
    },
    Trouble {
        name: "usage: no such patch",
        set_up: |lab| fs::remove_file(lab.path("p.patch")).unwrap(),
        message: "failed to read the patch `p.patch`",
        codes: [64, 125, 64],
    },
    Trouble {
        name: "usage: a tree that is none",
        set_up: |lab| fs::remove_file(lab.path("kernel/Makefile")).unwrap(),
        message: "not a Linux source tree",
        codes: [64, 128, 64],
    },
];

#[test]
fn everyone_is_blamed_for_their_own_trouble() {
    for trouble in &TROUBLE {
        let Some(lab) = FakeLab::new("trouble") else { return };
        lab.write("p.patch", patch("two"));
        (trouble.set_up)(&lab);
        let ways: [&[&str]; 3] = [
            &["lab", "--kernel-src", "kernel", "--suite", "suite", "--patch", "p.patch"],
            &["lab", "--kernel-src", "kernel", "--suite", "suite", "--patch", "p.patch", "--bisect"],
            &["lab", "--suite", "suite", "--set", "x=kernel,p.patch"],
        ];
        for (arguments, code) in ways.into_iter().zip(trouble.codes) {
            let output = lab.command(arguments).output().unwrap();
            let error = text(&output.stderr);
            assert_eq!(output.status.code(), Some(code), "{}: {arguments:?}\n{error}", trouble.name);
            assert!(error.contains(trouble.message), "{}: {arguments:?}\n{error}", trouble.name);
        }
    }
}

#[test]
fn a_killed_emulator_leaves_its_mark_in_the_events() {
    let Some(lab) = FakeLab::new("killed-emulator") else { return };
    dies_after(&lab, 2);
    expect(5, &mut lab.lab(&["--results", "out"]));
    let events = fs::read_to_string(lab.path("out/events.jsonl")).unwrap();
    assert!(events.lines().last().unwrap().contains(r#""run_broken_off","by":"machine""#), "{events}");
}

#[test]
fn a_machine_without_sandboxes_is_not_the_patch() {
    let Some(lab) = FakeLab::new("no-sandbox") else { return };
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: only root can give up the capability");
        return;
    }
    lab.write("p.patch", patch("two"));
    let inner = lab.lab(&["--patch", "p.patch"]);
    let mut command = behind(&["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"], &inner);
    let error = text(&expect(5, &mut command).stderr);
    assert!(error.contains("this machine does not allow a sandbox: unshare"), "{error}");
    assert!(error.contains("run reglist where mount and process namespaces are allowed"), "{error}");
}

/// `reglist doctor` for a cache in a directory, after a command of the shell.
fn doctor(lab: &FakeLab, before: &str, mirror: &str) -> (Option<i32>, String) {
    let inner = lab.command(&["doctor"]);
    let mut command = behind(&["unshare", "--mount", "sh", "-c", &format!("{before}; exec \"$@\""), "sh"], &inner);
    let output = command.env("REGLIST_DEBIAN_MIRROR", mirror).output().unwrap();
    (output.status.code(), text(&output.stdout))
}

#[test]
fn the_doctor_tests_what_the_lab_will_use() {
    let Some(lab) = FakeLab::new("doctor") else { return };
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: only root can mount");
        return;
    }
    let nowhere = "http://127.0.0.1:9/debian";
    let (code, said) = doctor(&lab, "true", nowhere);
    assert_eq!(code, Some(0), "the host has every tool, so no mirror is needed: {said}");
    let (code, said) = doctor(&lab, "mount -t tmpfs -o noexec none cache", nowhere);
    assert!(code == Some(5) && said.contains("is mounted noexec\n         [set XDG_CACHE_HOME"), "{said}");
    let (code, said) = doctor(&lab, "mount -t tmpfs -o ro none cache", nowhere);
    assert!(code == Some(5) && said.contains("is not writable: EROFS"), "{said}");
    let (code, said) = doctor(&lab, "mkdir cache/reglist; chown 65534 cache/reglist", nowhere);
    let foreign = "belongs to user 65534, and reglist runs as user 0\n         [set XDG_CACHE_HOME";
    assert!(code == Some(5) && said.contains(foreign), "{said}");
    let error = text(&expect(5, &mut lab.lab(&[])).stderr);
    assert!(error.contains("cache/reglist` belongs to user 65534, and reglist runs as user 0\n[set"), "{error}");
    let (code, said) = doctor(&lab, "rmdir cache/reglist cache; : > cache", nowhere);
    assert!(code == Some(5) && said.contains("is not a directory"), "{said}");
    fs::remove_file(lab.path("cache")).unwrap();
    // Without the host's tools, Debian's packages are needed.
    fs::remove_file(lab.path("bin/qemu-system-loongarch64")).unwrap();
    if fs::exists("/usr/lib/apt/apt-helper").unwrap() {
        let (code, said) = doctor(&lab, "true", nowhere);
        assert!(code == Some(5) && said.contains("http://127.0.0.1:9/debian does not answer: "), "{said}");
    }
}

#[test]
fn a_damaged_program_in_the_cache_is_built_again() {
    let Some(lab) = FakeLab::new("heals") else { return };
    let run = || expect(0, &mut lab.command(&["lab", "--kernel-src", "kernel"]));
    run();
    let suites = lab.path("cache/reglist/suites");
    let entry = fs::read_dir(&suites).unwrap().next().unwrap().unwrap().path();
    let program = entry.join("reglist-suite");
    let whole = fs::read(&program).unwrap();
    // Still an ELF header, as a write that a power cut ended leaves it.
    fs::write(&program, [&whole[..], b"torn"].concat()).unwrap();
    run();
    assert!(fs::read(&program).unwrap() == whole);
}

#[test]
fn a_file_in_the_place_of_the_cache_names_a_remedy() {
    let Some(lab) = FakeLab::new("no-directory") else { return };
    fs::remove_dir(lab.path("cache")).unwrap();
    lab.write("cache", "");
    let error = text(&expect(5, &mut lab.lab(&[])).stderr);
    assert!(error.contains("[remove the file that is in the place of a directory"), "{error}");
}

#[test]
fn a_stopped_emulator_blames_nobody() {
    let Some(lab) = FakeLab::new("stopped") else { return };
    lab.write("bin/stop-boot", "");
    expect(0, &mut lab.lab(&[]));
    let late = r#""outcome":"error","reason":"it did not end within 10 s""#;
    events(&lab, |events| events.replacen(r#""outcome":"pass""#, late, 1));
    let output = expect(5, &mut lab.lab(&["--results", "out"]));
    let error = text(&output.stderr);
    let expected = "the emulator could not run for ";
    assert!(error.contains(expected) && error.contains("s, in case base.count\n[run again"), "{error}");
    let kept = fs::read_to_string(lab.path("out/events.jsonl")).unwrap();
    assert!(kept.lines().last().unwrap().contains(r#""run_broken_off","by":"machine""#), "{kept}");
    assert!(!kept.contains("case_finished"), "{kept}");
    // Without a pause, the same result counts.
    fs::remove_file(lab.path("bin/stop-boot")).unwrap();
    expect(1, &mut lab.lab(&[]));
}
