// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What the kernel logs while a case runs: warnings, BUGs and reports of sanitizers.
//!
//! A machine logs warnings of other drivers, too. Only a message of this process counts:
//! the kernel names the process in the trace behind the message.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::process;

use nix::errno::Errno;
use nix::fcntl::OFlag;

/// The kernel's log, one record a read (Linux, Documentation/ABI/testing/dev-kmsg).
const LOG: &str = "/dev/kmsg";
/// The kernel cuts its records to less than this.
const RECORD: usize = 8192;
/// How a complaint begins, or what it has in its first line.
const COMPLAINTS: [&str; 14] = [
    "WARNING:",
    "BUG:",
    "BUG ",
    "Oops",
    "Kernel panic",
    "Unable to handle kernel",
    "UBSAN:",
    "KASAN:",
    "KFENCE:",
    "kmemleak:",
    "refcount_t:",
    "list_add corruption",
    "list_del corruption",
    "INFO: trying to register non-static key",
];
/// Records behind a complaint in which the kernel names the process: lockdep lists its
/// locks and where each was taken before.
const TRACE: usize = 400;
/// Records that are read; a kernel that logs without end must not end the case's memory.
const MOST: usize = 10_000;

/// The kernel's log, from now on.
#[derive(Debug)]
pub(crate) struct KernelLog(File);

impl KernelLog {
    /// # Errors
    /// This process may not read the log, or the machine has none.
    pub(crate) fn open() -> io::Result<Self> {
        let mut file = File::options().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(LOG)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self(file))
    }

    /// The first complaint about this process since the log was opened.
    pub(crate) fn complaint(mut self) -> Option<String> {
        let mut records = Vec::new();
        let mut buffer = vec![0; RECORD];
        while records.len() < MOST {
            match self.0.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => {
                    records.extend(buffer.get(..length).map(|record| String::from_utf8_lossy(record).into_owned()))
                }
                // The kernel has overwritten the next record.
                Err(error) if error.raw_os_error() == Some(Errno::EPIPE as i32) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        let name = fs::read_to_string("/proc/self/comm").unwrap_or_default();
        let lives = |pid| fs::exists(format!("/proc/{pid}")).unwrap_or(true);
        complaint(&records, (process::id(), name.trim_end()), &lives)
    }
}

/// The first complaint that is about the process, by number and name, or about an ended
/// thread with its name.
fn complaint(records: &[String], own: (u32, &str), lives: &dyn Fn(u32) -> bool) -> Option<String> {
    let messages: Vec<&str> = records.iter().filter_map(|record| message(record)).collect();
    let first = messages.iter().enumerate().filter(|(_, message)| COMPLAINTS.iter().any(|sign| message.contains(sign)));
    for (place, message) in first {
        let named = messages.iter().skip(place).take(TRACE).find_map(|message| named_in(message));
        // A message without a trace is nobody's.
        if named.is_some_and(|(pid, name)| name == own.1 && (pid == own.0 || !lives(pid))) {
            let place = messages.iter().skip(place).take(TRACE).find_map(|message| place_in_module(message));
            return Some(match place {
                Some(place) if !message.contains(place) => format!("{message}, at {place}"),
                _ => (*message).to_owned(),
            });
        }
    }
    None
}

/// The text of a record of the kernel: `PRIORITY,SEQUENCE,TIME,FLAGS;TEXT`. Records of
/// programs have another facility, which is the priority above its three bits.
fn message(record: &str) -> Option<&str> {
    let (head, text) = record.split_once(';')?;
    let priority: u32 = head.split(',').next()?.parse().ok()?;
    (priority < 8).then(|| text.lines().next().unwrap_or_default())
}

/// Number and name of the process in `CPU: 0 UID: 0 PID: 45 Comm: init Not tainted ...`.
fn named_in(message: &str) -> Option<(u32, &str)> {
    let (_, rest) = message.split_once(" PID: ")?;
    let (pid, rest) = rest.split_once(' ')?;
    Some((pid.parse().ok()?, rest.strip_prefix("Comm: ")?.split(' ').next()?))
}

/// `kvm_x+0x1c/0x30 [kvm]` in a line of a trace.
fn place_in_module(message: &str) -> Option<&str> {
    let end = message.find(" [kvm")?;
    let start = message.get(..end)?.rfind(char::is_whitespace).map_or(0, |space| space + 1);
    let length = message.get(end..)?.find(']')? + 1;
    message.get(start..end + length).filter(|place| place.contains("+0x"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn a_warning_of_this_process_is_a_complaint() {
        let log = records(&[
            "6,1,1,-;Loading iSCSI transport class",
            "4,2,2,-;------------[ cut here ]------------",
            "4,3,3,-;WARNING: CPU: 0 PID: 45 at arch/loongarch/kvm/vcpu.c:1302 kvm_x+0x1/0x2 [kvm]",
            "4,4,4,-;CPU: 0 UID: 0 PID: 45 Comm: init Not tainted 7.2.13 #1",
        ]);
        let warning = "WARNING: CPU: 0 PID: 45 at arch/loongarch/kvm/vcpu.c:1302 kvm_x+0x1/0x2 [kvm]";
        assert_eq!(complaint(&log, (45, "init"), &|_| true).as_deref(), Some(warning));
        // A thread of this process that has ended, or one of another process.
        assert_eq!(complaint(&log, (44, "init"), &|_| false).as_deref(), Some(warning));
        assert_eq!(complaint(&log, (44, "init"), &|_| true), None);
        assert_eq!(complaint(&log, (44, "other"), &|_| false), None);
    }

    #[test]
    fn the_first_place_in_kvm_is_told() {
        let log = records(&[
            "4,1,1,-;BUG: sleeping function called from invalid context at ./include/linux/uaccess.h:200",
            "4,2,2,-;CPU: 0 UID: 0 PID: 45 Comm: init Not tainted 7.2.13 #1",
            "4,3,3,-;[<9000000000223f10>] __might_resched+0x1a0/0x1f0",
            "4,4,4,-;[<ffff800002003f10>] kvm_copy+0x1c/0x30 [kvm]",
            "4,5,5,-;[<ffff800002004f10>] kvm_later+0x1c/0x30 [kvm]",
        ]);
        let told = "BUG: sleeping function called from invalid context at ./include/linux/uaccess.h:200, at kvm_copy+0x1c/0x30 [kvm]";
        assert_eq!(complaint(&log, (45, "init"), &|_| true).as_deref(), Some(told));
    }

    #[test]
    fn a_message_of_no_process_or_of_a_program_is_none() {
        assert_eq!(complaint(&records(&["4,1,1,-;usb 1-1: WARNING: odd"]), (1, "init"), &|_| false), None);
        let said = records(&["12,1,1,-;not ok 1 BUG: x", "6,2,2,-;CPU: 0 PID: 1 Comm: init"]);
        assert_eq!(complaint(&said, (1, "init"), &|_| true), None);
    }
}
