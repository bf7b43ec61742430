// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A guest: the emulator's command line and the suite's.

use std::path::Path;
use std::time::Duration;

use reglist_suite::harness::guest::COVERAGE;
use reglist_suite::model::Kernel as Model;
use reglist_suite::report::events::Label;

use super::setup::Setup;
use crate::lab::{Append, OwnSpecs, Prepared, SOFT_LVZ, SPECS_PLACE};
use crate::system::sandbox::Mount;
use crate::system::session::Session;
use crate::system::stage::Step;
use crate::target::silence;

/// Least silence that counts as a hang during `--compare-model`, which is one long
/// case.
const SILENCE_OF_CALLS: Duration = Duration::from_secs(10 * 60);
/// A CPU with all features that KVM checks. Not `max`: with it, QEMU 11.1.3
/// sometimes loads stale memory, and 9 of 10 boots crashed in the suite's malloc.
const CPU: &str = "la464";
/// Features that soft LVZ emulates by default. If the kernel refuses one, the
/// cases end in error instead of a skip.
const FEATURES: &str = "pmu,lbt_x86,lbt_arm,lbt_mips";
/// The first kernel whose KVM offers all of [`FEATURES`] to guests.
const FEATURES_SINCE: (u32, u32) = (6, 12);
pub(super) const IMAGE: &str = "image.cpio";
/// The end of a VM waits for RCU, which takes a tick or more on several CPUs.
const RCU: &str = "rcupdate.rcu_expedited=1";
/// Command line of Debian's own kernel. Its keyboard driver crashes on this machine,
/// which has no firmware.
const STOCK_WORDS: &str = "initcall_blacklist=i8042_init";

/// What a boot needs to know.
#[derive(Debug, Clone)]
pub(super) struct Guest<'l> {
    pub(super) session: &'l Session,
    pub(super) setup: &'l Setup,
    pub(super) specs: Option<&'l OwnSpecs>,
    pub(super) ready: &'l Prepared,
    pub(super) append: Append,
}

impl Guest<'_> {
    pub(super) fn cpus(&self) -> usize {
        self.setup.cpus(self.session.jobs())
    }

    /// The emulator, with an image in this directory, and a console in the results.
    pub(super) fn emulator(&self, image: &Path, console: &str) -> Step {
        let ready = self.ready;
        let room = ready
            .toolchain
            .room(self.session)
            .with(Mount::ReadOnly { from: ready.kernel.path.clone(), to: "/kernel" })
            .with(Mount::ReadOnly { from: image.to_owned(), to: "/image" })
            .with(Mount::Writable { from: self.session.results().to_owned(), to: "/results" });
        let mut words =
            vec!["console=ttyS0 rdinit=/init panic=-1 swiotlb=noforce loglevel=5".to_owned(), RCU.to_owned()];
        if ready.kernel.is_stock() {
            words.push(STOCK_WORDS.to_owned());
        }
        let memory = if ready.kernel.is_stock() || self.setup.debug { "1G" } else { "256M" };
        words.extend(self.append.kernel.iter().cloned());
        let least = if self.setup.compare_model.is_some() { SILENCE_OF_CALLS } else { Duration::ZERO };
        ready
            .toolchain
            .step(&room, ["qemu-system-loongarch64", "-M", "virt", "-cpu", CPU, "-m", memory])
            .arguments(["-smp", &self.cpus().to_string()])
            .arguments(["-nodefaults", "-display", "none", "-monitor", "none", "-no-reboot"])
            .arguments(["-kernel", &format!("/kernel/{}", ready.kernel.image), "-initrd", &format!("/image/{IMAGE}")])
            .arguments(["-append", &words.join(" ")])
            .arguments(["-serial", &format!("file:/results/{console}"), "-serial", "stdio"])
            .silence(silence(self.setup.timeout).max(least))
    }

    /// The suite's arguments for every boot.
    pub(super) fn suite_arguments(&self) -> Vec<String> {
        let ready = self.ready;
        let mut arguments = Vec::new();
        if let Some(calls) = self.setup.compare_model {
            let model = Model::closest(ready.version).version();
            arguments.extend(["--compare-model", &calls.to_string(), "--model-kernel", &model].map(str::to_owned));
        }
        if let Some(faults) = self.setup.fault {
            arguments.extend(["--fault".to_owned(), faults.name()]);
        }
        if ready.version >= FEATURES_SINCE && self.append.parameters(SOFT_LVZ).is_empty() {
            arguments.extend(["--require", FEATURES].map(str::to_owned));
        }
        if ready.coverage.is_some() {
            arguments.extend(["--coverage", COVERAGE].map(str::to_owned));
        }
        if self.specs.is_some() {
            arguments.extend(["--specs", SPECS_PLACE].map(str::to_owned));
        }
        let emulator = format!("QEMU {}", ready.toolchain.emulator);
        let machine = format!("{}, software LVZ", emulator.trim_end());
        let machine = Label { name: Label::MACHINE.to_owned(), value: machine };
        for label in ready.labels.iter().chain([&machine]) {
            arguments.extend(["--label".to_owned(), label.to_string()]);
        }
        arguments.extend(self.setup.words.iter().cloned());
        arguments
    }
}
