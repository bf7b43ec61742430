// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A hostile patch: what it tries, and as whom.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The ordinary user of these tests.
pub(crate) const NOBODY: u32 = 65534;
const ESCAPE: &str = include_str!("escape.sh");
/// A shell script that starts as many processes as it can.
pub(crate) const FORKS: &str = include_str!("forks.sh");

/// A directory of the host and a service, which a hostile build tries to reach.
pub(crate) struct Canary {
    directory: PathBuf,
    service: TcpListener,
}

impl Canary {
    pub(crate) fn new(directory: PathBuf) -> Self {
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("secret"), "").unwrap();
        Self { directory, service: TcpListener::bind("127.0.0.1:0").unwrap() }
    }

    /// A shell script that tries to escape.
    pub(crate) fn script(&self, submount: &str) -> String {
        let (canary, port) = (self.directory.display(), self.service.local_addr().unwrap().port());
        let home = std::env::var("HOME").unwrap_or_default();
        let set = format!("CANARY='{canary}' HOST_HOME='{home}' PORT={port} SUBMOUNT='{submount}'");
        format!("{set}\nexport CANARY HOST_HOME PORT SUBMOUNT\n{ESCAPE}")
    }

    /// Checks the logs of a run that ran the script.
    pub(crate) fn check(&self, logs: &Path) {
        let text = text_of(logs);
        assert!(text.contains("the escape ends"), "{text}");
        let escaped: Vec<&str> = text.lines().filter(|line| line.starts_with("ESCAPED")).collect();
        assert!(escaped.is_empty(), "{escaped:#?}");
        assert!(!fs::exists("/tmp/escaped").unwrap() && !fs::exists("/usr/escaped").unwrap());
        assert!(!self.directory.join("escaped").exists());
    }
}

/// Checks the logs of a run that ran [`FORKS`].
pub(crate) fn check_forks(logs: &Path) {
    let text = text_of(logs);
    let found = text.lines().find(|line| line.contains("process limit: "));
    let found = found.unwrap_or_else(|| panic!("no number of processes: {text}"));
    assert!(!found.starts_with("no ") || !limits_processes(), "{found}");
}

/// All logs of a run.
pub(crate) fn text_of(logs: &Path) -> String {
    fs::read_dir(logs).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
}

/// Whether this kernel can limit the processes of this user; root's since 6.14.
fn limits_processes() -> bool {
    let release = nix::sys::utsname::uname().unwrap().release().to_string_lossy().into_owned();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().unwrap_or(0));
    let version: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    !nix::unistd::geteuid().is_root() || version >= (6, 14)
}

/// Whether root can run the program as an ordinary user with namespaces; else says
/// so on standard error.
pub(crate) fn can_be_nobody() -> bool {
    let can_run = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "unshare", "--user", "--map-root-user", "--mount"])
        .args(["test", "-x", env!("CARGO_BIN_EXE_reglist")])
        .status();
    let can = nix::unistd::geteuid().is_root() && can_run.is_ok_and(|status| status.success());
    if !can {
        eprintln!("skipped: cannot run the program as another user with a namespace of its own");
    }
    can
}

/// Gives a tree to the ordinary user.
pub(crate) fn give_to_nobody(tree: PathBuf) {
    let mut open = vec![tree];
    while let Some(path) = open.pop() {
        std::os::unix::fs::lchown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        if path.symlink_metadata().unwrap().is_dir() {
            open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
}

/// The same command after `words`, such as those of another user.
pub(crate) fn behind(words: &[&str], inner: &Command) -> Command {
    let mut words = words.iter();
    let mut command = Command::new(words.next().unwrap());
    command.args(words).arg(inner.get_program()).args(inner.get_args());
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(directory) = inner.get_current_dir() {
        command.current_dir(directory);
    }
    command
}

/// The words that run a command as the ordinary user.
pub(crate) const AS_NOBODY: [&str; 4] = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
