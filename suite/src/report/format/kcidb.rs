// SPDX-License-Identifier: Apache-2.0 OR MIT
//! KCIDB 5.3 JSON for KernelCI's database.
//!
//! The schema has more rules than JSON shows: an origin consists of `a-z0-9_`; an id
//! starts with its origin and a colon; words of a path consist of `A-Za-z0-9_-`; an
//! excerpt has at most 16384 characters; nothing is null; everything outside the
//! schema is in `misc`.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde_json::{Value, json};

use super::words::{SUITE, plain, sentences, word};
use crate::report::control;
use crate::report::events::{CaseFinished, Event, Outcome, RunStarted};

/// Longest `log_excerpt`, in characters.
const EXCERPT: usize = 16_384;

/// Longest text about the environment, in characters.
const FIELD: usize = 256;

/// Who submits, as KCIDB knows them: lower-case letters, digits and underscores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let is_origin = !text.is_empty() && text.bytes().all(fits);
        if is_origin { Ok(Self(text.to_owned())) } else { Err("an origin consists of a-z, 0-9 and _") }
    }
}

/// A document of one run or of several.
#[derive(Debug)]
pub struct Kcidb {
    origin: String,
    /// The build that was tested, if it is in the database already.
    build: Option<String>,
    // Each on a line: values need three times the memory.
    checkouts: Vec<String>,
    builds: Vec<String>,
    tests: Vec<String>,
    run: Option<Run>,
}

#[derive(Debug)]
struct Run {
    id: String,
    build: String,
    environment: Value,
    begun: BTreeSet<String>,
}

impl Kcidb {
    /// A document for an origin; `build` is the id of a build that is in the
    /// database already, without which each run brings a build of its own.
    pub fn new(origin: &Origin, build: Option<String>) -> Self {
        Self {
            origin: origin.0.clone(),
            build,
            checkouts: Vec::new(),
            builds: Vec::new(),
            tests: Vec::new(),
            run: None,
        }
    }

    /// Adds a whole run, under an id that no other run has.
    pub fn run(&mut self, id: &str, events: &[Event]) {
        events.iter().for_each(|event| self.event(id, event));
    }

    /// The document, on one line.
    pub fn document(&self) -> String {
        let mut members = Vec::new();
        for (name, items) in [("builds", &self.builds), ("checkouts", &self.checkouts), ("tests", &self.tests)] {
            if !items.is_empty() {
                members.push(format!("\"{name}\":[{}]", items.join(",")));
            }
        }
        members.push("\"version\":{\"major\":5,\"minor\":3}".to_owned());
        control::escaped(&format!("{{{}}}", members.join(",")))
    }

    fn event(&mut self, id: &str, event: &Event) {
        match event {
            Event::KernelReviewed(_) => {}
            Event::RunStarted(started) => self.start(id, started),
            Event::CaseStarted { case } => {
                if let Some(run) = &mut self.run {
                    run.begun.insert(case.clone());
                }
            }
            Event::CaseFinished(case) => {
                if let Some(run) = &self.run {
                    self.tests.push(text(&test(&self.origin, run, case)));
                }
            }
            Event::RunAborted { .. } | Event::RunBrokenOff { .. } | Event::RunFinished(_) => {}
        }
    }

    fn start(&mut self, id: &str, started: &RunStarted) {
        let id = word(id);
        let origin = &self.origin;
        let build = self.build.clone().unwrap_or_else(|| {
            let (checkout, build) = (format!("{origin}:{id}"), format!("{origin}:{id}"));
            let kernel = format!("Linux {}", short(&started.kernel));
            self.checkouts.push(text(&json!({
                "id": checkout, "origin": origin, "comment": kernel, "valid": true,
            })));
            self.builds.push(text(&json!({
                "id": build, "origin": origin, "checkout_id": checkout, "comment": kernel,
                "architecture": short(&started.architecture), "status": "PASS",
            })));
            build
        });
        let mut misc = json!({
            "suite": short(&started.suite), "series": short(&started.series), "kernel": short(&started.kernel),
            "seed": started.seed, "architecture": short(&started.architecture), "strict": started.strict, "allow_new": started.allow_new,
        });
        if let (Value::Object(misc), Some(fault)) = (&mut misc, &started.fault) {
            misc.insert("fault".to_owned(), short(fault).into());
        }
        if let (Value::Object(misc), Some(machine)) = (&mut misc, started.machine()) {
            misc.insert("machine".to_owned(), short(machine).into());
        }
        let cpu = if started.cpu.is_empty() { &started.architecture } else { &started.cpu };
        let cpu = short(cpu);
        let comment = started.machine().map_or_else(|| cpu.clone(), |machine| format!("{cpu} in {}", short(machine)));
        let environment = json!({"comment": comment, "misc": misc});
        self.run = Some(Run { id, build, environment, begun: BTreeSet::new() });
    }
}

fn text(value: &Value) -> String {
    value.to_string()
}

/// The start of a foreign text: each test has the environment of its run.
fn short(text: &str) -> String {
    plain(text).chars().take(FIELD).collect()
}

fn test(origin: &str, run: &Run, case: &CaseFinished) -> Value {
    let id = word(&case.case);
    let status = match case.outcome {
        Outcome::Pass => "PASS",
        Outcome::Fail => "FAIL",
        Outcome::Skip => "SKIP",
        // What never began was missed by the harness's fault or the kernel's;
        // what began and has no outcome is in error itself.
        Outcome::Error if run.begun.contains(&case.case) => "ERROR",
        Outcome::Error => "MISS",
    };
    let path: Vec<String> = id.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let mut test = json!({
        "id": format!("{origin}:{}.{id}", run.id), "origin": origin, "build_id": run.build,
        "path": format!("{SUITE}.{}", path.join(".")), "status": status,
        "environment": run.environment, "duration": case.duration_us as f64 / 1e6,
    });
    if let Value::Object(test) = &mut test {
        let excerpt: String = sentences(case).join("\n").chars().take(EXCERPT).collect();
        if !excerpt.is_empty() {
            test.insert("log_excerpt".to_owned(), excerpt.into());
        }
        let findings = serde_json::to_value(&case.findings).unwrap_or_default();
        test.insert("misc".to_owned(), json!({"ioctls": case.ioctls, "findings": findings}));
    }
    test
}
