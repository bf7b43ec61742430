// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Converts KTAP or TAP to events. The input may be truncated, prefixed, or mixed
//! with other console lines.
//!
//! The suite's own KTAP has the run and its plan in `# run` and `# plan`, and the
//! running case in `# start`. Foreign KTAP has only numbers, so a missing case has
//! no name.

use std::collections::{BTreeMap, HashMap, HashSet};

use reglist_suite::report::events::{
    self, CaseFinished, Event, EventError, Outcome, RunFinished, RunStarted, Totals, Verdict,
};

use reglist_suite::report::fields;

use super::prefix;

/// Maximum cases of a plan.
pub(crate) const MOST: usize = 1 << 16;
/// Maximum comment lines per case: more than one for each possible register.
const MOST_DETAILS: usize = 8192;

#[derive(Debug)]
pub(crate) enum KtapError {
    LongPlan,
    Newer(EventError),
}

#[derive(Debug, Default)]
pub(crate) struct Ktap {
    document: Option<Document>,
}

impl Ktap {
    /// Takes a line. If it starts a document, the result is the previous document.
    pub(crate) fn take(&mut self, line: &str) -> Result<Vec<Event>, KtapError> {
        if let Some(prefix) = version(line) {
            let document = Document { prefix: prefix.to_owned(), ..Document::default() };
            // A bare document only encloses another one.
            let before = self.document.replace(document).filter(|document| !document.is_bare());
            return Ok(before.map(Document::events).unwrap_or_default());
        }
        if let Some(document) = &mut self.document {
            document.take(line)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.document.is_some()
    }

    pub(crate) fn end(&mut self) -> Vec<Event> {
        self.document.take().map(Document::events).unwrap_or_default()
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
}

impl Document {
    fn take(&mut self, line: &str) -> Result<(), KtapError> {
        let Some(line) = prefix::strip(&self.prefix, line).map(str::trim_end) else {
            return Ok(());
        };
        if let Some(comment) = line.strip_prefix("# ") {
            return self.comment(comment);
        }
        if let Some(rest) = line.strip_prefix("1..") {
            let digits = rest.split(|character: char| !character.is_ascii_digit()).next().unwrap_or_default();
            if self.count.is_none() && !digits.is_empty() {
                let count = digits.parse().ok().filter(|count| *count <= MOST).ok_or(KtapError::LongPlan)?;
                self.count = Some(count);
            }
            return Ok(());
        }
        let result = line.strip_prefix("not ok ").map(|rest| (false, rest));
        if let Some((ok, rest)) = result.or_else(|| line.strip_prefix("ok ").map(|rest| (true, rest))) {
            self.result(ok, rest);
        }
        Ok(())
    }

    fn comment(&mut self, comment: &str) -> Result<(), KtapError> {
        let (word, rest) = comment.split_once(' ').unwrap_or((comment, ""));
        match word {
            "run" if self.head.is_none() => self.head = head(rest).map_err(KtapError::Newer)?,
            "plan" => {
                for id in rest.split_whitespace() {
                    if self.plan.len() == MOST {
                        return Err(KtapError::LongPlan);
                    }
                    self.planned.entry(id.to_owned()).or_insert_with(|| {
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
                        details.push(rest.to_owned());
                    }
                }
            }
        }
        Ok(())
    }

    fn result(&mut self, ok: bool, rest: &str) {
        let (number, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let Ok(number) = number.parse::<usize>() else { return };
        let rest = rest.trim_start().trim_start_matches("- ");
        let (name, directive) = rest.split_once(" # ").or_else(|| rest.split_once("# ")).unwrap_or((rest, ""));
        let name = name.trim();
        let (key, case) = if self.plan.is_empty() {
            if number == 0 || number > self.count.unwrap_or(MOST) {
                return;
            }
            (number, id(name, number))
        } else {
            let Some(place) = self.place(name, number) else { return };
            let Some(case) = self.plan.get(place) else { return };
            (place, case.clone())
        };
        if self.results.contains_key(&key) || self.end.is_some() {
            return;
        }
        if self.running.as_ref() == Some(&case) {
            self.running = None;
        }
        let details = self.details.remove(&case).unwrap_or_default();
        self.order.push(key);
        self.results.insert(key, finished(case, ok, directive, &details));
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

    fn events(self) -> Vec<Event> {
        if self.is_bare() && self.count.is_none_or(|count| count == 0) {
            return Vec::new();
        }
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
        ("SKIP", _) => Outcome::Skip,
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
    CaseFinished { case, outcome, reason, duration_us: 0, ioctls: 0, findings, listed: Vec::new() }
}
