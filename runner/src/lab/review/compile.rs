// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Compiles the changed files once, for the warnings of gcc, for sparse, and for the stack
//! use of functions.

use super::diagnostics::{self, Diagnostic};
use super::run::run;
use super::stack::{self, Uses};
use crate::lab::build::Bench;
use crate::lab::error::LabError;
use crate::system::sandbox::Mount;
use crate::system::stage::Stage;

/// W=1 and what it leaves out. No W= of Linux 7.2 has -Wtype-limits: scripts/Makefile.warn
/// switches it off for all as too noisy, but here only new warnings count.
const FLAGS: &str = "KCFLAGS=-g0 -fstack-usage -Wtype-limits -Wno-error -fdiagnostics-plain-output";
pub(super) const WARNINGS: &str = "gcc W=1 -Wtype-limits";
/// make's options for sparse on every file. Not C=2: Debian's headers lack the script
/// that it runs first.
const SPARSE: [&str; 2] = ["KBUILD_CHECKSRC=2", "CHECK=sh /review/sparse"];

/// W= also checks comments for the documentation, with a script in Python. The tree has no
/// Python, and make would end there.
const NO_COMMENTS: &str = "PYTHON3=true";

/// What the tools say of the files.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    pub(super) gcc: Vec<Diagnostic>,
    pub(super) sparse: Vec<Diagnostic>,
    pub(super) stack: Uses,
    /// Whether every file compiles.
    pub(super) is_whole: bool,
}

/// Compiles objects of the source that the bench shows.
pub(super) fn compile(
    bench: &Bench<'_>,
    stage: &mut Stage<'_>,
    objects: &[String],
    scripts: &Mount,
    has_sparse: bool,
    jobs: usize,
) -> Result<Compiled, LabError> {
    if objects.is_empty() {
        return Ok(Compiled { is_whole: true, ..Compiled::default() });
    }
    let lists: Vec<String> = objects.iter().map(|object| list(object)).collect();
    if !stage.is_planned() {
        bench.forget(objects)?;
        bench.forget(&lists)?;
    }
    let mut make = bench.make(Some(scripts.clone())).arguments(["W=1", FLAGS, NO_COMMENTS]);
    if has_sparse {
        make = make.arguments(SPARSE);
    }
    // The output of two compilers must not mix: a line names the function of the next ones.
    make = make.arguments(["-k", "--output-sync=target", &format!("-j{jobs}")]).arguments(objects);
    let (is_whole, log) = run(stage, &make)?;
    let (gcc, sparse) = diagnostics::read(&log);
    let mut uses = Uses::new();
    if !stage.is_planned() {
        for name in &lists {
            // A file that does not compile has none.
            let text = bench.product(name).read().unwrap_or_default();
            stack::read(&String::from_utf8_lossy(&text), &mut uses);
        }
    }
    Ok(Compiled { gcc, sparse, stack: uses, is_whole })
}

/// gcc's list of stack use, beside the object.
fn list(object: &str) -> String {
    format!("{}.su", object.trim_end_matches(".o"))
}
