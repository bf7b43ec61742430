// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Anchors of the page, and links to them.

use std::fmt::Write as _;

/// A name with an optional link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) name: String,
    pub(super) anchor: String,
}

/// The anchor of a thing. Different names have different anchors.
pub(super) fn anchor(kind: &str, name: &str) -> String {
    let mut anchor = format!("{kind}-");
    for character in name.chars() {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' | '-' => anchor.push(character),
            other => {
                let _ = write!(anchor, "~{:x}~", u32::from(other));
            }
        }
    }
    anchor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_plain_and_distinct() {
        assert_eq!(anchor("case", "pmu_lbt.efault.array_unmapped"), "case-pmu_lbt.efault.array_unmapped");
        assert_eq!(anchor("register", "a b\""), "register-a~20~b~22~");
        assert_ne!(anchor("x", "~20~"), anchor("x", " "));
    }
}
