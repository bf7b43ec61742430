// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Reads a patch, as a diff or inside a mail: which files it changes, and whether
//! it is valid. This happens before downloads and builds.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use reglist_suite::report::events::Label;

use crate::system::digest;

#[derive(Debug, thiserror::Error)]
pub(crate) enum PatchError {
    #[error("failed to read the patch `{}`\n[name a readable diff or mail]", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("the patch `{}` is empty\n[name a unified diff, or a mail that contains one]", path.display())]
    Empty { path: PathBuf },
    #[error("`{}` is not a patch: it has no `---`, `+++` and `@@` lines\n[name a unified diff, or a mail that contains one]", path.display())]
    NotAPatch { path: PathBuf },
    #[error("the patch `{}` is damaged at line {line}: {problem}\n[save the mail or the diff again; a mail client may have wrapped its lines]", path.display())]
    Damaged { path: PathBuf, line: usize, problem: &'static str },
    #[error("line {line} of the patch `{}` names `{name}`, outside the kernel's source\n[write paths with a/ and b/, without `..`]", path.display())]
    Outside { path: PathBuf, line: usize, name: String },
    #[error("the patch `{}` changes `{name}`, which Linux {release} does not have\n[choose the patch's kernel with --kernel or --kernel-src; write paths with a/ and b/]", path.display())]
    NoSuchFile { path: PathBuf, name: String, release: String },
    #[error("the patch `{}` does not apply to Linux {release}:{failures}\n[{remedy}]", path.display())]
    DoesNotApply {
        path: PathBuf,
        release: String,
        /// Each failure on its own line.
        failures: String,
        remedy: &'static str,
    },
    #[error("the patch `{}` turns `{name}` into a link or another special file\n[apply it to your own tree and use --kernel-src]", path.display())]
    NotPlain { path: PathBuf, name: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PatchFile {
    /// Where it came from.
    pub(crate) path: PathBuf,
    pub(crate) text: Vec<u8>,
    /// Files that must exist before.
    pub(crate) needs: BTreeSet<String>,
    /// Files that it changes, creates or removes.
    pub(crate) touches: BTreeSet<String>,
}

impl PatchFile {
    /// The patch's name and checksum, for the record.
    pub(crate) fn label(&self) -> Label {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy();
        let name: String = name.chars().filter(|character| !character.is_control()).collect();
        Label { name: Label::PATCH.to_owned(), value: format!("{name} sha256:{}", digest::of_bytes(&self.text)) }
    }

    pub(crate) fn read(path: &Path) -> Result<Self, PatchError> {
        let text = fs::read(path).map_err(|source| PatchError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(path, text)
    }

    /// `path` is for errors.
    pub(crate) fn parse(path: &Path, text: Vec<u8>) -> Result<Self, PatchError> {
        if text.iter().all(u8::is_ascii_whitespace) {
            return Err(PatchError::Empty { path: path.to_owned() });
        }
        let mut reader = Reader { path, needs: BTreeSet::new(), touches: BTreeSet::new() };
        let readable = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = readable.lines().map(|line| line.trim_end_matches('\r')).collect();
        let changes = reader.read(&lines)?;
        if changes == 0 {
            return Err(PatchError::NotAPatch { path: path.to_owned() });
        }
        let Reader { needs, touches, .. } = reader;
        Ok(Self { path: path.to_owned(), text, needs, touches })
    }
}

struct Reader<'p> {
    path: &'p Path,
    needs: BTreeSet<String>,
    touches: BTreeSet<String>,
}

impl Reader<'_> {
    fn read(&mut self, lines: &[&str]) -> Result<usize, PatchError> {
        let mut changes = 0;
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            let number = at + 1;
            let after = |prefix: &str| line.strip_prefix(prefix);
            if let Some(name) = after("rename from ").or_else(|| after("copy from ")) {
                let name = self.inside(name, number)?;
                self.needs.insert(name.clone());
                self.touches.insert(name);
                changes += 1;
            } else if let Some(name) = after("rename to ").or_else(|| after("copy to ")) {
                let name = self.inside(name, number)?;
                self.touches.insert(name);
            } else if line.starts_with("GIT binary patch") {
                return Err(self.damaged(number, "binary changes are not supported"));
            } else if let (Some(old), Some(new)) =
                (after("--- "), lines.get(at + 1).and_then(|next| next.strip_prefix("+++ ")))
            {
                self.file(old, new, number)?;
                at = self.hunks(lines, at + 2)?;
                changes += 1;
                continue;
            }
            at += 1;
        }
        Ok(changes)
    }

    /// The files of one change, from its two header lines.
    fn file(&mut self, old: &str, new: &str, number: usize) -> Result<(), PatchError> {
        let old = self.named(old, number)?;
        let new = self.named(new, number + 1)?;
        if old.is_none() && new.is_none() {
            return Err(self.damaged(number, "a change from /dev/null to /dev/null"));
        }
        // An earlier change or rename of this patch may have created the file.
        self.needs.extend(old.clone().filter(|name| !self.touches.contains(name)));
        self.touches.extend(old.into_iter().chain(new));
        Ok(())
    }

    /// Skips the hunks from line index `at` on; returns the next index.
    fn hunks(&self, lines: &[&str], mut at: usize) -> Result<usize, PatchError> {
        let first = at;
        while let Some(header) = lines.get(at).filter(|line| line.starts_with("@@ ")) {
            let (mut old, mut new) =
                counts(header).ok_or_else(|| self.damaged(at + 1, "a hunk header without line numbers"))?;
            at += 1;
            while old > 0 || new > 0 {
                let line = lines.get(at);
                match line.and_then(|line| line.bytes().next()) {
                    Some(b' ' | b'\t') | None if line.is_some() && old > 0 && new > 0 => {
                        old -= 1;
                        new -= 1;
                    }
                    Some(b'-') if old > 0 => old -= 1,
                    Some(b'+') if new > 0 => new -= 1,
                    Some(b'\\') => {}
                    _ if line.is_none() => {
                        return Err(self.damaged(at, "the file ends inside a hunk"));
                    }
                    _ => return Err(self.damaged(at + 1, "not a line of a hunk")),
                }
                at += 1;
            }
            if lines.get(at).is_some_and(|line| line.starts_with('\\')) {
                at += 1;
            }
        }
        if at == first {
            return Err(self.damaged(at, "a change without a hunk"));
        }
        Ok(at)
    }

    /// The name of a `---` or `+++` line without `a/` or `b/`; none for `/dev/null`.
    fn named(&self, text: &str, number: usize) -> Result<Option<String>, PatchError> {
        let name = text.split('\t').next().unwrap_or_default().trim_end();
        if name == "/dev/null" {
            return Ok(None);
        }
        if name.starts_with('/') {
            return Err(self.outside(name, number));
        }
        match name.split_once('/') {
            Some((_, stripped)) => self.inside(stripped, number).map(Some),
            None => Err(self.outside(name, number)),
        }
    }

    fn inside(&self, name: &str, number: usize) -> Result<String, PatchError> {
        let plain = !name.is_empty()
            && !name.starts_with(['/', '"'])
            && name.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if plain { Ok(name.to_owned()) } else { Err(self.outside(name, number)) }
    }

    fn outside(&self, name: &str, line: usize) -> PatchError {
        PatchError::Outside { path: self.path.to_owned(), line, name: name.to_owned() }
    }

    fn damaged(&self, line: usize, problem: &'static str) -> PatchError {
        PatchError::Damaged { path: self.path.to_owned(), line, problem }
    }
}

/// Old and new line counts of `@@ -1,2 +3,4 @@`.
fn counts(header: &str) -> Option<(usize, usize)> {
    let mut ranges = header.strip_prefix("@@ -")?.split(" @@").next()?.split(" +");
    let mut count = || {
        let range = ranges.next()?;
        let (start, count) = range.split_once(',').unwrap_or((range, "1"));
        start.parse::<usize>().ok()?;
        count.parse::<usize>().ok()
    };
    Some((count()?, count()?))
}

#[cfg(test)]
mod tests;
