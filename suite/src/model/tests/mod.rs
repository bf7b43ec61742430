// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The checks on the model: right where it is right, and seen to fail where it
//! is not.
//!
//! As the harness does with a case, an attempt at the checks gets a process of
//! its own: memory without mapping is then nobody else's, and a fault that
//! loses an errno writes where nothing is.

mod deaf;
mod faults;
mod kernel;
mod right;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::env;
use std::process::Command;

use clap::ValueEnum as _;
use serde::{Deserialize, Serialize};

use super::{Fault, Host, Model};
use crate::arch::{Arch as _, Feature, LoongArch64, SetUpError};
use crate::case::{Case, CheckError, Knowledge};
use crate::checks::VcpuState;
use crate::clause::Level;
use crate::events::Finding;
use crate::kvm::Subject as _;
use crate::plan::{PlannedCase, plan};
use crate::spec::{Source, Spec};

/// The variable that tells the other process its [`Attempt`].
const ATTEMPT: &str = "REGLIST_MODEL_ATTEMPT";
/// The variable that tells a test that it has a process of its own.
const ALONE: &str = "REGLIST_MODEL_ALONE";

/// Every check of a configuration, on a model.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Attempt {
    configuration: String,
    fault: Option<String>,
    host_is_plain: bool,
    allow_new: bool,
}

/// What came of one case.
#[derive(Debug, Serialize, Deserialize)]
struct Tried {
    check: String,
    result: Result<Vec<Finding>, Feature>,
}

impl Attempt {
    /// On the right model with every feature.
    fn at(configuration: &str) -> Self {
        Self { configuration: configuration.to_owned(), fault: None, host_is_plain: false, allow_new: false }
    }

    /// On a model with a fault.
    fn with(self, fault: Fault) -> Self {
        let name = fault.to_possible_value().map(|value| value.get_name().to_owned());
        Self { fault: name, ..self }
    }

    /// Makes the attempt in a process of its own.
    fn make(&self) -> Vec<Tried> {
        let stdout = start(module_path!(), "an_attempt", ATTEMPT, &serde_json::to_string(self).unwrap());
        let tried: Vec<Tried> = stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let spec = spec();
        let planned = plan(&spec, std::slice::from_ref(&self.configuration));
        assert!(!planned.is_empty());
        assert_eq!(tried.len(), planned.len(), "{self:?}\n{stdout}");
        tried
    }
}

/// Runs a test of this program in a process of its own; its output.
fn start(module: &str, test: &str, variable: &str, value: &str) -> String {
    let name = format!("{}::{test}", module.split_once("::").unwrap().1);
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", &name, "--include-ignored", "--nocapture", "--test-threads=1"])
        .env(variable, value)
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} with {value}: {}\n{stdout}\n{stderr}", output.status);
    assert!(stdout.contains("1 passed"), "{name} did not run\n{stdout}\n{stderr}");
    stdout
}

/// Whether this process is the test's own; if not, runs it in one.
fn alone(module: &str, test: &str) -> bool {
    let alone = env::var_os(ALONE).is_some();
    if !alone {
        start(module, test, ALONE, "1");
    }
    alone
}

fn spec() -> Spec {
    Spec::load(&Source::Embedded, &LoongArch64, "v5").unwrap()
}

fn levels(spec: &Spec) -> BTreeMap<String, Level> {
    spec.clauses.clauses.iter().map(|clause| (clause.id.clone(), clause.level)).collect()
}

#[test]
#[ignore = "makes an attempt for the other tests, which start it"]
fn an_attempt() {
    let Ok(attempt) = env::var(ATTEMPT) else { return };
    let attempt: Attempt = serde_json::from_str(&attempt).unwrap();
    let fault = attempt.fault.map(|name| Fault::from_str(&name, false).unwrap());
    let model = Model::new(if attempt.host_is_plain { Host::PLAIN } else { Host::FULL }, fault);
    let spec = spec();
    let names = spec.registers.all().iter().map(|register| (register.id, register.name.clone())).collect();
    let levels = levels(&spec);
    println!();
    for case in plan(&spec, &[attempt.configuration]) {
        let knowledge = Knowledge {
            expected: &case.configuration.registers,
            names: &names,
            levels: &levels,
            arch: &LoongArch64,
            allow_new: attempt.allow_new,
        };
        let result = match run(model, knowledge, &case) {
            Ok(findings) => Ok(findings),
            Err(SetUpError::Absent { feature, .. }) => Err(feature),
            Err(error) => panic!("{}: {error}", case.id),
        };
        println!("{}", serde_json::to_string(&Tried { check: case.check.name.to_owned(), result }).unwrap());
    }
}

/// Does what the worker does with a case.
fn run(model: Model, knowledge: Knowledge<'_>, planned: &PlannedCase<'_>) -> Result<Vec<Finding>, SetUpError> {
    let vcpu = model.create_vm().unwrap().create_vcpu(0).unwrap();
    let findings = RefCell::new(Vec::new());
    let sink = |finding| findings.borrow_mut().push(finding);
    let case = Case::new(vcpu.as_ref(), knowledge, &sink).unwrap();
    if planned.check.state == VcpuState::SetUp {
        LoongArch64.set_up(&case.access, &planned.configuration.features)?;
    }
    match (planned.check.run)(&case) {
        Ok(()) | Err(CheckError::Stopped) => {}
        Err(error) => panic!("{}: {error}", planned.id),
    }
    drop(case);
    Ok(findings.into_inner())
}
