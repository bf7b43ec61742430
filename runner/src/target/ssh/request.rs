// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The settings of a run on a board.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::host::Host;
use crate::system::stage::quoted;

#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) host: Host,
    /// A build of the suite for the board.
    pub(crate) suite: Option<PathBuf>,
    /// Parent of the temporary directory on the board.
    pub(crate) directory: Option<String>,
    /// Time limit for reconnects.
    pub(crate) wait: Duration,
    /// Maximum restarts after a crash of the suite or the kernel.
    pub(crate) restarts: u32,
    /// Directory of results of the run to continue.
    pub(crate) resume: Option<PathBuf>,
    /// The client's options.
    pub(crate) client: Vec<OsString>,
    /// The suite's arguments, without those of the target.
    pub(crate) words: Vec<String>,
}

impl Request {
    /// The command line that continues the run.
    pub(crate) fn to_resume(&self, results: &Path) -> String {
        let mut words = vec![OsString::from("reglist"), "ssh".into()];
        words.extend(self.client.iter().cloned());
        words.extend([self.host.as_str().into(), "--resume".into(), results.into()]);
        quoted(&words)
    }
}
