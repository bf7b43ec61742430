// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The readers of foreign data, for the fuzz targets in `ci/fuzz`. Each one takes
//! what it reads, and returns what the program would print, named by its format.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use reglist_suite::arch;
use reglist_suite::harness;
use reglist_suite::report::control;
use reglist_suite::spec::Source;
use reglist_suite::spec::clause::Clauses;
use tempfile::TempDir;

use crate::command::report;
use crate::lab;
use crate::record::known::Known;
use crate::record::reader::StoredFile;
use crate::record::run::Run;
use crate::report::diff::compare::Comparison;
use crate::report::diff::json::Document;
use crate::report::diff::{markdown, text as differences};
use crate::report::matrix::{self, Matrix};
use crate::report::page;
use crate::report::stored::Stored;
use crate::report::text;
use crate::spec::check::Checked;
use crate::spec::diff::Difference;
use crate::spec::export;
use crate::spec::list::Listing;
use crate::spec::show::List;
use crate::system::date::Date;
use crate::system::output::chain;
use crate::system::verbosity::Verbosity;
use crate::target::lab::fuzz as guest;
use crate::target::ssh::fuzz as board;

/// A text that the program prints or writes.
pub type Output = (&'static str, String);

/// Separates two inputs, and begins the name of the second.
const NEXT: &str = "\n=== ";

static CLAUSES: LazyLock<Option<Clauses>> = LazyLock::new(|| Clauses::load(&Source::Embedded).ok());

/// `lab --patch`: a diff, a mail or a mailbox without the part of git, and behind
/// `=== file` a file that it may not fit.
#[must_use]
pub fn patch(data: &[u8]) -> Vec<Output> {
    let next = NEXT.as_bytes();
    let cut = data.windows(next.len()).position(|window| window == next).unwrap_or(data.len());
    let (patch, file) = data.split_at(cut);
    messages(&lab::fuzz::messages(lab::fuzz::without_git(patch), file))
}

/// `lab --patch`: a mail or a mailbox, which git decodes.
#[must_use]
pub fn mail(data: &[u8]) -> Vec<Output> {
    messages(&lab::fuzz::messages(lab::fuzz::with_git(data), b""))
}

fn messages(messages: &[String]) -> Vec<Output> {
    messages.iter().map(|message| ("message", shown(message))).collect()
}

/// `report`: events or KTAP, in one format but the page.
#[must_use]
pub fn log(data: &[u8]) -> Vec<Output> {
    report::fuzz::outputs(data)
}

/// `report --html` and `diff`: one file, or behind `=== new` a second.
#[must_use]
pub fn page(data: &[u8]) -> Vec<Output> {
    let text = String::from_utf8_lossy(data);
    let (old, new) = text.split_once(NEXT).map_or((&*text, None), |(old, new)| (old, Some(new)));
    let read = |text: &str| StoredFile::from_lines(&mut text.as_bytes(), "`a.log`");
    let (old, new) = match (read(old), new.map(read).transpose()) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(error), _) | (_, Err(error)) => return vec![("message", shown(&chain(&error)))],
    };
    let mut outputs = Vec::new();
    if let Ok(mut page) = page::Output::check(&std::env::temp_dir().join("reglist-fuzz.html"), true) {
        old.runs.iter().chain(new.iter().flat_map(|new| &new.runs)).for_each(|run| page.take(&run.file, &run.record));
        outputs.push(page.text().map_or_else(|error| ("message", chain(&error)), |text| ("page", text)));
    }
    let compared = Stored::of(old).and_then(|old| Ok((new.map(Stored::of).transpose()?, old)));
    let comparison = compared.map(|(new, old)| Comparison::of(&old, new.as_ref().unwrap_or(&old), None));
    if let Ok(Ok(comparison)) = comparison {
        assert!(text.contains(NEXT) || !comparison.is_worse(), "a file is worse than itself");
        outputs.push(("diff", differences::text(&comparison)));
        outputs.push(("markdown", markdown::markdown(&comparison)));
        outputs.push(("json", json(&Document::of(&comparison))));
    }
    outputs
}

/// `ssh`: what a board sends while the suite runs.
#[must_use]
pub fn frames(data: &[u8]) -> Vec<Output> {
    live(&board::run(data))
}

/// `lab`: what a guest sends while the suite runs.
#[must_use]
pub fn channel(data: &[u8]) -> Vec<Output> {
    live(&guest::run(data))
}

fn live(run: &Run) -> Vec<Output> {
    let mut outputs = vec![("pretty", text::text(run.record(), Verbosity::Verbose, run.judged.as_ref()))];
    outputs.extend(run.trouble().map(|trouble| ("message", shown(&chain(&trouble)))));
    let matrix = CLAUSES.as_ref().and_then(|clauses| Matrix::of(&run.runs, clauses));
    outputs.extend(matrix.map(|matrix| ("matrix", matrix::text(&matrix, Verbosity::Verbose))));
    let _ = run.exit_code();
    outputs
}

/// `--known`: a file of expected failures, and behind `=== new` the events of a run.
#[must_use]
pub fn known(data: &[u8]) -> Vec<Output> {
    let text = String::from_utf8_lossy(data);
    let (file, events) = text.split_once(NEXT).unwrap_or((&text, ""));
    let Some(today) = Date::parse("2026-11-30") else { return Vec::new() };
    let known = match Known::from_text(Path::new("known.yaml"), file, today) {
        Ok(known) => known,
        Err(error) => return vec![("message", shown(&chain(&error)))],
    };
    let Ok(stored) = StoredFile::from_lines(&mut events.as_bytes(), "`a.log`") else { return Vec::new() };
    let records = stored.runs.iter().map(|run| &run.record);
    let texts = records.map(|record| text::text(record, Verbosity::Normal, Some(&known.judge(record))));
    let mut outputs: Vec<Output> = texts.map(|text| ("pretty", text)).collect();
    if let Ok(Ok(comparison)) = Stored::of(stored).map(|stored| Comparison::of(&stored, &stored, Some(&known))) {
        outputs.push(("diff", differences::text(&comparison)));
    }
    outputs
}

/// `--specs`: a tree of specifications, each file behind a line `=== NAME`.
#[must_use]
pub fn specs(data: &[u8]) -> Vec<Output> {
    thread_local! {
        static PLACE: RefCell<Option<(TempDir, Vec<&'static str>)>> = RefCell::new(tempfile::tempdir().ok().map(|place| (place, Vec::new())));
    }
    PLACE.with_borrow_mut(|place| {
        let Some((place, there)) = place else { return Vec::new() };
        let files = files(data);
        for name in there.iter().filter(|name| !files.contains_key(*name)) {
            let _ = fs::remove_file(place.path().join(name));
        }
        for (name, content) in &files {
            let path = place.path().join(name);
            let written =
                fs::create_dir_all(path.parent().unwrap_or(place.path())).and_then(|()| fs::write(path, content));
            assert!(written.is_ok(), "{written:?}");
        }
        *there = files.keys().copied().collect();
        tree(place.path())
    })
}

/// The files of a tree that a text can have.
const FILES: [&str; 10] = [
    "clauses.yaml",
    "loongarch64/registers.yaml",
    "loongarch64/unlisted.yaml",
    "loongarch64/consumers/a.yaml",
    "loongarch64/v5/groups.yaml",
    "loongarch64/v5/base.yaml",
    "loongarch64/v5/pmu.yaml",
    "loongarch64/v6/groups.yaml",
    "loongarch64/v6/base.yaml",
    "x86_64/registers.yaml",
];

fn files(data: &[u8]) -> BTreeMap<&'static str, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut file: Option<&mut Vec<u8>> = None;
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        let name = line.strip_prefix(b"=== ").map(<[u8]>::trim_ascii);
        match FILES.into_iter().find(|known| Some(known.as_bytes()) == name) {
            Some(known) => file = Some(files.entry(known).or_default()),
            None => file.iter_mut().for_each(|file| file.extend_from_slice(line)),
        }
    }
    files
}

/// Every command that reads specifications.
fn tree(place: &Path) -> Vec<Output> {
    let specs = Some(place);
    let mut outputs = Vec::new();
    let mut is_right = false;
    match Checked::of(specs) {
        Ok(checked) => {
            is_right = checked.is_right();
            outputs.push(("check", shown(&checked.text())));
        }
        Err(error) => outputs.push(("message", shown(&chain(&error)))),
    }
    for arch in arch::ALL {
        let word = ["--specs".into(), place.as_os_str().to_owned()];
        let planned = harness::read_options(word).ok().map(|options| harness::plan(&options, arch));
        outputs.extend(planned.and_then(Result::err).map(|error| ("message", shown(&chain(&error)))));
    }
    match Listing::of(specs, None, None) {
        Ok(listing) => outputs.extend([("list", shown(&listing.text())), ("json", json(&listing))]),
        Err(error) => assert!(!is_right, "{error}"),
    }
    if let Ok(list) = List::of(specs, None, None, "base") {
        outputs.extend([("show", shown(&list.text())), ("c", shown(&export::c::array(&list))), ("json", json(&list))]);
        outputs.push(("csv", shown(&export::csv::table(&list))));
        outputs.extend(export::rust::module(&list).ok().map(|module| ("rust", shown(&module))));
    }
    if let Ok(difference) = Difference::of(specs, None, "v5", "v6") {
        outputs.extend([("diff", shown(&difference.text())), ("json", json(&difference))]);
    }
    outputs
}

/// As the program prints it.
fn shown(text: &str) -> String {
    control::shown(&console::strip_ansi_codes(text), true)
}

fn json(document: &impl serde::Serialize) -> String {
    control::escaped(&serde_json::to_string_pretty(document).unwrap_or_default())
}
