// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Reading a patch, for `ci/fuzz`. A million runs are possible only without git.

use std::path::Path;

use super::mail::Mail;
use super::{Misfit, PatchError, PatchFile};
use crate::system::output::chain;

const NAME: &str = "a.patch";

/// A patch, read without git.
pub(crate) fn without_git(patch: &[u8]) -> Result<PatchFile, PatchError> {
    PatchFile::decoded(Path::new(NAME), patch.to_vec(), |text| Ok(mails(text)))
}

/// A patch, read with git.
pub(crate) fn with_git(patch: &[u8]) -> Result<PatchFile, PatchError> {
    PatchFile::parse(Path::new(NAME), patch.to_vec())
}

/// The messages about a patch, and about a file that it may not fit.
pub(crate) fn messages(patch: Result<PatchFile, PatchError>, file: &[u8]) -> Vec<String> {
    let patch = match patch {
        Ok(patch) => patch,
        Err(error) => return vec![chain(&error)],
    };
    let mut told = patch.remarks.clone();
    told.push(patch.label().value);
    told.extend(patch.touches().cloned());
    let file = String::from_utf8_lossy(file);
    for part in patch.diffs.iter().flat_map(|diff| &diff.parts) {
        assert!(part.text.ends_with(b"\n"));
        assert!(part.needs_git || !part.hunks.is_empty());
        if let Misfit::Lines(lines) = Misfit::of(part, &file) {
            told.extend(lines);
        }
    }
    told
}

/// The mails of a mailbox, without their encodings.
fn mails(text: &[u8]) -> Vec<Mail> {
    let text = String::from_utf8_lossy(text);
    let mails = text.split("\nFrom ").map(|mail| {
        let subject = mail.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap_or_default().to_owned();
        Mail { author: String::new(), subject, text: mail.into(), diff: mail.into() }
    });
    mails.collect()
}
