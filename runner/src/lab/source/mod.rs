// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The kernel's source: a Debian package in the cache, the user's tree, or a revision
//! of the user's repository. The lab never writes to what is the user's.

mod debian;
mod name;
mod offer;
mod revision;
mod scripts;
mod stock;
mod tree;

pub(crate) use debian::{Debian, Wish, in_cache};
pub(crate) use name::KernelName;
pub(crate) use revision::{Revision, is_revision};
pub(crate) use scripts::scripts;
pub(crate) use stock::{MOUNT as STOCK_MOUNT, Stock};
pub(crate) use tree::Source;
