// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The connection of OpenSSH's client, which every command shares. ssh asks the
//! user only at the start.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::error::{SshError, Trouble};
use super::guard::Guard;
use super::host::Host;
use super::script::BEGIN;
use super::talk::{Heard, TICK, Talk};
use crate::system::files::FileError;
use crate::system::session::Session;
use crate::system::stage::{indented, quoted};

/// Environment variable with another client.
const CLIENT: &str = "REGLIST_SSH";
/// Placeholder for the socket in a dry run.
const SOCKET: &str = "SOCKET";
/// A board gets neither the user's keys nor a way back to this machine.
const REQUIRED: [&str; 6] = [
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "Tunnel=no",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
];
/// Options for the existing connection; `ProxyCommand=false` prevents a new one.
const EXISTING: [&str; 3] = ["ControlMaster=no", "BatchMode=yes", "ProxyCommand=false"];
/// Maximum path length: the path and the client's suffix must fit into a socket
/// address.
const LONGEST: usize = 60;
/// Time limit of an answer.
const ANSWER: Duration = Duration::from_secs(120);
/// Time limit for the end of a connection.
const FAREWELL: Duration = Duration::from_secs(3);
/// The client's exit status after a connection error.
const TROUBLE: i32 = 255;
/// Exit status for a client that a signal ended, as in a shell.
const SIGNALLED: i32 = 128;
/// Maximum size of an answer in bytes.
const LIMIT: usize = 1 << 24;

/// The result of a script on the board.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) status: i32,
    pub(super) text: String,
    /// Standard error of the client.
    pub(super) words: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Connection<'s> {
    session: &'s Session,
    program: OsString,
    options: Vec<OsString>,
    host: Host,
    /// Ends before the directory of the sockets.
    guard: Option<Guard>,
    /// Private directory of the sockets.
    sockets: Option<TempDir>,
    /// Number of the connection, and name of its socket.
    number: u32,
    connected: bool,
    log: Option<File>,
    log_path: PathBuf,
    /// Number of interrupts that have been handled.
    obeyed: usize,
}

impl<'s> Connection<'s> {
    pub(super) fn new(session: &'s Session, client: &[OsString], host: &Host) -> Result<Self, SshError> {
        let log_path = session.log("ssh");
        let mut connection = Self {
            session,
            program: std::env::var_os(CLIENT).filter(|program| !program.is_empty()).unwrap_or_else(|| "ssh".into()),
            options: client.to_vec(),
            host: host.clone(),
            guard: None,
            sockets: None,
            number: 0,
            connected: false,
            log: None,
            log_path,
            obeyed: 0,
        };
        if !session.planning() {
            // Append: an earlier call may have written to this log.
            let file = File::options().create(true).append(true).open(&connection.log_path);
            connection.log = Some(file.map_err(FileError::write(&connection.log_path))?);
            let machine = |action| move |source| SshError::Machine { action, source };
            let sockets = socket_directory().map_err(machine("create a directory for the connection's socket"))?;
            let guard = Guard::start(sockets.path(), connection.host(), &connection.argv(&EXISTING));
            connection.guard = Some(guard.map_err(machine("start a guard of the connection"))?);
            connection.sockets = Some(sockets);
        }
        Ok(connection)
    }

    pub(super) fn host(&self) -> &str {
        self.host.as_str()
    }

    pub(super) fn log_path(&self) -> &Path {
        &self.log_path
    }

    /// Whether the user interrupted, since the last [`Self::obey`].
    pub(super) fn interrupted(&self) -> bool {
        self.session.interrupt().count() > self.obeyed
    }

    /// Ignores the interrupts so far.
    pub(super) fn obey(&mut self) {
        self.obeyed = self.session.interrupt().count();
    }

    fn socket(&self, number: u32) -> OsString {
        let directory = self.sockets.as_ref().map_or(Path::new(SOCKET), TempDir::path);
        directory.join(number.to_string()).into_os_string()
    }

    /// The client's command line up to the destination. ssh uses the first value of
    /// an option: required options, then the user's.
    fn argv(&self, own: &[&str]) -> Vec<OsString> {
        let mut argv = vec![self.program.clone(), "-T".into()];
        for option in REQUIRED.iter().chain(own) {
            argv.extend(["-o".into(), OsString::from(option)]);
        }
        argv.extend(self.options.iter().cloned());
        argv
    }

    /// The command that connects and runs a script.
    fn opening(&self, number: u32, may_ask: bool) -> Vec<OsString> {
        // The connection outlives the first command.
        let own = ["ControlMaster=yes", "ControlPersist=1800", "BatchMode=yes"];
        let mut argv = self.argv(own.get(..if may_ask { 2 } else { 3 }).unwrap_or_default());
        argv.extend(["-S".into(), self.socket(number)]);
        for option in ["ConnectTimeout=15", "ServerAliveInterval=5", "ServerAliveCountMax=3"] {
            argv.extend(["-o".into(), option.into()]);
        }
        argv.extend(["--", self.host(), "sh", "-s"].map(OsString::from));
        argv
    }

    /// A command over the existing connection.
    fn following(&self, command: &str) -> Vec<OsString> {
        let mut argv = self.argv(&EXISTING);
        argv.extend(["-S".into(), self.socket(self.number)]);
        argv.extend(["--", self.host(), command].map(OsString::from));
        argv
    }

    /// A command for the user to test the connection.
    fn by_hand(&self) -> String {
        let mut words = vec![self.program.clone()];
        words.extend(self.options.iter().cloned());
        words.extend([self.host(), "true"].map(OsString::from));
        quoted(&words)
    }

    /// Prints the command of a script, for `--dry-run`.
    pub(super) fn plan(&self, what: &str, script: &str, opening: Option<bool>) {
        let argv = opening.map_or_else(|| self.following("sh -s"), |may_ask| self.opening(1, may_ask));
        self.session.plan(&format!("\n# {what}\n{} <<'END'\n{script}END", quoted(&argv)));
    }

    /// Prints the command that copies a file, for `--dry-run`.
    pub(super) fn plan_file(&self, what: &str, command: &str, file: &str) {
        self.session.plan(&format!("\n# {what}\n{} < {file}", quoted(&self.following(command))));
    }

    /// Connects and runs a script. ssh may ask the user only with `may_ask`.
    pub(super) fn open(&mut self, script: &str, may_ask: bool) -> Result<Answer, Trouble> {
        self.number += 1;
        let argv = self.opening(self.number, may_ask);
        self.connected = true;
        let mut answer = self.tell(&argv, script, may_ask, ANSWER);
        if let Err(Trouble::Lost(words)) = &mut answer {
            // Drop the client's messages about its socket.
            self.connected = false;
            words.retain(|line| !line.starts_with("mux_client") && !line.starts_with("ControlSocket"));
        }
        answer
    }

    pub(super) fn unreachable(&self, words: &[String]) -> SshError {
        let host = self.host().to_owned();
        SshError::Unreachable { host, words: indented(words), command: self.by_hand() }
    }

    /// Runs a script over the connection.
    pub(super) fn run(&mut self, script: &str) -> Result<Answer, Trouble> {
        let argv = self.following("sh -s");
        self.tell(&argv, script, false, ANSWER)
    }

    /// Starts a script with live output.
    pub(super) fn start(&mut self, script: &str) -> Result<Talk, SshError> {
        let argv = self.following("sh -s");
        self.spawn(&argv, script, false)
    }

    /// Sends a file to a command on the board; `progress` gets the number of bytes
    /// sent.
    pub(super) fn send(
        &mut self,
        command: &str,
        file: &File,
        mut progress: impl FnMut(u64),
    ) -> Result<Answer, Trouble> {
        let argv = self.following(command);
        let machine = |source| SshError::Machine { action: "read the program", source };
        // Both handles share the file position.
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

    fn tell(&mut self, argv: &[OsString], script: &str, foreground: bool, limit: Duration) -> Result<Answer, Trouble> {
        let talk = self.spawn(argv, script, foreground)?;
        let started = Instant::now();
        let progress = self.session.progress().clone();
        let mut shown = 0;
        let answer = self.listen(talk, |talk| {
            if foreground {
                // For example a request to touch a security key.
                for line in talk.words().iter().skip(shown) {
                    progress.say(&format!("ssh: {line}"));
                    shown += 1;
                }
            }
            // No time limit for a user who types a password.
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

    /// Listens until the client ends or `go_on` returns false.
    fn listen(&mut self, mut talk: Talk, mut go_on: impl FnMut(&Talk) -> bool) -> Result<Answer, Trouble> {
        let mut bytes = Vec::new();
        let status = loop {
            let heard = talk.hear(TICK).map_err(|source| SshError::Machine { action: "listen to ssh", source })?;
            match heard {
                Heard::Bytes(more) if bytes.len() < LIMIT => bytes.extend(more),
                Heard::Bytes(_) => {
                    let problem = format!("more than {} MiB", LIMIT >> 20);
                    let (host, log) = (self.host().to_owned(), self.log_path.clone());
                    return Err(SshError::Answer { host, problem, log }.into());
                }
                Heard::Over(status) => break status.code().unwrap_or(SIGNALLED),
                Heard::Nothing => {}
            }
            if self.interrupted() {
                return Err(Trouble::Interrupted);
            }
            if !go_on(&talk) {
                return Err(Trouble::Lost(vec![format!("no answer for {} s", ANSWER.as_secs())]));
            }
        };
        let words = talk.words();
        for line in &words {
            self.write(&format!("! {line}"));
        }
        // In the foreground, Ctrl-C also ends the client.
        if status != 0 && self.interrupted() {
            return Err(Trouble::Interrupted);
        }
        if status == TROUBLE {
            return Err(Trouble::Lost(words));
        }
        Ok(Answer { status, text: String::from_utf8_lossy(&bytes).into_owned(), words })
    }

    fn spawn(&mut self, argv: &[OsString], script: &str, foreground: bool) -> Result<Talk, SshError> {
        let machine = |source| SshError::Machine { action: "write a temporary file for a script", source };
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

    /// Ends the connection.
    pub(super) fn close(&mut self) {
        if !self.connected {
            return;
        }
        self.connected = false;
        let mut argv = self.argv(&EXISTING);
        argv.extend(["-S".into(), self.socket(self.number), "-O".into(), "exit".into()]);
        argv.extend(["--", self.host()].map(OsString::from));
        self.note(&argv, "");
        if let Ok(mut talk) = Talk::start(&argv, None, false) {
            talk.wait(FAREWELL);
        }
    }

    fn note(&mut self, argv: &[OsString], script: &str) {
        let command = quoted(argv);
        self.write(&format!("$ {command}"));
        for line in script.lines() {
            self.write(&format!("  {line}"));
        }
    }

    /// Writes to the log; ignores errors.
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

/// A directory with a short, plain path.
fn socket_directory() -> io::Result<TempDir> {
    let wish = std::env::temp_dir();
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "/._-".contains(sign);
    let good = wish.to_str().is_some_and(|path| path.len() < LONGEST && path.chars().all(plain));
    tempfile::Builder::new().prefix("reglist-").tempdir_in(if good { wish } else { "/tmp".into() })
}
