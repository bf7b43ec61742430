// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Ends the shared connection and removes its sockets if this program is killed.

use std::ffi::OsString;
use std::io::{self, PipeWriter, pipe};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// `cat` ends when this program does, because then the kernel closes the pipe. A
/// client that is about to connect may make its socket a moment later; without the
/// directory it cannot.
const SCRIPT: &str = r#"cat
directory=$1 host=$2
shift 2
for attempt in 1 2 3 4 5; do
    for socket in "$directory"/*; do
        [ -S "$socket" ] && "$@" -S "$socket" -O exit -- "$host"
    done
    rmdir "$directory" && exit
    sleep 1
done
rm -rf "$directory""#;

/// A process that waits for the end of this one; the drop ends it.
#[derive(Debug)]
pub(super) struct Guard {
    child: Child,
    /// Closed in every other process.
    _alive: PipeWriter,
}

impl Guard {
    /// Guards connections to a host, whose sockets are in `directory`. `client` is the
    /// start of a command line for the existing connection.
    pub(super) fn start(directory: &Path, host: &str, client: &[OsString]) -> io::Result<Self> {
        let (input, alive) = pipe()?;
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "reglist"]).arg(directory).arg(host).args(client);
        // Ctrl-C does not reach it.
        command.stdin(input).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        Ok(Self { child: command.spawn()?, _alive: alive })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Ok(group) = i32::try_from(self.child.id()) {
            // It has ended, or it ends now.
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        let _ = self.child.wait();
    }
}
