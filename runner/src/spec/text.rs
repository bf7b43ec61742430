// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Words of all spec commands.

use std::collections::BTreeSet;

use reglist_suite::arch::Feature;
use reglist_suite::spec::{Register, Rule};

pub(super) fn features(features: &[Feature]) -> String {
    if features.is_empty() {
        return "none".to_owned();
    }
    features.iter().map(|feature| feature.name).collect::<Vec<_>>().join(", ")
}

pub(super) fn feature_set(features: &[Feature]) -> BTreeSet<&'static str> {
    features.iter().map(|feature| feature.name).collect()
}

/// Whether it has no values that are safe to SET.
pub(super) fn has_no_safe_value(register: &Register) -> bool {
    register.rule != Rule::Fixed && register.values.is_empty() && register.free.is_zero()
}
