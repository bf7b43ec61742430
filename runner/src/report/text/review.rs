// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The review of the patches: its notes, the stack of functions, and the checks.

use std::fmt::Write as _;

use console::Style;
use reglist_suite::report::review::{Check, Review, StackUse};

use crate::report::paragraph::{indented, labelled};
use crate::report::reviewed::{outcome, sentence, stack};
use crate::report::words::{count, plain};
use crate::system::verbosity::Verbosity;

/// Functions that are shown without `--verbose`.
const MOST: usize = 12;

/// Writes the review; quiet leaves out everything but its notes.
pub(super) fn write(text: &mut String, review: &Review, verbosity: Verbosity) {
    if verbosity.is_quiet() && review.notes.is_empty() {
        return;
    }
    let _ = writeln!(text, "{}: {}", Style::new().bold().apply_to("review of the patches"), outcome(review));
    for note in &review.notes {
        indented(text, 2, &format!("{} {}", Style::new().yellow().apply_to("note"), sentence(note)));
    }
    if review.left_out > 0 {
        indented(text, 2, &format!("{} more, in the logs", count(review.left_out, "note")));
    }
    if !verbosity.is_quiet() {
        details(text, review, verbosity);
    }
    text.push('\n');
}

fn details(text: &mut String, review: &Review, verbosity: Verbosity) {
    let most = if verbosity.is_verbose() { usize::MAX } else { MOST };
    let mut functions: Vec<&StackUse> = review.stack.iter().collect();
    functions.sort_by_key(|used| std::cmp::Reverse(used.bytes.abs_diff(used.base.unwrap_or_default())));
    if !functions.is_empty() {
        let uses: Vec<String> = functions.iter().take(most).map(|used| stack(used)).collect();
        let more = functions.len().saturating_sub(most);
        let more = if more > 0 { format!("; {}", count(more, "more function")) } else { String::new() };
        labelled(text, "stack", &(uses.join("; ") + &more));
    }
    let (missing, ran): (Vec<&Check>, Vec<&Check>) = review.checks.iter().partition(|check| check.missing.is_some());
    let ran: Vec<String> = ran.iter().map(|check| format!("{} ({})", plain(&check.name), plain(&check.tool))).collect();
    if !ran.is_empty() {
        labelled(text, "checks", &ran.join(", "));
    }
    for check in missing {
        let why = check.missing.as_deref().unwrap_or_default();
        labelled(text, "not run", &format!("{}: {}", plain(&check.name), plain(why)));
    }
    review.remarks.iter().for_each(|remark| labelled(text, "remark", &plain(remark)));
}

#[cfg(test)]
mod tests {
    use reglist_suite::report::review::Note;

    use super::*;
    use crate::report::paragraph::WIDTH;

    fn review() -> Review {
        let check = |name: &str, missing: Option<&str>| Check {
            name: name.into(),
            tool: "tool -W".into(),
            missing: missing.map(Into::into),
        };
        Review {
            checks: vec![check("warnings", None), check("sparse", Some("sparse is not installed"))],
            notes: vec![Note {
                check: "warnings".into(),
                file: "arch/loongarch/kvm/vcpu.c".into(),
                line: Some(7),
                function: Some("walk".into()),
                message: "comparison of unsigned expression in '< 0' is always false".into(),
            }],
            left_out: 2,
            stack: vec![
                StackUse { file: "a.c".into(), function: "small".into(), bytes: 16, base: Some(32) },
                StackUse { file: "a.c".into(), function: "walk".into(), bytes: 240, base: None },
            ],
            remarks: vec!["README is not built".into()],
        }
    }

    #[test]
    fn a_review_has_notes_stack_and_checks() {
        let mut text = String::new();
        write(&mut text, &review(), Verbosity::Normal);
        let text = console::strip_ansi_codes(&text);
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        for line in [
            "review of the patches: 3 notes\n",
            "  note arch/loongarch/kvm/vcpu.c:7, walk: comparison",
            "  2 notes more, in the logs\n",
            "  stack:      walk 240 bytes (new); small 16 bytes (was 32)\n",
            "  checks:     warnings (tool -W)\n",
            "  not run:    sparse: sparse is not installed\n",
            "  remark:     README is not built\n",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    #[test]
    fn quiet_shows_notes_only() {
        let mut text = String::new();
        write(&mut text, &Review { notes: Vec::new(), left_out: 0, ..review() }, Verbosity::Quiet);
        assert_eq!(text, "");
        write(&mut text, &review(), Verbosity::Quiet);
        assert!(text.contains("note") && !text.contains("stack"), "{text}");
    }
}
