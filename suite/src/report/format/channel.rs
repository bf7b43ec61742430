// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Outputs during the run. Each line is one write and leaves the machine before the
//! next case starts.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::termios::{self, ControlFlags, SetArg};

use super::lines::{Format, Lines};
use crate::report::events::Event;
use crate::report::record::Record;

/// The kernel's log.
const KMSG: &str = "/dev/kmsg";
/// Level of the lines, as LAVA's own signals have it: shown on every console.
const LEVEL: &str = "<0>";
/// Longest record in bytes with its level: kernels refuse more than 976, the
/// least of all versions and configurations (LOG_LINE_MAX, PRINTKRB_RECORD_MAX).
const RECORD: usize = 976;

/// An unusable channel.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum ChannelError {
    #[error("cannot write {KMSG}: {0}\n[run as root, on a kernel without printk.devkmsg=off]")]
    Kmsg(#[source] io::Error),
    #[error("cannot use {}: {source}\n[name a terminal, such as /dev/ttyS1]", path.display())]
    Device {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} is not a device\n[name a terminal, such as /dev/ttyS1; for a file use --events]", path.display())]
    NoDevice { path: PathBuf },
}

/// Destination of lines.
#[derive(Debug)]
pub enum Sink {
    /// The standard output.
    Stdout,
    /// The kernel's log.
    Kmsg,
    /// A terminal.
    Device(File),
}

impl Sink {
    /// The kernel's log.
    pub fn kmsg() -> Result<Self, ChannelError> {
        open_kmsg().map_err(ChannelError::Kmsg)?;
        Ok(Self::Kmsg)
    }

    /// A terminal in raw mode.
    pub fn device(path: &Path) -> Result<Self, ChannelError> {
        let unusable = |source| ChannelError::Device { path: path.to_owned(), source };
        let kind = path.metadata().map_err(unusable)?.file_type();
        if !kind.is_char_device() && !kind.is_fifo() {
            return Err(ChannelError::NoDevice { path: path.to_owned() });
        }
        // A serial line may have nobody at its other end to wait for.
        let flags = (OFlag::O_NOCTTY | OFlag::O_NONBLOCK).bits();
        let file = OpenOptions::new().write(true).custom_flags(flags).open(path).map_err(unusable)?;
        make_raw(&file);
        fcntl(file.as_fd(), FcntlArg::F_SETFL(OFlag::empty())).map_err(|errno| unusable(errno.into()))?;
        Ok(Self::Device(file))
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        let line = format!("{line}\n");
        match self {
            Self::Stdout => io::stdout().lock().write_all(line.as_bytes()),
            // Opened anew, because the kernel drops lines of a descriptor that has
            // written more than ten within five seconds (printk.devkmsg=ratelimit).
            Self::Kmsg => open_kmsg()?.write_all(record(&line).as_bytes()),
            Self::Device(file) => file.write_all(line.as_bytes()),
        }
    }

    /// Waits until everything has left the machine or is durable.
    fn settle(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout => {
                io::stdout().lock().flush()?;
                settle(&io::stdout());
            }
            // The kernel writes its log out before it stops.
            Self::Kmsg => {}
            Self::Device(file) => settle(file),
        }
        Ok(())
    }
}

fn open_kmsg() -> io::Result<File> {
    OpenOptions::new().write(true).open(KMSG)
}

/// A line as a record of the kernel's log, truncated to its limit.
fn record(line: &str) -> String {
    let line = line.trim_end_matches('\n');
    let mut end = line.len().min(RECORD - LEVEL.len() - 1);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    format!("{LEVEL}{}\n", line.get(..end).unwrap_or_default())
}

/// Waits for terminals and files only.
fn settle(output: &impl AsFd) {
    if termios::tcdrain(output).is_err() {
        let _ = nix::unistd::fdatasync(output);
    }
}

/// Makes a terminal pass lines on as they are, without carriage returns and
/// whether or not somebody is at the other end.
pub fn make_raw(line: &File) {
    if let Ok(mut settings) = termios::tcgetattr(line) {
        termios::cfmakeraw(&mut settings);
        settings.control_flags |= ControlFlags::CLOCAL;
        let _ = termios::tcsetattr(line, SetArg::TCSANOW, &settings);
    }
}

/// A sink that gets a run in a format.
#[derive(Debug)]
pub struct Channel {
    sink: Sink,
    record: Record,
    lines: Box<dyn Lines>,
}

impl Channel {
    /// Writes one run to `sink`.
    pub fn new(sink: Sink, format: Format) -> Self {
        Self { sink, record: Record::default(), lines: format.lines(false) }
    }

    /// Writes the lines that an event adds, and waits until they are out.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        for event in self.record.follow(event) {
            for line in self.lines.event(&event) {
                self.sink.write(&line)?;
            }
        }
        self.sink.settle()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_cut_to_what_every_kernel_takes() {
        assert_eq!(record("ok 1 a\n"), "<0>ok 1 a\n");
        let long = record(&"ä".repeat(2000));
        assert!(long.len() <= RECORD && long.len() > RECORD - 3, "{}", long.len());
        assert!(long.ends_with("ä\n"));
    }
}
