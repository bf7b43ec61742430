// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Reads unified diffs by the rules of `git apply` (git's apply.c): which parts of
//! a text are changes, which files they name, and whether their hunks are whole.

use std::ops::Range;

/// The change of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Part {
    /// The text of this change alone.
    pub(crate) text: Vec<u8>,
    /// The file before; none for a new file.
    pub(crate) old: Option<String>,
    /// The file after; none for a removed file.
    pub(crate) new: Option<String>,
    pub(crate) hunks: Vec<Hunk>,
    /// Whether only git can apply it: a mode, a rename, an empty or a binary file.
    pub(crate) needs_git: bool,
}

impl Part {
    /// The files that it changes, creates or removes.
    pub(crate) fn touches(&self) -> impl Iterator<Item = &String> {
        self.old.iter().chain(&self.new)
    }

    /// The file's name for messages.
    pub(crate) fn name(&self) -> &str {
        self.touches().last().map(String::as_str).unwrap_or_default()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hunk {
    /// Its first line in the file before, from 1.
    pub(crate) start: usize,
    /// Lines with their sign: space, `-` or `+`.
    pub(crate) lines: Vec<(char, String)>,
}

impl Hunk {
    /// The lines that the file must have: all but the added ones.
    pub(crate) fn before(&self) -> Vec<&str> {
        self.side('+')
    }

    /// The lines that the file has afterwards: all but the removed ones.
    pub(crate) fn after(&self) -> Vec<&str> {
        self.side('-')
    }

    fn side(&self, without: char) -> Vec<&str> {
        self.lines.iter().filter(|(sign, _)| *sign != without).map(|(_, line)| line.as_str()).collect()
    }
}

/// Why a text is not a valid diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Damage {
    /// Line number, from 1, and the problem.
    Broken(usize, &'static str),
    /// Line number, from 1, and the name of a file outside the kernel's source.
    Outside(usize, String),
}

/// The changes of a text; other lines are ignored.
///
/// # Errors
/// A change is damaged, or names a file outside the tree.
pub(crate) fn parse(text: &[u8]) -> Result<Vec<Part>, Damage> {
    let readable = String::from_utf8_lossy(text);
    let lines = readable.split('\n').map(|line| line.trim_end_matches('\r')).collect();
    let raw = text.split_inclusive(|byte| *byte == b'\n').collect();
    let parser = Parser { lines, raw };
    let mut parts = Vec::new();
    let mut at = 0;
    while at < parser.raw.len() {
        let found = match parser.line(at) {
            line if line.starts_with("diff --git ") => parser.git(at)?,
            line if line.starts_with("--- ") && parser.line(at + 2).starts_with("@@ -") => parser.traditional(at)?,
            _ => None,
        };
        at = match found {
            Some((end, part)) => {
                parts.push(part);
                end
            }
            None => at + 1,
        };
    }
    Ok(parts)
}

struct Parser<'t> {
    lines: Vec<&'t str>,
    /// The same lines with their ends.
    raw: Vec<&'t [u8]>,
}

type Found = Option<(usize, Part)>;

impl Parser<'_> {
    /// A line by its index; empty after the end.
    fn line(&self, at: usize) -> &str {
        self.lines.get(at).copied().unwrap_or_default()
    }

    fn text(&self, lines: Range<usize>) -> Vec<u8> {
        let mut text = self.raw.get(lines).unwrap_or_default().concat();
        if !text.ends_with(b"\n") {
            text.push(b'\n');
        }
        text
    }

    /// A change that begins with `---` and `+++`.
    fn traditional(&self, start: usize) -> Result<Found, Damage> {
        if !self.line(start + 1).starts_with("+++ ") {
            return Ok(None);
        }
        let mut part = Part::default();
        let end = self.files_and_hunks(start, &mut part)?;
        part.text = self.text(start..end);
        Ok(Some((end, part)))
    }

    /// A change that begins with `diff --git`; none if no change follows.
    fn git(&self, start: usize) -> Result<Found, Damage> {
        let mut part = Part::default();
        let header = self.line(start).strip_prefix("diff --git ").and_then(common_name);
        if let Some(name) = header {
            let name = inside(name, start)?;
            (part.old, part.new) = (Some(name.clone()), Some(name));
        }
        let mut at = start + 1;
        loop {
            let line = self.line(at);
            let after = |words: [&str; 2]| words.iter().find_map(|word| line.strip_prefix(word));
            if let Some(name) = after(["rename from ", "copy from "]) {
                part.old = Some(inside(unquoted(name), at)?);
            } else if let Some(name) = after(["rename to ", "copy to "]) {
                part.new = Some(inside(unquoted(name), at)?);
            } else if line.starts_with("new file mode ") {
                part.old = None;
            } else if line.starts_with("deleted file mode ") {
                part.new = None;
            } else if after(["old mode ", "new mode "]).is_none() {
                if after(["index ", "similarity index "]).is_none() && !line.starts_with("dissimilarity index ") {
                    break;
                }
                at += 1;
                continue;
            }
            part.needs_git = true;
            at += 1;
        }
        if self.line(at).starts_with("--- ") && self.line(at + 1).starts_with("+++ ") {
            at = self.files_and_hunks(at, &mut part)?;
        } else if self.line(at) == "GIT binary patch" {
            part.needs_git = true;
            at += 1;
            while at < self.raw.len() && !self.line(at).starts_with("diff --git ") && self.line(at) != "-- " {
                at += 1;
            }
        } else if self.line(at).starts_with("Binary files ") && self.line(at).ends_with(" differ") {
            return Err(Damage::Broken(at + 1, "the binary content is missing: write it with `git diff --binary`"));
        } else if !part.needs_git {
            return Ok(None);
        }
        if part.old.is_none() && part.new.is_none() {
            return Err(Damage::Broken(start + 1, "a change without a file"));
        }
        part.text = self.text(start..at);
        Ok(Some((at, part)))
    }

    /// Reads the two lines with the names and the hunks; returns the next index.
    fn files_and_hunks(&self, start: usize, part: &mut Part) -> Result<usize, Damage> {
        part.old = named(&self.line(start)[4..], start)?;
        part.new = named(&self.line(start + 1)[4..], start + 1)?;
        if part.old.is_none() && part.new.is_none() {
            return Err(Damage::Broken(start + 1, "a change from /dev/null to /dev/null"));
        }
        let mut at = start + 2;
        while self.line(at).starts_with("@@ -") {
            let (hunk, end) = self.hunk(at)?;
            part.hunks.push(hunk);
            at = end;
        }
        if part.hunks.is_empty() {
            return Err(Damage::Broken(start + 1, "a change without a hunk"));
        }
        Ok(at)
    }

    fn hunk(&self, header: usize) -> Result<(Hunk, usize), Damage> {
        let (start, mut old, mut new) =
            counts(self.line(header)).ok_or(Damage::Broken(header + 1, "a hunk header without line numbers"))?;
        let mut hunk = Hunk { start, lines: Vec::new() };
        let mut at = header + 1;
        while old > 0 || new > 0 {
            if at >= self.raw.len() {
                return Err(Damage::Broken(at, "the file ends inside a hunk: it was cut off"));
            }
            let line = self.line(at);
            let text = line.get(1..).unwrap_or_default().to_owned();
            match line.bytes().next() {
                Some(b' ') | None if old > 0 && new > 0 => {
                    (old, new) = (old - 1, new - 1);
                    hunk.lines.push((' ', text));
                }
                Some(b'-') if old > 0 => {
                    old -= 1;
                    hunk.lines.push(('-', text));
                }
                Some(b'+') if new > 0 => {
                    new -= 1;
                    hunk.lines.push(('+', text));
                }
                Some(b'\\') => {}
                _ => return Err(Damage::Broken(at + 1, "not a line of a hunk; the line before it may be wrapped")),
            }
            at += 1;
        }
        if self.line(at).starts_with('\\') {
            at += 1;
        }
        Ok((hunk, at))
    }
}

/// The name of a `---` or `+++` line without `a/` or `b/`; none for `/dev/null`.
fn named(text: &str, at: usize) -> Result<Option<String>, Damage> {
    let name = unquoted(text.split('\t').next().unwrap_or_default().trim_end());
    if name == "/dev/null" {
        return Ok(None);
    }
    match name.split_once('/') {
        Some((first, rest)) if !first.is_empty() => inside(rest.to_owned(), at).map(Some),
        _ => Err(Damage::Outside(at + 1, name)),
    }
}

/// A relative name without `.`, `..` and control characters.
fn inside(name: String, at: usize) -> Result<String, Damage> {
    let is_plain = name.split('/').all(|part| !matches!(part, "" | "." | ".."));
    let is_safe = is_plain && !name.contains(|c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER);
    if is_safe { Ok(name) } else { Err(Damage::Outside(at + 1, name)) }
}

/// The name in `a/NAME b/NAME`, quoted or not; none if they differ.
fn common_name(text: &str) -> Option<String> {
    let half = text.len().checked_sub(1)? / 2;
    let (old, new) = (text.get(..half)?, text.get(half + 1..)?);
    let stripped = |name: &str| unquoted(name).split_once('/').map(|(_, rest)| rest.to_owned());
    (text.get(half..=half) == Some(" ") && stripped(old) == stripped(new)).then(|| stripped(old)).flatten()
}

/// A name without git's quotes (git's quote.c): `"a/\303\244"` is `a/ä`.
fn unquoted(name: &str) -> String {
    let Some(inner) = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) else {
        return name.to_owned();
    };
    let mut bytes = Vec::new();
    let mut rest = inner.bytes().peekable();
    while let Some(byte) = rest.next() {
        let escaped = match byte {
            b'\\' => rest.next().unwrap_or_default(),
            _ => {
                bytes.push(byte);
                continue;
            }
        };
        bytes.push(match escaped {
            b'a' => 0x07,
            b'b' => 0x08,
            b't' => b'\t',
            b'n' => b'\n',
            b'v' => 0x0b,
            b'f' => 0x0c,
            b'r' => b'\r',
            b'0'..=b'7' => {
                let digits = std::iter::from_fn(|| rest.next_if(|next| (b'0'..=b'7').contains(next)));
                digits.take(2).fold(escaped - b'0', |value, digit| value.wrapping_mul(8).wrapping_add(digit - b'0'))
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// First old line, old and new line counts of `@@ -1,2 +3,4 @@`.
fn counts(header: &str) -> Option<(usize, usize, usize)> {
    let mut ranges = header.strip_prefix("@@ -")?.split(" @@").next()?.split(" +");
    let mut range = || {
        let range = ranges.next()?;
        let (start, count) = range.split_once(',').unwrap_or((range, "1"));
        Some((start.parse::<usize>().ok()?, count.parse::<usize>().ok()?))
    };
    let ((start, old), (_, new)) = (range()?, range()?);
    Some((start, old, new))
}
