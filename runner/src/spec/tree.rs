// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Selects an architecture and a series.

use std::path::Path;

use reglist_suite::arch::{self, Arch};
use reglist_suite::spec::{Source, Spec};

use super::error::Error;

/// A tree of specifications with its architectures.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) source: Source,
    /// At least one architecture.
    pub(super) architectures: Vec<&'static dyn Arch>,
}

impl Tree {
    pub(super) fn of(directory: Option<&Path>) -> Result<Self, Error> {
        let source = directory.map_or(Source::Embedded, |directory| Source::Directory(directory.to_owned()));
        let architectures: Vec<&dyn Arch> =
            arch::ALL.into_iter().filter(|arch| !source.list(arch.name()).is_empty()).collect();
        match directory {
            Some(path) if architectures.is_empty() => Err(Error::NoSpecs { path: path.to_owned() }),
            _ => Ok(Self { source, architectures }),
        }
    }

    /// Selects by names. Defaults: the first architecture, the default series.
    pub(super) fn choose(
        &self,
        architecture: Option<&str>,
        series: Option<&str>,
    ) -> Result<(&'static dyn Arch, String), Error> {
        let architectures = match architecture {
            Some(name) => vec![self.architecture(name)?],
            None => self.architectures.clone(),
        };
        let Some(series) = series else {
            let arch = architectures.first().copied().unwrap_or(&arch::LoongArch64);
            return Ok((arch, arch.default_series().to_owned()));
        };
        let having: Vec<&dyn Arch> =
            architectures.iter().copied().filter(|arch| self.series(*arch).iter().any(|name| name == series)).collect();
        match having.as_slice() {
            [arch] => Ok((*arch, series.to_owned())),
            [] => {
                let known =
                    architectures.iter().map(|arch| format!("{} of {}", self.series(*arch).join(", "), arch.name()));
                let known = known.collect::<Vec<_>>().join("; ");
                Err(Error::Unknown { what: "series", name: series.to_owned(), known })
            }
            several => Err(Error::Ambiguous {
                series: series.to_owned(),
                architectures: several.iter().map(|arch| arch.name()).collect::<Vec<_>>().join(" and "),
            }),
        }
    }

    pub(super) fn architecture(&self, name: &str) -> Result<&'static dyn Arch, Error> {
        self.architectures.iter().copied().find(|arch| arch.name() == name).ok_or_else(|| Error::Unknown {
            what: "architecture",
            name: name.to_owned(),
            known: self.known(),
        })
    }

    /// The names of the architectures.
    pub(super) fn known(&self) -> String {
        self.architectures.iter().map(|arch| arch.name()).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn series(&self, arch: &dyn Arch) -> Vec<String> {
        Spec::series_of(&self.source, arch)
    }
}
