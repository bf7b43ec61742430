// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The options of every command that keeps a directory of results.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::command::error::Error;
use crate::record::known::{Known, KnownError};
use crate::system::cache::{Cache, CacheError};
use crate::system::date::Date;
use crate::system::files::FileError;
use crate::system::interrupt::Interrupt;
use crate::system::results;
use crate::system::session::Session;
use crate::system::verbosity::Verbosity;

#[derive(Debug, Clone, Args)]
pub(crate) struct KeptArgs {
    /// Keep events, console and logs in this directory
    #[arg(long, value_name = "DIR")]
    pub(super) results: Option<PathBuf>,
    /// Expected failures (YAML). They do not fail the run; an unexpected pass does
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// Use DIR of `--results` even if not empty; overwrite files
    #[arg(long)]
    pub(super) force: bool,
    /// Print the commands instead of running them
    #[arg(long)]
    pub(super) dry_run: bool,
}

impl KeptArgs {
    pub(super) fn known(&self, tries_all_faults: bool) -> Result<Option<Known>, KnownError> {
        known(self.known.as_deref(), tries_all_faults)
    }

    /// Opens the cache and the results, and listens to signals. With `earlier`, the
    /// results are the unchanged ones of that run.
    pub(super) fn session(&self, earlier: Option<&Path>, verbosity: Verbosity) -> Result<Session, Error> {
        let cache = self.open_cache()?;
        let (results, lock) = match earlier {
            Some(path) if !self.dry_run => (fs::canonicalize(path).map_err(FileError::of("use", path))?, None),
            _ => self.open_results(&cache)?,
        };
        Ok(Session::new(cache, results, Interrupt::listen()?, verbosity, self.dry_run)?.holding(lock))
    }

    pub(super) fn open_cache(&self) -> Result<Cache, CacheError> {
        let place = Cache::place()?;
        if self.dry_run { Ok(Cache::planned(place)) } else { Cache::open(place) }
    }

    /// The directory of results; with the lock of one in the cache.
    pub(super) fn open_results(&self, cache: &Cache) -> Result<(PathBuf, Option<File>), FileError> {
        match &self.results {
            _ if self.dry_run => Ok((results::planned(cache), None)),
            Some(path) => Ok((results::named(path, self.force)?, None)),
            None => results::in_cache(cache).map(|(path, lock)| (path, Some(lock))),
        }
    }
}

/// Reads expected failures. With `--fault all` they have no meaning.
pub(super) fn known(path: Option<&Path>, tries_all_faults: bool) -> Result<Option<Known>, KnownError> {
    let known = path.map(|path| Known::read(path, Date::today())).transpose()?;
    if known.is_some() && tries_all_faults { Err(KnownError::WithEveryFault) } else { Ok(known) }
}
