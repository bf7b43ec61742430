// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Outputs in other formats than the program's own.

#[cfg(feature = "junit")]
use std::path::Path;

use super::arguments::UsageError;
use super::options::{Options, Shown};
use crate::fault::Faults;
use crate::report::events::Output;
#[cfg(feature = "junit")]
use crate::report::format::JunitFile;
use crate::report::format::{Channel, Format, KTAP, Sink};

/// Refuses outputs of case results with `--fault all`.
pub(super) fn check(options: &Options) -> Result<(), UsageError> {
    let lines = matches!(options.format, Some(Shown::Lines(_)));
    #[cfg(feature = "junit")]
    let junit = options.junit.is_some();
    #[cfg(not(feature = "junit"))]
    let junit = false;
    let outputs =
        [("format", lines), ("junit", junit), ("kmsg", options.selection.kmsg), ("tty", options.tty.is_some())];
    match outputs.into_iter().find(|(_, given)| *given) {
        Some((option, _)) if options.fault == Some(Faults::All) => Err(UsageError::FormatOfAll { option }),
        _ => Ok(()),
    }
}

pub(super) fn open(options: &Options) -> Result<Vec<Output>, UsageError> {
    let shown = match options.format {
        Some(Shown::Lines(format)) => Some(format),
        _ => None,
    };
    let format = shown.unwrap_or(KTAP);
    let mut outputs = Vec::new();
    if options.selection.kmsg {
        outputs.push(channel("the kernel log", Sink::kmsg()?, format));
    }
    if let Some(path) = &options.tty {
        outputs.push(channel(&path.display().to_string(), Sink::device(path)?, format));
    }
    #[cfg(feature = "junit")]
    if let Some(path) = &options.junit {
        outputs.push(junit(path)?);
    }
    if shown.is_some() {
        outputs.push(channel("stdout", Sink::Stdout, format));
    }
    Ok(outputs)
}

fn channel(name: &str, sink: Sink, format: Format) -> Output {
    let mut channel = Channel::new(sink, format);
    Output { name: name.to_owned(), write: Box::new(move |event| channel.event(event)) }
}

#[cfg(feature = "junit")]
fn junit(path: &Path) -> Result<Output, UsageError> {
    super::arguments::open(path, false)?;
    let mut file = JunitFile::new(path);
    Ok(Output { name: path.display().to_string(), write: Box::new(move |event| file.event(event)) })
}
