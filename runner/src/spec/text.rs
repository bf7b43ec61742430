// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Words that all of these commands use.

use std::collections::BTreeSet;

use reglist_suite::arch::Feature;
use reglist_suite::spec::{Register, Rule};

pub(super) fn features(features: &[Feature]) -> String {
    if features.is_empty() {
        return "none".to_owned();
    }
    features.iter().map(|feature| feature.name()).collect::<Vec<_>>().join(", ")
}

/// The names of features, whatever their order.
pub(super) fn feature_set(features: &[Feature]) -> BTreeSet<&'static str> {
    features.iter().map(|feature| feature.name()).collect()
}

/// Whether nobody has said yet what is safe to SET.
pub(super) fn has_no_safe_value(register: &Register) -> bool {
    register.rule != Rule::Fixed && register.values.is_empty() && register.free.is_zero()
}
