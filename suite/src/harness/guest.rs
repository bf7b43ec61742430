// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The program as PID 1 of the lab's initramfs: mounts file systems, loads the lab's
//! modules, runs the suite, and powers the machine off.

use std::ffi::{CString, OsString};
use std::fs::{self, File};
use std::hint;
use std::io::{self, Write as _};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::kmod::{DeleteModuleFlags, ModuleInitFlags, delete_module, finit_module};
use nix::mount::{MsFlags, mount};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::reboot::{RebootMode, reboot};
use nix::sys::termios;
use nix::unistd::{Pid, dup2_stdout};
use serde::Deserialize;

use crate::fault::Fault;
use crate::harness::host::JOB;
use crate::harness::worker::chain;
use crate::harness::{self, Switch};
use crate::memory::Child;
use crate::report::events::{Event, EventLog};
use crate::report::format::make_raw;

/// KVM of the lab's small kernel.
pub const KVM: &str = "kvm.ko";
/// KVM for Debian's kernel, which has a built-in KVM (ci/lab/stock/Kbuild).
pub const KVM_ON_STOCK: &str = "kvm_lab.ko";
/// The patch whose lines are traced, if they are; see [`crate::report::coverage`].
pub const COVERAGE: &str = "/lab/coverage.json";
/// Where debugfs is mounted, if lines are traced.
pub const DEBUG: &str = "/lab/debug";
/// Parameter of KVM in a kernel with faults (ci/lab/patches/faults.patch).
const FAULT: &str = "reg_list_fault";
/// Longest time that finished processes hold a module.
const RELEASE: Duration = Duration::from_secs(5);

const NOWHERE: &str = "/dev/null";
const MODULES: &str = "/lab/modules";

/// The runner's job in the image.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LabJob {
    /// Modules in the order in which they are loaded.
    modules: Vec<Module>,
    /// The serial line for events.
    results: String,
    /// The format of results in the kernel's log, if wanted.
    #[serde(default)]
    log: Option<String>,
    /// Arguments of the harness.
    arguments: Vec<String>,
    /// Whether to load all CPUs.
    #[serde(default)]
    busy: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Module {
    file: String,
    parameters: String,
}

#[derive(Debug, thiserror::Error)]
enum GuestError {
    #[error("cannot mount {target}: {errno}")]
    Mount { target: &'static str, errno: Errno },
    #[error("cannot read {file}")]
    Read { file: String, source: io::Error },
    #[error("{JOB} is malformed")]
    Job(#[source] serde_json::Error),
    #[error("cannot load {module}: {errno}\n[see the kernel log]")]
    Module { module: String, errno: Errno },
    #[error(
        "cannot unload {module}: {errno}\n[see the kernel log; a process that hangs in the kernel can hold the module]"
    )]
    Held { module: String, errno: Errno },
    #[error(
        "this kernel cannot have a fault: {file} has no parameter {FAULT}\n[build one that can: reglist lab --fault]"
    )]
    NoFaults { file: String },
    #[error("this kernel has no fault {name}\n[see ci/lab/patches/faults.patch]")]
    NoFault { name: String },
    #[error("cannot redirect stdout to {NOWHERE}: {0}")]
    Stdout(Errno),
    #[error("cannot start the load on the CPUs")]
    Busy(#[source] io::Error),
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
    let traces = Path::new(COVERAGE).exists().then_some(("debugfs", DEBUG));
    for (kind, target) in [("proc", "/proc"), ("devtmpfs", "/dev")].into_iter().chain(traces) {
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

    // The run loads KVM itself, with the fault that it wants.
    let is_kvm = |module: &&Module| [KVM, KVM_ON_STOCK].contains(&&*module.file);
    if let Err(error) = job.modules.iter().filter(|module| !is_kvm(module)).try_for_each(load) {
        let aborted = Event::RunAborted { reason: chain(&error) };
        if let Ok(log) = results.try_clone() {
            let _ = EventLog::new(Some(log), Vec::new(), None).write(&aborted);
        }
        let _ = termios::tcdrain(&results);
        return Err(error);
    }
    if job.busy {
        keep_busy().map_err(GuestError::Busy)?;
    }
    // The console belongs to the kernel log; results have their own line.
    let quiet = ["reglist-suite", "--logfile", NOWHERE, "--events", &job.results];
    let mut arguments: Vec<OsString> = quiet.into_iter().map(OsString::from).collect();
    if let Some(format) = job.log {
        // The console shows the kernel's log, and would show each result twice.
        let nowhere = File::options().write(true).open(NOWHERE);
        let nowhere = nowhere.map_err(|source| GuestError::Read { file: NOWHERE.to_owned(), source })?;
        dup2_stdout(&nowhere).map_err(GuestError::Stdout)?;
        arguments.extend(["--kmsg", "--format", &format].map(OsString::from));
    }
    arguments.extend(job.arguments.iter().map(OsString::from));
    let kvm = job.modules.iter().find(is_kvm).cloned();
    let _ = harness::main(arguments, kvm.map(switch));
    let _ = termios::tcdrain(&results);
    Ok(())
}

fn load(module: &Module) -> Result<(), GuestError> {
    let failed = |errno| GuestError::Module { module: module.file.clone(), errno };
    let path = Path::new(MODULES).join(&module.file);
    let file = File::open(&path).map_err(|source| GuestError::Read { file: path.display().to_string(), source })?;
    let parameters = CString::new(module.parameters.as_str()).map_err(|_| failed(Errno::EINVAL))?;
    finit_module(&file, &parameters, ModuleInitFlags::empty()).map_err(failed)
}

/// Loads KVM with a fault or without, in place of the present one, while no process uses it.
fn switch(kvm: Module) -> Switch {
    let mut present = None;
    let mut can_have_faults = false;
    Box::new(move |fault| {
        if present == Some(fault) {
            return Ok(());
        }
        // A kernel takes parameters that a module does not have, and says nothing.
        if fault.is_some() && !can_have_faults {
            check_for_faults(&kvm).map_err(|error| chain(&error))?;
            can_have_faults = true;
        }
        exchange(&kvm, fault).map_err(|error| chain(&error))?;
        present = Some(fault);
        Ok(())
    })
}

fn check_for_faults(kvm: &Module) -> Result<(), GuestError> {
    let path = Path::new(MODULES).join(&kvm.file);
    let file = path.display().to_string();
    let content = fs::read(&path).map_err(|source| GuestError::Read { file: file.clone(), source })?;
    let named = content.windows(FAULT.len()).any(|window| window == FAULT.as_bytes());
    if named { Ok(()) } else { Err(GuestError::NoFaults { file }) }
}

fn exchange(kvm: &Module, fault: Option<Fault>) -> Result<(), GuestError> {
    unload(&kvm.file)?;
    let Some(name) = fault.map(Fault::name) else {
        return load(kvm);
    };
    let parameters = format!("{} {FAULT}={name}", kvm.parameters);
    match load(&Module { file: kvm.file.clone(), parameters }) {
        Err(GuestError::Module { errno: Errno::EINVAL, .. }) => Err(GuestError::NoFault { name }),
        result => result,
    }
}

/// Unloads a module. A process that just exited can hold it for a moment.
fn unload(file: &str) -> Result<(), GuestError> {
    let name = CString::new(file.trim_end_matches(".ko")).unwrap_or_default();
    let start = Instant::now();
    loop {
        match delete_module(&name, DeleteModuleFlags::O_NONBLOCK) {
            // It is not there at first, and where it refused the fault before this one.
            Ok(()) | Err(Errno::ENOENT) => return Ok(()),
            Err(Errno::EAGAIN) if start.elapsed() < RELEASE => thread::sleep(Duration::from_millis(1)),
            Err(errno) => return Err(GuestError::Held { module: file.to_owned(), errno }),
        }
    }
}

fn keep_busy() -> io::Result<()> {
    for cpu in 0..thread::available_parallelism()?.get() {
        // It is left to its own devices, and ends with the machine.
        let _ = Child::start(|| {
            let mut only = CpuSet::new();
            let pinned = only.set(cpu).and_then(|()| sched_setaffinity(Pid::from_raw(0), &only));
            if pinned.is_ok() {
                loop {
                    hint::spin_loop();
                }
            }
            1
        })?;
    }
    Ok(())
}
