// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What `--kernel` takes: a kernel by name.

use std::fmt;
use std::str::FromStr;

/// The kernel without `--kernel`: the newest release with the same reference patch,
/// model and register texts as in the project's own tests.
pub(super) const DEFAULT: (u32, u32) = (7, 2);

/// A kernel by name; the mirror decides what it stands for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum KernelName {
    /// [`DEFAULT`], else the newest kernel there is.
    #[default]
    Default,
    /// [`Self::Default`] as Debian's own build, with only KVM built.
    Stock,
    /// The newest kernel of any Debian suite.
    Latest,
    /// Version and patch level.
    Version(u32, u32),
    /// The current kernel of a Debian suite.
    Suite(String),
}

impl KernelName {
    /// Whether it is the default kernel, in whichever way it is built.
    pub(super) fn is_default(&self) -> bool {
        matches!(self, Self::Default | Self::Stock)
    }
}

/// A text that names no kernel.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NameError {
    #[error(
        "a Debian source package has a version of two numbers: `{short}`\n[for `{text}`, pass its source directory to --kernel-src]"
    )]
    Long { text: String, short: String },
    #[error(
        "not the name of a kernel\n[use a version such as 7.2, a Debian suite such as sid, experimental or trixie, `latest` or `stock`]"
    )]
    Other,
}

impl FromStr for KernelName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let numbers: Option<Vec<u32>> = text.split('.').map(|part| part.parse().ok()).collect();
        match numbers.as_deref() {
            Some([version, level]) => return Ok(Self::Version(*version, *level)),
            Some([version, level, _]) => {
                return Err(NameError::Long { text: text.to_owned(), short: format!("{version}.{level}") });
            }
            _ => {}
        }
        let is_suite = text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        match text {
            "latest" => Ok(Self::Latest),
            "stock" => Ok(Self::Stock),
            _ if is_suite => Ok(Self::Suite(text.to_owned())),
            _ => Err(NameError::Other),
        }
    }
}

impl fmt::Display for KernelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default | Self::Stock => write!(f, "{}.{}", DEFAULT.0, DEFAULT.1),
            Self::Latest => f.write_str("latest"),
            Self::Version(version, level) => write!(f, "{version}.{level}"),
            Self::Suite(suite) => f.write_str(suite),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_has_a_version_a_suite_or_is_the_latest() {
        let named = |text: &str| text.parse::<KernelName>().unwrap();
        assert_eq!(named("7.3"), KernelName::Version(7, 3));
        assert_eq!(named("latest"), KernelName::Latest);
        assert_eq!(named("stock"), KernelName::Stock);
        for suite in ["sid", "experimental", "trixie-backports"] {
            assert_eq!(named(suite), KernelName::Suite(suite.to_owned()));
            assert_eq!(named(suite).to_string(), suite);
        }
    }

    #[test]
    fn what_is_no_name_of_a_kernel_is_told() {
        let error = "7.2.13".parse::<KernelName>().unwrap_err();
        assert!(matches!(error, NameError::Long { short, .. } if short == "7.2"));
        for text in ["", "7", "7.x", "v6.patch", "Sid", "a/b", "../x", "-x", "99999999999.1", "1.2.3.4"] {
            assert!(matches!(text.parse::<KernelName>(), Err(NameError::Other)), "{text}");
        }
    }
}
