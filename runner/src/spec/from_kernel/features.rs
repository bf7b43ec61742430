// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Finds the features that add a register to the list.

use reglist_suite::arch::Feature;

use super::lists::Listed;

/// Features; any of them adds the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct When {
    /// Enough features to explain the lists; empty if every configuration lists it.
    pub(super) features: Vec<Feature>,
    /// Features without evidence.
    pub(super) doubtful: Vec<Feature>,
}

/// Whether the condition matches `present`.
pub(super) fn explains(when: &[Feature], present: &[bool], configurations: &[Listed]) -> bool {
    configurations.iter().zip(present).all(|(configuration, present)| {
        let listed = when.is_empty() || when.iter().any(|feature| configuration.features.contains(feature));
        listed == *present
    })
}

/// The condition that explains the lists, if any.
pub(super) fn explain(present: &[bool], configurations: &[Listed], known: &[Feature]) -> Option<When> {
    if present.iter().all(|present| *present) {
        return Some(When { features: Vec::new(), doubtful: Vec::new() });
    }
    let brings = |feature: &Feature| {
        let mut with =
            configurations.iter().zip(present).filter(|(each, _)| each.features.contains(feature)).peekable();
        with.peek().is_some() && with.all(|(_, present)| *present)
    };
    let features: Vec<Feature> = known.iter().copied().filter(brings).collect();
    if features.is_empty() || !explains(&features, present, configurations) {
        return None;
    }
    let doubtful = features.iter().copied().filter(|doubted| {
        let others: Vec<Feature> = features.iter().copied().filter(|feature| feature != doubted).collect();
        !others.is_empty() && explains(&others, present, configurations)
    });
    Some(When { doubtful: doubtful.collect(), features: features.clone() })
}
