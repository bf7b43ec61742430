// SPDX-License-Identifier: Apache-2.0 OR MIT
//! This machine's kernel, or the model, asked for its lists.

use std::env::consts::ARCH;
use std::ffi::OsString;
use std::sync::Arc;

use reglist_suite::arch::{Arch as _, LoongArch64};
use reglist_suite::exit;
use reglist_suite::harness;

use super::{Asked, FromKernelArgs};
use crate::command::error::Error;
use crate::record::stream::Record;
use crate::spec::SpecCommandError;
use crate::spec::from_kernel::error::FromKernelError;
use crate::system::output::say;
use crate::system::progress::Progress;
use crate::system::verbosity::Verbosity;
use crate::target::{self, local::Local};

/// The cases that write down what is listed, of every configuration.
const CASES: &str = ".contents.exact";

/// Runs the cases that ask for lists; an exit code instead where the suite gave
/// up, of which it has spoken itself.
pub(super) fn record(arguments: &FromKernelArgs) -> Result<Result<Record, u8>, Error> {
    let subject = match arguments.subject {
        Asked::Kvm if ARCH != LoongArch64.name() => {
            return Err(SpecCommandError::from(FromKernelError::NoKernel { machine: ARCH }).into());
        }
        Asked::Kvm => "kvm",
        Asked::Model => "model",
    };
    let mut words: Vec<OsString> = ["--subject", subject, "--allow-new"].map(OsString::from).into();
    if let Some(specs) = &arguments.place.specs {
        words.extend(["--specs".into(), specs.clone().into_os_string()]);
    }
    if let Some(series) = &arguments.like {
        words.extend(["--series".into(), series.into()]);
    }
    words.push(CASES.into());
    let last_words = Arc::new(|_| {
        say("reglist: interrupted; nothing was written");
        exit::INFRASTRUCTURE
    });
    let options = harness::read_options(words).map_err(Error::usage)?;
    let run = target::carry_out(&mut Local::new(options, None, Progress::new(Verbosity::Normal), last_words))?;
    let record = run.runs.current();
    Ok(match &record.started {
        Some(_) => Ok(record.clone()),
        None => Err(run.code.filter(|code| *code != exit::PASSED).unwrap_or(exit::INFRASTRUCTURE)),
    })
}
