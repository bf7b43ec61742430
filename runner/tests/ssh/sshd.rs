// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A board that is this machine: a real sshd on a port of the loopback, with
//! keys, configuration and temporary place of its own.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what is not so fails the test")]

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// Nothing here takes longer, however busy the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// The name under which the client knows the board.
pub(crate) const NAME: &str = "board";

/// Where the program is called as the board calls it, it is the suite.
pub(crate) fn suite_itself() -> Option<ExitCode> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let called = Path::new(arguments.first()?).file_name()?;
    (called == "reglist-suite").then(|| ExitCode::from(reglist_suite::harness::main(arguments, None)))
}

/// A machine that can be reached by ssh.
pub(crate) struct Sshd {
    directory: TempDir,
    port: u16,
    /// Commands of a shell that make it another machine, in namespaces of its
    /// own; none is this one.
    other: Option<String>,
    server: Option<Child>,
}

impl Sshd {
    /// A board; or why there can be none.
    pub(crate) fn start() -> Result<Self, String> {
        Self::with("", None)
    }

    /// A board with more lines of configuration, in which `DIRECTORY` is the
    /// board's.
    pub(crate) fn configured(lines: &str) -> Result<Self, String> {
        Self::with(lines, None)
    }

    /// A board that is more of a machine of its own: `setup` changes its files,
    /// and its processes are gone when it goes down. `$DIRECTORY` is the
    /// board's.
    pub(crate) fn other_machine(setup: &str) -> Result<Self, String> {
        let confined = Command::new("unshare").args(["--mount", "--pid", "--fork", "true"]).output();
        if !nix::unistd::geteuid().is_root() || !confined.is_ok_and(|output| output.status.success()) {
            return Err("it takes root and namespaces to make another machine".to_owned());
        }
        Self::with("", Some(setup.to_owned()))
    }

    fn with(lines: &str, other: Option<String>) -> Result<Self, String> {
        for program in ["ssh", "ssh-keygen"] {
            if find(program).is_none() {
                return Err(format!("there is no {program} here: install OpenSSH's client"));
            }
        }
        find("sshd").ok_or("there is no sshd here: install OpenSSH's server")?;
        if nix::unistd::geteuid().is_root() {
            // Where the server locks itself in; a package's own start makes it.
            fs::create_dir_all("/run/sshd").map_err(|error| format!("no /run/sshd: {error}"))?;
        }
        let directory = tempfile::Builder::new().prefix("reglist-board-").tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut board = Self { directory, port, other, server: None };
        for key in ["host_key", "user_key"] {
            let mut command = Command::new("ssh-keygen");
            command.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(board.path(key));
            assert!(command.status().unwrap().success());
        }
        for place in ["tmp", "home", "here"] {
            fs::create_dir(board.path(place)).unwrap();
        }
        let at = board.directory.path().display().to_string();
        let host_key = fs::read_to_string(board.path("host_key.pub")).unwrap();
        board.write("known_hosts", &format!("[127.0.0.1]:{port} {host_key}"));
        board.write(
            "sshd_config",
            &format!(
                "ListenAddress 127.0.0.1:{port}\nHostKey {at}/host_key\nAuthorizedKeysFile {at}/user_key.pub\n\
                 StrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication no\nPermitRootLogin yes\n\
                 {}\nSetEnv TMPDIR={at}/tmp HOME={at}/home XDG_RUNTIME_DIR=\n",
                lines.replace("DIRECTORY", &at)
            ),
        );
        board.write(
            "ssh_config",
            &format!(
                "Host {NAME}\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile {at}/user_key\n  IdentitiesOnly yes\n\
                 \x20 IdentityAgent none\n  UserKnownHostsFile {at}/known_hosts\n  GlobalKnownHostsFile /dev/null\n"
            ),
        );
        board.boot();
        Ok(board)
    }

    /// The board comes up.
    pub(crate) fn boot(&mut self) {
        let sshd = find("sshd").unwrap();
        let before = fs::read_to_string(self.path("log")).unwrap_or_default().matches("Server listening").count();
        let log = fs::OpenOptions::new().create(true).append(true).open(self.path("log")).unwrap();
        let arguments = [OsString::from("-D"), "-e".into(), "-f".into(), self.path("sshd_config").into()];
        let mut command = match &self.other {
            None => Command::new(&sshd),
            Some(setup) => {
                let mut command = Command::new("unshare");
                let script = format!("set -e\n{setup}\nexec \"$0\" \"$@\"");
                command.args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", &script]);
                command.env("DIRECTORY", self.directory.path()).arg(&sshd);
                command
            }
        };
        let server = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        self.server = Some(server);
        let boots = || fs::read_to_string(self.path("log")).unwrap_or_default().matches("Server listening").count();
        wait_for("sshd to listen", || boots() > before);
    }

    /// Nobody can reach the board any more; what runs there goes on, unless it
    /// is a machine of its own.
    pub(crate) fn go_down(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        let sessions = self.sessions_of(&server);
        let _ = server.kill();
        let _ = server.wait();
        end(sessions);
        wait_for("the port to be free", || TcpListener::bind(("127.0.0.1", self.port)).is_ok());
    }

    /// Every connection drops.
    pub(crate) fn cut(&self) {
        assert!(self.is_connected(), "nobody is connected");
        end(self.sessions());
    }

    /// Nothing comes from any connection any more.
    pub(crate) fn stop_sessions(&self) -> Vec<Pid> {
        let sessions = self.sessions();
        sessions.iter().for_each(|session| kill(*session, Signal::SIGSTOP).unwrap());
        sessions
    }

    /// Whether anybody is connected.
    pub(crate) fn is_connected(&self) -> bool {
        !self.sessions().is_empty()
    }

    /// The server's processes for those who are connected.
    pub(crate) fn sessions(&self) -> Vec<Pid> {
        self.server.as_ref().map(|server| self.sessions_of(server)).unwrap_or_default()
    }

    fn sessions_of(&self, server: &Child) -> Vec<Pid> {
        let all = processes();
        let mut sessions = Vec::new();
        let mut parents = vec![i32::try_from(server.id()).unwrap()];
        if self.other.is_some() {
            // There the server is the first process of its namespace.
            let first = all.iter().find(|process| parents.contains(&process.parent));
            parents = first.map(|process| process.id).into_iter().collect();
        }
        while let Some(parent) = parents.pop() {
            for process in all.iter().filter(|process| process.parent == parent && process.name.starts_with("sshd")) {
                sessions.push(Pid::from_raw(process.id));
                parents.push(process.id);
            }
        }
        sessions
    }

    /// Puts a script among the board's programs, where its configuration has
    /// `DIRECTORY/bin` in its search path.
    pub(crate) fn program(&self, name: &str, script: &str) {
        fs::create_dir_all(self.path("bin")).unwrap();
        let path = self.path("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }

    /// Something in the board's directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file in the board's directory.
    pub(crate) fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
        fs::set_permissions(self.path(name), Permissions::from_mode(0o600)).unwrap();
    }

    /// The client's configuration, with which it reaches the board.
    pub(crate) fn config(&self) -> PathBuf {
        self.path("ssh_config")
    }

    /// `reglist ssh` on this board.
    pub(crate) fn reglist(&self, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reglist"));
        command.arg("ssh").arg("-F").arg(self.config()).args([NAME, "--suite"]).arg(std::env::current_exe().unwrap());
        command.arg("--results").arg(self.path("results")).args(more);
        self.at_home(&mut command);
        command
    }

    /// The same for the rest of a run.
    pub(crate) fn resume(&self, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reglist"));
        command.arg("ssh").arg("-F").arg(self.config()).args([NAME, "--resume"]).arg(self.path("results")).args(more);
        self.at_home(&mut command);
        command
    }

    /// Gives a program places of this test's own, and no terminal.
    pub(crate) fn at_home(&self, command: &mut Command) {
        command.env("XDG_CACHE_HOME", self.path("cache")).env("TMPDIR", self.path("here")).stdin(Stdio::null());
    }

    /// What the run left in the place for temporary files.
    pub(crate) fn left(&self) -> Vec<String> {
        let places = ["tmp", "home"].map(|place| fs::read_dir(self.path(place)).unwrap());
        places.into_iter().flatten().map(|entry| entry.unwrap().path().display().to_string()).collect()
    }

    /// Nothing is left: no file on the board, no process, no connection, no
    /// socket here.
    pub(crate) fn assert_clean(&self) {
        assert_eq!(self.left(), Vec::<String>::new());
        let sockets = fs::read_dir(self.path("here")).unwrap().flatten().map(|entry| entry.path());
        assert_eq!(sockets.collect::<Vec<_>>(), Vec::<PathBuf>::new());
        wait_for("all processes of the run to be gone", || self.suite().is_empty());
        wait_for("the connection to be gone", || !self.is_connected());
    }

    /// Processes of the suite, the one that writes the events first.
    pub(crate) fn suite(&self) -> Vec<Pid> {
        let at = self.directory.path().display().to_string();
        let is_suite = |line: &str| line.starts_with(&at) && line.contains("/reglist-suite --events");
        let all: Vec<Process> = processes().into_iter().filter(|process| is_suite(&process.line)).collect();
        let mut suite: Vec<&Process> = all.iter().collect();
        suite.sort_by_key(|process| all.iter().any(|parent| parent.id == process.parent));
        suite.iter().map(|process| Pid::from_raw(process.id)).collect()
    }

    /// Waits until so many cases have ended on the board, and holds the suite
    /// up within the next.
    pub(crate) fn hold(&self, cases: usize) -> Pid {
        wait_for("the run", || self.events().matches("case_finished").count() >= cases);
        let suite = *self.suite().first().expect("the run was too fast");
        loop {
            kill(suite, Signal::SIGSTOP).expect("the run was too fast");
            wait_for("the suite to stop", || {
                processes().iter().any(|process| process.id == suite.as_raw() && process.stopped)
            });
            let events = self.events();
            if events.lines().next_back().is_some_and(|line| line.contains("case_started")) {
                let results = self.path("results/events.jsonl");
                wait_for("the events to arrive", || fs::read_to_string(&results).is_ok_and(|read| read == events));
                return suite;
            }
            kill(suite, Signal::SIGCONT).unwrap();
        }
    }

    /// What the suite has written on the board.
    fn events(&self) -> String {
        let runs = fs::read_dir(self.path("tmp")).unwrap().flatten();
        let starts = runs.flat_map(|run| fs::read_dir(run.path()).into_iter().flatten().flatten());
        starts.filter_map(|start| fs::read_to_string(start.path().join("events")).ok()).collect()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        if thread::panicking() {
            let log = fs::read_to_string(self.path("log")).unwrap_or_default();
            eprintln!("--- the board's log\n{log}");
        }
        end(self.suite());
        self.go_down();
    }
}

/// A `reglist` that runs, and is gone when the test is.
pub(crate) struct Running {
    child: Child,
    output: thread::JoinHandle<String>,
    error: thread::JoinHandle<String>,
}

impl Running {
    /// Starts it.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (output, error) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Self { child, output: thread::spawn(|| text(output)), error: thread::spawn(|| text(error)) }
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    /// Its exit code, standard output and standard error.
    pub(crate) fn end(mut self) -> (Option<i32>, String, String) {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if start.elapsed() > PATIENCE {
                let _ = self.child.kill();
            }
            thread::sleep(Duration::from_millis(10));
        };
        (status.code(), self.output.join().unwrap(), self.error.join().unwrap())
    }
}

/// Runs it to its end, which is one with this code; standard output and error.
pub(crate) fn expect(code: i32, command: Command) -> (String, String) {
    let shown = format!("{command:?}");
    let (ended, output, error) = Running::start(command).end();
    assert_eq!(ended, Some(code), "{shown}\n--- output\n{output}--- error\n{error}");
    (output, error)
}

/// Waits for something that takes moments.
pub(crate) fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn end(processes: Vec<Pid>) {
    for process in processes {
        // Some are gone already.
        let _ = kill(process, Signal::SIGKILL);
    }
}

fn text(mut from: impl std::io::Read) -> String {
    let mut bytes = Vec::new();
    let _ = from.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

struct Process {
    id: i32,
    parent: i32,
    name: String,
    line: String,
    stopped: bool,
}

/// Every process that is not dead.
fn processes() -> Vec<Process> {
    let ids = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let process = |id: i32| {
        let status = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let (name, fields) = status.split_once('(')?.1.rsplit_once(") ")?;
        let mut fields = fields.split(' ');
        let (state, parent) = (fields.next()?, fields.next()?.parse().ok()?);
        let line = fs::read(format!("/proc/{id}/cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        (state != "Z").then(|| Process { id, parent, name: name.to_owned(), line, stopped: state == "T" })
    };
    ids.filter_map(process).collect()
}

/// A program of this machine.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    places.map(|place| place.join(program)).find(|path| path.is_file())
}
