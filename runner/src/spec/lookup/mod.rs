// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `reglist show`: finds and prints registers, clauses, cases and other things. The
//! suite describes them.

mod error;
mod find;
mod overview;
mod text;

use std::path::Path;

use reglist_suite::arch::{self, Arch, LoongArch64};
use reglist_suite::report::describe::{Catalogue, Description};
use reglist_suite::spec::{Source, Spec, SpecError};
use serde::Serialize;

pub(crate) use error::ShowError;
use find::Index;
use overview::Overview;

/// Version of the format; readers must refuse a newer one.
const FORMAT: u32 = 1;

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Found {
    Things { format: u32, shown: Vec<Description> },
    Names { format: u32, there_is: Overview },
}

impl Found {
    /// Looks up names; without names, lists all.
    pub(crate) fn of(
        arch: &str,
        series: Option<&str>,
        directory: Option<&Path>,
        names: &[String],
        verbose: bool,
    ) -> Result<Self, ShowError> {
        let arch = architecture(arch)?;
        let source = directory.map_or(Source::Embedded, |directory| Source::Directory(directory.to_owned()));
        let spec = Spec::load(&source, arch, series.unwrap_or(arch.default_series()))?;
        let index = Index::new(Catalogue::new(&spec, arch));
        if names.is_empty() {
            return Ok(Self::Names { format: FORMAT, there_is: Overview::of(&index, verbose) });
        }
        let mut shown: Vec<Description> = Vec::new();
        for name in names {
            for description in index.find(name)? {
                if !shown.contains(&description) {
                    shown.push(description);
                }
            }
        }
        Ok(Self::Things { format: FORMAT, shown })
    }

    pub(crate) fn text(&self, verbose: bool) -> String {
        match self {
            Self::Things { shown, .. } => text::text(shown, verbose),
            Self::Names { there_is, .. } => text::overview(there_is),
        }
    }
}

fn architecture(name: &str) -> Result<&'static dyn Arch, ShowError> {
    arch::by_name(name).ok_or_else(|| {
        let known = arch::ALL.map(|arch| arch.name()).join(", ");
        ShowError::Architecture { name: name.to_owned(), known }
    })
}

/// All names of the built-in default series, without cases.
pub(crate) fn names() -> Result<Vec<String>, SpecError> {
    let spec = Spec::load(&Source::Embedded, &LoongArch64, LoongArch64.default_series())?;
    Ok(Index::new(Catalogue::new(&spec, &LoongArch64)).short_names())
}

#[cfg(test)]
mod tests;
