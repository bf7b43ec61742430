// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The kernel of this machine, where it is no LoongArch: what holds for every
//! architecture holds here, too.

use std::fs::File;
use std::process::Command;

use reglist_suite::report::events::{Event, Outcome, SubjectKind};

#[test]
fn the_contract_holds_on_this_machines_own_kvm() {
    if !cfg!(target_arch = "x86_64") {
        eprintln!("skipped: this machine's architecture has no contract-only specification");
        return;
    }
    if let Err(error) = File::options().read(true).write(true).open("/dev/kvm") {
        eprintln!("skipped: /dev/kvm cannot be opened: {error}");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let events = directory.path().join("events");
    let output = Command::new(env!("CARGO_BIN_EXE_reglist-suite"))
        .args(["--subject", "kvm", "--strict", "--events"])
        .arg(&events)
        .output()
        .unwrap();
    let shown = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if shown.contains("not implemented") {
        eprintln!("skipped: this kernel does not know the ioctl");
        return;
    }
    assert_eq!(output.status.code(), Some(0), "{shown}");

    let text = std::fs::read_to_string(&events).unwrap();
    let events: Vec<Event> = text.lines().map(|line| Event::from_line(line).unwrap()).collect();
    let Some(Event::RunStarted(started)) = events.first() else { panic!("{shown}") };
    assert_eq!((started.subject, started.series.as_str()), (SubjectKind::Kvm, "contract"));
    assert!(started.plan.len() > 20, "{:?}", started.plan);
    let passed =
        events.iter().filter(|event| matches!(event, Event::CaseFinished(case) if case.outcome == Outcome::Pass));
    assert!(passed.count() > 10, "{shown}");
}
