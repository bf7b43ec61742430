// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What the file of known failures has to do with a run: failures that fail
//! nothing, passes that do, and entries that are of no use any more.

use console::Style;

use crate::record::known::Judged;
use crate::report::id::by_key;
use crate::report::paragraph::{hanging, labelled};

/// Writes a paragraph for each entry that has anything to do with the run.
pub(super) fn write(text: &mut String, judged: &Judged) {
    let (known, unexpected) = (Style::new().yellow(), Style::new().red().bold());
    for (cases, word, style) in
        [(&judged.failing, "known failure", known), (&judged.passing, "UNEXPECTED PASS", unexpected)]
    {
        for (entry, cases) in by_key(cases.iter().map(|(case, entry)| (entry, case.as_str()))) {
            text.push('\n');
            hanging(text, &format!("{}: {entry}", style.apply_to(word)));
            labelled(text, "cases", &cases.join(", "));
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
