// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Days, for expected failures and for what the cache has.

use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// A day in UTC as `YYYY-MM-DD`, whose order is that of the text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Date(String);

impl Date {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_date = text.len() == 10 && humantime::parse_rfc3339(&format!("{text}T00:00:00Z")).is_ok();
        is_date.then(|| Self(text.to_owned()))
    }

    pub(crate) fn today() -> Self {
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        Self(now.split('T').next().unwrap_or_default().to_owned())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
