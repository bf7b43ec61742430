// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Lines on stdout and stderr.

use std::io::{self, Write as _};

use crate::report::control::shown;

pub(super) fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "{}", shown(&format!("reglist-suite: {message}"), true));
}

pub(super) fn say(message: &str) {
    // A closed pipe is the reader's choice, not an error.
    let _ = writeln!(io::stdout(), "{}", shown(message, false));
}
