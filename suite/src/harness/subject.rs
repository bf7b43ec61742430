// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The subject of a run: the running kernel or the model.

use clap::ValueEnum;

use crate::arch::{self, Arch};
use crate::fault::Fault;
use crate::harness::host::Host;
use crate::kvm::{Device, Subject, SubjectError};
use crate::model::{self, Model};
use crate::report::events::SubjectKind;

/// Values of `--subject`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Wanted {
    /// The running kernel on a LoongArch machine, the model elsewhere
    Auto,
    /// The running kernel, through /dev/kvm
    Kvm,
    /// The built-in model of a kernel; tests no kernel
    Model,
}

/// Values of `--model-host`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModelHost {
    /// A host with every guest feature
    Full,
    /// A host without guest features
    Plain,
}

impl From<ModelHost> for model::Host {
    fn from(host: ModelHost) -> Self {
        match host {
            ModelHost::Full => Self::FULL,
            ModelHost::Plain => Self::PLAIN,
        }
    }
}

/// The subject of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Choice {
    Kvm,
    Model(Model),
}

impl Choice {
    pub(crate) fn of(wanted: Wanted, machine: &Host, model: Model) -> Self {
        match wanted {
            Wanted::Kvm => Self::Kvm,
            Wanted::Auto if machine.architecture == Model::ARCH.name() => Self::Kvm,
            Wanted::Auto | Wanted::Model => Self::Model(model),
        }
    }

    pub(crate) fn open(&self) -> Result<Box<dyn Subject>, SubjectError> {
        Ok(match self {
            Self::Kvm => Box::new(Device::open()?),
            Self::Model(model) => Box::new(*model),
        })
    }

    /// Adds a fault to the model. A lab kernel is built with its faults.
    pub(crate) fn with(&self, fault: Option<Fault>) -> Self {
        match self {
            Self::Kvm => Self::Kvm,
            Self::Model(model) => Self::Model(Model { fault, ..*model }),
        }
    }

    pub(crate) fn kind(&self) -> SubjectKind {
        match self {
            Self::Kvm => SubjectKind::Kvm,
            Self::Model(_) => SubjectKind::Model,
        }
    }

    /// `None` if the machine's architecture has no specification.
    pub(crate) fn arch(&self, machine: &Host) -> Option<&'static dyn Arch> {
        match self {
            Self::Model(_) => Some(Model::ARCH),
            Self::Kvm => arch::by_name(&machine.architecture),
        }
    }

    /// The machine in the events.
    pub(crate) fn host(&self, machine: Host) -> Host {
        match self {
            Self::Kvm => machine,
            Self::Model(model) => Host {
                architecture: Model::ARCH.name().to_owned(),
                kernel: format!("{} (model)", model.kernel.version()),
                cpu: String::new(),
                build_ids: Vec::new(),
            },
        }
    }
}
