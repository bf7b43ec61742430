// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Several runs: a column per run, a row per theme, and the broken clauses.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use console::Style;
use reglist_suite::exit;
use reglist_suite::report::events::Outcome;
use reglist_suite::spec::clause::Level;

use super::{table, verdict};
use crate::record::Record;
use crate::record::runs::Runs;
use crate::report::id::{each_once, push_new, theme};

/// A named run.
#[derive(Debug)]
pub(crate) struct Compared {
    pub(crate) name: String,
    /// The runs; empty if it failed to start.
    pub(crate) runs: Runs,
    pub(crate) code: u8,
}

impl Compared {
    pub(super) fn record(&self) -> &Record {
        self.runs.current()
    }
}

pub(crate) fn side_by_side(compared: &[Compared]) -> String {
    let mut text = String::new();
    let plans = compared.iter().flat_map(|run| &run.record().started).flat_map(|started| &started.plan);
    let runs: Vec<(&str, &Record)> = compared.iter().map(|run| (&*run.name, run.record())).collect();
    table::write_side_by_side(&mut text, &each_once(plans.map(String::as_str), theme), &runs);
    write_clauses(&mut text, compared);
    text.push('\n');
    let width = compared.iter().map(|run| run.name.len()).max().unwrap_or_default();
    for run in compared {
        let _ = writeln!(text, "{:width$}  {}", run.name, said(run));
    }
    text
}

fn said(run: &Compared) -> String {
    let record = run.record();
    let failed = |what: &str| Style::new().red().bold().apply_to(what).to_string();
    match &record.started {
        Some(started) => {
            let mut line = String::new();
            verdict::write(&mut line, record, started, None);
            line.trim().trim_start_matches("reglist: ").to_owned()
        }
        None if run.code == exit::USAGE => failed("was not built"),
        None => failed("the suite did not start"),
    }
}

/// The broken clauses, with the number of cases per run.
fn write_clauses(text: &mut String, compared: &[Compared]) {
    let mut clauses = Vec::new();
    for (run, level) in compared.iter().flat_map(|run| [(run, Level::Must), (run, Level::Should)]) {
        let findings = run.record().ended().flat_map(|case| &case.findings);
        findings
            .filter(|finding| finding.level == level)
            .for_each(|finding| push_new(&mut clauses, (level, &*finding.clause)));
    }
    clauses.sort_by_key(|(level, _)| *level);
    if clauses.is_empty() {
        return;
    }
    text.push('\n');
    let first = clauses.iter().map(|(_, clause)| clause.len()).max().unwrap_or_default().max("cases that report".len());
    let mut head = format!("{:first$}", "cases that report");
    for run in compared {
        let _ = write!(head, "  {:>width$}", run.name, width = width(run));
    }
    let _ = writeln!(text, "{head}");
    for (level, clause) in clauses {
        let _ = write!(text, "{clause:first$}");
        for run in compared {
            let shown = format!("{:>width$}", cases(run, level, clause), width = width(run));
            let style = match shown.trim() {
                "-" | "?" => Style::new().dim(),
                _ if level == Level::Must => Style::new().red().bold(),
                _ => Style::new().yellow(),
            };
            let _ = write!(text, "  {}", style.apply_to(shown));
        }
        text.push('\n');
    }
}

fn width(run: &Compared) -> usize {
    run.name.len().max(4)
}

/// Number of cases that report the clause as broken; `?` if no case ran.
fn cases(run: &Compared, level: Level, clause: &str) -> String {
    let tested = run.record().ended().filter(|case| matches!(case.outcome, Outcome::Pass | Outcome::Fail));
    let tested: Vec<_> = tested.collect();
    if tested.is_empty() {
        return "?".to_owned();
    }
    let broken = tested
        .iter()
        .filter(|case| case.findings.iter().any(|finding| finding.level == level && finding.clause == clause));
    match broken.map(|case| &case.case).collect::<BTreeSet<_>>().len() {
        0 => "-".to_owned(),
        count => count.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTED: &str = r#"{"event":"run_started","format":1,"suite":"0.1.0","subject":"kvm","architecture":"loongarch64","kernel":"7.2.13","cpu":"","series":"v5","strict":false,"allow_new":false,"plan":["base.count.x","base.e2big.x","pmu.count.x"]}"#;

    fn ended(case: &str, outcome: &str, finding: Option<(&str, &str)>) -> String {
        let findings = finding.map(|(level, clause)| {
            format!(r#","findings":[{{"clause":"{clause}","level":"{level}","expected":"a","observed":"b"}}]"#)
        });
        let findings = findings.unwrap_or_default();
        format!(
            r#"{{"event":"case_finished","case":"{case}","outcome":"{outcome}","duration_us":1,"ioctls":1{findings}}}"#
        )
    }

    fn compared(name: &str, lines: &[String], code: u8) -> Compared {
        let mut runs = Runs::default();
        lines.iter().for_each(|line| runs.take(line));
        Compared { name: name.to_owned(), runs, code }
    }

    #[test]
    fn every_run_has_a_column_and_a_verdict() {
        let right = [
            STARTED.to_owned(),
            ended("base.count.x", "pass", None),
            ended("base.e2big.x", "pass", Some(("should", "e2big.untouched"))),
            ended("pmu.count.x", "pass", None),
            r#"{"event":"run_finished","verdict":"passed","totals":{"pass":3,"fail":0,"skip":0,"error":0}}"#.to_owned(),
        ];
        let wrong = [
            STARTED.to_owned(),
            ended("base.count.x", "fail", Some(("must", "list.count"))),
            ended("base.e2big.x", "pass", None),
            ended("pmu.count.x", "fail", Some(("must", "list.count"))),
            r#"{"event":"run_finished","verdict":"failed","totals":{"pass":1,"fail":2,"skip":0,"error":0}}"#.to_owned(),
        ];
        let broken_off = [STARTED.to_owned(), ended("base.count.x", "pass", None)];
        let compared = [
            compared("v4", &wrong, exit::FAILED),
            compared("v5", &right, exit::PASSED),
            compared("mine", &broken_off, exit::INFRASTRUCTURE),
            compared("misfit", &[], exit::USAGE),
        ];
        insta::assert_snapshot!(console::strip_ansi_codes(&side_by_side(&compared)));
    }
}
