// SPDX-License-Identifier: Apache-2.0 OR MIT
//! checkpatch.pl of a source: from its tree, or, if the cache has only the part with KVM,
//! from the archive.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::debian::ARCHIVE;
use super::tree::Source;
use crate::lab::error::LabError;
use crate::lab::toolchain::Toolchain;
use crate::system::digest::Key;
use crate::system::files::FileError;
use crate::system::sandbox::Mount;
use crate::system::session::Session;
use crate::system::stage::Stage;

const KIND: &str = "scripts";
const RECIPE: u32 = 1;
const LIMIT: Duration = Duration::from_secs(10 * 60);
const CHECKPATCH: &str = "checkpatch.pl";
/// checkpatch and the lists that it reads.
const FILES: [&str; 3] = [CHECKPATCH, "spelling.txt", "const_structs.checkpatch"];

/// The directory with the source's checkpatch.pl; none if the source has none.
pub(crate) fn scripts(session: &Session, toolchain: &Toolchain, source: &Source) -> Result<Option<PathBuf>, LabError> {
    let own = source.path.join("scripts");
    if own.join(CHECKPATCH).exists() {
        return Ok(Some(own));
    }
    let (Some(identity), Some(entry)) = (&source.identity, source.path.parent()) else { return Ok(None) };
    if source.stock.is_none() {
        return Ok(None);
    }
    let key = Key::new(KIND, RECIPE).with(identity).finish();
    let place = session.cache().entry(KIND, &key);
    if place.join(CHECKPATCH).exists() {
        return Ok(Some(place));
    }
    let scratch = session.cache().scratch(KIND)?;
    let mut stage = Stage::new(session, KIND, LIMIT)?;
    stage.bar().message(CHECKPATCH);
    let room = toolchain
        .room(session)
        .with(Mount::ReadOnly { from: entry.to_owned(), to: "/entry" })
        .with(Mount::Writable { from: scratch.path().to_owned(), to: "/scripts" });
    let step = toolchain
        .step(&room, ["tar", "-C", "/scripts", "-x", "--strip-components=2", "--no-same-owner", "-I", "xz -T0"])
        .arguments(["--wildcards", "--anchored", "-f"])
        .argument(format!("/entry/{ARCHIVE}"))
        .arguments(FILES.map(|name| format!("*/scripts/{name}")));
    stage.run(&step)?;
    stage.done("checkpatch unpacked");
    if session.planning() {
        return Ok(Some(place));
    }
    let made = scratch.path().join(CHECKPATCH);
    fs::metadata(&made).map_err(FileError::of("read", &made))?;
    session.cache().publish(scratch, KIND, &key).map(Some).map_err(Into::into)
}
