// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A stage of the lab's pipeline: a name, a log, a time limit, and commands
//! that run in sandboxes, one after the other.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::system::files::FileError;
use crate::system::progress::{Bar, Progress};
use crate::system::sandbox::{self, Room};
use crate::system::session::Session;
use crate::system::supervise::{Ending, Flow, Job, Limits, Source, supervise};

/// Lines of a log in an error message.
const TAIL: usize = 20;
/// Lines in an error message from a compiler's first error on.
const EXCERPT: usize = 12;

/// `excerpt` is the relevant lines of the log, each on its own line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StageError {
    #[error("stage {stage}: `{command}` {status}{excerpt}\n[log: {}]", log.display())]
    Failed { stage: &'static str, command: String, status: String, excerpt: String, log: PathBuf },
    #[error("stage {stage}: no space left on device{excerpt}\n[free disk space, or set XDG_CACHE_HOME to a directory on a larger disk; `reglist doctor` shows the required space; log: {}]", log.display())]
    Full { stage: &'static str, excerpt: String, log: PathBuf },
    #[error("stage {stage}: a process was killed, or memory or processes ran out{excerpt}\n[free memory, or use fewer processors: `taskset -c 0 reglist ...`; log: {}]", log.display())]
    Starved { stage: &'static str, excerpt: String, log: PathBuf },
    #[error(
        "stage {stage}: this machine does not allow a sandbox: {said}\n[{}; `reglist doctor` tests it]",
        sandbox::remedy()
    )]
    NoSandbox { stage: &'static str, said: String },
    #[error("stage {stage}: interrupted\n[run reglist again; it removes partial files; log: {}]", log.display())]
    Interrupted { stage: &'static str, killed: bool, log: PathBuf },
    #[error("stage {stage}: `{command}` timed out after {} s{excerpt}\n[log: {}]", limit.as_secs(), log.display())]
    TimedOut { stage: &'static str, command: String, limit: Duration, excerpt: String, log: PathBuf },
    #[error("stage {stage}: failed to run `{command}`\n[`reglist doctor` lists missing requirements]")]
    Spawn { stage: &'static str, command: String, source: io::Error },
    #[error(transparent)]
    File(#[from] FileError),
}

impl StageError {
    /// Whether a command may have left partial files.
    pub(crate) fn unclean(&self) -> bool {
        match self {
            Self::Interrupted { killed, .. } => *killed,
            Self::TimedOut { .. } | Self::Full { .. } | Self::Starved { .. } | Self::File(_) => true,
            Self::Failed { .. } | Self::Spawn { .. } | Self::NoSandbox { .. } => false,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Step {
    argv: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    room: Room,
    silence: Option<Duration>,
}

impl Step {
    /// A command in a sandbox, with a small fixed environment.
    pub(crate) fn new<I, A>(room: &Room, argv: I) -> Self
    where
        I: IntoIterator<Item = A>,
        A: Into<OsString>,
    {
        let environment = [
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
            ("HOME", "/tmp"),
            ("LC_ALL", "C"),
        ];
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            environment: environment.iter().map(|(name, value)| (name.into(), value.into())).collect(),
            room: room.clone(),
            silence: None,
        }
    }

    /// Uses the caller's environment: search path, proxies, homes.
    pub(crate) fn with_caller_environment(mut self) -> Self {
        self.environment = std::env::vars_os().collect();
        self.variable("LC_ALL", "C")
    }

    pub(crate) fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.into(), value.as_ref().to_owned()));
        self
    }

    pub(crate) fn argument(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.argv.push(argument.as_ref().to_owned());
        self
    }

    pub(crate) fn arguments<I: IntoIterator<Item = A>, A: AsRef<OsStr>>(mut self, more: I) -> Self {
        self.argv.extend(more.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Without output for this time, the command counts as hung.
    pub(crate) fn silence(mut self, limit: Duration) -> Self {
        self.silence = Some(limit);
        self
    }

    /// The special variables, as arguments of `env`; empty if there are none.
    fn own_variables(&self) -> Vec<OsString> {
        let usual = |name: &OsString| {
            ["PATH", "HOME", "LC_ALL"].iter().any(|usual| name == usual)
                || std::env::var_os(name).is_some_and(|value| self.environment.contains(&(name.clone(), value)))
        };
        let own = self.environment.iter().filter(|(name, _)| !usual(name)).map(|(name, value)| {
            let mut word = name.clone();
            word.push("=");
            word.push(value);
            word
        });
        let own: Vec<OsString> = own.collect();
        if own.is_empty() { own } else { std::iter::once("env".into()).chain(own).collect() }
    }

    fn program(&self) -> String {
        self.argv.first().map(|program| program.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

#[derive(Debug)]
pub(crate) struct Stage<'s> {
    session: &'s Session,
    name: &'static str,
    log: PathBuf,
    file: Option<File>,
    limit: Duration,
    bar: Bar,
}

/// The end of a command, for a caller that decides about success itself.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) ending: Ending,
    /// Last lines of the output.
    pub(crate) tail: Vec<String>,
    errors: Excerpt,
}

impl<'s> Stage<'s> {
    /// Opens a stage's log and shows its progress.
    pub(crate) fn new(session: &'s Session, name: &'static str, limit: Duration) -> Result<Self, StageError> {
        let log = session.log(name);
        let progress = if session.planning() { Progress::none() } else { session.progress().clone() };
        let stage = Self { session, name, file: None, limit, bar: progress.stage(name), log };
        if session.interrupt().requested() {
            return Err(StageError::Interrupted { stage: name, killed: false, log: stage.log });
        }
        if session.planning() {
            session.plan(&format!("\n# {name}"));
            return Ok(stage);
        }
        let file = File::options().create(true).append(true).open(&stage.log).map_err(FileError::write(&stage.log))?;
        Ok(Self { file: Some(file), ..stage })
    }

    /// Whether commands are only printed.
    pub(crate) fn is_planned(&self) -> bool {
        self.file.is_none()
    }

    pub(crate) fn bar(&self) -> &Bar {
        &self.bar
    }

    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    pub(crate) fn done(self, what: &str) {
        if !self.session.planning() {
            self.bar.done(what);
        }
    }

    /// Runs a command that must succeed.
    pub(crate) fn run(&mut self, step: &Step) -> Result<(), StageError> {
        self.watch(step, &mut |_, _, _| Flow::Continue)
    }

    /// Runs a command that must succeed, and passes every line to `look`.
    pub(crate) fn watch(
        &mut self,
        step: &Step,
        look: &mut dyn FnMut(&Bar, Source, &str) -> Flow,
    ) -> Result<(), StageError> {
        let ended = self.attempt(step, look)?;
        match ended.ending {
            Ending::Stopped => Ok(()),
            Ending::Exited(status) if status.success() => Ok(()),
            _ => Err(self.failure(step, ended)),
        }
    }

    /// The error of a command that did not succeed.
    pub(crate) fn failure(&self, step: &Step, ended: Ended) -> StageError {
        let Ended { ending, tail, errors } = ended;
        let (stage, command, log) = (self.name, step.program(), self.log.clone());
        let excerpt = indented(if errors.lines.is_empty() { &tail } else { &errors.lines });
        match ending {
            _ if !errors.full.is_empty() => StageError::Full { stage, excerpt: indented(&errors.full), log },
            _ if !errors.starved.is_empty() => StageError::Starved { stage, excerpt: indented(&errors.starved), log },
            Ending::Interrupted { killed } => StageError::Interrupted { stage, killed, log },
            Ending::TimedOut { limit } => StageError::TimedOut { stage, command, limit, excerpt: indented(&tail), log },
            Ending::Stopped => StageError::Failed { stage, command, status: "was stopped".to_owned(), excerpt, log },
            Ending::Exited(status) => {
                let status = match status.code() {
                    Some(code) => format!("failed with status {code}"),
                    None => format!("failed: {status}"),
                };
                StageError::Failed { stage, command, status, excerpt, log }
            }
        }
    }

    /// Runs a command; the caller decides about success.
    pub(crate) fn attempt(
        &mut self,
        step: &Step,
        look: &mut dyn FnMut(&Bar, Source, &str) -> Flow,
    ) -> Result<Ended, StageError> {
        let argv = step.room.enter(&step.argv);
        let Some(file) = &mut self.file else {
            return Ok(self.planned(step, &argv));
        };
        let mut written = writeln!(file, "$ {}", quoted(&step.argv));
        let mut tail = VecDeque::with_capacity(TAIL);
        let mut errors = Excerpt::default();
        let mut is_inside = false;
        let bar = &self.bar;
        let limits = Limits { total: self.limit, silence: step.silence };
        let job = Job { argv, environment: step.environment.clone() };
        let ending = supervise(&job, limits, self.session.interrupt(), &mut |source, line| {
            if !is_inside && source == Source::Error && line == sandbox::READY {
                is_inside = true;
                return Flow::Continue;
            }
            errors.look(line);
            if let Err(error) = writeln!(file, "{line}") {
                written = Err(error);
            }
            if tail.len() == TAIL {
                tail.pop_front();
            }
            tail.push_back(line.to_owned());
            look(bar, source, line)
        })
        .map_err(|source| StageError::Spawn { stage: self.name, command: step.program(), source })?;
        match (written, ending) {
            (_, Ending::Exited(status)) if !is_inside && !status.success() => {
                // mount(8) adds a line about dmesg.
                let said = tail.iter().rev().find(|line| !line.starts_with(char::is_whitespace));
                let said = said.map_or_else(|| status.to_string(), String::clone);
                Err(StageError::NoSandbox { stage: self.name, said })
            }
            (Err(source), ending) if !matches!(ending, Ending::Interrupted { .. }) => {
                Err(FileError::write(&self.log)(source).into())
            }
            _ => Ok(Ended { ending, tail: tail.into(), errors }),
        }
    }

    fn planned(&self, step: &Step, argv: &[OsString]) -> Ended {
        if self.session.progress().is_verbose() {
            self.session.plan(&quoted(argv));
        } else {
            if let Some(room) = step.room.describe() {
                self.session.plan(&format!("# {room}"));
            }
            let mut command = step.own_variables();
            command.extend(step.argv.iter().cloned());
            self.session.plan(&quoted(&command));
        }
        Ended { ending: Ending::Stopped, tail: Vec::new(), errors: Excerpt::default() }
    }
}

/// Lines of a log that show the error.
#[derive(Debug, Default)]
struct Excerpt {
    /// A compiler's first error, how the file was included, and the next lines.
    lines: Vec<String>,
    /// The last "included from" lines before any error.
    included: Vec<String>,
    full: Vec<String>,
    /// What says that memory or processes ran out, or a process was killed.
    starved: Vec<String>,
}

impl Excerpt {
    fn look(&mut self, line: &str) {
        let has = |signs: &[&str]| signs.iter().any(|sign| line.contains(sign));
        let keep = |lines: &mut Vec<String>| {
            if lines.len() < 3 {
                lines.push(line.to_owned());
            }
        };
        if has(&["No space left on device", "enough free space"]) {
            keep(&mut self.full);
        }
        if has(&[
            "Killed signal terminated",
            "Cannot allocate memory",
            "virtual memory exhausted",
            "out of memory allocating",
            "Resource temporarily unavailable",
        ]) || line == "Killed"
        {
            keep(&mut self.starved);
        }
        let begins = has(&["error:", "error[", "ERROR:", "undefined reference", "*** "]) || line.starts_with("E: ");
        if self.lines.is_empty() && !begins {
            let continues = !self.included.is_empty() && line.trim_start().starts_with("from ");
            if line.starts_with("In file included from") {
                self.included = vec![line.to_owned()];
            } else if continues {
                self.included.push(line.to_owned());
            } else if !line.contains(": In function ") && !line.contains(": At top level") {
                self.included.clear();
            }
        } else if self.lines.len() < EXCERPT + self.included.len() {
            if self.lines.is_empty() {
                self.lines.clone_from(&self.included);
            }
            self.lines.push(line.to_owned());
        }
    }
}

/// A command, quoted for a shell.
pub(crate) fn quoted(argv: &[OsString]) -> String {
    let words: Vec<String> = argv.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
}

/// Indented lines, for the end of a message.
pub(crate) fn indented(lines: &[String]) -> String {
    lines.iter().fold(String::new(), |mut text, line| {
        text.push_str("\n    ");
        text.push_str(line.trim_end());
        text
    })
}
