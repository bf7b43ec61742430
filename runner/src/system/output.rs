// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Results on standard output, messages on standard error.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Write as _};

use reglist_suite::report::control;

#[derive(Debug, thiserror::Error)]
#[error("failed to write to standard output")]
pub(crate) struct PrintError(#[source] pub(crate) io::Error);

/// Writes to standard output; ignores a closed pipe.
pub(crate) fn print(text: &str) -> Result<(), PrintError> {
    let mut output = io::stdout().lock();
    match output.write_all(control::shown(text, false).as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(PrintError(error)),
        _ => Ok(()),
    }
}

/// Writes a message to standard error; ignores write errors. It may have text from
/// boards, consoles and files.
pub(crate) fn say(message: &str) {
    let _ = writeln!(io::stderr(), "{}", control::shown(&console::strip_ansi_codes(message), true));
}

pub(crate) fn show(error: &dyn Error) {
    say(&chain(error));
}

/// The error, then each cause on its own line, then the error's remedy in
/// brackets.
pub(crate) fn chain(error: &dyn Error) -> String {
    let text = error.to_string();
    let (what, remedy) = match text.rsplit_once("\n[") {
        Some((what, remedy)) => (what, Some(remedy)),
        None => (text.as_str(), None),
    };
    let mut shown = format!("reglist: {what}");
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(shown, "\n  because: {error}");
        cause = error.source();
    }
    if let Some(remedy) = remedy {
        let _ = write!(shown, "\n[{remedy}");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("failed to read `a`\n[give another file]")]
    struct Outer(#[source] io::Error);

    #[test]
    fn causes_stand_before_the_remedy() {
        let error = Outer(io::Error::other("broken disk"));
        assert_eq!(chain(&error), "reglist: failed to read `a`\n  because: broken disk\n[give another file]");
    }
}
