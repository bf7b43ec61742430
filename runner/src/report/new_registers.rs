// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Registers that the specification does not have yet, ready to paste.

use std::fmt::Write as _;

use reglist_suite::arch::{Arch, LoongArch64, X86_64};
use reglist_suite::events::RunStarted;
use reglist_suite::new_registers;

use crate::stream::Record;

const ARCHITECTURES: [&dyn Arch; 2] = [&LoongArch64, &X86_64];

/// Writes the YAML for new registers, if there are any.
pub(super) fn write(text: &mut String, record: &Record, started: &RunStarted) {
    let findings = record.ended.iter().flat_map(|case| &case.findings);
    let architecture = ARCHITECTURES.into_iter().find(|known| known.name() == started.architecture);
    if let Some(yaml) = architecture.and_then(|architecture| new_registers::as_yaml(findings, architecture)) {
        let _ = writeln!(text, "\n{}", yaml.trim_end());
    }
}
