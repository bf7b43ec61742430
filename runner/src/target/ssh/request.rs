// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Which board is tested, and how.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::host::Host;

/// What is asked of a board.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The board.
    pub(crate) host: Host,
    /// A built suite to use, which must be one for the board.
    pub(crate) suite: Option<PathBuf>,
    /// The directory on the board that holds the temporary one.
    pub(crate) directory: Option<String>,
    /// How long to try to reach a board again that went silent.
    pub(crate) wait: Duration,
    /// How often the suite starts again after a case that brought it, or the
    /// kernel, down.
    pub(crate) restarts: u32,
    /// The results so far of a run to go on with.
    pub(crate) resume: Option<PathBuf>,
    /// The client's command line, but for the board.
    pub(crate) client: Vec<OsString>,
    /// The suite's command line, but for what the target adds.
    pub(crate) words: Vec<String>,
}

impl Request {
    /// The words with which a user asks for the rest of a run.
    pub(crate) fn to_resume(&self, results: &Path) -> String {
        let mut words = vec![OsString::from("reglist"), "ssh".into()];
        words.extend(self.client.iter().cloned());
        words.extend([self.host.as_str().into(), "--resume".into(), results.into()]);
        let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
    }
}
