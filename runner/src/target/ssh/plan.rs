// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Prints the commands of a run, for `--dry-run`.

use super::board::{may_ask, need};
use super::connection::Connection;
use super::request::Request;
use super::{program, script};
use crate::system::session::Session;
use crate::target::error::TargetError;

pub(super) fn plan(session: &Session, request: &Request) -> Result<(), TargetError> {
    const NAME: &str = "reglist-NAME";
    const DIRECTORY: &str = "/tmp/reglist-NAME";
    let connection = Connection::new(session, &request.client, &request.host)?;
    connection.plan("connect (only this command may ask for a password)", &script::identify(), Some(may_ask()));
    let suite = match &request.suite {
        Some(suite) => suite.clone(),
        None => {
            session.plan("\n# suite, if the board is loongarch64");
            program::obtain(session, "loongarch64")?
        }
    };
    let bytes = std::fs::metadata(&suite).map_or(0, |metadata| metadata.len());
    let quoted = shlex::try_quote(&suite.to_string_lossy()).map_or_else(|_| String::new(), Into::into);
    let wish = request.directory.as_deref();
    connection.plan("create a directory", &script::make_directory(NAME, wish, need(bytes))?, None);
    connection.plan_file("copy the program", &script::take_program(DIRECTORY), &quoted);
    connection.plan("check the copy", &script::check_program(DIRECTORY, bytes)?, None);
    connection.plan("save the end of the kernel log", &script::kernel_log(DIRECTORY, Some(script::MARKER))?, None);
    connection.plan("start the suite", &script::start(DIRECTORY, 1, &request.words)?, None);
    connection.plan("follow the events", &script::follow(DIRECTORY, 1, 0, false)?, None);
    connection.plan("fetch the suite's error output", &script::output(DIRECTORY, 1, "errors")?, None);
    connection.plan("fetch the kernel log", &script::kernel_log(DIRECTORY, None)?, None);
    connection.plan("clean up", &script::remove(NAME, Some(DIRECTORY))?, None);
    Ok(())
}
