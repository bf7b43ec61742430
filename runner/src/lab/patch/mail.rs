// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Decodes mails with `git mailsplit` and `git mailinfo`, as `git am` does:
//! transfer encodings, attachments, several mails in one file.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Command, Output};

/// Maximum mails in a file: several times the longest series.
const MOST: usize = 1000;

/// One mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mail {
    /// Name and address.
    pub(crate) author: String,
    pub(crate) subject: String,
    /// Message and diff, decoded.
    pub(crate) text: Vec<u8>,
    /// What follows the message: the diff.
    pub(crate) diff: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum MailError {
    #[error("failed to run git, which decodes mails\n[install git, or name a plain diff]")]
    NoGit(#[source] io::Error),
    #[error("git cannot read the mail: {said}\n[save the raw mail again, or name a plain diff]")]
    Git { said: String },
    #[error("more than {MOST} mails\n[name the mails of one series]")]
    Many,
    #[error("failed to keep the mail in a temporary directory\n[free disk space, or set TMPDIR]")]
    Scratch(#[source] io::Error),
}

/// Whether a text begins as a mail or a mailbox does.
pub(crate) fn is_mail(text: &[u8]) -> bool {
    let start = String::from_utf8_lossy(text.get(..text.len().min(1 << 16)).unwrap_or_default());
    let mut lines = start.lines().skip_while(|line| line.trim().is_empty()).peekable();
    if lines.peek().is_some_and(|line| line.starts_with("From ")) {
        return true;
    }
    let header = lines.take_while(|line| !line.trim().is_empty());
    let mut is_known = false;
    for line in header {
        let name = line.split(':').next().unwrap_or_default();
        let is_field = line.contains(':') && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !is_field && !line.starts_with([' ', '\t']) {
            break;
        }
        is_known |= ["from", "subject", "content-type", "message-id", "received", "return-path"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known));
    }
    is_known
}

/// Whether the lines are readable without git.
pub(crate) fn is_encoded(text: &[u8]) -> bool {
    String::from_utf8_lossy(text).lines().any(|line| {
        let line = line.to_ascii_lowercase();
        line.strip_prefix("content-transfer-encoding:")
            .is_some_and(|value| matches!(value.trim(), "quoted-printable" | "base64"))
    })
}

/// The mails of a text, in its order.
pub(crate) fn mails(text: &[u8]) -> Result<Vec<Mail>, MailError> {
    // git needs a file and a process for each.
    let begins = |line: &&[u8]| line.starts_with(b"From ") && line.contains(&b':');
    if text.split(|byte| *byte == b'\n').filter(begins).count() > MOST {
        return Err(MailError::Many);
    }
    let scratch = tempfile::Builder::new().prefix("reglist-mail-").tempdir().map_err(MailError::Scratch)?;
    let place = scratch.path();
    let whole = place.join("mbox");
    fs::write(&whole, text).map_err(MailError::Scratch)?;
    let parts = place.join("mails");
    fs::create_dir(&parts).map_err(MailError::Scratch)?;
    let split = run(place, git(place).args(["mailsplit", "-b", "-d5", "-omails", "mbox"]))?;
    let count: usize = String::from_utf8_lossy(&split.stdout).trim().parse().unwrap_or_default();
    let mut mails = Vec::new();
    for number in 1..=count {
        let mail = parts.join(format!("{number:05}"));
        let input = File::open(&mail).map_err(MailError::Scratch)?;
        // Lines of an encoded mail may end in CRLF; git am offers the same action.
        let mut command = git(place);
        command.args(["mailinfo", "-k", "--quoted-cr=strip", "message", "diff"]).stdin(input);
        let info = run(place, &mut command)?;
        let info = String::from_utf8_lossy(&info.stdout).into_owned();
        let subject = info.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap_or_default().to_owned();
        let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        let author = format!("{} <{}>", field("Author: "), field("Email: "));
        let read = |name: &str| fs::read(place.join(name)).map_err(MailError::Scratch);
        let diff = read("diff")?;
        let text = [read("message")?, diff.clone()].concat();
        mails.push(Mail { author, subject, text, diff });
    }
    Ok(mails)
}

/// git without the user's configuration and outside any repository.
fn git(place: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(place).env_clear().env("LC_ALL", "C").env("HOME", place);
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CEILING_DIRECTORIES", place);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

fn run(place: &Path, command: &mut Command) -> Result<Output, MailError> {
    let output = command.output().map_err(MailError::NoGit)?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr).replace(&format!("{}/", place.display()), "");
    Err(MailError::Git { said: said.lines().next().unwrap_or("no reason").to_owned() })
}
