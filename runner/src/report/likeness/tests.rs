// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Guesses at whole runs.

use reglist_suite::arch::{Arch as _, LoongArch64};
use reglist_suite::spec::{Source, Spec};
use serde_json::{Value, json};

use super::guesses;
use crate::record::runs::Runs;

fn guessed(ids: &[u64], findings: &[(&str, Value)]) -> Vec<String> {
    let listed: Vec<Value> =
        ids.iter().map(|id| json!({"name": LoongArch64.describe(*id), "id": format!("{id:#x}")})).collect();
    let plan: Vec<String> = findings.iter().map(|(case, _)| (*case).to_owned()).collect();
    let mut runs = Runs::default();
    runs.take(
        &json!({
            "event": "run_started", "format": 1, "suite": "0.1.0", "subject": "kvm", "architecture": "loongarch64",
            "kernel": "7.2", "cpu": "", "series": "v5", "strict": false, "allow_new": false, "seed": 1, "plan": plan,
        })
        .to_string(),
    );
    for (case, findings) in findings {
        let outcome = if findings.as_array().is_some_and(Vec::is_empty) { "pass" } else { "fail" };
        let ended = json!({
            "event": "case_finished", "case": case, "outcome": outcome, "duration_us": 1, "ioctls": 1, "findings": findings,
            "listed": if case.ends_with("contents.exact") { &listed[..] } else { &[] },
        });
        runs.take(&ended.to_string());
    }
    assert_eq!(runs.stray, Vec::<String>::new());
    guesses(runs.current()).iter().map(ToString::to_string).collect()
}

fn base() -> Vec<u64> {
    let spec = Spec::load(&Source::Embedded, &LoongArch64, "v5").unwrap();
    let base = spec.configurations.iter().find(|configuration| configuration.name == "base").unwrap();
    base.registers.iter().map(|register| register.id).collect()
}

fn unexpected(id: u64) -> Value {
    json!({
        "clause": "list.contents", "level": "must", "register": {"name": LoongArch64.describe(id), "id": format!("{id:#x}")},
        "ioctl": "KVM_GET_REG_LIST", "expected": "not listed", "observed": "listed",
    })
}

#[test]
fn nothing_is_guessed_at_a_right_list() {
    assert!(guessed(&base(), &[("base.contents.exact", json!([]))]).is_empty());
}

/// As the first posted version: a list of every CSR that GET knows is another design, not a mistake.
#[test]
fn nothing_is_guessed_at_a_list_of_every_csr() {
    let csr = LoongArch64.types().iter().find(|kind| kind.name == "csr").copied().unwrap();
    let mut ids: Vec<u64> = (0..0x800).map(|index| LoongArch64.encode(csr, index).unwrap()).collect();
    let base = base();
    ids.extend(&base[54..]);
    let beyond: Vec<Value> = ids.iter().filter(|id| !base.contains(id)).map(|id| unexpected(*id)).collect();
    let count = json!([{
        "clause": "list.count", "level": "must", "ioctl": "KVM_GET_REG_LIST", "expected": "76 registers", "observed": "2070 registers",
    }]);
    let findings = [("base.count.expected", count), ("base.contents.exact", json!(beyond))];
    assert_eq!(guessed(&ids, &findings), Vec::<String>::new());
}

#[test]
fn a_lost_efault_is_recognised() {
    let place = "about 32 GiB beyond reg[], as if -EFAULT were an index";
    let finding = |clause: &str, expected: &str, observed: String| json!({"clause": clause, "level": "must", "ioctl": "KVM_GET_REG_LIST", "expected": expected, "observed": observed});
    let findings = json!([
        finding(
            "efault.array",
            "EFAULT when reg[] is inaccessible from the given entry on",
            format!("success; bytes written {place}"),
        ),
        finding(
            "efault.stray",
            "no write outside the header and reg[]",
            format!("bytes written {place}; the first at reg[0] +34359738256 bytes"),
        ),
    ]);
    let guessed = guessed(&base(), &[("base.contents.exact", json!([])), ("base.efault.landing_zone", findings)]);
    assert_eq!(
        guessed,
        ["looks like efault-lost: EFAULT among the CSRs is kept in an unsigned variable and used as an index."]
    );
}
