// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The program as PID 1 of the lab's initramfs: mounts what it needs, loads
//! the lab's modules, runs the suite, and switches the machine off.

use std::ffi::{CString, OsString};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use nix::errno::Errno;
use nix::kmod::{ModuleInitFlags, finit_module};
use nix::mount::{MsFlags, mount};
use nix::sys::reboot::{RebootMode, reboot};
use nix::sys::termios::{self, SetArg};
use nix::unistd::{Pid, getpid};
use serde::Deserialize;

use crate::events::{Event, EventLog};
use crate::harness;
use crate::worker::chain;

const JOB: &str = "/lab/job.json";
const MODULES: &str = "/lab/modules";

/// What the runner put into the image.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LabJob {
    /// Modules in the order in which they are loaded.
    modules: Vec<Module>,
    /// Where events go, a serial line of their own.
    results: String,
    /// Arguments of the harness.
    arguments: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Module {
    file: String,
    parameters: String,
}

/// Why the lab's guest could not run the suite.
#[derive(Debug, thiserror::Error)]
enum GuestError {
    #[error("mounting {target} gives {errno}")]
    Mount { target: &'static str, errno: Errno },
    #[error("{file} cannot be read")]
    Read { file: String, source: io::Error },
    #[error("{JOB} is malformed")]
    Job(#[source] serde_json::Error),
    #[error("loading {module} gives {errno}\n[see the kernel log]")]
    Module { module: String, errno: Errno },
}

/// Whether this process is the first one of the lab's guest.
#[must_use]
pub fn is_init() -> bool {
    getpid() == Pid::from_raw(1) && Path::new(JOB).exists()
}

/// Runs the lab's job and switches the machine off; returns only where that
/// is refused.
pub fn init() {
    if let Err(error) = lab() {
        // The console is the only other place to say it.
        let _ = writeln!(io::stderr(), "reglist-suite: {}", chain(&error));
    }
    let _ = reboot(RebootMode::RB_POWER_OFF);
}

fn lab() -> Result<(), GuestError> {
    for (kind, target) in [("proc", "/proc"), ("devtmpfs", "/dev")] {
        mount(Some(kind), target, Some(kind), MsFlags::empty(), None::<&str>)
            .map_err(|errno| GuestError::Mount { target, errno })?;
    }
    let text = fs::read(JOB).map_err(|source| GuestError::Read { file: JOB.to_owned(), source })?;
    let job: LabJob = serde_json::from_slice(&text).map_err(GuestError::Job)?;
    let results = File::options()
        .read(true)
        .write(true)
        .open(&job.results)
        .map_err(|source| GuestError::Read { file: job.results.clone(), source })?;
    make_raw(&results);

    if let Err(error) = job.modules.iter().try_for_each(load) {
        let aborted = Event::RunAborted { reason: chain(&error) };
        if let Ok(log) = results.try_clone() {
            let _ = EventLog::new(Some(log), None).write(&aborted);
        }
        let _ = termios::tcdrain(&results);
        return Err(error);
    }
    // The console belongs to the kernel log; results have their own line.
    let quiet = ["reglist-suite", "--logfile", "/dev/null", "--events", &job.results];
    let arguments = quiet.into_iter().map(OsString::from).chain(job.arguments.into_iter().map(OsString::from));
    let _ = harness::main(arguments);
    let _ = termios::tcdrain(&results);
    Ok(())
}

/// Lines go out as they are, without carriage returns.
fn make_raw(line: &File) {
    if let Ok(mut settings) = termios::tcgetattr(line) {
        termios::cfmakeraw(&mut settings);
        let _ = termios::tcsetattr(line, SetArg::TCSANOW, &settings);
    }
}

fn load(module: &Module) -> Result<(), GuestError> {
    let failed = |errno| GuestError::Module { module: module.file.clone(), errno };
    let path = Path::new(MODULES).join(&module.file);
    let file = File::open(&path).map_err(|source| GuestError::Read { file: path.display().to_string(), source })?;
    let parameters = CString::new(module.parameters.as_str()).map_err(|_| failed(Errno::EINVAL))?;
    finit_module(&file, &parameters, ModuleInitFlags::empty()).map_err(failed)
}
