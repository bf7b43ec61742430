// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What the file of known failures has to do with a run: failures that fail
//! nothing, passes that do, and entries that are of no use any more.

use console::Style;

use crate::record::known::{Entry, Judged};
use crate::report::paragraph::{hanging, list};

/// Writes a paragraph for each entry that has anything to do with the run.
pub(super) fn write(text: &mut String, judged: &Judged) {
    let (known, unexpected) = (Style::new().yellow(), Style::new().red().bold());
    for (cases, word, style) in
        [(&judged.failing, "known failure", known), (&judged.passing, "UNEXPECTED PASS", unexpected)]
    {
        for (entry, cases) in by_entry(cases) {
            text.push('\n');
            hanging(text, &format!("{}: {entry}", style.apply_to(word)));
            list(text, "cases", &cases);
            if word == "UNEXPECTED PASS" {
                hanging(text, &format!("[take the entry out: {}:{}]", judged.file, entry.line));
            }
        }
    }
    let useless = judged.expired.iter().map(|entry| (entry, "has expired, and counts no more"));
    let useless = useless.chain(judged.unmatched.iter().map(|entry| (entry, "matches no case")));
    for (position, (entry, why)) in useless.enumerate() {
        if position == 0 {
            text.push('\n');
        }
        let word = Style::new().yellow().apply_to("warning:").to_string();
        hanging(text, &format!("{word} {}:{}: the entry for {} {why}: {entry}", judged.file, entry.line, entry.case));
    }
}

/// Each entry once, with its cases.
fn by_entry(cases: &[(String, Entry)]) -> Vec<(&Entry, Vec<&str>)> {
    let mut entries: Vec<(&Entry, Vec<&str>)> = Vec::new();
    for (case, entry) in cases {
        match entries.iter_mut().find(|(known, _)| known.line == entry.line && known.case == entry.case) {
            Some((_, cases)) => cases.push(case),
            None => entries.push((entry, vec![case])),
        }
    }
    entries
}
