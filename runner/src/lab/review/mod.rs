// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The review of patches before the boot: what tools say of the kernel with the patches
//! and do not say of it without them.
//!
//! It compiles only the changed files, in a directory of its own. What a patch brings runs
//! in the sandbox, as in a build.

mod built_in;
mod compile;
mod diagnostics;
mod files;
mod run;
mod stack;
mod style;

use std::fs;
use std::path::Path;
use std::time::Duration;

use reglist_suite::report::review::{Check, Note, Review};

use self::compile::{Compiled, WARNINGS, compile};
use self::diagnostics::Diagnostic;
use self::files::Files;
use super::apply::Changes;
use super::build::Bench;
use super::error::LabError;
use super::patch::PatchFile;
use super::recipe;
use super::source::{Source, scripts};
use super::toolchain::Toolchain;
use crate::system::files::FileError;
use crate::system::sandbox::Mount;
use crate::system::session::Session;
use crate::system::stage::Stage;

/// Tools of the review that the host may lack, with their Debian packages.
pub(crate) const TOOLS: [(&str, &str); 2] = [("sparse", "sparse"), ("perl", "perl")];
const LIMIT: Duration = Duration::from_secs(20 * 60);
/// More notes help nobody, and a patch decides how many there are.
const MOST_NOTES: usize = 200;
/// The same for the characters of a message, and the functions of the stack.
const LONGEST: usize = 400;
const MOST_FUNCTIONS: usize = 500;

/// Reviews patches, which have made `changes` to the source.
pub(crate) fn review(
    session: &Session,
    toolchain: &Toolchain,
    source: &Source,
    patches: &[PatchFile],
    changes: &Changes,
) -> Result<Review, LabError> {
    let scratch = session.cache().scratch("review")?;
    let place = scratch.path();
    if !session.planning() {
        for (name, content) in recipe::review()? {
            let path = place.join(name);
            fs::write(&path, content).map_err(FileError::write(&path))?;
        }
    }
    let mut review = Review::default();
    code(session, toolchain, source, (patches, changes), place, &mut review)?;
    mails(session, toolchain, source, patches, place, &mut review)?;
    Ok(bounded(review))
}

/// Compiles the changed files, and compares.
fn code(
    session: &Session,
    toolchain: &Toolchain,
    source: &Source,
    (patches, changes): (&[PatchFile], &Changes),
    scripts: &Path,
    review: &mut Review,
) -> Result<(), LabError> {
    let bench = Bench::new(session, toolchain, source)?;
    let exists = |name: &str| session.planning() || changes.get(name).is_some_and(Option::is_some);
    let is_old = |name: &str| source.path.join(name).exists();
    let names = patches.iter().flat_map(PatchFile::touches);
    let Files { objects, base: old, remarks } =
        Files::sort(names, exists, is_old, |object| session.planning() || bench.is_built(object));
    review.remarks.extend(remarks);
    let has_sparse = session.planning() || toolchain.has("sparse");
    let nothing = objects.is_empty().then(|| "no C file to compile".to_owned());
    let no_sparse = (!has_sparse).then(|| "sparse is not installed".to_owned());
    for (name, tool, missing) in [
        ("warnings", WARNINGS, None),
        ("sparse", "sparse C=2", no_sparse),
        (stack::NAME, "gcc -fstack-usage", None),
        (built_in::NAME, "CONFIG_KVM=y", None),
    ] {
        let missing = nothing.clone().or(missing);
        review.checks.push(Check { name: name.to_owned(), tool: tool.to_owned(), missing });
    }
    if objects.is_empty() {
        return Ok(());
    }
    let mut stage = Stage::new(session, "review", LIMIT)?;
    let mount = Mount::ReadOnly { from: scripts.to_owned(), to: "/review" };
    bench.show(&Changes::new())?;
    stage.bar().message("without the patches");
    let base = compile(&bench, &mut stage, &old, &mount, has_sparse, session.jobs())?;
    if !base.is_whole {
        review.remarks.push("the source does not compile without the patches: old warnings may seem new".to_owned());
    }
    bench.show(changes)?;
    stage.bar().message("with the patches");
    let patched = compile(&bench, &mut stage, &objects, &mount, has_sparse, session.jobs())?;
    stage.done("changed files compiled");
    compare(&base, &patched, source, changes, review);
    let built_in = built_in::check(session, &bench, changes, &objects, !old.is_empty())?;
    review.notes.extend(built_in.note);
    if let Some(check) = review.checks.iter_mut().find(|check| check.name == built_in::NAME) {
        check.missing = built_in.missing;
        if !built_in.links {
            check.tool.push_str(", changed files, not linked");
        }
    }
    Ok(())
}

fn compare(base: &Compiled, patched: &Compiled, source: &Source, changes: &Changes, review: &mut Review) {
    let old_text = |name: &str, line: usize| line_of(&fs::read(source.path.join(name)).ok()?, line);
    let text = |name: &str, line: usize| match changes.get(name) {
        Some(content) => line_of(&content.as_ref()?.bytes, line),
        None => old_text(name, line),
    };
    for (check, old, new) in [("warnings", &base.gcc, &patched.gcc), ("sparse", &base.sparse, &patched.sparse)] {
        let found = diagnostics::new(old, new, old_text, text);
        review.notes.extend(found.into_iter().map(|one| note(check, one)));
    }
    review.stack = stack::changed(&base.stack, &patched.stack);
    review.notes.extend(stack::notes(&review.stack));
}

fn note(check: &str, found: Diagnostic) -> Note {
    let Diagnostic { file, line, function, message } = found;
    Note { check: check.to_owned(), file, line: Some(line), function, message }
}

/// A line, without the spaces around it.
fn line_of(content: &[u8], line: usize) -> Option<String> {
    let text = content.split(|byte| *byte == b'\n').nth(line.checked_sub(1)?)?;
    Some(String::from_utf8_lossy(text).trim().to_owned())
}

/// Runs checkpatch.
fn mails(
    session: &Session,
    toolchain: &Toolchain,
    source: &Source,
    patches: &[PatchFile],
    place: &Path,
    review: &mut Review,
) -> Result<(), LabError> {
    let found = scripts(session, toolchain, source)?;
    let mut missing = match &found {
        _ if !session.planning() && !toolchain.has("perl") => Some("perl is not installed".to_owned()),
        None => Some("the source has no scripts/checkpatch.pl".to_owned()),
        Some(_) => None,
    };
    if let (Some(scripts), None) = (&found, &missing) {
        let mut stage = Stage::new(session, "checkpatch", LIMIT)?;
        let notes;
        (notes, missing) = style::check(session, toolchain, &mut stage, patches, scripts, place)?;
        review.notes.extend(notes);
        stage.done("done");
    }
    review.checks.push(Check { name: style::NAME.to_owned(), tool: "checkpatch.pl of the source".to_owned(), missing });
    Ok(())
}

/// The review without more than a record can have.
fn bounded(mut review: Review) -> Review {
    review.left_out = review.notes.len().saturating_sub(MOST_NOTES);
    review.notes.truncate(MOST_NOTES);
    review.stack.truncate(MOST_FUNCTIONS);
    for note in &mut review.notes {
        if note.message.chars().count() > LONGEST {
            note.message = note.message.chars().take(LONGEST).chain("...".chars()).collect();
        }
    }
    review
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_cannot_fill_the_record() {
        let note = note(
            "warnings",
            Diagnostic { file: "a.c".into(), line: 1, function: None, message: "x".repeat(2 * LONGEST) },
        );
        let review = bounded(Review { notes: vec![note; MOST_NOTES + 3], ..Review::default() });
        assert_eq!((review.notes.len(), review.left_out, review.count()), (MOST_NOTES, 3, MOST_NOTES + 3));
        assert_eq!(review.notes[0].message.len(), LONGEST + 3);
    }

    #[test]
    fn lines_count_from_one() {
        assert_eq!(line_of(b"a\n\tb \n", 2).as_deref(), Some("b"));
        assert_eq!((line_of(b"a", 0), line_of(b"a", 2)), (None, None));
    }
}
