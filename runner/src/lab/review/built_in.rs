// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Whether the kernel also builds with KVM built in (CONFIG_KVM=y). The lab itself tests
//! it as a module.

use std::time::Duration;

use reglist_suite::report::review::Note;

use super::diagnostics::plain;
use super::run::run;
use crate::lab::apply::Changes;
use crate::lab::build::Bench;
use crate::lab::error::LabError;
use crate::system::session::Session;
use crate::system::stage::Stage;

pub(super) const NAME: &str = "built-in";
const LIMIT: Duration = Duration::from_secs(20 * 60);
/// Signs of a line that says why a build fails.
const SIGNS: [&str; 4] = [" error: ", "undefined reference to", "multiple definition of", "ERROR: modpost"];

/// What came of the check.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The first error, if the source without changes has none.
    pub(super) note: Option<Note>,
    /// Why nothing is known.
    pub(super) missing: Option<String>,
    /// Whether the kernel was linked.
    pub(super) links: bool,
}

/// Builds KVM as a part of the kernel.
pub(super) fn check(
    session: &Session,
    bench: &Bench<'_>,
    changes: &Changes,
    objects: &[String],
    has_base: bool,
) -> Result<Outcome, LabError> {
    let mut stage = Stage::new(session, "review", LIMIT)?;
    stage.bar().message("KVM built in");
    bench.show(changes)?;
    let (error, links) = build(bench, &mut stage, objects)?;
    let Some(error) = error else {
        stage.done("also builds with KVM built in");
        return Ok(Outcome { note: None, missing: None, links });
    };
    if has_base {
        bench.show(&Changes::new())?;
        if build(bench, &mut stage, objects)?.0.is_some() {
            let missing = Some("the source does not build so without the patches either".to_owned());
            return Ok(Outcome { note: None, missing, links });
        }
    }
    stage.done("does not build with KVM built in");
    Ok(Outcome { note: Some(note(&error)), missing: None, links })
}

/// The first error, if it does not build.
fn build(bench: &Bench<'_>, stage: &mut Stage<'_>, objects: &[String]) -> Result<(Option<String>, bool), LabError> {
    let (steps, links) = bench.built_in(objects)?;
    for step in steps {
        let (is_built, log) = run(stage, &step)?;
        if !is_built {
            let why = log.iter().find(|line| SIGNS.iter().any(|sign| line.contains(sign))).or(log.last());
            return Ok((Some(why.cloned().unwrap_or_default()), links));
        }
    }
    Ok((None, links))
}

/// A note for `FILE:LINE:COLUMN: error: TEXT`, or for a line of the linker.
fn note(error: &str) -> Note {
    let mut parts = error.splitn(3, ':');
    let (file, line) = (parts.next().unwrap_or_default(), parts.next().and_then(|line| line.parse().ok()));
    let said = error.split_once(" error: ").map_or(error, |(_, said)| said).trim();
    let file = if line.is_some() { plain(file) } else { "vmlinux".to_owned() };
    let message = format!("does not build with CONFIG_KVM=y: {said}");
    Note { check: NAME.to_owned(), file, line, function: None, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_its_place() {
        let compiler = note("/src/arch/x/a.c:7:3: error: 'module_only' undeclared");
        assert_eq!((compiler.file.as_str(), compiler.line), ("arch/x/a.c", Some(7)));
        assert_eq!(compiler.message, "does not build with CONFIG_KVM=y: 'module_only' undeclared");
        let linker = note("ld: vmlinux.o: in function `f': undefined reference to `g'");
        assert_eq!((linker.file.as_str(), linker.line), ("vmlinux", None));
    }
}
