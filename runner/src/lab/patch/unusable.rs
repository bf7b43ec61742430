// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Texts around a patch that nobody can apply: what they are, and what to name
//! instead.

/// What a text is, and what to do; none if it is nothing known.
pub(crate) fn reason(text: &[u8]) -> Option<(String, &'static str)> {
    let text = String::from_utf8_lossy(text);
    let start = text.trim_start().get(..4096).unwrap_or(text.trim_start()).to_ascii_lowercase();
    if start.starts_with("<!doctype html") || start.starts_with("<html") || start.starts_with("<?xml") {
        return Some((
            "is a web page".to_owned(),
            "save the raw mail: on lore.kernel.org, add `raw` to the mail's address",
        ));
    }
    let line_with = |sign: &dyn Fn(&str) -> bool| text.lines().position(sign).map(|at| at + 1);
    if let Some(line) = line_with(&|line| line.contains("\x1b[")) {
        return Some((
            format!("has terminal colours (line {line})"),
            "write it with `git format-patch` or `git diff --no-color`",
        ));
    }
    if let Some(line) = line_with(&|line| line.contains("@xxxxxxx")) {
        return Some((
            format!("comes from an archive that replaced text after @ (line {line})"),
            "get the raw mail, for example from lore.kernel.org",
        ));
    }
    let is_header = |line: &str| line.starts_with("diff --git ") || line.starts_with("+++ ");
    let is_quoted = |line: &str| line.starts_with('>') && is_header(line.trim_start_matches(['>', ' ', '|']));
    if let Some(line) = line_with(&is_quoted) {
        return (!text.lines().any(is_header)).then(|| {
            (format!("quotes a patch, each line behind `>` (line {line})"), "name the mail that this one replies to")
        });
    }
    let is_statistics = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        matches!(words.as_slice(), [count, "file" | "files", "changed,", ..] if count.parse::<u32>().is_ok())
    };
    if !text.lines().any(is_header) && text.lines().any(is_statistics) {
        let what = "is a cover letter: it names changes and contains no diff".to_owned();
        return Some((what, "name the patches of the series, or the mailbox of the whole thread"));
    }
    None
}
