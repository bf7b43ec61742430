// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A revision of the user's git repository: `--kernel-src DIR@REVISION`.
//!
//! The cache has a work tree with an index of its own for each repository. A change
//! of revision writes only the files that differ, so that make compiles only these.
//! The repository is read only: git gets no other place to write to.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::tree::{Source, check};
use crate::lab::error::LabError;
use crate::system::cache::{self, Claim};
use crate::system::digest::Key;
use crate::system::files::FileError;
use crate::system::sandbox::Room;
use crate::system::session::Session;
use crate::system::stage::{Stage, Step};
use crate::system::supervise::ask;

const RECIPE: u32 = 1;
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// A commit of a repository.
#[derive(Debug, Clone)]
pub(crate) struct Revision {
    /// As the user wrote it.
    text: PathBuf,
    /// The repository's directory (`.git`).
    repository: PathBuf,
    commit: String,
}

impl Revision {
    /// Reads `DIR@REVISION`; none if `text` is a directory, or has no directory before
    /// an `@`.
    ///
    /// # Errors
    /// The directory is not of a git repository, or has no such commit.
    pub(crate) fn read(text: &Path) -> Result<Option<Self>, LabError> {
        let Some((directory, revision)) = split(text) else { return Ok(None) };
        let failed = |said: String| LabError::NoRevision { text: text.to_owned(), said };
        let git = |arguments: &[&OsStr]| {
            let mut command = Command::new("git");
            command.arg("-C").arg(directory).args(arguments);
            command.envs(READ_ONLY);
            // A caller such as `git bisect` or a hook may name another repository.
            for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
                command.env_remove(name);
            }
            let output = ask(&mut command).map_err(|error| failed(format!("failed to run git: {error}")))?;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
            if output.status.success() { Ok(text(&output.stdout)) } else { Err(failed(text(&output.stderr))) }
        };
        let repository = git(&["rev-parse".as_ref(), "--absolute-git-dir".as_ref()])?.into();
        let mut commit = revision.to_owned();
        commit.push("^{commit}");
        let arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options"].map(OsStr::new);
        let commit = git(&[&arguments[..], &[commit.as_os_str()]].concat())
            .map_err(|_| failed(format!("`{}` names no commit of this repository", revision.to_string_lossy())))?;
        Ok(Some(Self { text: text.to_owned(), repository, commit }))
    }

    /// Writes the commit's files into the cache. The claim keeps other runs from
    /// another revision until its drop.
    pub(crate) fn obtain(&self, session: &Session) -> Result<(Source, Claim), LabError> {
        let key = Key::new("revision", RECIPE).with(self.repository.as_os_str().as_bytes()).finish();
        let place = session.cache().entry("revisions", &key);
        let claim = session.cache().claim(&format!("revision-{key}"), session.interrupt())?;
        let tree = place.join("tree");
        if !session.planning() {
            fs::create_dir_all(&tree).map_err(FileError::of("create", &tree))?;
            // Of a killed git.
            let lock = place.join("index.lock");
            cache::remove(&lock).map_err(FileError::of("remove", &lock))?;
        }
        let mut stage = Stage::new(session, "revision", LIMIT)?;
        stage.bar().message(&self.text.to_string_lossy());
        let option = |name: &str, path: &Path| {
            let mut option = OsString::from(name);
            option.push(path);
            option
        };
        let mut step = Step::new(&Room::host(), ["git".into(), option("--git-dir=", &self.repository)])
            .argument(option("--work-tree=", &tree))
            .arguments([
                "-c",
                "core.hooksPath=/dev/null",
                "-c",
                "core.fsmonitor=false",
                "-c",
                "core.sparseCheckout=false",
            ])
            .arguments(["-c", "core.splitIndex=false", "read-tree", "--reset", "-u", "--no-recurse-submodules"])
            .argument(&self.commit)
            .with_caller_environment()
            .variable("GIT_INDEX_FILE", place.join("index"));
        for (name, value) in READ_ONLY {
            step = step.variable(name, value);
        }
        stage.run(&step)?;
        let short = self.commit.get(..12).unwrap_or(&self.commit).to_owned();
        stage.done(&format!("commit {short}"));
        let origin = Some(format!("commit {}", self.commit));
        if session.planning() {
            let source = Source { path: tree, identity: None, origin, version: (0, 0), release: short, stock: None };
            return Ok((source, claim));
        }
        let (version, release) = check(&tree, &self.text)?;
        Ok((Source { path: tree, identity: None, origin, version, release, stock: None }, claim))
    }
}

/// Environment in which git writes no lock and fetches nothing.
const READ_ONLY: [(&str, &str); 4] =
    [("GIT_OPTIONAL_LOCKS", "0"), ("GIT_NO_LAZY_FETCH", "1"), ("GIT_TERMINAL_PROMPT", "0"), ("LC_ALL", "C")];

/// Directory and revision of `DIR@REVISION`; none if all of it is a path.
fn split(text: &Path) -> Option<(&Path, &OsStr)> {
    let bytes = text.as_os_str().as_bytes();
    let at = |at: usize| {
        let (directory, revision) = (bytes.get(..at)?, bytes.get(at + 1..)?);
        Some((Path::new(OsStr::from_bytes(directory)), OsStr::from_bytes(revision)))
    };
    let places = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'@').filter_map(|(place, _)| at(place));
    places.into_iter().find(|(directory, _)| directory.is_dir()).filter(|_| !text.exists())
}

/// Whether this is `DIR@REVISION`.
pub(crate) fn is_revision(text: &Path) -> bool {
    split(text).is_some()
}
