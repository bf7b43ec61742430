// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Ends a run: prints the report, writes the files, returns the exit code.

use reglist_suite::exit;

use crate::command::error::Error;
use crate::record::run::Run;
use crate::record::verdict::Kind;
use crate::report::matrix::{self, Matrix, Output};
use crate::report::page;
use crate::report::text as report;
use crate::system::output::{print, say, show};
use crate::system::session::Session;
use crate::system::verbosity::Verbosity;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) code: u8,
    pub(crate) is_interrupted: bool,
}

/// Prints the report, or the matrix of a run that tries every fault, then errors.
pub(crate) fn conclude(run: &Run, verbosity: Verbosity, output: Option<&Output>) -> Result<Ended, Error> {
    let is_interrupted = run.record().started.is_some() && run.conclusion().kind == Kind::Interrupted;
    let matrix = output.and_then(|output| Some((output, Matrix::of(&run.runs, &output.clauses)?)));
    let Some((output, matrix)) = matrix else {
        print(&run.said)?;
        print(&report::text(run.record(), verbosity, run.judged.as_ref()))?;
        match run.code {
            // The suite ran no case; the user needs its messages.
            Some(_) if run.record().started.is_none() => run.complaints.iter().for_each(|line| say(line)),
            _ => run.trouble().iter().for_each(|trouble| show(trouble)),
        }
        return Ok(Ended { code: run.exit_code(), is_interrupted });
    };
    print(&matrix::text(&matrix, verbosity))?;
    let written = output.write(&matrix);
    let unreached = matrix.unreached();
    let is_over = unreached > 0 && run.conclusion().is_complete();
    let trouble = if is_over { Some(run.unreached(unreached)) } else { run.trouble() };
    let broke_off = trouble.is_some() || is_interrupted;
    trouble.iter().for_each(|trouble| show(trouble));
    written?;
    // In a run with a fault, failed cases are expected.
    let code = if broke_off { exit::INFRASTRUCTURE } else { matrix.exit_code() };
    Ok(Ended { code, is_interrupted })
}

/// Like [`conclude`], and saves the matrix or the page in the session's results.
/// A run that continues without this program has no page.
pub(crate) fn conclude_in(
    run: &Run,
    session: &Session,
    verbosity: Verbosity,
    output: Option<Output>,
) -> Result<Ended, Error> {
    let output = output.map(|output| output.and_in(session.results()));
    let has_page = output.is_none() && run.left.is_none();
    let page = if has_page { page::leave(session, run.record()) } else { Ok(()) };
    session.progress().remark(&format!("results: {}", session.results().display()));
    let concluded = conclude(run, verbosity, output.as_ref());
    if let (Err(_), Err(unwritten)) = (&concluded, &page) {
        show(unwritten);
    }
    let ended = concluded?;
    page?;
    Ok(ended)
}
