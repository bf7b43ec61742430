// SPDX-License-Identifier: Apache-2.0 OR MIT
//! YAML for registers that the specification lacks, ready to paste.

use std::fmt::Write as _;

use reglist_suite::arch;
use reglist_suite::report::events::RunStarted;
use reglist_suite::report::new_registers;

use crate::record::Record;

pub(super) fn write(text: &mut String, record: &Record, started: &RunStarted) {
    let findings = record.ended.iter().flat_map(|case| &case.findings);
    if let Some(yaml) =
        arch::by_name(&started.architecture).and_then(|architecture| new_registers::as_yaml(findings, architecture))
    {
        let _ = writeln!(text, "\n{}", yaml.trim_end());
    }
}
