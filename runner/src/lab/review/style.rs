// SPDX-License-Identifier: Apache-2.0 OR MIT
//! checkpatch.pl of the kernel, on each patch.

use std::fs;
use std::path::Path;

use reglist_suite::report::review::Note;

use super::run::run;
use crate::lab::error::LabError;
use crate::lab::patch::{Letter, PatchFile};
use crate::lab::toolchain::Toolchain;
use crate::system::files::FileError;
use crate::system::sandbox::{Mount, Room};
use crate::system::session::Session;
use crate::system::stage::{Stage, Step};

pub(super) const NAME: &str = "checkpatch";

/// Runs checkpatch on every patch; `scripts` has it, and `scratch` is for the patches.
/// Also returns why it did not work, if it did not.
pub(super) fn check(
    session: &Session,
    toolchain: &Toolchain,
    stage: &mut Stage<'_>,
    patches: &[PatchFile],
    scripts: &Path,
    scratch: &Path,
) -> Result<(Vec<Note>, Option<String>), LabError> {
    let room = toolchain
        .room(session)
        .with(Mount::ReadOnly { from: scripts.to_owned(), to: "/scripts" })
        .with(Mount::ReadOnly { from: scratch.to_owned(), to: "/review" });
    let (mut notes, mut trouble) = (Vec::new(), None);
    for patch in patches {
        for diff in &patch.diffs {
            let path = scratch.join("letter.patch");
            if !session.planning() {
                fs::write(&path, &diff.letter.text).map_err(FileError::write(&path))?;
            }
            let (is_clean, lines) = run(stage, &step(toolchain, &room, &diff.letter, patch.is_own))?;
            let name = patch.path.file_name().unwrap_or(patch.path.as_os_str()).to_string_lossy();
            let mut found = lines.iter().filter_map(|line| read(line, &name)).peekable();
            if !is_clean && found.peek().is_none() {
                let said = lines.last().map_or("no output", String::as_str);
                trouble = Some(format!("failed on {name}: {said}"));
            }
            for note in found {
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
    }
    Ok((notes, trouble))
}

fn step(toolchain: &Toolchain, room: &Room, letter: &Letter, is_own: bool) -> Step {
    let mut step = toolchain
        .step(room, ["perl", "/scripts/checkpatch.pl", "--no-tree", "--terse", "--show-types", "--showfile"])
        .arguments(["--no-summary", "--color=never"]);
    // A diff has no message to sign, and nobody sends the lab's own patches.
    if is_own || !letter.is_mail {
        step = step.arguments(["--no-signoff"]);
    }
    if !letter.is_mail {
        step = step.arguments(["--ignore", "COMMIT_MESSAGE,COMMIT_LOG_LONG_LINE,FROM_SIGN_OFF_MISMATCH"]);
    }
    step.argument("/review/letter.patch")
}

/// Reads `FILE:LINE: LEVEL:TYPE: MESSAGE`. `patch` is the patch's name.
fn read(line: &str, patch: &str) -> Option<Note> {
    let (place, rest) = line.split_once(": ")?;
    let (level, rest) = rest.split_once(':')?;
    if !matches!(level, "ERROR" | "WARNING" | "CHECK") {
        return None;
    }
    let (kind, message) = rest.split_once(": ")?;
    let (file, number) = place.rsplit_once(':')?;
    let number: usize = number.parse().ok()?;
    // What is about the whole patch has the place where checkpatch noticed it.
    let is_of_patch = file.is_empty() || file.starts_with(['#', '/']) || kind == "MISSING_SIGN_OFF";
    let (file, line) = if is_of_patch { (patch, None) } else { (file, Some(number)) };
    Some(Note {
        check: NAME.to_owned(),
        file: file.to_owned(),
        line,
        function: None,
        message: format!("{} [{kind}]", message.trim()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_place_kind_and_message() {
        let note = read("arch/x/a.c:12: WARNING:BRACES: braces are not needed", "v6.patch").unwrap();
        assert_eq!((note.file.as_str(), note.line), ("arch/x/a.c", Some(12)));
        assert_eq!(note.message, "braces are not needed [BRACES]");
    }

    #[test]
    fn a_fault_of_the_mail_is_the_patchs() {
        for line in [
            "arch/x/a.c:99: ERROR:MISSING_SIGN_OFF: no sign-off",
            "/review/letter.patch:7: WARNING:COMMIT_MESSAGE: no description",
        ] {
            let note = read(line, "v6.patch").unwrap();
            assert_eq!((note.file.as_str(), note.line), ("v6.patch", None), "{line}");
        }
        for line in ["", "total: 0 errors", "a.c:x: WARNING:A: b", "perl: warning: no locale"] {
            assert_eq!(read(line, "v6.patch"), None, "{line}");
        }
    }
}
