// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Why a change does not fit a file: the lines that differ.

use std::borrow::Cow;
use std::collections::HashMap;

use super::diff::{Hunk, Part};

/// Differing lines that an explanation shows per hunk.
const SHOWN: usize = 3;
/// Characters of a line that an explanation shows.
const WIDTH: usize = 100;
/// Maximum comparisons of lines for the hunks of a file, to limit the time.
const MOST_COMPARED: usize = 1 << 26;

/// Why a change does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// The file has the change already.
    Applied,
    /// The patch has spaces where the file has tabs.
    Spaces,
    /// One line per hunk that does not fit, and the lines that differ.
    Lines(Vec<String>),
}

impl Misfit {
    /// Compares the hunks of a change with the file.
    pub(crate) fn of(part: &Part, file: &str) -> Self {
        let searches = part.hunks.len();
        let lines = Lines::of(file.lines().map(Cow::Borrowed), searches);
        let fits = |lines: &Lines<'_>, wanted: &[&str], hunk: &Hunk| {
            lines.closest(wanted, hunk.start).is_some_and(|place| place.is_exact())
        };
        let does_not_fit = |(_, hunk): &(usize, &Hunk)| !fits(&lines, &hunk.before(), hunk);
        let wrong: Vec<(usize, &Hunk)> = part.hunks.iter().enumerate().filter(does_not_fit).collect();
        let is_applied = |hunk: &Hunk| {
            let after = hunk.after();
            !after.is_empty() && fits(&lines, &after, hunk)
        };
        if !wrong.is_empty() && wrong.iter().all(|(_, hunk)| is_applied(hunk)) {
            return Self::Applied;
        }
        let folded = Lines::of(file.lines().map(|line| fold(line).into()), searches);
        let fits_folded = |hunk: &Hunk| {
            let before: Vec<String> = hunk.before().iter().map(|line| fold(line)).collect();
            fits(&folded, &before.iter().map(String::as_str).collect::<Vec<_>>(), hunk)
        };
        let has_tabs = part.hunks.iter().flat_map(|hunk| &hunk.lines).any(|(_, line)| line.contains('\t'));
        if !wrong.is_empty() && !has_tabs && wrong.iter().all(|(_, hunk)| fits_folded(hunk)) {
            return Self::Spaces;
        }
        Self::Lines(wrong.into_iter().flat_map(|(at, hunk)| explanation(at + 1, hunk, &lines)).collect())
    }
}

/// Runs of white space as one space.
fn fold(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn explanation(number: usize, hunk: &Hunk, lines: &Lines<'_>) -> Vec<String> {
    let before = hunk.before();
    let place = lines.closest(&before, hunk.start).filter(|place| 2 * place.equal > before.len());
    let Some(place) = place else {
        return vec![format!("hunk {number} does not fit at line {}: no lines are like it", hunk.start)];
    };
    let mut text = vec![format!("hunk {number} does not fit at line {}", place.at + 1)];
    let here = lines.text.iter().skip(place.at);
    let different: Vec<_> = before.iter().zip(here).enumerate().filter(|(_, (theirs, ours))| theirs != ours).collect();
    for (at, (theirs, ours)) in different.iter().take(SHOWN) {
        let line = place.at + at + 1;
        text.push(match one_word(theirs, ours) {
            Some((theirs, ours)) => format!("  line {line}: `{theirs}` is `{ours}` here"),
            None => format!("  line {line}: `{}` is `{}` here", short(theirs), short(ours)),
        });
    }
    if different.len() > SHOWN {
        text.push(format!("  and {} more lines", different.len() - SHOWN));
    }
    text
}

/// The only word that differs between two lines.
fn one_word<'l>(theirs: &'l str, ours: &'l str) -> Option<(&'l str, &'l str)> {
    let words = |line: &'l str| -> Vec<&'l str> {
        line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect()
    };
    let (old, new) = (words(theirs), words(ours));
    if old.len() != new.len() {
        return None;
    }
    let mut different = old.into_iter().zip(new).filter(|(old, new)| old != new);
    let word = different.next()?;
    let is_all = different.next().is_none() && theirs.replacen(word.0, word.1, 1) == ours;
    is_all.then_some(word)
}

/// The start of a line, without control characters.
pub(super) fn short(line: &str) -> String {
    let line = line.trim();
    let start: String = line.chars().filter(|c| !c.is_control()).take(WIDTH).collect();
    if line.chars().count() > WIDTH { format!("{start}...") } else { start }
}

struct Place {
    /// Index of the first line.
    at: usize,
    /// Number of equal lines.
    equal: usize,
    length: usize,
}

impl Place {
    fn is_exact(&self) -> bool {
        self.equal == self.length
    }
}

/// The lines of a file.
struct Lines<'f> {
    text: Vec<Cow<'f, str>>,
    /// For each line the index of the first equal one.
    equal: Vec<usize>,
    first: HashMap<Cow<'f, str>, usize>,
    /// Maximum comparisons of a search.
    most: usize,
}

impl<'f> Lines<'f> {
    fn of(lines: impl Iterator<Item = Cow<'f, str>>, searches: usize) -> Self {
        let text: Vec<Cow<'f, str>> = lines.collect();
        let mut first = HashMap::new();
        let equal = text.iter().enumerate().map(|(at, line)| *first.entry(line.clone()).or_insert(at)).collect();
        Self { text, equal, first, most: MOST_COMPARED / searches.max(1) }
    }

    /// The place with most equal lines; among equal ones the closest to line `start`.
    fn closest(&self, wanted: &[&str], start: usize) -> Option<Place> {
        let last = self.equal.len().checked_sub(wanted.len())?;
        if wanted.len().saturating_mul(last) > self.most {
            return None;
        }
        let wanted: Vec<Option<&usize>> = wanted.iter().map(|line| self.first.get(*line)).collect();
        let equal = |at: usize| {
            wanted.iter().zip(self.equal.iter().skip(at)).filter(|(wanted, line)| **wanted == Some(*line)).count()
        };
        let start = start.saturating_sub(1);
        (0..=last)
            .map(|at| Place { at, equal: equal(at), length: wanted.len() })
            .max_by_key(|place| (place.equal, std::cmp::Reverse(place.at.abs_diff(start))))
    }
}
