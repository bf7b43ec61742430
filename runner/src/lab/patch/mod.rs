// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Patches as people have them: diffs, mails, mailboxes, gzip, directories of
//! these. Reading them happens before downloads and builds.

mod diff;
mod error;
#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
mod mail;
mod misfit;
mod unusable;

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use reglist_suite::report::events::Label;

use diff::Damage;
pub(super) use diff::Part;
pub(crate) use error::PatchError;
use mail::{Mail, MailError};
pub(super) use misfit::Misfit;

use crate::system::digest;

/// Maximum size in bytes of a patch, also after decompression. The largest kernel
/// release is a patch of some 60 MiB.
const MOST: u64 = 64 << 20;
/// Maximum lines: twice the lines of that patch.
const MOST_LINES: usize = 4_000_000;
/// Names of patches in a directory.
const ENDINGS: [&str; 8] = ["patch", "diff", "mbox", "eml", "patch.gz", "diff.gz", "mbox.gz", "eml.gz"];
const STANDARD_INPUT: &str = "-";

/// One file with patches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PatchFile {
    /// Where it came from.
    pub(crate) path: PathBuf,
    /// Checksum of its bytes.
    digest: String,
    /// The diffs in order; more than one from a mailbox with a series.
    pub(crate) diffs: Vec<Diff>,
    /// Whether it belongs to the lab's recipe.
    pub(crate) is_own: bool,
    /// What was left out while reading: replies, missing parts of a series.
    pub(crate) remarks: Vec<String>,
}

/// The diff of one mail or file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Diff {
    /// The mail that brought it, decoded; or the diff with the text around it.
    pub(crate) letter: Letter,
    pub(crate) parts: Vec<Part>,
}

/// The text of a patch as its author wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) text: Vec<u8>,
    /// Whether it is a mail, with a subject and a message.
    pub(crate) is_mail: bool,
}

impl Letter {
    /// A text without a mail's header.
    fn plain(text: &[u8]) -> Self {
        Self { text: text.to_owned(), is_mail: false }
    }

    /// A mail, with the header lines that a reader of patches needs.
    fn mail(mail: &Mail) -> Self {
        let head = format!("From: {}\nSubject: {}\n\n", mail.author, mail.subject);
        Self { text: [head.as_bytes(), &mail.text].concat(), is_mail: true }
    }
}

impl PatchFile {
    /// The patch's name and checksum, for the record.
    pub(crate) fn label(&self) -> Label {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy();
        let name: String = name.chars().filter(|character| !character.is_control()).collect();
        Label { name: Label::PATCH.to_owned(), value: format!("{name} sha256:{}", self.digest) }
    }

    /// The files that it changes, creates or removes.
    pub(crate) fn touches(&self) -> impl Iterator<Item = &String> {
        self.diffs.iter().flat_map(|diff| &diff.parts).flat_map(Part::touches)
    }

    /// Reads a file, a directory with patches in the order of their names, or
    /// standard input (`-`).
    ///
    /// # Errors
    /// Nothing readable, too large, or no valid patch.
    pub(crate) fn read(path: &Path) -> Result<Vec<Self>, PatchError> {
        let unreadable = |source| PatchError::Unreadable { path: path.to_owned(), source };
        if path == Path::new(STANDARD_INPUT) {
            let text = limited(io::stdin().lock(), path)?;
            return Ok(vec![Self::parse(Path::new("standard input"), text)?]);
        }
        if path.is_dir() {
            let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(unreadable)?;
            let mut files: Vec<PathBuf> =
                entries.iter().map(fs::DirEntry::path).filter(|path| is_patch(path)).collect();
            files.sort();
            if files.is_empty() {
                return Err(PatchError::EmptyDirectory {
                    path: path.to_owned(),
                    endings: ENDINGS.map(|ending| format!("*.{ending}")).join(", "),
                });
            }
            return files.iter().map(|file| Self::parse(file, limited(open(file)?, file)?)).collect();
        }
        Ok(vec![Self::parse(path, limited(open(path)?, path)?)?])
    }

    /// `path` is for messages.
    pub(crate) fn parse(path: &Path, bytes: Vec<u8>) -> Result<Self, PatchError> {
        Self::decoded(path, bytes, mail::mails)
    }

    /// As [`Self::parse`]; `mails` decodes mails.
    fn decoded(
        path: &Path,
        bytes: Vec<u8>,
        mails: impl FnOnce(&[u8]) -> Result<Vec<Mail>, MailError>,
    ) -> Result<Self, PatchError> {
        let digest = digest::of_bytes(&bytes);
        let text = unpacked(path, bytes)?;
        if text.iter().all(u8::is_ascii_whitespace) {
            return Err(PatchError::Empty { path: path.to_owned() });
        }
        if text.iter().filter(|byte| **byte == b'\n').count() > MOST_LINES {
            return Err(PatchError::TooManyLines { path: path.to_owned(), most: MOST_LINES });
        }
        let mut remarks = Vec::new();
        let texts = match mail::is_mail(&text) {
            false => vec![(text.clone(), Letter::plain(&text))],
            true => match mails(&text) {
                Ok(mails) => {
                    let mails = series(mails, &mut remarks);
                    mails.into_iter().map(|mail| (mail.diff.clone(), Letter::mail(&mail))).collect::<Vec<_>>()
                }
                Err(MailError::NoGit(_)) if !mail::is_encoded(&text) => {
                    vec![(text.clone(), Letter { text: text.clone(), is_mail: true })]
                }
                Err(source) => return Err(PatchError::Mail { path: path.to_owned(), source }),
            },
        };
        let mut diffs = Vec::new();
        for (diff, letter) in texts {
            let parts = diff::parse(&diff).map_err(|damage| refusal(path, &text, Some((damage, &diff))))?;
            if !parts.is_empty() {
                diffs.push(Diff { letter, parts });
            }
        }
        if diffs.is_empty() {
            return Err(refusal(path, &text, None));
        }
        Ok(Self { path: path.to_owned(), digest, diffs, is_own: false, remarks })
    }

    /// A patch of the lab's recipe.
    pub(crate) fn own(path: &Path, bytes: &[u8]) -> Result<Self, PatchError> {
        Ok(Self { is_own: true, ..Self::parse(path, bytes.to_vec())? })
    }
}

/// Whether a file's name is one of a patch.
pub(crate) fn is_patch(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    ENDINGS.iter().any(|ending| name.strip_suffix(ending).is_some_and(|stem| stem.ends_with('.')))
}

fn open(path: &Path) -> Result<File, PatchError> {
    File::open(path).map_err(|source| PatchError::Unreadable { path: path.to_owned(), source })
}

/// All bytes, up to [`MOST`].
fn limited(from: impl Read, path: &Path) -> Result<Vec<u8>, PatchError> {
    let mut bytes = Vec::new();
    from.take(MOST + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| PatchError::Unreadable { path: path.to_owned(), source })?;
    if bytes.len() as u64 > MOST {
        return Err(PatchError::TooLarge { path: path.to_owned(), most: MOST });
    }
    Ok(bytes)
}

/// The text without compression, byte order mark and CR at the end of all lines.
fn unpacked(path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, PatchError> {
    let unfit = |what, remedy| PatchError::NotText { path: path.to_owned(), what, remedy };
    let text = match bytes.as_slice() {
        [0x1f, 0x8b, ..] => limited(GzDecoder::new(bytes.as_slice()), path)?,
        [0xfd, b'7', b'z', b'X', b'Z', ..] => return Err(unfit("compressed by xz", "decompress it with `unxz`")),
        [b'B', b'Z', b'h', ..] => return Err(unfit("compressed by bzip2", "decompress it with `bunzip2`")),
        [b'P', b'K', 3, 4, ..] => return Err(unfit("a zip archive", "unpack it with `unzip`")),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            return Err(unfit("UTF-16 text", "convert it with `iconv -f UTF-16 -t UTF-8`"));
        }
        [0xef, 0xbb, 0xbf, text @ ..] => text.to_vec(),
        _ => bytes,
    };
    let ends = text.split_inclusive(|byte| *byte == b'\n');
    if text.contains(&b'\r') && ends.clone().all(|line| line.ends_with(b"\r\n") || !line.ends_with(b"\n")) {
        let without = |line: &[u8]| [line.strip_suffix(b"\r\n").unwrap_or(line), b"\n"].concat();
        return Ok(ends.flat_map(without).collect());
    }
    Ok(text)
}

/// The mails with diffs, without replies, in the order of their numbers if every
/// subject has one (`[PATCH v2 3/7]`).
fn series(mails: Vec<Mail>, remarks: &mut Vec<String>) -> Vec<Mail> {
    let is_reply = |mail: &Mail| mail.subject.trim_start().to_lowercase().starts_with("re:");
    let has_patches = mails.iter().any(|mail| !is_reply(mail) && has_diff(mail));
    let mut kept = Vec::new();
    for mail in mails {
        if has_patches && is_reply(&mail) && has_diff(&mail) {
            remarks.push(format!("left out the diff in the reply `{}`", mail.subject.trim()));
        } else if has_diff(&mail) {
            kept.push(mail);
        }
    }
    let numbers: Option<Vec<(usize, usize)>> = kept.iter().map(|mail| number(&mail.subject)).collect();
    if let Some(numbers) = numbers.filter(|_| kept.len() > 1) {
        let total = numbers.iter().map(|(_, of)| *of).max().unwrap_or_default();
        let known: HashSet<usize> = numbers.iter().map(|(number, _)| *number).collect();
        let missing = (1..=total.min(kept.len() * 64)).filter(|number| !known.contains(number));
        let missing: Vec<String> = missing.map(|number| number.to_string()).collect();
        if !missing.is_empty() {
            remarks.push(format!("the series lacks patch {} of {total}", missing.join(", ")));
        }
        kept.sort_by_key(|mail| number(&mail.subject));
    }
    kept
}

fn has_diff(mail: &Mail) -> bool {
    // A damaged diff is told later, with its line.
    diff::parse(&mail.diff).map_or(true, |parts| !parts.is_empty())
}

/// Number and total in `[PATCH v2 3/7] subject`.
fn number(subject: &str) -> Option<(usize, usize)> {
    let (marks, _) = subject.split_once('[')?.1.split_once(']')?;
    let (number, total) = marks.split_whitespace().find_map(|word| word.split_once('/'))?;
    Some((number.parse().ok()?, total.parse().ok()?))
}

/// The error of a text without a usable diff; with the damage of its diff, if it
/// has one.
fn refusal(path: &Path, text: &[u8], damage: Option<(Damage, &[u8])>) -> PatchError {
    let path = path.to_owned();
    match (unusable::reason(text), damage) {
        (_, Some((Damage::Outside(line, name), _))) => PatchError::Outside { path, line, name },
        (Some((what, remedy)), _) => PatchError::Unusable { path, what, remedy },
        (None, Some((Damage::Broken(line, problem), diff))) => {
            let wrong = diff.split(|byte| *byte == b'\n').nth(line - 1).unwrap_or_default();
            let wrong = misfit::short(&String::from_utf8_lossy(wrong));
            // Lines of an encoded mail are not those of its diff.
            let of = if diff == text { "" } else { " of its diff" };
            PatchError::Damaged { path, line, of, wrong, problem }
        }
        (None, None) => PatchError::NotAPatch { path },
    }
}

#[cfg(test)]
mod tests;
