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
    assert!(message.contains("the kernel has this change already"), "{message}");

    lab.write("p.patch", PATCH.replace("vcpu.c", "gone.c"));
    let message = text(&expect(64, &mut lab.lab(&["--patch", "p.patch"])).stderr);
    assert!(message.contains("changes `arch/loongarch/kvm/gone.c`, which Linux 7.2.13 does not have"), "{message}");
    expect(0, &mut lab.lab(&[]));
}

#[test]
fn a_failing_compiler_is_quoted_and_the_next_run_works() {
    let Some(lab) = FakeLab::new("compiler") else { return };
    lab.write("bin/fail-build", "  CC x\nvcpu.c:7:1: error: expected ';'\n    7 | x\n      | ^\n");
    let message = text(&expect(6, &mut lab.lab(&[])).stderr);
    assert!(message.starts_with("reglist: Linux 7.2.13 does not build"), "{message}");
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
fn a_kernel_that_dies_costs_the_case_that_brought_it_down() {
    let Some(lab) = FakeLab::new("dies") else { return };
    let events = fs::read_to_string(lab.path("bin/events")).unwrap();
    let until = |count: usize| events.lines().take(count).map(|line| format!("{line}\n")).collect::<String>();

    lab.write("bin/events", until(4) + "{\"event\":\"case_fini");
    let output = expect(1, &mut lab.lab(&["--results", "out"]));
    let report = text(&output.stdout);
    assert!(report.contains("base.efault") && report.contains("the kernel crashed"), "{report}");
    assert!(report.ends_with("reglist: failed: 1 of 2 cases on Linux 7.2.13, series v5\n"), "{report}");
    let events = fs::read_to_string(lab.path("out/events.jsonl")).unwrap();
    assert!(events.lines().last().unwrap().contains("run_finished"), "{events}");

    lab.write("bin/events", "");
    let message = text(&expect(5, &mut lab.lab(&[])).stderr);
    assert!(message.contains("the suite did not start: the kernel crashed"), "{message}");

    lab.write("bin/events", "{\"event\":\"run_aborted\",\"reason\":\"loading kvm.ko gives ENODEV\"}\n");
    let message = text(&expect(5, &mut lab.lab(&[])).stderr);
    assert!(message.contains("the suite gave up: loading kvm.ko gives ENODEV"), "{message}");
}

#[test]
fn a_machine_starts_again_for_the_cases_that_are_left() {
    let Some(lab) = FakeLab::new("restarts") else { return };
    let events = fs::read_to_string(lab.path("bin/events")).unwrap();
    let lines: Vec<&str> = events.lines().collect();
    // The first boot ends in the first case, every later one has the second alone.
    lab.write("bin/events", format!("{}\n{}\n", lines[0], lines[1]));
    lab.write("bin/events-again", format!("{}\n", [lines[0], lines[3], lines[4], lines[5]].join("\n")));
    let output = expect(1, &mut lab.lab(&["--results", "out", "--keep"]));
    let report = text(&output.stdout);
    assert!(report.ends_with("reglist: failed: 1 of 2 cases on Linux 7.2.13, series v5\n"), "{report}");
    assert!(text(&output.stderr).contains("reglist: the kernel crashed"), "{}", text(&output.stderr));
    assert!(lab.path("out/console.log").exists() && lab.path("out/console-2.log").exists());
    let [first, second] = ["image.cpio", "image-2.cpio"].map(|image| fs::read(lab.path("out").join(image)).unwrap());
    let except = "\"--except\",\n    \"base.count\"";
    assert!(!text(&first).contains(except), "the first boot has all cases");
    assert!(text(&second).contains(except), "the second boot leaves out what has ended");

    lab.write("bin/events-again", "");
    let output = expect(1, &mut lab.lab(&["--results", "out", "--force"]));
    assert!(text(&output.stdout).contains("1 of 2 cases did not finish"), "{}", text(&output.stdout));
    let output = expect(1, &mut lab.lab(&["--restarts", "0"]));
    assert!(text(&output.stdout).contains("1 of 2 cases did not finish"), "{}", text(&output.stdout));
}

#[test]
fn a_machine_that_cannot_start_again_leaves_its_results() {
    let Some(lab) = FakeLab::new("second-boot") else { return };
    let events = fs::read_to_string(lab.path("bin/events")).unwrap();
    let lines: Vec<&str> = events.lines().collect();
    lab.write("bin/events", format!("{}\n{}\n", lines[0], lines[1]));
    // The image of the second boot cannot be kept.
    fs::create_dir_all(lab.path("out/image-2.cpio")).unwrap();
    let output = expect(5, &mut lab.lab(&["--results", "out", "--force", "--keep"]));
    let (report, error) = (text(&output.stdout), text(&output.stderr));
    assert!(report.contains("machine lost: in case base.count: failed to write"), "{report}");
    assert!(error.contains("reglist: failed to write") && error.contains("image-2.cpio"), "{error}");
    let kept = fs::read_to_string(lab.path("out/events.jsonl")).unwrap();
    assert!(kept.lines().last().unwrap().starts_with(r#"{"event":"run_broken_off","by":"machine""#), "{kept}");
    assert!(lab.path("out/report.html").exists());
}

#[test]
fn several_kernels_are_shown_side_by_side() {
    let Some(lab) = FakeLab::new("sets") else { return };
    lab.write("p.patch", PATCH);
    lab.write("misfit.patch", PATCH.replace("-two", "-zwei"));
    let sets = ["--set", "plain=kernel", "--set", "patched=kernel,p.patch", "--results", "out"];
    let report = text(&expect(0, &mut lab.lab(&sets)).stdout);
    assert!(report.contains("plain  patched"), "{report}");
    assert!(report.ends_with("patched  passed: 2 cases on Linux 7.2.13, series v5\n"), "{report}");
    let console = |set: &str| fs::read_to_string(lab.path("out").join(set).join("console.log")).unwrap();
    assert!(console("plain").contains("\ntwo\n") && console("patched").contains("\n2\n"));

    // One that does not fit costs none of the others.
    let output = expect(64, &mut lab.lab(&["--set", "bad=kernel,misfit.patch", "--set", "plain=kernel"]));
    assert!(text(&output.stderr).contains("hunk 1 does not fit"), "{}", text(&output.stderr));
    let report = text(&output.stdout);
    assert!(report.contains("bad    was not built") && report.contains("plain  passed: 2 cases"), "{report}");

    for (sets, message) in [
        (&["--set", "x"][..], "invalid `--set x`"),
        (&["--set", "x=kernel", "--set", "x=p.patch"], "two sets have the name `x`"),
        (&["--set", "x=kernel,7.2"], "second kernel"),
        (&["--set", "x=gone.patch"], "failed to read the patch `gone.patch`"),
    ] {
        let output = expect(64, &mut lab.lab(sets));
        assert!(text(&output.stderr).contains(message), "{}", text(&output.stderr));
    }
}

#[test]
fn a_bisection_passes_over_what_cannot_be_judged() {
    let Some(lab) = FakeLab::new("bisect") else { return };
    expect(0, &mut lab.lab(&["--bisect"]));
    let events = fs::read_to_string(lab.path("bin/events")).unwrap();
    lab.write("bin/events", events.replace("\"verdict\":\"passed\"", "\"verdict\":\"not_implemented\""));
    expect(125, &mut lab.lab(&["--bisect"]));
    lab.write("bin/events", events.replacen("\"outcome\":\"pass\"", "\"outcome\":\"fail\"", 1));
    expect(1, &mut lab.lab(&["--bisect"]));
    lab.write("bin/events", "");
    expect(125, &mut lab.lab(&["--bisect"]));
    lab.write("bin/fail-build", "vcpu.c:7:1: error: expected ';'\n");
    let output = expect(125, &mut lab.lab(&["--bisect"]));
    assert!(text(&output.stderr).contains("stage build"), "{}", text(&output.stderr));
    lab.write("mine", "");
    expect(128, &mut lab.lab(&["--bisect", "--results", "."]));
}

#[test]
fn words_for_modules_and_for_the_kernel_are_told_apart() {
    let Some(lab) = FakeLab::new("append") else { return };
    let arguments = ["--append", "soft-lvz.lbt=7 loglevel=8", "--keep", "--results", "out", "--guest-format", "lava"];
    expect(0, &mut lab.lab(&arguments));
    let calls = fs::read_to_string(lab.path("out/calls")).unwrap();
    let boot = calls.lines().find(|line| line.starts_with("qemu")).unwrap();
    assert!(boot.contains(" loglevel=8 -serial") && !boot.contains("lbt"), "{boot}");
    let image = text(&fs::read(lab.path("out/image.cpio")).unwrap());
    assert!(image.contains("\"parameters\": \"lbt=7\"") && image.contains("\"log\": \"lava\""), "{image}");
    assert!(lab.path("out/vmlinux").exists(), "another emulator can boot it");

    let message = text(&expect(64, &mut lab.lab(&["--guest-format", "ktap", "--fault", "all"])).stderr);
    assert!(message.contains("not the case results that --guest-format needs"), "{message}");
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
