// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Reads a patch, as a diff or inside a mail, far enough to know which files
//! it touches, so that only those need to be copied, and to refuse what must
//! not be applied before anything is downloaded or built.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use reglist_suite::report::events::Label;

use crate::system::digest;

/// A patch that cannot be used as given.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PatchError {
    /// It cannot be read.
    #[error("failed to read the patch `{}`\n[name a diff or a mail that can be read]", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// It holds nothing.
    #[error("the patch `{}` is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// It holds no change.
    #[error("`{}` is not a patch: it has no `---`, `+++` and `@@` lines\n[give a unified diff, or a mail that holds one]", path.display())]
    NotAPatch {
        /// The file.
        path: PathBuf,
    },
    /// It ends, or stops to make sense, inside a change.
    #[error("the patch `{}` is damaged at line {line}: {problem}\n[save the mail or the diff again; a mail client may have wrapped its lines]", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// What is wrong there.
        problem: &'static str,
    },
    /// It wants to change something outside the source.
    #[error("the patch `{}` names `{name}` at line {line}, which is outside the kernel's source\n[paths in a patch begin with a/ and b/ and stay inside]", path.display())]
    Outside {
        /// The file.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// The name.
        name: String,
    },
    /// It changes a file that the source does not have.
    #[error("the patch `{}` changes `{name}`, which Linux {release} does not have\n[is it made for another kernel? paths must begin with a/ and b/]", path.display())]
    NoSuchFile {
        /// The patch.
        path: PathBuf,
        /// The file it changes.
        name: String,
        /// The source.
        release: String,
    },
    /// Hunks that do not fit.
    #[error("the patch `{}` does not apply to Linux {release}:{failures}\n[{remedy}; nothing was changed]", path.display())]
    DoesNotApply {
        /// The patch.
        path: PathBuf,
        /// The source.
        release: String,
        /// Each failure on its own line.
        failures: String,
        /// What to do.
        remedy: &'static str,
    },
    /// It makes something that is not a plain file.
    #[error("the patch `{}` makes `{name}` something else than a plain file\n[apply it to a tree of your own and use --kernel-src]", path.display())]
    NotPlain {
        /// The patch.
        path: PathBuf,
        /// The name.
        name: String,
    },
}

/// A patch and the files it touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PatchFile {
    /// Where it came from.
    pub(crate) path: PathBuf,
    /// Its text.
    pub(crate) text: Vec<u8>,
    /// Files that must be there before.
    pub(crate) needs: BTreeSet<String>,
    /// Files that it changes, makes or removes.
    pub(crate) touches: BTreeSet<String>,
}

impl PatchFile {
    /// Which patch it is, for those who read the run.
    pub(crate) fn label(&self) -> Label {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy();
        let name: String = name.chars().filter(|character| !character.is_control()).collect();
        Label { name: Label::PATCH.to_owned(), value: format!("{name} sha256:{}", digest::of_bytes(&self.text)) }
    }

    /// Reads a patch from a file.
    pub(crate) fn read(path: &Path) -> Result<Self, PatchError> {
        let text = fs::read(path).map_err(|source| PatchError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(path, text)
    }

    /// Reads a patch from its text; `path` is what errors call it.
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
    /// Number of changes found.
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
                return Err(self.damaged(number, "a binary change cannot be applied"));
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
            return Err(self.damaged(number, "a change from nothing to nothing"));
        }
        // What an earlier change of this patch made, or a rename brought here,
        // need not be there before.
        self.needs.extend(old.clone().filter(|name| !self.touches.contains(name)));
        self.touches.extend(old.into_iter().chain(new));
        Ok(())
    }

    /// The line after the last hunk that begins at line index `at`.
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
                    _ => return Err(self.damaged(at + 1, "not a line of the hunk it is in")),
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

    /// The name in a `---` or `+++` line without its first part; none for
    /// `/dev/null`.
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
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<PatchFile, PatchError> {
        PatchFile::parse(Path::new("p.patch"), text.as_bytes().to_vec())
    }

    const CHANGE: &str = "--- a/arch/x.c\n+++ b/arch/x.c\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n";

    #[test]
    fn a_mail_touches_what_its_diff_names() {
        let mail = format!("From: A\nSubject: [PATCH] --- a/no\n\ntext\n---\n x.c | 2 +-\n\n{CHANGE}-- \n2.47\n");
        let patch = parse(&mail).unwrap();
        assert_eq!(patch.touches, BTreeSet::from(["arch/x.c".to_owned()]));
        assert_eq!(patch.needs, patch.touches);
    }

    #[test]
    fn removed_lines_that_look_like_headers_are_content() {
        let patch = parse("--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n one\n--- a/y\n").unwrap();
        assert_eq!(patch.touches, BTreeSet::from(["x".to_owned()]));
    }

    #[test]
    fn new_and_renamed_files_are_not_needed_before() {
        let patch = parse(
            "--- /dev/null\n+++ b/new.c\n@@ -0,0 +1 @@\n+x\n\
             --- a/new.c\n+++ b/new.c\n@@ -1 +1 @@\n-x\n+y\n\
             diff --git a/old.h b/moved.h\nrename from old.h\nrename to moved.h\n\
             --- a/old.h\n+++ b/moved.h\n@@ -1 +1 @@\n-x\n+y\n",
        )
        .unwrap();
        assert_eq!(patch.needs, BTreeSet::from(["old.h".to_owned()]));
        assert_eq!(patch.touches.len(), 3);
    }

    #[test]
    fn what_is_no_patch_is_refused() {
        assert!(matches!(parse(" \n"), Err(PatchError::Empty { .. })));
        assert!(matches!(parse("hello\n"), Err(PatchError::NotAPatch { .. })));
        assert!(matches!(parse("--- a/x\n+++ b/x\n"), Err(PatchError::Damaged { .. })));
    }

    #[test]
    fn damage_is_located() {
        for (text, at) in [
            ("--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n one\n", 4),
            ("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n one\nwrapped\n", 5),
            ("--- a/x\n+++ b/x\n@@ garbage\n", 3),
        ] {
            let Err(PatchError::Damaged { line, .. }) = parse(text) else { panic!("{text}") };
            assert_eq!(line, at, "{text}");
        }
    }

    #[test]
    fn names_outside_the_source_are_refused() {
        for name in ["/etc/passwd", "a/../../etc/passwd", "a//etc/passwd", "bare", "a/"] {
            let text = format!("--- {name}\n+++ {name}\n@@ -1 +1 @@\n-x\n+y\n");
            assert!(matches!(parse(&text), Err(PatchError::Outside { .. })), "{name}");
        }
        let text = "rename from ../x\nrename to y\n";
        assert!(matches!(parse(text), Err(PatchError::Outside { .. })));
    }
}
