// SPDX-License-Identifier: Apache-2.0 OR MIT
//! OpenSSH's client and its one connection, which every command shares: what it
//! has to ask the user, it asks when the connection is made, and never later.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::error::SshError;
use super::host::Host;
use super::script::BEGIN;
use super::talk::{Heard, Talk};
use crate::system::session::Session;
use crate::system::stage::indented;

/// Names another client.
const CLIENT: &str = "REGLIST_SSH";
/// What stands where a plan does not know the socket.
const SOCKET: &str = "SOCKET";
/// A path that is longer does not fit into a socket's address, to which the
/// client adds some letters of its own.
const LONGEST: usize = 60;
/// How often the user's wish to stop is looked at.
const TICK: Duration = Duration::from_millis(50);
/// An answer that takes longer has nobody who gives it.
const ANSWER: Duration = Duration::from_secs(120);
/// How long the end of a connection may take.
const FAREWELL: Duration = Duration::from_secs(3);
/// What the client ends with where the connection is in trouble.
const TROUBLE: i32 = 255;
/// Status of a client that a signal ended, in a shell's words.
const SIGNALLED: i32 = 128;
/// More than this is no answer.
const LIMIT: usize = 1 << 26;

/// What the board answers to a script.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// The script's exit status.
    pub(super) status: i32,
    /// What it printed.
    pub(super) text: String,
    /// What it, or the client, complained about.
    pub(super) words: Vec<String>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failed {
    /// The connection is gone; with the client's words.
    Dropped(Vec<String>),
    /// For another reason, which nobody can mend by asking again.
    Error(SshError),
}

impl From<SshError> for Failed {
    fn from(error: SshError) -> Self {
        Self::Error(error)
    }
}

/// One board, and the connection to it while there is one.
#[derive(Debug)]
pub(super) struct Connection<'s> {
    session: &'s Session,
    program: OsString,
    options: Vec<OsString>,
    host: Host,
    /// Directory of the sockets, which nobody else may enter.
    sockets: Option<TempDir>,
    /// Number of the connection: each has a socket of its own.
    number: u32,
    connected: bool,
    log: Option<File>,
    log_path: PathBuf,
    /// Wishes to stop that have been obeyed already.
    obeyed: usize,
}

impl<'s> Connection<'s> {
    /// A board that nobody has called yet.
    pub(super) fn new(session: &'s Session, client: &[OsString], host: &Host) -> Result<Self, SshError> {
        let log_path = session.log("ssh");
        let (mut log, mut sockets) = (None, None);
        if !session.planning() {
            let file_error = |source| SshError::File { action: "write", path: log_path.clone(), source };
            // The log of an earlier call stays.
            log = Some(File::options().create(true).append(true).open(&log_path).map_err(file_error)?);
            sockets = Some(socket_directory().map_err(|source| SshError::Machine {
                action: "make a directory for the connection's socket",
                source,
            })?);
        }
        Ok(Self {
            session,
            program: std::env::var_os(CLIENT).filter(|program| !program.is_empty()).unwrap_or_else(|| "ssh".into()),
            options: client.to_vec(),
            host: host.clone(),
            sockets,
            number: 0,
            connected: false,
            log,
            log_path,
            obeyed: 0,
        })
    }

    /// The board's name.
    pub(super) fn host(&self) -> &str {
        self.host.as_str()
    }

    /// The log of all commands.
    pub(super) fn log_path(&self) -> &Path {
        &self.log_path
    }

    /// Whether the user asked to stop, and nobody has obeyed yet.
    pub(super) fn interrupted(&self) -> bool {
        self.session.interrupt().count() > self.obeyed
    }

    /// From now on only a further wish to stop counts.
    pub(super) fn obey(&mut self) {
        self.obeyed = self.session.interrupt().count();
    }

    fn socket(&self, number: u32) -> OsString {
        let directory = self.sockets.as_ref().map_or(Path::new(SOCKET), TempDir::path);
        directory.join(number.to_string()).into_os_string()
    }

    /// The client's command line up to the destination; the user's own options
    /// count first where both say something, but for those that this program
    /// relies on.
    fn argv(&self, own: &[&str]) -> Vec<OsString> {
        let mut argv = vec![self.program.clone(), "-T".into()];
        for option in ["ClearAllForwardings=yes", "PermitLocalCommand=no", "RemoteCommand=none"].iter().chain(own) {
            argv.extend(["-o".into(), OsString::from(option)]);
        }
        argv.extend(self.options.iter().cloned());
        argv
    }

    /// The command that makes the connection and tells the board something.
    fn opening(&self, number: u32, may_ask: bool) -> Vec<OsString> {
        // It outlives the first command, and ends by itself where this program
        // was killed.
        let own = ["ControlMaster=yes", "ControlPersist=1800", "BatchMode=yes"];
        let mut argv = self.argv(own.get(..if may_ask { 2 } else { 3 }).unwrap_or_default());
        argv.extend(["-S".into(), self.socket(number)]);
        for option in ["ConnectTimeout=15", "ServerAliveInterval=5", "ServerAliveCountMax=3"] {
            argv.extend(["-o".into(), option.into()]);
        }
        argv.extend(["--", self.host(), "sh", "-s"].map(OsString::from));
        argv
    }

    /// A command over the connection that is there. Without one the client would
    /// make another, and for that it would have to take this proxy.
    fn following(&self, command: &str) -> Vec<OsString> {
        let mut argv = self.argv(&["ControlMaster=no", "BatchMode=yes", "ProxyCommand=false"]);
        argv.extend(["-S".into(), self.socket(self.number)]);
        argv.extend(["--", self.host(), command].map(OsString::from));
        argv
    }

    /// What a user would type to see whether the board can be reached.
    fn by_hand(&self) -> String {
        let mut words = vec![self.program.clone()];
        words.extend(self.options.iter().cloned());
        words.extend([self.host(), "true"].map(OsString::from));
        spelled(&words)
    }

    /// Prints what would be done: the commands that tell the board a script, or
    /// that hand it a file.
    pub(super) fn plan(&self, what: &str, script: &str, opening: Option<bool>) {
        let argv = opening.map_or_else(|| self.following("sh -s"), |may_ask| self.opening(1, may_ask));
        self.session.plan(&format!("\n# {what}\n{} <<'END'\n{script}END", spelled(&argv)));
    }

    /// Prints the command that would hand the board a file.
    pub(super) fn plan_file(&self, what: &str, command: &str, file: &str) {
        self.session.plan(&format!("\n# {what}\n{} < {file}", spelled(&self.following(command))));
    }

    /// Makes the connection and tells the board a script. The user is asked
    /// nothing unless `may_ask`.
    pub(super) fn open(&mut self, script: &str, may_ask: bool) -> Result<Answer, Failed> {
        self.number += 1;
        let argv = self.opening(self.number, may_ask);
        self.connected = true;
        let mut answer = self.tell(&argv, script, may_ask, ANSWER);
        if let Err(Failed::Dropped(words)) = &mut answer {
            // What ends at once is no client that could say more.
            self.connected = false;
            words.retain(|line| !line.starts_with("mux_client") && !line.starts_with("ControlSocket"));
        }
        answer
    }

    /// The error of a board that cannot be reached.
    pub(super) fn unreachable(&self, words: &[String]) -> SshError {
        let host = self.host().to_owned();
        SshError::Unreachable { host, words: indented(words), command: self.by_hand() }
    }

    /// Tells the board a script over the connection.
    pub(super) fn run(&mut self, script: &str) -> Result<Answer, Failed> {
        let argv = self.following("sh -s");
        self.tell(&argv, script, false, ANSWER)
    }

    /// Starts a script of which the caller wants to hear while it runs.
    pub(super) fn start(&mut self, script: &str) -> Result<Talk, SshError> {
        let argv = self.following("sh -s");
        self.spawn(&argv, script, false)
    }

    /// Hands a file to a command on the board; `progress` gets the number of
    /// bytes that are on their way.
    pub(super) fn send(&mut self, command: &str, file: &File, mut progress: impl FnMut(u64)) -> Result<Answer, Failed> {
        let argv = self.following(command);
        let machine = |source| SshError::Machine { action: "read the program", source };
        // The position belongs to both.
        let mut shared = file.try_clone().map_err(machine)?;
        shared.rewind().map_err(machine)?;
        self.note(&argv, "");
        let talk = self.client(&argv, shared.try_clone().map_err(machine)?, false)?;
        let mut moved = (0, Instant::now());
        self.listen(talk, |_| {
            let sent = shared.stream_position().unwrap_or_default();
            if sent > moved.0 {
                moved = (sent, Instant::now());
            }
            progress(sent);
            moved.1.elapsed() < ANSWER
        })
    }

    fn tell(&mut self, argv: &[OsString], script: &str, foreground: bool, limit: Duration) -> Result<Answer, Failed> {
        let talk = self.spawn(argv, script, foreground)?;
        let started = Instant::now();
        let progress = self.session.progress().clone();
        let mut shown = 0;
        let answer = self.listen(talk, |talk| {
            if foreground {
                // Such as the wish that a key be touched.
                for line in talk.words().iter().skip(shown) {
                    progress.say(&format!("ssh: {line}"));
                    shown += 1;
                }
            }
            // People take their time with a password.
            foreground || started.elapsed() < limit
        });
        let mut answer = answer?;
        let Some((_, text)) = answer.text.split_once(&format!("{BEGIN}\n")) else {
            let said = answer.text.lines().map(str::to_owned);
            let words: Vec<String> = said.chain(answer.words).collect();
            let (host, status) = (self.host().to_owned(), answer.status);
            return Err(SshError::NoShell { host, status, words: indented(&words) }.into());
        };
        answer.text = text.to_owned();
        Ok(answer)
    }

    /// Listens until the client ends, or `go_on` has had enough.
    fn listen(&mut self, mut talk: Talk, mut go_on: impl FnMut(&Talk) -> bool) -> Result<Answer, Failed> {
        let mut bytes = Vec::new();
        let status = loop {
            let heard = talk.hear(TICK).map_err(|source| SshError::Machine { action: "listen to ssh", source })?;
            match heard {
                Heard::Bytes(more) if bytes.len() < LIMIT => bytes.extend(more),
                Heard::Over(status) => break status.code().unwrap_or(SIGNALLED),
                Heard::Bytes(_) | Heard::Nothing => {}
            }
            if self.interrupted() {
                return Err(SshError::Interrupted.into());
            }
            if !go_on(&talk) {
                return Err(Failed::Dropped(vec![format!("no answer for {} s", ANSWER.as_secs())]));
            }
        };
        let words = talk.words();
        for line in &words {
            self.write(&format!("! {line}"));
        }
        // In the terminal's foreground the client ends of Ctrl-C, too.
        if status != 0 && self.interrupted() {
            return Err(SshError::Interrupted.into());
        }
        if status == TROUBLE {
            return Err(Failed::Dropped(words));
        }
        Ok(Answer { status, text: String::from_utf8_lossy(&bytes).into_owned(), words })
    }

    fn spawn(&mut self, argv: &[OsString], script: &str, foreground: bool) -> Result<Talk, SshError> {
        let machine = |source| SshError::Machine { action: "keep a script", source };
        let mut input = tempfile::tempfile().map_err(machine)?;
        input.write_all(script.as_bytes()).and_then(|()| input.rewind()).map_err(machine)?;
        self.note(argv, script);
        self.client(argv, input, foreground)
    }

    fn client(&self, argv: &[OsString], input: File, foreground: bool) -> Result<Talk, SshError> {
        Talk::start(argv, Some(input), foreground).map_err(|source| SshError::NoClient {
            program: self.program.to_string_lossy().into_owned(),
            variable: CLIENT,
            source,
        })
    }

    /// Forgets a connection that is no use any more, and ends it where it is
    /// only the board that cannot be heard.
    pub(super) fn close(&mut self) {
        if !self.connected {
            return;
        }
        self.connected = false;
        let mut argv = self.argv(&["ControlMaster=no", "BatchMode=yes", "ProxyCommand=false"]);
        argv.extend(["-S".into(), self.socket(self.number), "-O".into(), "exit".into()]);
        argv.extend(["--", self.host()].map(OsString::from));
        self.note(&argv, "");
        let Ok(mut talk) = Talk::start(&argv, None, false) else { return };
        let started = Instant::now();
        while started.elapsed() < FAREWELL {
            if matches!(talk.hear(TICK), Ok(Heard::Over(_)) | Err(_)) {
                return;
            }
        }
    }

    /// Writes a command to the log.
    fn note(&mut self, argv: &[OsString], script: &str) {
        let command = spelled(argv);
        self.write(&format!("$ {command}"));
        for line in script.lines() {
            self.write(&format!("  {line}"));
        }
    }

    /// A log that cannot be written is missed only where something goes wrong.
    fn write(&mut self, line: &str) {
        if let Some(log) = &mut self.log {
            let _ = writeln!(log, "{line}");
        }
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        self.close();
    }
}

/// A directory with a short path of plain characters.
fn socket_directory() -> io::Result<TempDir> {
    let wish = std::env::temp_dir();
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "/._-".contains(sign);
    let good = wish.to_str().is_some_and(|path| path.len() < LONGEST && path.chars().all(plain));
    tempfile::Builder::new().prefix("reglist-").tempdir_in(if good { wish } else { "/tmp".into() })
}

fn spelled(words: &[OsString]) -> String {
    let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
}
