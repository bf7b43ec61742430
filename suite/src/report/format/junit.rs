// SPDX-License-Identifier: Apache-2.0 OR MIT
//! JUnit XML for GitLab, Jenkins and GitHub actions.
//!
//! The message of a failure is both in an attribute and in the text, because each reader
//! shows a different one. The name of a case is its whole id, because only that is
//! unique. Its class is the configuration, which Jenkins shows as the class.

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::words::{SUITE, plain, sentences};
use crate::report::events::{CaseFinished, Event, Outcome, RunStarted, SubjectKind};
use crate::report::record::Record;

/// A document of one run or of several, a `testsuite` for each.
#[derive(Debug, Clone, Default)]
pub struct Junit {
    runs: Vec<(RunStarted, Vec<CaseFinished>)>,
}

impl Junit {
    /// Adds an event of a whole run.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::RunStarted(started) => self.runs.push((started.clone(), Vec::new())),
            Event::CaseFinished(case) => {
                if let Some((_, cases)) = self.runs.last_mut() {
                    cases.push(case.clone());
                }
            }
            _ => {}
        }
    }

    /// The document.
    pub fn document(&self) -> Result<String, SerializeError> {
        let mut report = Report::new(SUITE);
        for (number, (started, cases)) in self.runs.iter().enumerate() {
            let name = if self.runs.len() == 1 { SUITE.to_owned() } else { format!("{SUITE}.run_{}", number + 1) };
            report.add_test_suite(suite(name, started, cases));
        }
        let time = report.test_suites.iter().filter_map(|suite| suite.time).sum();
        report.set_time(time);
        // The schema by which Jenkins judges reports (xUnit plugin, junit-10.xsd) has
        // this count for a `testsuite` alone.
        Ok(report.to_string()?.replacen(&format!(" skipped=\"{}\"", report.skipped), "", 1))
    }
}

fn suite(name: String, started: &RunStarted, cases: &[CaseFinished]) -> TestSuite {
    let mut suite = TestSuite::new(name.as_str());
    let subject = match started.subject {
        SubjectKind::Kvm => "kvm",
        SubjectKind::Model => "model: no kernel was tested",
    };
    let seed = started.seed.to_string();
    let properties = [
        ("subject", subject),
        ("kernel", &started.kernel),
        ("architecture", &started.architecture),
        ("cpu", &started.cpu),
        ("machine", started.machine().unwrap_or_default()),
        ("series", &started.series),
        ("suite", &started.suite),
        ("seed", &seed),
        ("fault", started.fault.as_deref().unwrap_or_default()),
    ];
    for (name, value) in properties.into_iter().filter(|(_, value)| !value.is_empty()) {
        suite.add_property((name, plain(value).as_str()));
    }
    suite.add_test_cases(cases.iter().map(|finished| case(&name, finished)));
    suite.set_time(cases.iter().map(|case| Duration::from_micros(case.duration_us)).sum());
    suite
}

fn case(suite: &str, case: &CaseFinished) -> TestCase {
    let details = sentences(case);
    let text = details.join("\n");
    // The reason leads, or else the first finding.
    let reason = case.reason.as_deref().and_then(|reason| reason.lines().next());
    let worst = case.findings.iter().min_by_key(|finding| finding.level);
    let message = plain(&reason.map(str::to_owned).or(worst.map(ToString::to_string)).unwrap_or_default());
    let (mut status, type_, description) = match case.outcome {
        Outcome::Pass => (TestCaseStatus::success(), None, None),
        Outcome::Skip => (TestCaseStatus::skipped(), None, Some(&message)),
        Outcome::Fail => {
            let clause = worst.map_or_else(|| "finding".to_owned(), |finding| plain(&finding.clause));
            (TestCaseStatus::non_success(NonSuccessKind::Failure), Some(clause), Some(&text))
        }
        Outcome::Error => (TestCaseStatus::non_success(NonSuccessKind::Error), Some("error".to_owned()), Some(&text)),
    };
    if let Some(type_) = type_ {
        status.set_type(type_);
    }
    if let Some(description) = description {
        status.set_message(message.as_str()).set_description(description.as_str());
    }
    let configuration = case.case.split('.').next().unwrap_or_default();
    let mut test = TestCase::new(case.case.as_str(), status);
    test.set_classname(format!("{suite}.{configuration}")).set_time(Duration::from_micros(case.duration_us));
    if case.outcome == Outcome::Pass && !text.is_empty() {
        test.set_system_out(text.as_str());
    }
    test
}

/// A file that holds a whole document at any time: after each case it is
/// replaced by one that has this case's outcome and says of every other planned
/// case that it did not finish.
#[derive(Debug)]
pub struct JunitFile {
    path: PathBuf,
    record: Record,
    junit: Junit,
}

impl JunitFile {
    /// Writes to `path`, a file that the caller created.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), record: Record::default(), junit: Junit::default() }
    }

    /// Adds an event, and writes the document after each outcome.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        self.record.follow(event).iter().for_each(|event| self.junit.event(event));
        if matches!(event, Event::CaseStarted { .. }) || self.record.started.is_none() {
            return Ok(());
        }
        let mut junit = self.junit.clone();
        if !self.record.is_over() {
            self.record.closing().iter().for_each(|event| junit.event(event));
        }
        let document = junit.document().map_err(io::Error::other)?;
        replace(&self.path, document.as_bytes())
    }
}

/// Replaces a file by a new one at once, durably. The temporary file has a name that
/// nobody else can have made a link of.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The kernel applies the user's umask.
    let everybody = Permissions::from_mode(0o666);
    let mut file = tempfile::Builder::new().permissions(everybody).tempfile_in(directory)?;
    file.write_all(content)?;
    file.as_file().sync_data()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}
