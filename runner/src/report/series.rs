// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The lists that a run's series expects, from this program's specifications.

use std::sync::{Arc, LazyLock};

use reglist_suite::arch::{self, Arch};
use reglist_suite::report::events::{NamedRegister, RunStarted};
use reglist_suite::spec::{Configuration, Source, Spec};

use crate::record::Record;
use crate::report::diff::registers::CONTENTS;

/// The specification of a run's series.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) arch: &'static dyn Arch,
    pub(crate) spec: Spec,
}

/// The default series of every architecture.
static USUAL: LazyLock<Vec<Arc<Expected>>> =
    LazyLock::new(|| arch::ALL.into_iter().filter_map(|arch| Expected::load(arch, arch.default_series())).collect());

impl Expected {
    /// None if the architecture or the series is unknown here.
    pub(crate) fn of(started: &RunStarted) -> Option<Arc<Self>> {
        let arch = arch::by_name(&started.architecture)?;
        let is_it = |usual: &&Arc<Self>| usual.arch.name() == arch.name() && usual.spec.series == started.series;
        USUAL.iter().find(is_it).cloned().or_else(|| Self::load(arch, &started.series))
    }

    fn load(arch: &'static dyn Arch, series: &str) -> Option<Arc<Self>> {
        let is_known = Spec::series_of(&Source::Embedded, arch).iter().any(|known| known == series);
        let spec = is_known.then(|| Spec::load(&Source::Embedded, arch, series).ok())??;
        Some(Arc::new(Self { arch, spec }))
    }

    /// The configurations with an expected list and a recorded one.
    pub(crate) fn lists<'r>(&'r self, record: &'r Record) -> Vec<(&'r Configuration, &'r [NamedRegister])> {
        let listed = |configuration: &Configuration| {
            let case = format!("{}.{CONTENTS}", configuration.name);
            record.ended().find(|ended| ended.case == case).map(|ended| ended.listed.as_slice())
        };
        let specified = self.spec.configurations.iter().filter(|configuration| !configuration.contract_only);
        specified
            .filter_map(|configuration| Some((configuration, listed(configuration)?)))
            .filter(|(_, listed)| !listed.is_empty())
            .collect()
    }
}
