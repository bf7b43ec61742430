// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Order dependencies of the restore, as a table and a graph.

use std::collections::{BTreeMap, HashMap};

use reglist_suite::report::events::NamedRegister;

use super::anchor::Link;
use super::findings::{MOST_NAMES, links};
use super::graph::{Arrow, Graph};
use super::view::{View, Views};
use crate::report::id::{configuration, push_new};
use crate::report::state::State;
use crate::report::words::some;

const CHECK: &str = "restore.any_order";
/// Maximum dependencies, and other notes; the rest is counted.
const MOST_EDGES: usize = 300;
const MOST_FACTS: usize = 8;

#[derive(Debug, Default)]
pub(super) struct Order {
    /// Why there are none.
    pub(super) nothing: &'static str,
    pub(super) edges: Vec<Edge>,
    pub(super) more: usize,
    pub(super) graph: Option<Graph>,
    /// Other notes about the order.
    pub(super) facts: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Edge {
    pub(super) first: Link,
    pub(super) then: Link,
    pub(super) otherwise: String,
    pub(super) configurations: String,
    /// Configurations in the older run, if different.
    pub(super) before: Option<String>,
    pub(super) change: &'static str,
    pub(super) class: &'static str,
}

struct Known<'r> {
    first: &'r NamedRegister,
    then: &'r NamedRegister,
    otherwise: Vec<&'r str>,
    configurations: Vec<&'r str>,
}

type Edges<'r> = BTreeMap<(u64, u64), Known<'r>>;

impl Order {
    pub(super) fn of(views: &Views<'_>, rows: &[u64], anchors: &HashMap<u64, String>) -> Self {
        let new = edges(&views.new);
        let old = views.old.as_ref().map(edges);
        let mut facts: Vec<String> = Vec::new();
        for (_, finding) in views.new.all_findings() {
            if finding.clause == CHECK && finding.after.is_none() {
                let name = finding.register.as_ref().map(|register| format!("{}: ", register.name));
                push_new(&mut facts, name.unwrap_or_default() + &finding.observed);
            }
        }
        facts.truncate(MOST_FACTS);
        let none = Edges::new();
        let before = old.as_ref().unwrap_or(&none);
        let mut pairs: Vec<(u64, u64)> = new.keys().chain(before.keys()).copied().collect();
        // In the order of the matrix.
        let places: HashMap<u64, usize> = rows.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        let place = |id: &u64| places.get(id).copied().unwrap_or(usize::MAX);
        pairs.sort_by_key(|(first, then)| (place(first), place(then), *first, *then));
        pairs.dedup();
        let more = pairs.len().saturating_sub(MOST_EDGES);
        pairs.truncate(MOST_EDGES);
        let shown: Vec<Edge> =
            pairs.iter().filter_map(|pair| edge(new.get(pair), before.get(pair), old.is_some(), anchors)).collect();
        let arrows: Vec<Arrow> = shown
            .iter()
            .map(|edge| Arrow { first: &edge.first.name, then: &edge.then.name, class: edge.class })
            .collect();
        let graph = Graph::of(&arrows);
        Self { nothing: nothing(views, shown.is_empty()), graph, edges: shown, more, facts }
    }
}

fn nothing(views: &Views<'_>, empty: bool) -> &'static str {
    let run = &views.new;
    let looked = |name: &&str| matches!(run.states.state(&format!("{name}.{CHECK}")), Some(State::Pass | State::Fail));
    let tells = run.all_findings().any(|(_, finding)| finding.clause == CHECK);
    match (empty, run.configurations().iter().any(looked), tells) {
        (false, ..) => "",
        (true, false, _) => "Not tested: no case restored registers in other orders.",
        (true, true, false) => "Not recorded: this run has no notes about other orders.",
        (true, true, true) => "No dependency was found, or the run does not record any.",
    }
}

fn edges<'r>(run: &View<'r>) -> Edges<'r> {
    let mut edges = Edges::new();
    for (case, finding) in run.all_findings() {
        if let (Some(first), Some(then)) = (&finding.after, &finding.register) {
            let new = || Known { first, then, otherwise: Vec::new(), configurations: Vec::new() };
            let known = edges.entry((first.id, then.id)).or_insert_with(new);
            push_new(&mut known.otherwise, finding.observed.as_str());
            push_new(&mut known.configurations, configuration(case));
        }
    }
    edges
}

fn edge(
    now: Option<&Known<'_>>,
    before: Option<&Known<'_>>,
    two: bool,
    anchors: &HashMap<u64, String>,
) -> Option<Edge> {
    let shown = now.or(before)?;
    let link = |register| links(&[register], anchors).into_iter().next();
    let configurations = |known: &Known<'_>| some(&known.configurations, MOST_NAMES);
    let (change, class) = match (now, before) {
        (Some(_), None) if two => ("new", "come"),
        (None, _) => ("gone", "gone"),
        (Some(now), Some(before)) if now.configurations != before.configurations => ("changed", "come"),
        _ => ("", "same"),
    };
    Some(Edge {
        first: link(shown.first)?,
        then: link(shown.then)?,
        otherwise: shown.otherwise.iter().take(3).copied().collect::<Vec<_>>().join("; "),
        configurations: now.map_or_else(|| "none".to_owned(), configurations),
        before: (two && !change.is_empty()).then(|| before.map_or_else(|| "none".to_owned(), configurations)),
        change,
        class,
    })
}
