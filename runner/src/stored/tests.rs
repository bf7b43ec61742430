// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Formats on a made-up run, and on anything.
