// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command that repeats a run, from what its record knows.
//!
//! The record is foreign: a word that is not what it should be is left out, so that it
//! cannot become another option of the command.

use reglist_suite::arch;
use reglist_suite::report::events::{Label, Outcome, RunStarted, SubjectKind};

use super::block::Block;
use super::quote::quoted;
use super::tested::labels;
use crate::record::Record;
use crate::report::groups::Group;
use crate::report::id::{configuration, push_new};
use crate::report::words::release;

/// Cases that the command names.
const MOST: usize = 4;
/// Hexadecimal digits of a commit.
const COMMIT: usize = 12;
/// Stands for the directory of the kernel's source, which no record has.
const SOURCE: &str = "DIR";
const AT_COMMIT: &str = "DIR@";
/// Seeds that need no option: an unknown one, and the default.
const USUAL_SEEDS: [u64; 2] = [0, 1];

pub(super) fn blocks(record: &Record, started: &RunStarted, groups: &[Group<'_>]) -> Vec<Block> {
    let mut cases = wrong(record, started, groups);
    cases.truncate(MOST);
    let heading = if cases.is_empty() { "To repeat the run" } else { "To repeat cases that did not pass" };
    let mut blocks = vec![Block::Heading(heading.to_owned())];
    let mut words = match (started.subject, started.machine()) {
        (SubjectKind::Model, _) => model(started),
        (SubjectKind::Kvm, Some(_)) => lab(started),
        (SubjectKind::Kvm, None) => {
            blocks.push(Block::Paragraph("Run this command on the tested machine.".to_owned()));
            vec!["reglist-suite".to_owned()]
        }
    };
    if words.iter().any(|word| word == SOURCE || word.starts_with(AT_COMMIT)) {
        blocks.push(Block::Paragraph("DIR is the directory of the kernel's source.".to_owned()));
    }
    words.extend(selection(started, &cases));
    blocks.push(Block::Command(words.iter().map(|word| quoted(word)).collect()));
    blocks
}

/// One case of each cause, then those in error, then those that were running at an early end.
fn wrong<'r>(record: &'r Record, started: &RunStarted, groups: &[Group<'r>]) -> Vec<&'r str> {
    let failing = groups.iter().filter(|group| group.first.level.fails(started.strict));
    let failed = failing.filter_map(|group| group.cases.first().copied());
    let in_error = record.ended().filter(|case| case.outcome == Outcome::Error).map(|case| case.case.as_str());
    let running = record.running.iter().map(String::as_str);
    let mut cases = Vec::new();
    failed.chain(in_error).chain(running).filter(|case| is_name(case)).for_each(|case| push_new(&mut cases, case));
    cases
}

fn model(started: &RunStarted) -> Vec<String> {
    let mut words = vec!["reglist", "run", "--subject", "model"];
    let release = release(started);
    if version(release).is_some() {
        words.extend(["--model-kernel", release]);
    }
    words.extend(fault(started));
    words.into_iter().map(str::to_owned).collect()
}

fn lab(started: &RunStarted) -> Vec<String> {
    let mut words = vec!["reglist".to_owned(), "lab".to_owned()];
    words.extend(source(started));
    let names = started.patches();
    // A fault brings the lab's own patches.
    let fault: Vec<&str> = fault(started).collect();
    if fault.is_empty() && names.iter().any(|name| is_reference(name)) {
        words.push("--reference".to_owned());
    }
    let is_own = |name: &str| is_reference(name) || !fault.is_empty() && name == "faults.patch";
    words.extend(fault.iter().map(|word| (*word).to_owned()));
    for name in names.into_iter().filter(|name| !is_own(name)) {
        words.extend(["--patch".to_owned(), path(name)]);
    }
    words
}

/// The option of the kernel's source. Only a package and a commit have a label.
fn source(started: &RunStarted) -> [String; 2] {
    let source = labels(started, Label::SOURCE).next().unwrap_or_default();
    let package = source.strip_prefix("linux-source-").and_then(|rest| rest.split(' ').next()).and_then(version);
    let commit = source.strip_prefix("commit ").filter(|commit| commit.bytes().all(|byte| byte.is_ascii_hexdigit()));
    match (package, commit.and_then(|commit| commit.get(..COMMIT))) {
        (Some(package), _) => ["--kernel".to_owned(), package.to_owned()],
        (None, Some(commit)) => ["--kernel-src".to_owned(), format!("{AT_COMMIT}{commit}")],
        (None, None) => ["--kernel-src".to_owned(), SOURCE.to_owned()],
    }
}

fn fault(started: &RunStarted) -> impl Iterator<Item = &str> {
    let is_fault = |name: &&str| {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        name.starts_with(|c: char| c.is_ascii_lowercase()) && name.bytes().all(fits)
    };
    started.fault.as_deref().filter(is_fault).into_iter().flat_map(|name| ["--fault", name])
}

fn selection(started: &RunStarted, cases: &[&str]) -> Vec<String> {
    let mut words = Vec::new();
    let usual = arch::by_name(&started.architecture).map(|arch| arch.default_series());
    if usual.is_some_and(|usual| usual != started.series) && is_name(&started.series) {
        words.extend(["--series", &started.series]);
    }
    words.extend(started.strict.then_some("--strict"));
    words.extend(started.allow_new.then_some("--allow-new"));
    let seed = started.seed.to_string();
    if !USUAL_SEEDS.contains(&started.seed) {
        words.extend(["--seed", &seed]);
    }
    let only = started.configuration().filter(|name| is_name(name));
    let only = only.filter(|only| started.plan.iter().all(|case| configuration(case) == *only));
    if let (Some(only), []) = (only, cases) {
        words.extend(["--config", only]);
    }
    words.into_iter().chain(cases.iter().copied()).map(str::to_owned).collect()
}

/// Whether a word is the id of a case or another name of a specification.
fn is_name(word: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'_');
    !word.is_empty() && word.bytes().all(fits)
}

/// A version of two numbers.
fn version(text: &str) -> Option<&str> {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('.').filter(|(major, minor)| is_number(major) && is_number(minor)).map(|_| text)
}

/// Whether a patch is the lab's reference implementation.
fn is_reference(name: &str) -> bool {
    name.strip_prefix("reference-").and_then(|rest| rest.strip_suffix(".patch")).and_then(version).is_some()
}

/// The argument of `--patch` for a file of that name.
fn path(name: &str) -> String {
    match name {
        "standard input" => "-".to_owned(),
        name if name.starts_with('-') => format!("./{name}"),
        name => name.to_owned(),
    }
}
