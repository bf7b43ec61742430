// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The run as a stream of JSON lines. Every report is computed from it.
//!
//! A run starts with [`Event::RunStarted`], which contains the whole plan; in the lab, a
//! review of the patches can come before it. So a
//! reader can distinguish a case that never finished from one that was not planned.
//! Each line is one `write` and durable before the next call into the kernel under
//! test, because that call can crash the machine.

use std::fmt;
use std::fs::File;
use std::io::{self, Write as _};

use serde::{Deserialize, Serialize};

pub use crate::arch::NamedRegister;
use crate::report::control;
use crate::report::coverage::{Blocks, Coverage};
use crate::report::review::Review;
use crate::spec::clause::Level;

/// Version of the stream's format; readers refuse a newer one.
pub const FORMAT: u32 = 1;

/// One line of the stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Before the first line: the review of the kernel's patches. Only the lab writes it.
    KernelReviewed(Review),
    /// First line: the subject, the suite and every planned case.
    RunStarted(RunStarted),
    /// A case starts. Without its end, it is the suspect.
    CaseStarted {
        /// The case's id.
        case: String,
    },
    /// A case ended.
    CaseFinished(CaseFinished),
    /// The suite cannot reach or set up the subject.
    RunAborted {
        /// The error and its remedy.
        reason: String,
    },
    /// The run broke off from outside; the runner writes this event.
    RunBrokenOff {
        /// Who broke it off.
        by: Breaker,
        /// What happened.
        reason: String,
    },
    /// Last line of a complete run.
    RunFinished(RunFinished),
}

/// Who broke a run off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breaker {
    /// The user stopped the run.
    User,
    /// The infrastructure: a killed emulator, an unreachable board.
    Machine,
    /// The kernel under test: a panic, a hang.
    Kernel,
}

impl fmt::Display for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// The subject, the suite and the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStarted {
    /// [`FORMAT`] of the writer.
    pub format: u32,
    /// Version of the suite.
    pub suite: String,
    /// The kind of subject.
    pub subject: SubjectKind,
    /// Architecture of the register list, as `uname -m` spells it.
    pub architecture: String,
    /// Kernel release and version, as `uname -rv` prints them.
    pub kernel: String,
    /// CPU model; empty if unknown.
    pub cpu: String,
    /// The revision of the expected list.
    pub series: String,
    /// Whether a broken `should` clause fails a case.
    pub strict: bool,
    /// Whether registers beyond the expected list are only notes.
    pub allow_new: bool,
    /// Seed of the random orders; the same seed gives the same run.
    #[serde(default)]
    pub seed: u64,
    /// How many cases run at once; 0 means 1.
    #[serde(default, skip_serializing_if = "is_one")]
    pub threads: usize,
    /// The fault of the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// More facts about the subject.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<Label>,
    /// The patch under test, if the run notes which of its lines run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Box<Coverage>>,
    /// Ids of all cases, in the order in which they run.
    pub plan: Vec<String>,
}

fn is_one(threads: &usize) -> bool {
    *threads <= 1
}

impl RunStarted {
    /// The emulated machine; none on hardware, on the model, and in old events.
    pub fn machine(&self) -> Option<&str> {
        self.labels.iter().find(|label| label.name == Label::MACHINE).map(|label| label.value.as_str())
    }

    /// The names of the kernel's patches, in order.
    pub fn patches(&self) -> Vec<&str> {
        // A file name can contain blanks.
        let name = |label: &'_ Label| label.value.rfind(" sha256:").unwrap_or(label.value.len());
        let labels = self.labels.iter().filter(|label| label.name == Label::PATCH);
        labels.filter_map(|label| label.value.get(..name(label))).collect()
    }

    /// The start of a run on a kernel, in a log that does not tell it.
    pub fn unknown() -> Self {
        let unknown = || "unknown".to_owned();
        Self {
            format: FORMAT,
            suite: unknown(),
            subject: SubjectKind::Kvm,
            architecture: unknown(),
            kernel: unknown(),
            cpu: String::new(),
            series: unknown(),
            strict: false,
            allow_new: false,
            threads: 1,
            seed: 0,
            fault: None,
            labels: Vec::new(),
            coverage: None,
            plan: Vec::new(),
        }
    }

    /// The configuration of the first case; in a round for a fault, of all cases.
    pub fn configuration(&self) -> Option<&str> {
        self.plan.first()?.split('.').next()
    }
}

/// A fact about the subject, such as a build id or a patch. Names can repeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

impl Label {
    /// The label of the kernel's build id, in hexadecimal.
    pub const BUILD_ID: &str = "build-id";
    /// The label of the build id of KVM's module.
    pub const KVM_BUILD_ID: &str = "kvm-build-id";
    /// The label of a kernel log that cannot be read, with the reason.
    pub const KERNEL_LOG: &str = "kernel-log";
    /// The label of an emulated machine; hardware has none.
    pub const MACHINE: &str = "machine";
    /// The label of the kernel's source: a package with its version, or a commit.
    pub const SOURCE: &str = "source";
    /// The label of a patch of the kernel: its file name and SHA-256.
    pub const PATCH: &str = "patch";

    /// Reads `NAME=VALUE`; neither may be empty or hold control characters.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, value) = text.split_once('=')?;
        let is_right = |part: &str| !part.is_empty() && !part.contains(char::is_control);
        (is_right(name) && is_right(value)).then(|| Self { name: name.to_owned(), value: value.to_owned() })
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)
    }
}

/// The kind of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// The running kernel, through /dev/kvm.
    Kvm,
    /// The built-in model: no kernel is tested.
    Model,
}

/// The result of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseFinished {
    /// The case's id.
    pub case: String,
    /// Its outcome.
    pub outcome: Outcome,
    /// Why it was skipped or ended in error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Wall time in microseconds.
    pub duration_us: u64,
    /// Number of ioctls under test that the case made.
    pub ioctls: u64,
    /// All findings, failing or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// The kernel's list in its own order, only of the case `contents.exact`; empty in
    /// rounds for faults, to save space.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub listed: Vec<NamedRegister>,
    /// Blocks of [`RunStarted::coverage`] that the case ran; none if that was not noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ran: Option<Blocks>,
}

/// The outcome of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every clause that counts was kept.
    Pass,
    /// A clause was broken.
    Fail,
    /// A probe found that the host lacks a needed feature.
    Skip,
    /// The harness or the host failed; the result is unknown.
    Error,
}

/// One fact about the kernel, found by a case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Finding {
    /// Id of the clause it is about.
    pub clause: String,
    /// The clause's level: `must` fails, `should` warns, `note` informs.
    pub level: Level,
    /// The register concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub register: Option<NamedRegister>,
    /// The register that must be restored before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<NamedRegister>,
    /// The entry of `reg[]` concerned, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<usize>,
    /// The last of several neighbouring entries, where `entry` is the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_entry: Option<usize>,
    /// The ioctl concerned, in its C spelling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ioctl: Option<String>,
    /// The errno that was returned, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errno: Option<String>,
    /// The behaviour of a conforming kernel; empty for a plain fact.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub expected: String,
    /// The behaviour of this kernel.
    pub observed: String,
}

impl Finding {
    /// A finding without register, entry and ioctl.
    pub fn new(clause: &str, level: Level, expected: String, observed: String) -> Self {
        let (register, after, entry, last_entry, ioctl, errno) = (None, None, None, None, None, None);
        let clause = clause.to_owned();
        Self { clause, level, register, after, entry, last_entry, ioctl, errno, expected, observed }
    }

    /// Adds this finding, or extends an equal one about the previous entry.
    pub fn add_to(self, findings: &mut Vec<Self>) {
        if let Some(entry) = self.entry {
            for known in findings.iter_mut().rev() {
                let last = known.last_entry.or(known.entry);
                let same = Self { entry: self.entry, last_entry: None, ..known.clone() } == self;
                if same && last.is_some_and(|last| last + 1 == entry) {
                    known.last_entry = Some(entry);
                    return;
                }
            }
        }
        findings.push(self);
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<6} {}: ", self.level, self.clause)?;
        if let Some(register) = &self.register {
            write!(f, "{} ({:#018x}): ", register.name, register.id)?;
        }
        match (self.entry, self.last_entry) {
            (Some(first), Some(last)) => write!(f, "entries {first} to {last}: ")?,
            (Some(entry), None) => write!(f, "entry {entry}: ")?,
            _ => {}
        }
        if let Some(ioctl) = &self.ioctl {
            write!(f, "{ioctl}: ")?;
        }
        if !self.expected.is_empty() {
            write!(f, "expected {}, observed ", self.expected)?;
        }
        f.write_str(&self.observed)
    }
}

/// The end of a complete run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFinished {
    /// The verdict.
    pub verdict: Verdict,
    /// Number of cases by outcome.
    pub totals: Totals,
}

impl CaseFinished {
    /// A result for a case that has none.
    pub fn without_result(case: String, outcome: Outcome, reason: String) -> Self {
        let (findings, listed) = (Vec::new(), Vec::new());
        Self { case, outcome, reason: Some(reason), duration_us: 0, ioctls: 0, findings, listed, ran: None }
    }
}

/// The verdict of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// At least one case passed and none failed or ended in error.
    Passed,
    /// A case failed or ended in error.
    Failed,
    /// Every case was skipped.
    NothingTested,
    /// The kernel does not know the ioctl (ENOTTY).
    NotImplemented,
}

/// Number of cases by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Cases that passed.
    pub pass: usize,
    /// Cases that failed.
    pub fail: usize,
    /// Cases that were skipped.
    pub skip: usize,
    /// Cases that ended in error.
    pub error: usize,
}

impl Totals {
    /// Counts one more case.
    pub fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Pass => self.pass += 1,
            Outcome::Fail => self.fail += 1,
            Outcome::Skip => self.skip += 1,
            Outcome::Error => self.error += 1,
        }
    }

    /// The verdict of a finished run with these outcomes.
    pub fn verdict(&self) -> Verdict {
        if self.fail + self.error > 0 {
            Verdict::Failed
        } else if self.pass > 0 {
            Verdict::Passed
        } else {
            Verdict::NothingTested
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl Verdict {
    /// The exit code for this verdict.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Passed => crate::exit::PASSED,
            Self::Failed => crate::exit::FAILED,
            Self::NothingTested | Self::NotImplemented => crate::exit::NOTHING_TESTED,
        }
    }
}

/// A line that is not an event.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The stream comes from a newer suite.
    #[error(
        "event format {0} is newer than this program's {FORMAT}\n[use a reglist at least as new as the suite that wrote it]"
    )]
    Newer(u32),
    /// The line is torn or not an event.
    #[error("not an event")]
    Malformed(#[source] serde_json::Error),
}

impl Event {
    /// Reads one line of a stream.
    pub fn from_line(line: &str) -> Result<Self, EventError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        match serde_json::from_str::<Self>(line) {
            Ok(Self::RunStarted(started)) if started.format > FORMAT => Err(EventError::Newer(started.format)),
            Ok(event) => Ok(event),
            Err(error) => match serde_json::from_str::<Format>(line) {
                Ok(Format { format }) if format > FORMAT => Err(EventError::Newer(format)),
                _ => Err(EventError::Malformed(error)),
            },
        }
    }

    /// The event without control characters. Only a reason has several lines.
    pub fn plain(self) -> Self {
        let cleaned = serde_json::to_value(&self).ok().and_then(|mut value| {
            control::replace(&mut value, false).then(|| serde_json::from_value(value).ok()).flatten()
        });
        cleaned.unwrap_or(self)
    }

    /// The event as one line, with a line feed.
    pub fn to_line(&self) -> io::Result<String> {
        let mut line = control::escaped(&serde_json::to_string(self)?);
        line.push('\n');
        Ok(line)
    }
}

/// An event that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("failed to write {name}: {error}")]
pub struct WriteError {
    name: String,
    #[source]
    error: io::Error,
}

/// Receives every event.
pub type Observer = Box<dyn FnMut(&Event) + Send>;

/// Writes an event.
pub type Writer = Box<dyn FnMut(&Event) -> io::Result<()> + Send>;

/// A named output of the run.
pub struct Output {
    /// The name in error messages.
    pub name: String,
    /// Writes an event.
    pub write: Writer,
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Writes events to a file or device, other outputs and an observer.
#[derive(Default)]
pub struct EventLog {
    file: Option<File>,
    outputs: Vec<Output>,
    observer: Option<Observer>,
    /// Whether a write to the file failed.
    file_failed: bool,
    /// Whether a write failed.
    pub is_incomplete: bool,
}

impl fmt::Debug for EventLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLog").field("file", &self.file).finish_non_exhaustive()
    }
}

impl EventLog {
    /// A log with an optional file and observer.
    pub fn new(file: Option<File>, outputs: Vec<Output>, observer: Option<Observer>) -> Self {
        Self { file, outputs, observer, ..Self::default() }
    }

    /// Writes an event to every output, and syncs it if possible. Drops an output that
    /// fails. Reports only the first failure of the file and writes later events,
    /// because a disk may get free space again.
    /// A device that cannot be synced (a UART) is not an error.
    pub fn write(&mut self, event: &Event) -> Result<(), Vec<WriteError>> {
        let event = &event.clone().plain();
        let mut errors = Vec::new();
        if let Err(error) = self.write_to_file(event) {
            if !self.file_failed {
                errors.push(WriteError { name: "the file of events".to_owned(), error });
            }
            self.file_failed = true;
        }
        self.outputs.retain_mut(|output| {
            let written = (output.write)(event);
            let works = written.is_ok();
            errors.extend(written.err().map(|error| WriteError { name: output.name.clone(), error }));
            works
        });
        if let Some(observer) = &mut self.observer {
            observer(event);
        }
        self.is_incomplete |= !errors.is_empty();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn write_to_file(&mut self, event: &Event) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        file.write_all(event.to_line()?.as_bytes())?;
        match file.sync_data() {
            Err(error) if error.kind() != io::ErrorKind::InvalidInput => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact() -> Finding {
        Finding::new("list.width", Level::Note, String::new(), "n counts as 64 bits".into())
    }

    #[test]
    fn a_fact_is_told_without_an_expectation() {
        assert_eq!(fact().to_string(), "note   list.width: n counts as 64 bits");
        let broken = Finding { expected: "E2BIG".into(), observed: "EINVAL".into(), ..fact() };
        assert_eq!(broken.to_string(), "note   list.width: expected E2BIG, observed EINVAL");
    }

    #[test]
    fn a_fact_has_no_expectation_in_the_stream() {
        let text = serde_json::to_string(&fact()).unwrap();
        assert_eq!(text, r#"{"clause":"list.width","level":"note","observed":"n counts as 64 bits"}"#);
        assert_eq!(serde_json::from_str::<Finding>(&text).unwrap(), fact());
    }
}
