// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Expected failures, unexpected passes, and useless entries of the file.

use console::Style;

use crate::record::known::Judged;
use crate::report::id::by_key;
use crate::report::paragraph::{hanging, labelled};
use crate::report::words::useless_entries;

/// Writes a paragraph for each matching or useless entry.
pub(super) fn write(text: &mut String, judged: &Judged) {
    let (known, unexpected) = (Style::new().yellow(), Style::new().red().bold());
    for (cases, word, style) in
        [(&judged.failing, "expected failure", known), (&judged.passing, "UNEXPECTED PASS", unexpected)]
    {
        for (entry, cases) in by_key(cases.iter().map(|(case, entry)| (entry, case.as_str()))) {
            text.push('\n');
            hanging(text, &format!("{}: {entry}", style.apply_to(word)));
            labelled(text, "cases", &cases.join(", "));
            if word == "UNEXPECTED PASS" {
                hanging(text, &format!("[remove the entry: {}:{}]", judged.file, entry.line));
            }
        }
    }
    let useless = useless_entries(&judged.file, &judged.expired, &judged.unmatched);
    if !useless.is_empty() {
        text.push('\n');
    }
    for sentence in useless {
        hanging(text, &format!("{} {sentence}", Style::new().yellow().apply_to("warning:")));
    }
}
