// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Items of a comparison, for a terminal and for Markdown.

use super::compare::{Comparison, Kind};
use super::facts::FactChange;
use super::registers::Moved;
use super::sections::{Entry, Names, entries};
use crate::record::known::Entry as KnownEntry;
use crate::report::markup;
use crate::report::words::{count, observed, plain, some, subject, warning_or_note};

/// Maximum configurations on a terminal; the rest is counted.
const SHOWN: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Terminal,
    Markdown,
}

#[derive(Debug)]
pub(super) struct Item {
    pub(super) words: String,
    /// The cases, unless `words` has them.
    pub(super) cases: Option<String>,
    pub(super) below: Vec<String>,
}

impl Form {
    pub(super) fn text(self, text: &str) -> String {
        match self {
            Self::Terminal => plain(text),
            Self::Markdown => markup::text(text),
        }
    }

    fn name(self, name: &str) -> String {
        match self {
            Self::Terminal => plain(name),
            Self::Markdown => markup::code(name),
        }
    }

    fn names<S: AsRef<str>>(self, names: &[S]) -> String {
        let most = if self == Self::Terminal { SHOWN } else { usize::MAX };
        some(&names.iter().map(|name| self.name(name.as_ref())).collect::<Vec<_>>(), most)
    }

    fn cases(self, names: &Names<'_>) -> String {
        match names {
            Names::One(case) => self.name(case),
            Names::Check { check, configurations } => format!("{} in {}", self.name(check), self.names(configurations)),
            Names::List { whole, single } => {
                let whole = whole.iter().map(|(name, number)| format!("all {number} cases of {}", self.name(name)));
                whole.chain(single.iter().map(|case| self.name(case))).collect::<Vec<_>>().join(", ")
            }
        }
    }

    fn known(self, entry: &KnownEntry) -> String {
        if self == Self::Terminal {
            return self.text(&entry.to_string());
        }
        let link = entry.link.as_ref().map(|link| {
            let is_link = (link.starts_with("https://") || link.starts_with("http://"))
                && link.bytes().all(|c| c.is_ascii_graphic() && !b"<>`\\".contains(&c));
            if is_link { format!(", <{link}>") } else { format!(", {}", self.text(link)) }
        });
        let date = entry.expires.as_ref().map(|date| format!(", until {date}"));
        self.text(&entry.reason) + &link.unwrap_or_default() + &date.unwrap_or_default()
    }

    pub(super) fn entries(self, comparison: &Comparison, kind: Kind) -> Vec<Item> {
        entries(comparison, kind).iter().map(|entry| self.entry(entry, kind)).collect()
    }

    fn entry(self, entry: &Entry<'_>, kind: Kind) -> Item {
        let reason = entry.reason.map(|reason| format!(": {}", self.text(reason))).unwrap_or_default();
        let run = entry.run.map(|run| format!(" ({})", self.text(run))).unwrap_or_default();
        let (what, cases) = (format!("{}{reason}{run}", entry.what), self.cases(&entry.names));
        let mut below: Vec<String> =
            entry.known.map(|entry| format!("expected failure: {}", self.known(entry))).into_iter().collect();
        if kind == Kind::UnexpectedPass {
            below.push("remove its entry from the expected failures".to_owned());
        }
        for (position, finding) in entry.findings.iter().enumerate() {
            let of = entry.of.filter(|_| position == 0).map(|of| format!("in {}: ", self.name(of))).unwrap_or_default();
            let about = self.about(&subject(finding));
            below.push(format!("{of}{}{about}: {}", self.name(&finding.clause), self.text(&observed(finding))));
        }
        if entry.more > 0 {
            below.push(format!("and {}", count(entry.more, "more finding")));
        }
        match &entry.names {
            Names::List { .. } => Item { words: what, cases: Some(cases), below },
            _ => Item { words: format!("{cases}: {what}"), cases: None, below },
        }
    }

    fn about(self, about: &str) -> String {
        if about.is_empty() { String::new() } else { format!(", {}", self.text(about)) }
    }

    pub(super) fn registers(self, moved: &[Moved]) -> Vec<String> {
        let one = |Moved { registers, configurations }: &Moved| {
            let registers = registers.iter().map(|register| {
                format!("{} ({})", self.text(&register.name), self.name(&format!("{:#018x}", register.id)))
            });
            format!("in {}: {}", self.names(configurations), registers.collect::<Vec<_>>().join(", "))
        };
        moved.iter().map(one).collect()
    }

    pub(super) fn facts(self, facts: &[FactChange]) -> Vec<String> {
        let one = |fact: &FactChange| {
            let (about, clause) = (self.about(&fact.about), self.name(&fact.clause));
            let what = match (&fact.old, &fact.new) {
                (Some(old), Some(new)) => format!("was: {}; is: {}", self.text(old), self.text(new)),
                (Some(old), None) => format!("gone: {}", self.text(old)),
                (_, new) => format!("new: {}", self.text(new.as_deref().unwrap_or_default())),
            };
            let word = warning_or_note(fact.level);
            format!("{word} {clause}{about}: {what} (in {})", self.names(&fact.configurations))
        };
        facts.iter().map(one).collect()
    }
}
