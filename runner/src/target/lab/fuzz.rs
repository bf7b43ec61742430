// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A guest's serial line and console, for `ci/fuzz`.

use reglist_suite::report::events::Breaker;

use super::machine::{Pause, cause};
use crate::record::run::Run;
use crate::system::supervise::Ending;
use crate::target::kernel_log::excerpt;
use crate::target::restart::{Cause, Restarting};

/// Begins the next boot; the rest of the line is the console.
const BOOT: &str = "=== ";
const CONSOLE: &str = "console.log";

/// The run of a guest that sends these lines.
pub(crate) fn run(data: &[u8]) -> Run {
    let text = String::from_utf8_lossy(data);
    let mut run = Restarting::new(Vec::new(), 3);
    let mut pause = Pause::default();
    for line in text.split('\n') {
        match line.strip_prefix(BOOT) {
            Some("pause") => pause.begins("could not run for 9 s"),
            Some(console) => {
                let console = excerpt(console.replace('\t', "\n").as_bytes());
                let cause = cause(&console, Ending::Stopped, CONSOLE);
                if run.machine_ended(&cause).is_none() {
                    break;
                }
                pause = Pause::default();
            }
            None if pause.excuses(line) => {
                let words = pause.cause.take().unwrap_or_default();
                run.break_off(&Cause { by: Breaker::Machine, blames: false, words });
                break;
            }
            None => run.take(line),
        }
    }
    run.break_off(&Cause::interruption());
    Run { runs: run.finish().unwrap_or_default(), ..Run::default() }
}
