// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The lab: builds a boot image from a kernel's source and patches.
//!
//! tool chain -> way of building -> source -> patches -> build -> suite -> image.

mod append;
mod apply;
pub(crate) mod apt;
mod build;
mod coverage;
mod debug_info;
mod decode;
mod error;
mod image;
mod kernel;
mod layer;
mod own_specs;
mod patch;
mod prepare;
mod recipe;
mod review;
pub(crate) mod source;
pub(crate) mod suite_program;
mod suite_source;
pub(crate) mod toolchain;
mod way;
mod workspace;

pub(crate) use append::Append;
pub(crate) use decode::decode;
pub(crate) use error::LabError;
pub(crate) use image::{Job, write as write_image};
pub(crate) use kernel::{Kernel, SOFT_LVZ};
pub(crate) use own_specs::{OwnSpecs, PLACE as SPECS_PLACE};
#[cfg(feature = "fuzz")]
pub(crate) use patch::fuzz;
pub(crate) use patch::is_patch;
pub(crate) use prepare::{Inputs, Prepared, Request, prepare};
pub(crate) use review::TOOLS as REVIEW_TOOLS;
pub(crate) use source::{KernelName, is_revision};
pub(crate) use toolchain::Toolchain;
