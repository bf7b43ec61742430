// SPDX-License-Identifier: Apache-2.0 OR MIT
//! KCOV: which basic blocks of the kernel a thread's calls run (Linux,
//! Documentation/dev-tools/kcov.rst).

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::num::NonZeroUsize;
use std::os::fd::AsRawFd as _;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

use crate::report::coverage::{Blocks, Coverage};

/// KCOV's file, in the debugfs of the lab's guest (`crate::harness::guest::DEBUG`).
const KCOV: &str = "/lab/debug/kcov";
const MODULES: &str = "/proc/modules";
/// Numbers that KCOV's buffer holds: the count of addresses, then the addresses. One
/// call under test runs less than a tenth of them.
const LENGTH: usize = 1 << 16;
const BYTES: NonZeroUsize = NonZeroUsize::new(LENGTH * size_of::<u64>()).unwrap();
/// The mode in which KCOV records addresses: KCOV_TRACE_PC.
const TRACE_PC: u64 = 0;

nix::ioctl_write_int_bad!(kcov_init_trace, nix::request_code_read!(b'c', 1, size_of::<u64>()));
nix::ioctl_write_int_bad!(kcov_enable, nix::request_code_none!(b'c', 100));

/// Why blocks cannot be traced.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// A file cannot be used.
    #[error("cannot use {file}")]
    File {
        /// Its path.
        file: &'static str,
        /// The cause.
        source: io::Error,
    },
    /// The module is not loaded, or its address is hidden.
    #[error("{MODULES} has no address of the module {module}")]
    NoModule {
        /// Its name.
        module: String,
    },
    /// A step of KCOV fails.
    #[error("{step} of {KCOV} fails: {errno}")]
    Step {
        /// The ioctl or system call.
        step: &'static str,
        /// Its errno.
        errno: Errno,
    },
}

/// Which blocks of a patch the calls of all threads run.
#[derive(Debug)]
pub struct Trace {
    /// Numbers of the blocks by address.
    numbers: HashMap<u64, u32>,
    ran: Vec<AtomicBool>,
}

impl Trace {
    /// Finds the module in the running kernel, and begins to trace this thread.
    pub fn begin(coverage: &Coverage) -> Result<Self, TraceError> {
        let modules = std::fs::read_to_string(MODULES);
        let modules = modules.map_err(|source| TraceError::File { file: MODULES, source })?;
        let base = address(&modules, &coverage.module);
        let base = base.ok_or_else(|| TraceError::NoModule { module: coverage.module.clone() })?;
        let numbers = coverage.blocks.iter().zip(0..).map(|(block, number)| (base.wrapping_add(*block), number));
        let trace =
            Self { numbers: numbers.collect(), ran: coverage.blocks.iter().map(|_| AtomicBool::new(false)).collect() };
        Kcov::of_thread(|kcov| kcov.take(|_| {}))?;
        Ok(trace)
    }

    /// Makes a call, and notes what it runs. Of a thread without KCOV, nothing is noted.
    pub(super) fn around<R>(&self, call: impl FnOnce() -> R) -> R {
        let _ = Kcov::of_thread(|_| {});
        let result = call();
        let _ = Kcov::of_thread(|kcov| {
            kcov.take(|address| {
                let block = self.numbers.get(&address).and_then(|number| self.ran.get(*number as usize));
                if let Some(block) = block {
                    block.store(true, Ordering::Relaxed);
                }
            });
        });
        result
    }

    /// The blocks that have run since the beginning.
    pub fn ran(&self) -> Blocks {
        self.ran.iter().zip(0..).filter(|(ran, _)| ran.load(Ordering::Relaxed)).map(|(_, number)| number).collect()
    }
}

/// A module's address in the text of /proc/modules: `NAME SIZE USES USERS STATE ADDRESS`.
fn address(modules: &str, module: &str) -> Option<u64> {
    let line = modules.lines().find(|line| line.split(' ').next() == Some(module))?;
    let address = u64::from_str_radix(line.split(' ').nth(5)?.strip_prefix("0x")?, 16).ok()?;
    Some(address).filter(|address| *address != 0)
}

/// KCOV of one thread. It ends with the thread.
#[derive(Debug)]
struct Kcov {
    /// KCOV is on as long as it is open.
    file: File,
    /// LENGTH numbers, shared with the kernel.
    buffer: NonNull<AtomicU64>,
}

thread_local! {
    static OF_THREAD: RefCell<Option<Kcov>> = const { RefCell::new(None) };
}

impl Kcov {
    /// Uses KCOV of this thread, and switches it on at the first time.
    fn of_thread<R>(with: impl FnOnce(&Self) -> R) -> Result<R, TraceError> {
        OF_THREAD.with_borrow_mut(|kcov| {
            let kcov = match kcov {
                Some(kcov) => kcov,
                None => kcov.insert(Self::open()?),
            };
            Ok(with(kcov))
        })
    }

    fn open() -> Result<Self, TraceError> {
        let opened = File::options().read(true).write(true).open(KCOV);
        let file = opened.map_err(|source| TraceError::File { file: KCOV, source })?;
        let failed = |step| move |errno| TraceError::Step { step, errno };
        // SAFETY: the ioctl takes a number, and the kernel accesses no memory of this process.
        unsafe { kcov_init_trace(file.as_raw_fd(), LENGTH as nix::libc::c_int) }.map_err(failed("KCOV_INIT_TRACE"))?;
        let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new mapping of BYTES bytes, where the kernel chooses; `Drop` unmaps it.
        let mapped = unsafe { mmap(None, BYTES, protection, MapFlags::MAP_SHARED, &file, 0) };
        let kcov = Self { file, buffer: mapped.map_err(failed("mmap"))?.cast() };
        // SAFETY: the ioctl takes a number. From now on the kernel writes to the buffer's pages through a
        // mapping of its own, which it keeps until the file is closed.
        unsafe { kcov_enable(kcov.file.as_raw_fd(), TRACE_PC as nix::libc::c_int) }.map_err(failed("KCOV_ENABLE"))?;
        Ok(kcov)
    }

    /// Takes the addresses from the buffer and empties it.
    fn take(&self, mut with: impl FnMut(u64)) {
        // SAFETY: the mapping has LENGTH aligned numbers, as long as `self` lives. The kernel writes
        // to it in calls of this thread only, and never while this thread is here.
        let buffer = unsafe { std::slice::from_raw_parts(self.buffer.as_ptr(), LENGTH) };
        let Some((count, addresses)) = buffer.split_first() else { return };
        let taken = usize::try_from(count.load(Ordering::Relaxed)).unwrap_or(LENGTH);
        addresses.iter().take(taken).for_each(|address| with(address.load(Ordering::Relaxed)));
        count.store(0, Ordering::Relaxed);
    }
}

impl Drop for Kcov {
    fn drop(&mut self) {
        // SAFETY: the mapping is this object's, BYTES long, and nothing else refers to it.
        let _ = unsafe { munmap(self.buffer.cast(), BYTES.get()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_module_is_found_by_its_whole_name() {
        let modules = "kvm_lab 1 0 - Live 0x10\nkvm 245760 0 - Live 0xffff800002010000 (O)\nhidden 1 0 - Live 0x0\n";
        assert_eq!(address(modules, "kvm"), Some(0xffff_8000_0201_0000));
        assert_eq!((address(modules, "hidden"), address(modules, "lab")), (None, None));
    }
}
