// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The pipeline from its first stage to the verdict, on a lab of shell scripts.

use std::fs;

use crate::fake::{FakeLab, PRISTINE, expect, text};

const PATCH: &str = "\
From: A <a@b>\nSubject: [PATCH] x\n\n---\n\
--- a/arch/loongarch/kvm/vcpu.c\n+++ b/arch/loongarch/kvm/vcpu.c\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n";

fn console(lab: &FakeLab) -> String {
    fs::read_to_string(lab.path("out/console.log")).unwrap()
}

#[test]
fn a_verdict_comes_with_events_console_and_logs() {
    let Some(lab) = FakeLab::new("verdict") else { return };
    let output = expect(0, &mut lab.lab(&["--results", "out"]));
    assert!(text(&output.stdout).ends_with("reglist: passed: 2 cases on Linux 7.2.13, series v5\n"));
    assert_eq!(fs::read_to_string(lab.path("out/events.jsonl")).unwrap().lines().count(), 6);
    assert_eq!(console(&lab), "console of one two three\n".replace(' ', "\n").replacen('\n', " ", 2));
    assert!(lab.path("out/logs").join("04-boot.log").exists());
    assert!(!lab.path("out/image.cpio").exists());
    // Nothing is written into the user's tree.
    assert_eq!(fs::read_dir(lab.path("kernel")).unwrap().count(), 3);
}

#[test]
fn patches_are_seen_by_the_build_and_gone_afterwards() {
    let Some(lab) = FakeLab::new("patched") else { return };
    lab.write("p.patch", PATCH);
    expect(0, &mut lab.lab(&["--results", "out", "--patch", "p.patch"]));
    assert!(console(&lab).contains("\n2\n"), "{}", console(&lab));
    let source = fs::read_to_string(lab.path("kernel/arch/loongarch/kvm/vcpu.c")).unwrap();
    assert_eq!(source, PRISTINE);
    expect(0, &mut lab.lab(&["--results", "out", "--force"]));
    assert!(console(&lab).contains("\ntwo\n"), "{}", console(&lab));
}

#[test]
fn a_patch_that_does_not_apply_names_the_hunk() {
    let Some(lab) = FakeLab::new("misfit") else { return };
    lab.write("p.patch", PATCH.replace("-two", "-zwei"));
    let output = expect(64, &mut lab.lab(&["--patch", "p.patch"]));
    let message = text(&output.stderr);
    assert!(message.contains("arch/loongarch/kvm/vcpu.c: hunk 1 does not fit at line 1"), "{message}");
    lab.assert_clean();

    lab.write("p.patch", PATCH.replace("-two\n+2", "-2\n+two"));
    let message = text(&expect(64, &mut lab.lab(&["--patch", "p.patch"])).stderr);
    assert!(message.contains("is reversed, or applied already"), "{message}");

    lab.write("p.patch", PATCH.replace("vcpu.c", "gone.c"));
    let message = text(&expect(64, &mut lab.lab(&["--patch", "p.patch"])).stderr);
    assert!(message.contains("changes `arch/loongarch/kvm/gone.c`, which Linux 7.2.13 does not have"), "{message}");
    expect(0, &mut lab.lab(&[]));
}

#[test]
fn a_failing_compiler_is_quoted_and_the_next_run_works() {
    let Some(lab) = FakeLab::new("compiler") else { return };
    lab.write("bin/fail-build", "  CC x\nvcpu.c:7:1: error: expected ';'\n    7 | x\n      | ^\n");
    let message = text(&expect(5, &mut lab.lab(&[])).stderr);
    assert!(message.contains("stage build: `make` failed with status 2"), "{message}");
    assert!(message.contains("vcpu.c:7:1: error: expected ';'"), "{message}");
    assert!(message.contains("-build.log"), "{message}");
    lab.heal();
    expect(0, &mut lab.lab(&[]));
}

#[test]
fn a_full_disk_is_called_by_its_name() {
    let Some(lab) = FakeLab::new("full-disk") else { return };
    lab.write("bin/fail-build", "ld: final link failed: No space left on device\n");
    let message = text(&expect(5, &mut lab.lab(&[])).stderr);
    assert!(message.contains("stage build: no space left on device"), "{message}");
    assert!(message.contains("XDG_CACHE_HOME"), "{message}");
    lab.assert_clean();
    lab.heal();
    expect(0, &mut lab.lab(&[]));
}

#[test]
fn a_kernel_that_dies_names_the_suspect() {
    let Some(lab) = FakeLab::new("dies") else { return };
    let events = fs::read_to_string(lab.path("bin/events")).unwrap();
    let until = |count: usize| events.lines().take(count).map(|line| format!("{line}\n")).collect::<String>();

    lab.write("bin/events", until(4) + "{\"event\":\"case_fini");
    let output = expect(5, &mut lab.lab(&[]));
    let message = text(&output.stderr);
    assert!(message.contains("died in case base.efault; 1 of 2 cases did not finish"), "{message}");
    assert!(message.contains("console of one"), "{message}");
    assert!(text(&output.stdout).contains("missing"), "{}", text(&output.stdout));

    lab.write("bin/events", "");
    let message = text(&expect(5, &mut lab.lab(&[])).stderr);
    assert!(message.contains("did not come as far as starting the suite"), "{message}");

    lab.write("bin/events", "{\"event\":\"run_aborted\",\"reason\":\"loading kvm.ko gives ENODEV\"}\n");
    let message = text(&expect(5, &mut lab.lab(&[])).stderr);
    assert!(message.contains("the suite gave up: loading kvm.ko gives ENODEV"), "{message}");
}

#[test]
fn words_for_modules_and_for_the_kernel_are_told_apart() {
    let Some(lab) = FakeLab::new("append") else { return };
    expect(0, &mut lab.lab(&["--append", "soft-lvz.lbt=7 loglevel=8", "--keep", "--results", "out"]));
    let calls = fs::read_to_string(lab.path("bin/calls")).unwrap();
    let boot = calls.lines().find(|line| line.starts_with("qemu")).unwrap();
    assert!(boot.contains(" loglevel=8 -serial") && !boot.contains("lbt"), "{boot}");
    let image = text(&fs::read(lab.path("out/image.cpio")).unwrap());
    assert!(image.contains("\"parameters\": \"lbt=7\""));
}

#[test]
fn results_are_not_overwritten() {
    let Some(lab) = FakeLab::new("occupied") else { return };
    fs::create_dir(lab.path("out")).unwrap();
    lab.write("out/mine", "x");
    let message = text(&expect(64, &mut lab.lab(&["--results", "out"])).stderr);
    assert!(message.contains("is not empty"), "{message}");
    expect(0, &mut lab.lab(&["--results", "out", "--force"]));
    assert!(lab.path("out/mine").exists());
}
