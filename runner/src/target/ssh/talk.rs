// SPDX-License-Identifier: Apache-2.0 OR MIT
//! One run of the ssh client: output of the board, the client's messages, the end.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// Interval of the check for interrupts.
pub(super) const TICK: Duration = Duration::from_millis(50);
const BUFFER: usize = 1 << 16;
/// Buffers that may wait for [`Talk::hear`]; then the client waits.
const WAITING: usize = 16;
/// How long outputs may stay open after the client's end: a client in the
/// background may keep its standard error.
const LINGER: Duration = Duration::from_millis(300);
/// Maximum bytes of the client's messages.
const WORDS: usize = 1 << 16;

#[derive(Debug)]
pub(super) enum Heard {
    /// Standard output.
    Bytes(Vec<u8>),
    /// No output in the given time.
    Nothing,
    /// The end, after all output.
    Over(ExitStatus),
}

enum Said {
    Output(Vec<u8>),
    Error(Vec<u8>),
}

/// A running client; the drop ends it.
#[derive(Debug)]
pub(super) struct Talk {
    child: Child,
    /// Whether it leads a process group.
    group: bool,
    said: Receiver<Said>,
    words: Vec<u8>,
    ended: Option<(ExitStatus, Instant)>,
}

impl Talk {
    /// Starts the client. One that may ask the user stays in the terminal's
    /// foreground. Others get a process group, so that Ctrl-C does not reach them.
    pub(super) fn start(argv: &[OsString], input: Option<File>, foreground: bool) -> io::Result<Self> {
        let (program, arguments) = argv.split_first().ok_or_else(|| io::Error::other("an empty command"))?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(input.map_or_else(Stdio::null, Stdio::from));
        if !foreground {
            command.process_group(0);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let (sender, said) = mpsc::sync_channel(WAITING);
        let other = sender.clone();
        if let (Some(output), Some(error)) = (child.stdout.take(), child.stderr.take()) {
            thread::spawn(move || read(output, |bytes| sender.send(Said::Output(bytes)).is_ok()));
            thread::spawn(move || read(error, |bytes| other.send(Said::Error(bytes)).is_ok()));
        }
        Ok(Self { child, group: !foreground, said, words: Vec::new(), ended: None })
    }

    pub(super) fn hear(&mut self, patience: Duration) -> io::Result<Heard> {
        let until = Instant::now() + patience;
        loop {
            if self.ended.is_none() {
                self.ended = self.child.try_wait()?.map(|status| (status, Instant::now()));
            }
            let left = until.saturating_duration_since(Instant::now()).min(Duration::from_millis(20));
            match self.said.recv_timeout(left) {
                Ok(Said::Output(bytes)) => return Ok(Heard::Bytes(bytes)),
                Ok(Said::Error(mut bytes)) => {
                    bytes.truncate(WORDS.saturating_sub(self.words.len()));
                    self.words.append(&mut bytes);
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => match self.ended {
                    Some((status, _)) => return Ok(Heard::Over(status)),
                    None => thread::sleep(left),
                },
            }
            match self.ended {
                Some((status, since)) if since.elapsed() > LINGER => return Ok(Heard::Over(status)),
                _ if Instant::now() >= until => return Ok(Heard::Nothing),
                _ => {}
            }
        }
    }

    /// Waits for the client's end, up to a limit.
    pub(super) fn wait(&mut self, limit: Duration) {
        let since = Instant::now();
        while since.elapsed() < limit && !matches!(self.hear(TICK), Ok(Heard::Over(_)) | Err(_)) {}
    }

    /// The lines of its standard error so far.
    pub(super) fn words(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.words);
        let lines = text.lines().map(|line| console::strip_ansi_codes(line).trim_end().to_owned());
        lines.filter(|line| !line.is_empty()).collect()
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        if self.ended.is_some() {
            return;
        }
        match i32::try_from(self.child.id()) {
            // A client may have started proxies.
            Ok(id) if self.group => drop(killpg(Pid::from_raw(id), Signal::SIGKILL)),
            _ => drop(self.child.kill()),
        }
        let _ = self.child.wait();
    }
}

fn read(mut from: impl Read, hand_on: impl Fn(Vec<u8>) -> bool) {
    let mut buffer = vec![0; BUFFER];
    loop {
        match from.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => return,
            Ok(read) => {
                if !hand_on(buffer.iter().take(read).copied().collect()) {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Talk {
        Talk::start(&["sh", "-c", script].map(OsString::from), None, false).unwrap()
    }

    fn end(talk: &mut Talk) -> (Vec<u8>, ExitStatus) {
        let mut all = Vec::new();
        loop {
            match talk.hear(Duration::from_secs(20)).unwrap() {
                Heard::Bytes(bytes) => all.extend(bytes),
                Heard::Over(status) => return (all, status),
                Heard::Nothing => panic!("it does not end"),
            }
        }
    }

    #[test]
    fn everything_is_heard_before_the_end() {
        let mut talk = shell("head -c 1000000 /dev/zero; echo words >&2; exit 3");
        let (bytes, status) = end(&mut talk);
        assert_eq!((bytes.len(), status.code(), talk.words()), (1_000_000, Some(3), vec!["words".to_owned()]));
    }

    #[test]
    fn a_board_waits_for_a_slow_listener() {
        let directory = tempfile::tempdir().unwrap();
        let said = directory.path().join("said");
        let mut talk = shell(&format!("head -c 20000000 /dev/zero; echo > {}", said.display()));
        thread::sleep(Duration::from_millis(500));
        assert!(!said.exists(), "it waits in memory");
        assert_eq!(end(&mut talk).0.len(), 20_000_000);
        assert!(said.exists());
    }

    #[test]
    fn what_is_left_in_the_background_holds_nobody_up() {
        let start = Instant::now();
        let mut talk = shell("sleep 9 >/dev/null & exit 0");
        assert!(end(&mut talk).1.success());
        assert!(start.elapsed() < Duration::from_secs(5), "took {:?}", start.elapsed());
    }

    #[test]
    fn a_client_that_nobody_listens_to_is_ended() {
        let talk = shell("sleep 1000; :");
        let group = Pid::from_raw(i32::try_from(talk.child.id()).unwrap());
        drop(talk);
        let start = Instant::now();
        while killpg(group, None).is_ok() {
            assert!(start.elapsed() < Duration::from_secs(20));
        }
    }
}
