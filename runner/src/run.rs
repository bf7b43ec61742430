// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `run`: the kernel of this machine, or the model.

use std::sync::Arc;

use clap::ValueEnum as _;
use reglist_suite::exit;

use crate::cli::Color;
use crate::error::{self, Error};
use crate::own_options::Sorted;
use crate::progress::Progress;
use crate::report;
use crate::target::{self, local::Local};

/// What the suite's own help does not know.
const MORE_HELP: &str = "
Of reglist:
  -v, --verbose
          Show a line for each case after the table

An interrupted run ends with 5.
";

/// Runs the suite with its arguments and shows what it found.
pub(crate) fn run(arguments: Sorted) -> Result<u8, Error> {
    let Sorted { mut suite, verbose, color, help } = arguments;
    if let (Color::Always | Color::Never, Some(value)) = (color, color.to_possible_value()) {
        // For the output of its own, where it is asked for that.
        suite.insert(0, format!("--color={}", value.get_name()).into());
    }
    let conclude = move |run: target::Run| run.conclude(verbose > 0);
    let last_words = Arc::new(move |run| error::exit_code(conclude(run)));
    let mut local = Local::new(suite, Progress::new(verbose), last_words);
    let code = conclude(target::carry_out(&mut local)?)?;
    if help && code == exit::PASSED {
        report::print(MORE_HELP)?;
    }
    Ok(code)
}
