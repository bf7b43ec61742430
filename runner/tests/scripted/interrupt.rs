// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Whatever ends a run early, nothing stays behind and the next run works.

use std::path::Path;
use std::time::Duration;

use crate::fake::{FakeLab, expect, wait_for};
use nix::sys::signal::Signal;

const STAGES: [&str; 4] = ["configure", "build", "modules", "boot"];

/// The next run with everything in order.
fn the_next_run_works(lab: &FakeLab) {
    lab.heal();
    expect(0, &mut lab.lab(&[]));
    lab.assert_clean();
}

#[test]
fn one_request_ends_a_stage_that_listens() {
    let Some(lab) = FakeLab::new("listens") else { return };
    for stage in STAGES {
        lab.hang(stage, false);
        let run = lab.start(lab.lab(&[]), stage);
        run.signal(Signal::SIGINT);
        let (code, message, time) = run.end();
        assert_eq!(code, Some(5), "{message}");
        assert!(message.contains(&format!("stage {stage}: interrupted")), "{message}");
        assert!(message.contains(&format!("-{stage}.log")), "{message}");
        assert!(time < Duration::from_secs(3), "{stage} took {time:?}");
        lab.assert_nobody_left();
        lab.assert_clean();
        the_next_run_works(&lab);
    }
}

#[test]
fn a_second_request_kills_a_stage_that_does_not_listen() {
    let Some(lab) = FakeLab::new("insists") else { return };
    for stage in STAGES {
        lab.hang(stage, true);
        let run = lab.start(lab.lab(&[]), stage);
        run.signal(Signal::SIGINT);
        std::thread::sleep(Duration::from_millis(500));
        run.signal(Signal::SIGINT);
        let (code, message, time) = run.end();
        assert_eq!(code, Some(5), "{message}");
        assert!(message.contains(&format!("stage {stage}: interrupted")), "{message}");
        assert!(time < Duration::from_secs(2), "{stage} took {time:?}");
        lab.assert_nobody_left();
        lab.assert_clean();
        the_next_run_works(&lab);
    }
}

#[test]
fn a_stage_that_does_not_listen_is_killed_after_a_while() {
    let Some(lab) = FakeLab::new("patience") else { return };
    lab.hang("build", true);
    let run = lab.start(lab.lab(&[]), "build");
    run.signal(Signal::SIGTERM);
    let (code, message, time) = run.end();
    assert_eq!(code, Some(5), "{message}");
    assert!(time > Duration::from_secs(3) && time < Duration::from_secs(8), "took {time:?}");
    lab.assert_nobody_left();
    // What was being written is gone at once, not at the next start.
    let builds = std::fs::read_dir(lab.path("cache/reglist/builds")).unwrap();
    assert_eq!(builds.count(), 0);
    the_next_run_works(&lab);
}

#[test]
fn a_killed_run_takes_everything_with_it() {
    let Some(lab) = FakeLab::new("killed") else { return };
    for stage in STAGES {
        lab.hang(stage, true);
        let run = lab.start(lab.lab(&[]), stage);
        run.signal(Signal::SIGKILL);
        assert_eq!(run.end().0, None);
        lab.assert_nobody_left();
        the_next_run_works(&lab);
    }
}

#[test]
fn the_stages_of_the_host_end_as_well() {
    let Some(lab) = FakeLab::new("host-stages") else { return };
    // Without a compiler the tools have to be fetched.
    std::fs::remove_file(lab.path("bin/loongarch64-linux-gnu-gcc")).unwrap();
    lab.tool("apt-get");
    let command = || {
        let mut command = lab.lab(&[]);
        command.env("REGLIST_DEBIAN_MIRROR", "file:/nowhere");
        command
    };
    if Path::new("/usr/bin/loongarch64-linux-gnu-gcc").exists() {
        eprintln!("skipped: this machine has a compiler for LoongArch");
        return;
    }
    for (stage, stubborn) in [("update", false), ("fetch", false), ("update", true), ("fetch", true)] {
        lab.hang(stage, stubborn);
        let run = lab.start(command(), stage);
        run.signal(Signal::SIGINT);
        if stubborn {
            run.signal(Signal::SIGKILL);
            assert_eq!(run.end().0, None);
        } else {
            let (code, message, _) = run.end();
            assert_eq!(code, Some(5), "{message}");
            assert!(message.contains("stage toolchain: interrupted"), "{message}");
            lab.assert_clean();
        }
        lab.assert_nobody_left();
        lab.heal();
    }
    // Not even the lists that a killed run fetched are left by the next one.
    expect(5, &mut command());
    lab.assert_clean();
}

#[test]
fn a_run_waits_for_another_one_that_builds_the_same() {
    let Some(lab) = FakeLab::new("waits") else { return };
    lab.hang("build", false);
    let first = lab.start(lab.lab(&[]), "build");
    let mut command = lab.lab(&[]);
    let mut second = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(700));
    assert!(second.try_wait().unwrap().is_none(), "the second run did not wait");
    lab.heal();
    first.signal(Signal::SIGINT);
    assert_eq!(first.end().0, Some(5));
    wait_for("the second run", || second.try_wait().unwrap().is_some());
    assert_eq!(second.wait().unwrap().code(), Some(0));
    lab.assert_clean();
}

#[test]
fn kernel_and_suite_are_stopped_together() {
    let Some(lab) = FakeLab::new("together") else { return };
    let command = || lab.command(&["lab", "--kernel-src", "kernel"]);
    for (other, stubborn) in [("crates", false), ("suite", false), ("suite", true)] {
        lab.hang("build", stubborn);
        lab.hang(other, stubborn);
        let run = lab.start(command(), "build");
        wait_for("the suite to be built", || lab.hangs_in(other));
        run.signal(Signal::SIGINT);
        std::thread::sleep(Duration::from_millis(300));
        run.signal(Signal::SIGINT);
        let (code, message, time) = run.end();
        assert_eq!(code, Some(5), "{message}");
        assert!(message.contains(": interrupted"), "{message}");
        assert!(time < Duration::from_secs(3), "took {time:?}");
        lab.assert_nobody_left();
        lab.assert_clean();
        lab.heal();
    }
    expect(0, &mut command());
    lab.assert_clean();
}

#[test]
fn a_failing_kernel_stops_the_suites_build_and_is_the_one_to_be_told() {
    let Some(lab) = FakeLab::new("stops") else { return };
    lab.hang("suite", false);
    lab.write("bin/fail-build", "vcpu.c:7:1: error: wrong\n");
    let output = expect(6, &mut lab.command(&["lab", "--kernel-src", "kernel"]));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("stage build: `make` failed") && message.contains("error: wrong"), "{message}");
    lab.assert_nobody_left();
    lab.assert_clean();
    lab.heal();
    expect(0, &mut lab.command(&["lab", "--kernel-src", "kernel"]));
}
