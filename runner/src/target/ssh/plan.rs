// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What a run on a board would do, for `--dry-run`.

use super::board::{may_ask, need};
use super::connection::Connection;
use super::request::Request;
use super::{program, script};
use crate::system::session::Session;
use crate::target::error::TargetError;

/// Prints what would be done.
pub(super) fn plan(session: &Session, request: &Request) -> Result<(), TargetError> {
    const NAME: &str = "reglist-NAME";
    const DIRECTORY: &str = "/tmp/reglist-NAME";
    let connection = Connection::new(session, &request.client, &request.host)?;
    connection.plan("connect: this alone may ask for a password", &script::identify(), Some(may_ask()));
    let suite = match &request.suite {
        Some(suite) => suite.clone(),
        None => {
            session.plan("\n# suite: where the board is a LoongArch one");
            program::obtain(session, "loongarch64")?
        }
    };
    let bytes = std::fs::metadata(&suite).map_or(0, |metadata| metadata.len());
    let quoted = shlex::try_quote(&suite.to_string_lossy()).map_or_else(|_| String::new(), Into::into);
    let wish = request.directory.as_deref();
    connection.plan("copy: a directory", &script::make_directory(NAME, wish, need(bytes))?, None);
    connection.plan_file("copy: the program", &script::take_program(DIRECTORY), &quoted);
    connection.plan("copy: is it whole?", &script::check_program(DIRECTORY, bytes)?, None);
    connection.plan("run: the kernel's log before", &script::kernel_log(DIRECTORY, Some(script::MARKER))?, None);
    connection.plan("run: start", &script::start(DIRECTORY, 1, &request.words)?, None);
    connection.plan("run: the events", &script::follow(DIRECTORY, 1, 0, false)?, None);
    connection.plan("run: the suite's own errors", &script::output(DIRECTORY, 1, "errors")?, None);
    connection.plan("run: the kernel's log", &script::kernel_log(DIRECTORY, None)?, None);
    connection.plan("clean up", &script::remove(NAME, Some(DIRECTORY))?, None);
    Ok(())
}
