// SPDX-License-Identifier: Apache-2.0 OR MIT
//! How many lines of the patch ran, which never ran, and which are suspicious.

use std::fmt::Write as _;

use console::Style;
use reglist_suite::report::coverage::Line;

use crate::record::Record;
use crate::report::coverage::{Covered, Suspect, suspects};
use crate::report::paragraph::{hanging, indented};
use crate::system::verbosity::Verbosity;

/// Groups of lines that are shown.
const MOST: usize = 8;
/// Suspicious places that are shown.
const MOST_SUSPECTS: usize = 3;

/// What is known of the lines; verbose adds a line per clause.
pub(super) fn write(text: &mut String, record: &Record, verbosity: Verbosity) {
    let Some(covered) = Covered::of(record) else { return };
    let never: Vec<_> =
        covered.never_ran().map(|executable| (executable.file.name.as_str(), executable.line)).collect();
    let (ran, all, head) = (covered.ran(), covered.lines.len(), Style::new().bold().apply_to("patch"));
    text.push('\n');
    hanging(text, &format!("{head} {ran} of {all} executable lines ran"));
    let groups = together(&never);
    for lines in groups.iter().take(MOST) {
        indented(text, 2, &format!("never ran: {}", place(lines)));
    }
    if groups.len() > MOST {
        let _ =
            writeln!(text, "  {} more places never ran; `reglist report --html FILE` shows them", groups.len() - MOST);
    }
    if verbosity.is_verbose() {
        let clauses = Covered::by_clause(record);
        let width = clauses.iter().map(|(clause, _)| clause.len()).max().unwrap_or_default();
        for (clause, ran) in clauses {
            let _ = writeln!(text, "  {clause:width$}  {ran} of {all}");
        }
    }
    for file in covered.untraced() {
        indented(text, 2, &format!("unknown: {file}, which KVM's module does not contain"));
    }
}

/// The guesses at the line of a mistake.
pub(super) fn write_suspects(text: &mut String, record: &Record) {
    let suspects = suspects(record);
    let groups = suspects.chunk_by(|one, next| one.is_like(next));
    for (number, group) in groups.take(MOST_SUSPECTS).enumerate() {
        let Some(Suspect { cases, of, clause, .. }) = group.first() else { continue };
        if number == 0 {
            text.push('\n');
        }
        let lines: Vec<_> = group.iter().map(|suspect| (suspect.file, suspect.line)).collect();
        let places: Vec<String> = together(&lines).iter().take(MOST_SUSPECTS).map(|lines| place(lines)).collect();
        let guess = Style::new().magenta().apply_to("guess");
        hanging(
            text,
            &format!(
                "{guess} suspicious: {}: {} of {} cases that break {clause} ran it, and {} of {} that pass",
                places.join("; "),
                cases.failed,
                of.failed,
                cases.passed,
                of.passed
            ),
        );
    }
}

/// Neighbouring lines of a file, together.
fn together<'l, 'r>(lines: &'l [(&'r str, &'r Line)]) -> Vec<&'l [(&'r str, &'r Line)]> {
    lines
        .chunk_by(|(file, line), (next_file, next)| {
            file == next_file && line.function == next.function && line.number.saturating_add(1) == next.number
        })
        .collect()
}

/// `vcpu.c:10-12 in kvm_x: if (a)`
fn place(lines: &[(&str, &Line)]) -> String {
    let (Some((file, first)), Some((_, last))) = (lines.first(), lines.last()) else { return String::new() };
    let name = file.rsplit('/').next().unwrap_or(file);
    let to = if first.number == last.number { String::new() } else { format!("-{}", last.number) };
    let function = if first.function.is_empty() { String::new() } else { format!(" in {}", first.function) };
    format!("{name}:{}{to}{function}: `{}`", first.number, first.text.trim())
}
