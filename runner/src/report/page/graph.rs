// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Draws the order dependencies: names in columns by longest path, and arrows.

use std::collections::BTreeMap;

use crate::report::id::each_once;

/// Maximum names and arrows; the table has all of them.
const MOST_NODES: usize = 60;
const MOST_ARROWS: usize = 150;

/// Sizes in pixels.
const CHARACTER: usize = 8;
const PADDING: usize = 10;
const HEIGHT: usize = 24;
const ROW: usize = 34;
const GAP: usize = 90;
const MARGIN: usize = 4;

/// One name before another.
#[derive(Debug)]
pub(super) struct Arrow<'a> {
    pub(super) first: &'a str,
    pub(super) then: &'a str,
    pub(super) class: &'static str,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Graph {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) nodes: Vec<Node>,
    pub(super) lines: Vec<Line>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
    /// Position of the name.
    pub(super) text_x: usize,
    pub(super) text_y: usize,
}

/// An arrow as an SVG path.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) path: String,
    pub(super) class: &'static str,
}

impl Graph {
    /// The drawing; none for no arrows, or too many.
    pub(super) fn of(arrows: &[Arrow<'_>]) -> Option<Self> {
        let ends = arrows.iter().flat_map(|arrow| [arrow.first, arrow.then]);
        let names = each_once(ends, |name| name);
        if arrows.is_empty() || arrows.len() > MOST_ARROWS || names.len() > MOST_NODES {
            return None;
        }
        let column = columns(&names, arrows);
        let mut by_column: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
        for name in &names {
            by_column.entry(column.get(name).copied().unwrap_or_default()).or_default().push(name);
        }
        let tallest = by_column.values().map(Vec::len).max().unwrap_or_default();
        let mut placed: BTreeMap<&str, Node> = BTreeMap::new();
        let mut x = MARGIN;
        for members in by_column.values_mut() {
            // Near their predecessors, else in the given order.
            members.sort_by_key(|name| {
                let before = arrows.iter().filter(|arrow| arrow.then == *name);
                let rows: Vec<usize> = before.filter_map(|arrow| placed.get(arrow.first)).map(|node| node.y).collect();
                rows.iter().sum::<usize>().checked_div(rows.len()).unwrap_or_default()
            });
            let width = members.iter().map(|name| width(name)).max().unwrap_or_default();
            let top = MARGIN + (tallest - members.len()) * ROW / 2;
            for (row, name) in members.iter().enumerate() {
                placed.insert(name, node(name, x, top + row * ROW, width));
            }
            x += width + GAP;
        }
        let lines = arrows.iter().filter_map(|arrow| line(&placed, arrow)).collect();
        let nodes = names.iter().filter_map(|name| placed.remove(name)).collect();
        let width = (x + MARGIN).saturating_sub(GAP);
        Some(Self { width, height: tallest * ROW - (ROW - HEIGHT) + 2 * MARGIN, nodes, lines })
    }
}

/// The column of each name: the longest path to it. A circle goes to the last column.
fn columns<'a>(names: &[&'a str], arrows: &[Arrow<'a>]) -> BTreeMap<&'a str, usize> {
    let mut column: BTreeMap<&str, usize> = names.iter().map(|name| (*name, 0)).collect();
    for _ in names {
        for arrow in arrows {
            let least = column.get(arrow.first).copied().unwrap_or_default() + 1;
            if let Some(place) = column.get_mut(arrow.then) {
                *place = least.max(*place).min(names.len());
            }
        }
    }
    column
}

fn width(name: &str) -> usize {
    name.chars().count() * CHARACTER + 2 * PADDING
}

fn node(name: &str, x: usize, y: usize, width: usize) -> Node {
    Node { name: name.to_owned(), x, y, width, height: HEIGHT, text_x: x + PADDING, text_y: y + HEIGHT / 2 + 5 }
}

fn line(placed: &BTreeMap<&str, Node>, arrow: &Arrow<'_>) -> Option<Line> {
    let (first, then) = (placed.get(arrow.first)?, placed.get(arrow.then)?);
    let (from_x, from_y) = (first.x + first.width, first.y + HEIGHT / 2);
    // Leave room for the arrow's tip.
    let (to_x, to_y) = (then.x.saturating_sub(3), then.y + HEIGHT / 2);
    let bend = GAP / 2;
    let path =
        format!("M{from_x} {from_y}C{} {from_y} {} {to_y} {to_x} {to_y}", from_x + bend, to_x.saturating_sub(bend));
    Some(Line { path, class: arrow.class })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrows<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<Arrow<'a>> {
        pairs.iter().map(|(first, then)| Arrow { first, then, class: "same" }).collect()
    }

    fn places(graph: &Graph) -> Vec<(&str, usize, usize)> {
        graph.nodes.iter().map(|node| (node.name.as_str(), node.x, node.y)).collect()
    }

    #[test]
    fn a_name_stands_behind_the_longest_way_to_it() {
        let graph = Graph::of(&arrows(&[("A", "D"), ("A", "B"), ("B", "D"), ("C", "D")])).unwrap();
        let x = |name| places(&graph).iter().find(|(other, ..)| *other == name).unwrap().1;
        assert!(x("A") < x("B") && x("B") < x("D") && x("C") == x("A"), "{graph:?}");
        assert_eq!(graph.lines.len(), 4);
    }

    #[test]
    fn a_circle_can_be_drawn() {
        let graph = Graph::of(&arrows(&[("A", "B"), ("B", "A"), ("C", "C")])).unwrap();
        assert_eq!((graph.nodes.len(), graph.lines.len()), (3, 3));
    }

    #[test]
    fn boxes_do_not_overlap_and_lie_inside() {
        let pairs: Vec<(String, String)> =
            (0..40).map(|number| (format!("R{}", number % 7), format!("S{}", number % 11))).collect();
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(first, then)| (first.as_str(), then.as_str())).collect();
        let graph = Graph::of(&arrows(&pairs)).unwrap();
        for (number, one) in graph.nodes.iter().enumerate() {
            assert!(one.x + one.width <= graph.width && one.y + one.height <= graph.height, "{one:?}");
            for other in graph.nodes.iter().skip(number + 1) {
                assert!(one.x != other.x || one.y.abs_diff(other.y) >= HEIGHT, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn nothing_and_too_much_have_no_drawing() {
        assert_eq!(Graph::of(&[]), None);
        let names: Vec<String> = (0..200).map(|number| format!("A{number}")).collect();
        let many: Vec<(&str, &str)> =
            names.iter().zip(&names[100..]).map(|(first, then)| (&**first, &**then)).collect();
        assert_eq!(Graph::of(&arrows(&many)), None);
    }
}
