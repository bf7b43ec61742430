// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Converts KTAP or TAP to events. The input may be truncated, prefixed, or mixed
//! with other console lines.
//!
//! The suite's own KTAP has the run and its plan in `# run` and `# plan`, and the
//! running case in `# start`. Foreign KTAP has only numbers, so a missing case has
//! no name.
//!
//! A nested document is a run of its own. The enclosing plan is a run too, unless
//! each of its results only repeats that of a nested document.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::mem;

use reglist_suite::report::events::{
    self, CaseFinished, Event, EventError, Outcome, RunFinished, RunStarted, Totals, Verdict,
};

use reglist_suite::report::fields;

use super::limits::{MOST_CASES, MOST_MEMORY, OF_CASE, OF_FINDING};
use super::prefix;

/// Maximum comment lines per case: more than one for each possible register.
const MOST_DETAILS: usize = 8192;
/// Maximum length in bytes of a prefix.
pub(crate) const LONGEST_PREFIX: usize = 1 << 10;
/// Maximum documents at a time: KTAP of six levels, in the logs of several writers.
const MOST_OPEN: usize = 16;

#[derive(Debug)]
pub(crate) enum KtapError {
    LongPlan,
    LongPrefix,
    TooMuch,
    Newer(EventError),
}

/// The documents of a log. A document ends with the result of the enclosing plan, at
/// a version line with its prefix, or with the log.
#[derive(Debug, Default)]
pub(crate) struct Ktap {
    open: Vec<Document>,
    has_begun: bool,
}

impl Ktap {
    /// Takes a line; the result is the events of the documents that it ends.
    pub(crate) fn take(&mut self, line: &str) -> Result<Vec<Event>, KtapError> {
        if let Some(prefix) = version(line) {
            return self.begin(prefix);
        }
        // Lines of a nested document are comments of the enclosing one, with a longer rest.
        let fitting =
            self.open.iter_mut().filter_map(|open| prefix::strip(&open.prefix, line).map(|text| (text, open)));
        let Some((text, document)) = fitting.min_by_key(|(text, _)| text.len()) else { return Ok(Vec::new()) };
        if let Some(ok) = document.take(text.trim_end())? {
            let prefix = document.prefix.clone();
            let (events, passed) = self.close(|open| prefix::is_nested(&prefix, open));
            if let Some(document) = self.open.iter_mut().find(|open| open.prefix == prefix) {
                document.repeated += usize::from(passed == Some(ok));
            }
            return Ok(events);
        }
        let memory: usize = self.open.iter().map(|document| document.memory).sum();
        if memory > MOST_MEMORY { Err(KtapError::TooMuch) } else { Ok(Vec::new()) }
    }

    fn begin(&mut self, prefix: &str) -> Result<Vec<Event>, KtapError> {
        if prefix.len() > LONGEST_PREFIX {
            return Err(KtapError::LongPrefix);
        }
        // A program may print its version line again.
        if !self.open.iter().any(|open| prefix::is_nested(prefix, &open.prefix)) {
            self.open.retain(|open| !open.is_bare() || !prefix::is_same(&open.prefix, prefix));
        }
        let (events, _) = self.close(|open| prefix::is_same(open, prefix) || prefix::is_nested(prefix, open));
        if self.open.len() < MOST_OPEN {
            self.open.push(Document { prefix: prefix.to_owned(), ..Document::default() });
        }
        self.has_begun = true;
        Ok(events)
    }

    /// Ends documents; also whether all of them passed, if there are any.
    fn close(&mut self, is_over: impl Fn(&str) -> bool) -> (Vec<Event>, Option<bool>) {
        let (mut over, open): (Vec<_>, Vec<_>) =
            mem::take(&mut self.open).into_iter().partition(|open| is_over(&open.prefix));
        self.open = open;
        over.retain(|document| !document.is_empty());
        let passed = (!over.is_empty()).then(|| over.iter().all(Document::has_passed));
        let prefixes: Vec<String> = over.iter().map(|document| document.prefix.clone()).collect();
        let mut events = Vec::new();
        for document in over {
            let is_enclosing = prefixes.iter().any(|inner| prefix::is_nested(&document.prefix, inner));
            if !document.is_envelope(is_enclosing) {
                events.extend(document.events());
            }
        }
        (events, passed)
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun
    }

    pub(crate) fn end(&mut self) -> Vec<Event> {
        self.close(|_| true).0
    }
}

/// The prefix of a version line; none for other lines.
fn version(line: &str) -> Option<&str> {
    let line = line.trim_end();
    let marked = ["KTAP version ", "TAP version "].into_iter().find_map(|marker| {
        let at = line.rfind(marker)?;
        let (before, rest) = (line.get(..at)?, line.get(at + marker.len()..)?);
        (!rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit())).then_some(before)
    })?;
    // After a word it is not a version line.
    (!marked.ends_with(|last: char| last.is_alphanumeric())).then_some(marked)
}

#[derive(Debug, Default)]
struct Document {
    /// What stands before each line.
    prefix: String,
    count: Option<usize>,
    /// The run's start, from `# run`.
    head: Option<RunStarted>,
    /// Case ids, from `# plan`.
    plan: Vec<String>,
    planned: HashMap<String, usize>,
    running: Option<String>,
    details: HashMap<String, Vec<String>>,
    /// Results, by number in foreign documents, by index in the plan in our own.
    results: BTreeMap<usize, CaseFinished>,
    /// Keys of `results` in the order of the document.
    order: Vec<usize>,
    /// An end without a verdict. Later results are not real.
    end: Option<Event>,
    verdict: Option<Verdict>,
    /// Whether the last line was seen.
    closed: bool,
    /// Number of results that only repeat the result of a nested document.
    repeated: usize,
    /// Estimated memory in bytes.
    memory: usize,
}

impl Document {
    /// Takes a line without the prefix; of a new result, whether it is `ok`.
    fn take(&mut self, line: &str) -> Result<Option<bool>, KtapError> {
        if let Some(comment) = line.strip_prefix("# ") {
            return self.comment(comment).map(|()| None);
        }
        if let Some(rest) = line.strip_prefix("1..") {
            let digits = rest.split(|character: char| !character.is_ascii_digit()).next().unwrap_or_default();
            if self.count.is_none() && !digits.is_empty() {
                let count = digits.parse().ok().filter(|count| *count <= MOST_CASES).ok_or(KtapError::LongPlan)?;
                self.count = Some(count);
                self.memory += count * OF_CASE;
            }
            return Ok(None);
        }
        let result = line.strip_prefix("not ok ").map(|rest| (false, rest));
        let result = result.or_else(|| line.strip_prefix("ok ").map(|rest| (true, rest)));
        Ok(result.and_then(|(ok, rest)| self.result(ok, rest).map(|()| ok)))
    }

    fn comment(&mut self, comment: &str) -> Result<(), KtapError> {
        let (word, rest) = comment.split_once(' ').unwrap_or((comment, ""));
        match word {
            "run" if self.head.is_none() => self.head = head(rest).map_err(KtapError::Newer)?,
            "plan" => {
                for id in rest.split_whitespace() {
                    if self.plan.len() == MOST_CASES {
                        return Err(KtapError::LongPlan);
                    }
                    self.planned.entry(id.to_owned()).or_insert_with(|| {
                        self.memory += OF_CASE + 2 * id.len();
                        self.plan.push(id.to_owned());
                        self.plan.len() - 1
                    });
                }
            }
            "start" if self.planned.contains_key(rest) => self.running = Some(rest.to_owned()),
            "aborted:" => self.end = Some(Event::RunAborted { reason: rest.to_owned() }),
            "broken_off:" => {
                let (by, reason) = rest.split_once(' ').unwrap_or((rest, ""));
                let by = serde_json::from_value(by.into()).ok();
                self.end = by.map(|by| Event::RunBrokenOff { by, reason: reason.to_owned() });
            }
            "verdict:" => self.verdict = serde_json::from_value(rest.into()).ok(),
            "Totals:" => self.closed = true,
            _ => {
                if let Some(id) = word.strip_suffix(':').filter(|id| self.planned.contains_key(*id)) {
                    let details = self.details.entry(id.to_owned()).or_default();
                    if details.len() < MOST_DETAILS {
                        self.memory += OF_FINDING + 2 * rest.len();
                        details.push(rest.to_owned());
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes a result; none if it is not new.
    fn result(&mut self, ok: bool, rest: &str) -> Option<()> {
        let (number, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let number = number.parse::<usize>().ok()?;
        let rest = rest.trim_start().trim_start_matches("- ");
        let (name, directive) = rest.split_once(" # ").or_else(|| rest.split_once("# ")).unwrap_or((rest, ""));
        let name = name.trim();
        let (key, case) = if self.plan.is_empty() {
            if number == 0 || number > self.count.unwrap_or(MOST_CASES) {
                return None;
            }
            (number, id(name, number))
        } else {
            let place = self.place(name, number)?;
            (place, self.plan.get(place)?.clone())
        };
        if self.results.contains_key(&key) || self.end.is_some() {
            return None;
        }
        if self.running.as_ref() == Some(&case) {
            self.running = None;
        }
        let details = self.details.remove(&case).unwrap_or_default();
        self.order.push(key);
        self.memory += OF_CASE + 2 * rest.len();
        self.results.insert(key, finished(case, ok, directive, &details));
        Some(())
    }

    /// The index of a case in the plan. Other console text may follow its name
    /// directly.
    fn place(&self, name: &str, number: usize) -> Option<usize> {
        let glued = || {
            let place = number.checked_sub(1)?;
            let rest = name.strip_prefix(self.plan.get(place)?.as_str())?;
            let next = rest.chars().next()?;
            (!next.is_ascii_alphanumeric() && !matches!(next, '.' | '_')).then_some(place)
        };
        self.planned.get(name).copied().or_else(glued)
    }

    /// Whether it has at most a number of cases.
    fn is_bare(&self) -> bool {
        self.head.is_none() && self.plan.is_empty() && self.results.is_empty()
    }

    fn is_empty(&self) -> bool {
        self.is_bare() && self.count.is_none_or(|count| count == 0) && self.end.is_none()
    }

    /// Whether its results only repeat those of nested documents; the last one may lack
    /// its result.
    fn is_envelope(&self, is_enclosing: bool) -> bool {
        let nested = self.repeated + usize::from(is_enclosing);
        self.head.is_none()
            && self.plan.is_empty()
            && self.repeated == self.results.len()
            && nested >= self.count.unwrap_or_default().max(1)
    }

    fn has_passed(&self) -> bool {
        let has_passed = |case: &CaseFinished| matches!(case.outcome, Outcome::Pass | Outcome::Skip);
        let planned = self.count.unwrap_or_default().max(self.plan.len());
        self.end.is_none() && self.results.len() >= planned && self.results.values().all(has_passed)
    }

    fn events(self) -> Vec<Event> {
        let Self { count, head, mut plan, running, mut results, order, end, verdict, closed, .. } = self;
        if plan.is_empty() {
            let count = count.unwrap_or_else(|| results.keys().max().copied().unwrap_or_default());
            let mut names = HashSet::new();
            for number in 1..=count {
                let unnamed = || format!("case_{number}");
                let mut name = results.get(&number).map_or_else(unnamed, |case| case.case.clone());
                if !names.insert(name.clone()) {
                    name = format!("{name}_{number}");
                    if let Some(case) = results.get_mut(&number) {
                        case.case.clone_from(&name);
                    }
                }
                plan.push(name);
            }
        } else {
            // Lines of the plan may be missing.
            let known = plan.len();
            plan.extend((known..count.unwrap_or_default()).map(|number| format!("case_{}", number + 1)));
        }
        let complete = results.len() == plan.len();
        let started = RunStarted { plan, ..head.unwrap_or_else(RunStarted::unknown) };
        let mut events = vec![Event::RunStarted(started)];
        for case in order.into_iter().filter_map(|key| results.remove(&key)) {
            events.push(Event::CaseStarted { case: case.case.clone() });
            events.push(Event::CaseFinished(case));
        }
        events.extend(running.map(|case| Event::CaseStarted { case }));
        match end {
            Some(end) => events.push(end),
            None if complete || closed => {
                // Readers of the event count themselves.
                let totals = Totals::default();
                let verdict = verdict.unwrap_or_else(|| totals.verdict());
                events.push(Event::RunFinished(RunFinished { verdict, totals }));
            }
            None => {}
        }
        events
    }
}

/// The run's start; none if the line is damaged.
fn head(text: &str) -> Result<Option<RunStarted>, EventError> {
    let Ok(serde_json::Value::Object(mut fields)) = serde_json::from_str(text) else {
        return Ok(None);
    };
    let found = fields.get("format").and_then(serde_json::Value::as_u64).unwrap_or_default();
    if found > u64::from(events::FORMAT) {
        return Err(EventError::Newer(u32::try_from(found).unwrap_or(u32::MAX)));
    }
    fields.insert("plan".to_owned(), serde_json::Value::Array(Vec::new()));
    Ok(serde_json::from_value(fields.into()).ok())
}

fn id(name: &str, number: usize) -> String {
    let fits = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-');
    let id: String = name.chars().map(|character| if fits(character) { character } else { '_' }).collect();
    if id.is_empty() { format!("case_{number}") } else { id }
}

fn finished(case: String, ok: bool, directive: &str, details: &[String]) -> CaseFinished {
    let (word, rest) = directive.split_once(' ').unwrap_or((directive, ""));
    let outcome = match (word.to_ascii_uppercase().as_str(), ok) {
        ("SKIP", _) | ("TODO" | "XFAIL", false) => Outcome::Skip,
        ("ERROR" | "TIMEOUT", false) => Outcome::Error,
        (_, true) => Outcome::Pass,
        (_, false) => Outcome::Fail,
    };
    let mut reasons: Vec<&str> = Vec::new();
    let mut findings = Vec::new();
    for line in details {
        match (line.strip_prefix("skip: ").or_else(|| line.strip_prefix("error: ")), fields::from_line(line)) {
            (Some(reason), _) => reasons.push(reason),
            (None, Some(finding)) => findings.push(finding),
            (None, None) => {}
        }
    }
    if reasons.is_empty() && matches!(outcome, Outcome::Skip | Outcome::Error) && !rest.is_empty() {
        reasons.push(rest);
    }
    let reason = (!reasons.is_empty()).then(|| reasons.join("\n"));
    CaseFinished { case, outcome, reason, duration_us: 0, ioctls: 0, findings, listed: Vec::new(), ran: None }
}
