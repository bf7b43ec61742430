// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The suite's faults whose findings a run's findings resemble.
//!
//! Faults and run are compared clause by clause. The likeness of a clause is the weight of the
//! traits that both have, of those that either has; a trait of few faults weighs more. A
//! fault is alike if its clauses are on average. The best one is guessed, then the best one
//! for the clauses that it does not explain.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use reglist_suite::fault::Fault;

use super::guess::Guess;
use super::traits::{self, Traits};
use crate::record::Record;

/// Least likeness of a guess, on average over the fault's clauses.
const LEAST: f64 = 0.75;
/// Faults that are equally good, up to this share.
const EQUAL: f64 = 0.05;
/// Most names.
const MOST: usize = 2;

/// The findings of each fault on the model, from `REGLIST_WRITE_SIGNATURES=1 cargo test -p reglist --test likeness`.
pub(super) static SIGNATURES: LazyLock<BTreeMap<String, Traits>> =
    LazyLock::new(|| serde_json::from_str(include_str!("signatures.json")).unwrap_or_default());

/// How few faults have a trait.
static WEIGHTS: LazyLock<HashMap<(&str, &str), f64>> = LazyLock::new(|| {
    let mut numbers: HashMap<(&str, &str), f64> = HashMap::new();
    for (clause, traits) in SIGNATURES.values().flatten() {
        for one in traits {
            *numbers.entry((clause, one)).or_default() += 1.0;
        }
    }
    numbers.into_iter().map(|(key, number)| (key, weight(number))).collect()
});

fn weight(faults: f64) -> f64 {
    ((SIGNATURES.len() as f64 + 1.0) / (faults + 0.5)).ln()
}

/// A fault and how alike it is.
struct Alike<'f> {
    name: &'f str,
    traits: &'f Traits,
    /// Sum over the fault's clauses.
    sum: f64,
}

/// At most two faults.
pub(super) fn guesses(record: &Record) -> Vec<Guess> {
    let mut left = traits::of(record);
    let mut names: Vec<&str> = Vec::new();
    while names.len() < MOST && !left.is_empty() {
        let mut alike: Vec<Alike<'_>> = SIGNATURES
            .iter()
            .filter(|(name, _)| !names.contains(&name.as_str()))
            .filter_map(|(name, traits)| Some(Alike { name, traits, sum: likeness(&left, traits)? }))
            .collect();
        alike.sort_by(|a, b| b.sum.total_cmp(&a.sum));
        let Some(best) = alike.first() else { break };
        let as_good = |other: &&Alike<'_>| {
            other.sum >= best.sum - EQUAL * best.sum.max(1.0) && other.traits.keys().eq(best.traits.keys())
        };
        names.extend(alike.iter().take_while(as_good).map(|alike| alike.name).take(MOST - names.len()));
        left.retain(|clause, _| !best.traits.contains_key(clause));
    }
    let guess = |fault: Fault| Guess::Fault { name: fault.name(), sentence: fault.sentence() };
    names.into_iter().filter_map(Fault::named).map(guess).collect()
}

/// The sum over the fault's clauses; none if it is too small.
fn likeness(run: &Traits, fault: &Traits) -> Option<f64> {
    let none = BTreeSet::new();
    let of_clause = |(clause, traits): (&String, &BTreeSet<String>)| {
        let found = run.get(clause).unwrap_or(&none);
        let sum = |one: f64, weight: f64| one + weight;
        let weigh =
            |one: &String| WEIGHTS.get(&(clause.as_str(), one.as_str())).copied().unwrap_or_else(|| weight(0.0));
        let (both, either) = (found.intersection(traits), found.union(traits));
        both.map(weigh).fold(0.0, sum) / either.map(weigh).fold(f64::MIN_POSITIVE, sum)
    };
    let sum: f64 = fault.iter().map(of_clause).sum();
    (!fault.is_empty() && sum >= LEAST * fault.len() as f64).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signature_is_of_a_fault() {
        assert!(SIGNATURES.len() > 100);
        assert!(SIGNATURES.keys().all(|name| Fault::named(name).is_some()));
    }
}
