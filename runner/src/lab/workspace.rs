// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Build directories, and who writes to which.
//!
//! A patch can change make's rules, so its build can leave anything behind: objects,
//! tools of the build, time stamps. Therefore a source has two build directories:
//!
//! - its own: the source's text, with no patches but those of this program
//! - the patched one: a copy of the own one, for the user's patches. Other patches
//!   get a new copy.
//!
//! A killed build leaves partial files; its marker makes the next build delete the
//! directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::error::LabError;
use crate::system::cache::{self, Claim};
use crate::system::files::FileError;
use crate::system::sandbox::Room;
use crate::system::session::Session;
use crate::system::stage::{Stage, Step};

/// Directories of a workspace.
const PARTS: [&str; 4] = ["build", "layer", "soft-lvz", "lab"];
/// When the configuration was made, and from what.
pub(super) const CONFIGURED: &str = "configured";
/// The modules of the last build, as kbuild lists them.
pub(super) const LIST: &str = "modules";
/// When make began in the last successful build: what is newer may not be built.
const BEGUN: &str = "begun";
/// The same of a build under way.
const BEGINS: &str = "begins";
/// Exists during a build, and after a killed one.
const UNCLEAN: &str = "unclean";
/// When the last build ended.
const BUILT: &str = "built";
/// The kernel for which a patched directory is.
const KERNEL: &str = "kernel";
const COPY: Duration = Duration::from_secs(10 * 60);

/// A build directory, with the layer over the source.
#[derive(Debug)]
pub(super) struct Workspace {
    pub(super) path: PathBuf,
    /// ccache's directory; none for patches, which must not write there.
    pub(super) ccache: Option<PathBuf>,
    /// None for a directory that no other run knows.
    _claim: Option<Claim>,
}

impl Workspace {
    /// Opens a source's own build directory.
    pub(super) fn own(session: &Session, key: &str, ccache: PathBuf) -> Result<Self, LabError> {
        let own = Self::claim(session, key, Some(ccache))?;
        if !session.planning() {
            own.start(session)?;
        }
        Ok(own)
    }

    /// Opens a source's build directory for patches. Also returns whether it is the
    /// one of this kernel; else the caller must fill it with [`Self::copy`].
    pub(super) fn patched(session: &Session, key: &str, kernel: &str) -> Result<(Self, bool), LabError> {
        let patched = Self::claim(session, &format!("{key}-patched"), None)?;
        let known = fs::read_to_string(patched.path.join(KERNEL)).is_ok_and(|known| known == kernel);
        if !session.planning() {
            if !known {
                session.cache().discard(&patched.path)?;
            }
            patched.start(session)?;
        }
        let is_left = patched.path.join(KERNEL).exists();
        Ok((patched, known && is_left))
    }

    fn claim(session: &Session, key: &str, ccache: Option<PathBuf>) -> Result<Self, LabError> {
        let claim = session.cache().claim(&format!("build-{key}"), session.interrupt())?;
        Ok(Self { path: session.cache().entry("builds", key), ccache, _claim: Some(claim) })
    }

    /// A build directory for one run, in a scratch directory.
    pub(super) fn alone(session: &Session, path: &Path) -> Result<Self, LabError> {
        let alone = Self { path: path.to_owned(), ccache: None, _claim: None };
        if !session.planning() {
            alone.create()?;
        }
        Ok(alone)
    }

    /// Copies the last build of a source's own text to this directory, if there is one.
    pub(super) fn take_own(&self, session: &Session, key: &str) -> Result<(), LabError> {
        let _claim = session.cache().claim(&format!("build-{key}"), session.interrupt())?;
        if !Self::has(session, key) {
            return Ok(());
        }
        let own = session.cache().entry("builds", key);
        let mut stage = Stage::new(session, "copy", COPY)?;
        let kept = [CONFIGURED].into_iter().filter(|name| own.join(name).exists());
        let files = ["build"].into_iter().chain(kept).map(|part| own.join(part));
        Ok(stage.run(&Step::new(&Room::host(), ["cp", "-a", "--"]).arguments(files).argument(&self.path))?)
    }

    /// Deletes what cannot be used, and marks the directory as in use.
    fn start(&self, session: &Session) -> Result<(), LabError> {
        if self.path.join(UNCLEAN).exists() {
            session.progress().detail("deleting the partial files of a killed build");
            session.cache().discard(&self.path)?;
        }
        self.create()?;
        // The clock was set back: make would take objects for newer than their sources.
        if self.time(BUILT) > self.time(UNCLEAN) {
            session.progress().detail("deleting the files of a build in the future");
            session.cache().discard(&self.path)?;
            self.create()?;
        }
        Ok(())
    }

    /// Says that the source's files are as make will see them.
    pub(super) fn begin(&self) -> Result<(), LabError> {
        let path = self.path.join(BEGINS);
        Ok(fs::write(&path, "").map_err(FileError::write(&path))?)
    }

    fn create(&self) -> Result<(), LabError> {
        for part in PARTS.iter().map(|part| self.path.join(part)).chain(self.ccache.clone()) {
            fs::create_dir_all(&part).map_err(FileError::of("create", &part))?;
        }
        let path = self.path.join(BEGINS);
        cache::remove(&path).map_err(FileError::of("remove", &path))?;
        self.mark(true)
    }

    fn mark(&self, unclean: bool) -> Result<(), LabError> {
        let path = self.path.join(UNCLEAN);
        let marked = if unclean { fs::write(&path, "") } else { cache::remove(&path) };
        Ok(marked.map_err(FileError::of("update", &path))?)
    }

    /// Keeps the directory for the next build, if make ended by itself.
    pub(super) fn close<T>(&self, session: &Session, built: &Result<T, LabError>) -> Result<(), LabError> {
        let unclean = match built {
            Ok(_) => false,
            Err(LabError::Stage(error)) => error.unclean(),
            Err(_) => true,
        };
        if session.planning() {
            return Ok(());
        }
        if unclean {
            return Ok(session.cache().discard(&self.path)?);
        }
        if built.is_ok() {
            let path = self.path.join(BUILT);
            fs::write(&path, "").map_err(FileError::write(&path))?;
            // None, if make had nothing to do.
            let (from, to) = (self.path.join(BEGINS), self.path.join(BEGUN));
            if from.exists() {
                fs::rename(&from, &to).map_err(FileError::write(&to))?;
            }
        }
        self.mark(false)
    }

    /// Whether the cache has a source's own build directory, with a successful build.
    pub(super) fn has(session: &Session, key: &str) -> bool {
        let path = session.cache().entry("builds", key);
        path.join(BUILT).exists() && !path.join(UNCLEAN).exists()
    }

    /// Whether a build was successful.
    pub(super) fn is_built(&self) -> bool {
        self.time(BUILT).is_some()
    }

    /// When the last successful build began, of which this directory is or is a copy.
    pub(super) fn last(&self) -> Option<SystemTime> {
        self.time(BEGUN)
    }

    fn time(&self, name: &str) -> Option<SystemTime> {
        fs::metadata(self.path.join(name)).and_then(|metadata| metadata.modified()).ok()
    }

    /// Fills a new patched directory with the files of the own one, for a kernel.
    pub(super) fn copy(&self, session: &Session, own: &Path, kernel: &str) -> Result<(), LabError> {
        let mut stage = Stage::new(session, "copy", COPY)?;
        let kept = [CONFIGURED, LIST, BEGUN].into_iter().filter(|name| own.join(name).exists());
        let files = PARTS.into_iter().chain(kept).map(|part| own.join(part));
        // Make decides by time stamps.
        stage.run(&Step::new(&Room::host(), ["cp", "-a", "--"]).arguments(files).argument(&self.path))?;
        if !session.planning() {
            let path = self.path.join(KERNEL);
            fs::write(&path, kernel).map_err(FileError::write(&path))?;
        }
        stage.done("build directory copied");
        Ok(())
    }
}
