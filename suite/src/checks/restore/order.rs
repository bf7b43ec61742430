// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Finds registers that must be restored before others.

use std::collections::BTreeMap;

use super::saved::{Loss, Saved};
use crate::access::Access;
use crate::checks::case::{Case, CheckError, errno_name};
use crate::checks::snapshot::shown;

/// Most registers that one register can need before it.
const MOST_NEEDED: usize = 4;

/// Most searches. A kernel that loses registers at random would need endless ones.
const MOST_SEARCHES: usize = 32;

/// Results for one register.
#[derive(Debug, Default)]
struct Needs {
    /// Positions of the registers that must come before.
    before: Vec<usize>,
    /// Whether it is lost in some order for no known reason.
    unexplained: bool,
    loss: Option<Loss>,
}

pub(super) fn any_order(case: &Case<'_>) -> Result<(), CheckError> {
    let saved = Saved::take(case, &case.access, true)?;
    let mut random = fastrand::Rng::with_seed(own_seed(case));
    let list_order = saved.list_order();
    let reversed: Vec<usize> = list_order.iter().rev().copied().collect();
    let mut orders = vec![list_order.clone(), reversed];
    for _ in 0..case.spec.shuffles {
        let mut order = list_order.clone();
        random.shuffle(&mut order);
        orders.push(order);
    }

    let mut found: BTreeMap<usize, Needs> = BTreeMap::new();
    let mut searches = MOST_SEARCHES;
    for order in &orders {
        let losses = attempt(case, &saved, order, &list_order)?;
        explain(case, &saved, order, losses, &mut found, &mut searches)?;
    }
    for (position, needs) in &found {
        report(case, &saved, *position, needs);
    }
    if found.is_empty() {
        let text = format!("no register depends on the order ({} orders tried)", orders.len());
        case.fact("restore.any_order", text);
    }
    Ok(())
}

/// Each configuration gets different random orders.
fn own_seed(case: &Case<'_>) -> u64 {
    let name = case.spec.configuration.name.bytes();
    name.fold(case.spec.seed, |seed, byte| seed.rotate_left(8) ^ u64::from(byte))
}

/// Restores on a fresh vCPU of a fresh VM.
fn attempt(
    case: &Case<'_>,
    saved: &Saved<'_>,
    order: &[usize],
    wanted: &[usize],
) -> Result<Vec<(usize, Loss)>, CheckError> {
    let vm = case.subject.create_vm()?;
    let target = case.spec.fresh_vcpu(vm.as_ref(), 0)?;
    Ok(saved.restore(&Access::new(target.as_ref())?, order, wanted)?)
}

/// Finds the registers that each lost register needs, unless they are known.
fn explain(
    case: &Case<'_>,
    saved: &Saved<'_>,
    order: &[usize],
    mut losses: Vec<(usize, Loss)>,
    found: &mut BTreeMap<usize, Needs>,
    searches: &mut usize,
) -> Result<(), CheckError> {
    let place = |position: usize| order.iter().position(|other| *other == position);
    losses.retain(|(position, _)| {
        found.get(position).is_none_or(|needs| {
            !needs.unexplained && needs.before.iter().all(|before| place(*before) < place(*position))
        })
    });
    while let Some((position, loss)) = losses.first().copied() {
        let needed = match searches.checked_sub(1) {
            Some(left) => {
                *searches = left;
                needed_before(case, saved, order, position)?
            }
            None => Vec::new(),
        };
        // Often many registers need the same one.
        let mut alike = vec![position];
        if let [needed] = needed.as_slice() {
            let first = moved_to_front(order, &[*needed]);
            let others: Vec<usize> =
                losses.iter().map(|(other, _)| *other).filter(|other| *other != position).collect();
            let remaining = attempt(case, saved, &first, &others)?;
            alike.extend(
                others
                    .into_iter()
                    .filter(|other| place(*needed) > place(*other) && !remaining.iter().any(|(lost, _)| lost == other)),
            );
        }
        for register in &alike {
            let needs = found.entry(*register).or_default();
            needs.loss = losses.iter().find(|(other, _)| other == register).map(|(_, loss)| *loss).or(Some(loss));
            needs.unexplained |= needed.is_empty();
            for before in &needed {
                if !needs.before.contains(before) {
                    needs.before.push(*before);
                }
            }
        }
        losses.retain(|(other, _)| !alike.contains(other));
    }
    Ok(())
}

/// The later registers in `order` that `position` needs before it; none if it is
/// lost even after all of them.
fn needed_before(
    case: &Case<'_>,
    saved: &Saved<'_>,
    order: &[usize],
    position: usize,
) -> Result<Vec<usize>, CheckError> {
    let later: Vec<usize> = order.iter().copied().skip_while(|other| *other != position).skip(1).collect();
    let mut needed = Vec::new();
    let kept_after = |moved: &[usize]| -> Result<bool, CheckError> {
        Ok(attempt(case, saved, &moved_before(order, moved, position), &[position])?.is_empty())
    };
    while needed.len() < MOST_NEEDED {
        if !needed.is_empty() && kept_after(&needed)? {
            return Ok(needed);
        }
        // The shortest helpful prefix of `later` ends with a needed register.
        let with = |count: usize| -> Vec<usize> { needed.iter().chain(later.iter().take(count)).copied().collect() };
        let (mut too_few, mut enough) = (0, later.len());
        if later.is_empty() || !kept_after(&with(enough))? {
            return Ok(Vec::new());
        }
        while too_few + 1 < enough {
            let middle = too_few.midpoint(enough);
            if kept_after(&with(middle))? { enough = middle } else { too_few = middle }
        }
        needed.extend(later.get(enough - 1));
    }
    Ok(if kept_after(&needed)? { needed } else { Vec::new() })
}

/// `order` with `moved` just before `position`.
fn moved_before(order: &[usize], moved: &[usize], position: usize) -> Vec<usize> {
    let rest = order.iter().copied().filter(|other| !moved.contains(other));
    rest.flat_map(|other| {
        let before = if other == position { moved } else { &[] };
        before.iter().copied().chain([other])
    })
    .collect()
}

fn moved_to_front(order: &[usize], moved: &[usize]) -> Vec<usize> {
    moved.iter().copied().chain(order.iter().copied().filter(|other| !moved.contains(other))).collect()
}

fn report(case: &Case<'_>, saved: &Saved<'_>, position: usize, needs: &Needs) {
    let Some(entry) = saved.entries.get(position) else { return };
    let loss = match needs.loss {
        Some(Loss { refused: true, answer }) => format!("SET fails with {}", shown(answer)),
        Some(Loss { answer: Ok(found), .. }) => format!("{:#x} becomes {found:#x}", entry.value),
        Some(Loss { answer: Err(errno), .. }) => format!("GET fails with {}", errno_name(errno)),
        None => "its value is lost".to_owned(),
    };
    for before in needs.before.iter().filter_map(|position| saved.entries.get(*position)) {
        case.fact("restore.any_order", format!("must come after {}, otherwise {loss}", before.register.name))
            .set(entry.register.named())
            .after(before.register.named());
    }
    if needs.unexplained {
        let observed = format!("{loss} in some order, and no single register that must come first explains it");
        case.fact("restore.any_order", observed).set(entry.register.named());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_move_before_another_and_keep_their_order() {
        assert_eq!(moved_before(&[0, 1, 2, 3, 4], &[4, 2], 1), [0, 4, 2, 1, 3]);
        assert_eq!(moved_to_front(&[0, 1, 2], &[2]), [2, 0, 1]);
    }
}
