// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Tolerance for values that count time.

use crate::model::ticks;

/// Tolerance for rounding and the difference of the two clocks.
const SLACK: u64 = 100;

/// A moment, in ticks of 10 ns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment(u64);

impl Moment {
    pub(super) fn now() -> Self {
        Self(ticks())
    }

    pub(super) fn elapsed(self) -> u64 {
        ticks().abs_diff(self.0)
    }
}

/// Whether two counts are no further apart than `ticks`, with some slack.
pub(super) fn close(one: u64, other: u64, ticks: u64) -> bool {
    let apart = one.wrapping_sub(other) as i64;
    apart.unsigned_abs() <= ticks.saturating_add(SLACK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_close_in_both_directions_and_across_their_end() {
        assert!(close(1000, 1050, 0));
        assert!(close(1050, 1000, 0));
        assert!(close(u64::MAX, 5, 0));
        assert!(close(0, 1100, 1000));
        assert!(!close(0, 1101, 1000));
        assert!(!close(0, u64::MAX / 2, 1000));
    }
}
