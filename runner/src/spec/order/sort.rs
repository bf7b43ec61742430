// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Sorts so that everything follows what it needs.

use std::collections::{BTreeMap, BTreeSet};

/// The positions that each position needs before it.
pub(super) type Needs = BTreeMap<usize, BTreeSet<usize>>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    /// Its needs are being placed.
    Begun,
    Placed,
}

/// The positions 0 to `count` in an order that keeps every need; else a circle of needs,
/// its first position also last. What is needed moves forward, and nothing moves back:
/// a group whose order matters, such as a timer, stays at the end.
pub(super) fn stable(count: usize, needs: &Needs) -> Result<Vec<usize>, Vec<usize>> {
    let mut sorter = Sorter { needs, states: vec![State::Waiting; count], placed: Vec::new() };
    (0..count).try_for_each(|position| sorter.place(position, &mut Vec::new()))?;
    Ok(sorter.placed)
}

struct Sorter<'n> {
    needs: &'n Needs,
    states: Vec<State>,
    placed: Vec<usize>,
}

impl Sorter<'_> {
    fn place(&mut self, position: usize, path: &mut Vec<usize>) -> Result<(), Vec<usize>> {
        path.push(position);
        match self.states.get(position) {
            Some(State::Waiting) => {}
            Some(State::Begun) => return Err(path.iter().copied().skip_while(|other| *other != position).collect()),
            Some(State::Placed) | None => {
                path.pop();
                return Ok(());
            }
        }
        self.set(position, State::Begun);
        for need in self.needs.get(&position).into_iter().flatten() {
            self.place(*need, path)?;
        }
        self.set(position, State::Placed);
        self.placed.push(position);
        path.pop();
        Ok(())
    }

    fn set(&mut self, position: usize, state: State) {
        if let Some(old) = self.states.get_mut(position) {
            *old = state;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(count: usize, needs: &[(usize, usize)]) -> Result<Vec<usize>, Vec<usize>> {
        let mut map = Needs::new();
        for (position, need) in needs {
            map.entry(*position).or_default().insert(*need);
        }
        stable(count, &map)
    }

    #[test]
    fn only_what_is_needed_moves_forward() {
        assert_eq!(sorted(5, &[]), Ok(vec![0, 1, 2, 3, 4]));
        assert_eq!(sorted(5, &[(4, 1)]), Ok(vec![0, 1, 2, 3, 4]));
        assert_eq!(sorted(5, &[(1, 4)]), Ok(vec![0, 4, 1, 2, 3]));
        assert_eq!(sorted(5, &[(1, 4), (4, 3), (0, 4)]), Ok(vec![3, 4, 0, 1, 2]));
    }

    #[test]
    fn a_circle_is_named() {
        assert_eq!(sorted(3, &[(1, 1)]), Err(vec![1, 1]));
        assert_eq!(sorted(4, &[(0, 1), (1, 3), (3, 1)]), Err(vec![1, 3, 1]));
    }
}
