// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Errors of patches. All of them are about the patch itself; trouble of this
//! machine has other errors.

use std::io;
use std::path::PathBuf;

use super::mail::MailError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum PatchError {
    #[error("failed to read the patch `{}`\n[name a readable diff or mail]", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("the patch `{}` is larger than {} MiB\n[name a unified diff, or a mail that contains one]", path.display(), most >> 20)]
    TooLarge { path: PathBuf, most: u64 },
    #[error("the patch `{}` has more than {most} lines\n[name a unified diff, or a mail that contains one]", path.display())]
    TooManyLines { path: PathBuf, most: usize },
    #[error("the patch `{}` is {what}\n[{remedy}]", path.display())]
    NotText { path: PathBuf, what: &'static str, remedy: &'static str },
    #[error("the directory `{}` has no patches: no {endings}\n[name a file, or another directory]", path.display())]
    EmptyDirectory { path: PathBuf, endings: String },
    #[error("the patch `{}` is empty\n[name a unified diff, or a mail that contains one]", path.display())]
    Empty { path: PathBuf },
    #[error("`{}` is not a patch: it has no `---`, `+++` and `@@` lines\n[name a unified diff, or a mail that contains one]", path.display())]
    NotAPatch { path: PathBuf },
    #[error("the patch `{}` {what}\n[{remedy}]", path.display())]
    Unusable { path: PathBuf, what: String, remedy: &'static str },
    #[error("failed to decode the mail `{}`", path.display())]
    Mail { path: PathBuf, source: MailError },
    #[error("the patch `{}` is damaged at line {line}{of}: {problem}: `{wrong}`\n[save the mail or the diff again; a mail client may have wrapped its lines]", path.display())]
    Damaged {
        path: PathBuf,
        line: usize,
        /// What the line number counts, if not the lines of the file.
        of: &'static str,
        /// The start of that line.
        wrong: String,
        problem: &'static str,
    },
    #[error("line {line} of the patch `{}` names `{}`, outside the kernel's source\n[write paths with a/ and b/, without `..`]", path.display(), name.escape_debug())]
    Outside { path: PathBuf, line: usize, name: String },
    #[error("the patch `{}` changes `{name}`, which Linux {release} does not have\n[choose the patch's kernel with --kernel or --kernel-src; write paths with a/ and b/]", path.display())]
    NoSuchFile { path: PathBuf, name: String, release: String },
    #[error("the patch `{}` needs git for `{name}`: a mode, a rename, an empty or a binary file\n[install git]", path.display())]
    NeedsGit { path: PathBuf, name: String },
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
