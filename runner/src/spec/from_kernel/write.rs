// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Writes the files of a tree of specifications.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use reglist_suite::spec::Source;
use tempfile::TempDir;

use super::error::FromKernelError;
use crate::system::files::{self, FileError};

#[derive(Debug)]
pub(super) struct Files {
    /// Folder of the new series in the tree.
    pub(super) folder: String,
    pub(super) files: Vec<File>,
}

#[derive(Debug)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) content: String,
    /// Text appended to an existing file.
    pub(super) added: Option<String>,
    /// Whether it is part of the new series.
    pub(super) is_new: bool,
}

/// Checks that a directory is new or empty, or that `force` is set.
pub(super) fn check_place(output: &Path, force: bool) -> Result<(), FromKernelError> {
    let occupied = match fs::read_dir(output) {
        Ok(mut entries) => entries.next().is_some(),
        Err(source) if source.kind() == io::ErrorKind::NotFound => false,
        Err(source) if source.kind() == io::ErrorKind::NotADirectory => {
            return Err(FromKernelError::NoDirectory { path: output.to_owned() });
        }
        Err(source) => return Err(FileError::write(output)(source).into()),
    };
    if occupied && !force { Err(FromKernelError::Occupied { path: output.to_owned() }) } else { Ok(()) }
}

impl Files {
    /// Writes the tree to a temporary directory.
    pub(super) fn aside(&self) -> Result<(TempDir, Source), FromKernelError> {
        let directory = TempDir::new().map_err(FileError::write(&std::env::temp_dir()))?;
        for file in &self.files {
            file.write(directory.path(), false)?;
        }
        let source = Source::Directory(directory.path().to_owned());
        Ok((directory, source))
    }

    pub(super) fn write(&self, output: &Path, force: bool) -> Result<(), FromKernelError> {
        // Files of an earlier series would become part of this one.
        let folder = output.join(&self.folder);
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{}/{name}", self.folder);
            if name.ends_with(".yaml") && !name.starts_with('.') && self.files.iter().all(|file| file.path != path) {
                return Err(FromKernelError::InTheWay { path: entry.path() });
            }
        }
        self.files.iter().try_for_each(|file| file.write(output, force))
    }

    pub(super) fn shown(&self, output: &Path) -> String {
        let mut shown = String::new();
        for file in &self.files {
            let path = output.join(&file.path);
            match &file.added {
                _ if file.is_new => {
                    let _ = writeln!(shown, "== {}\n{}", path.display(), file.content);
                }
                Some(added) => {
                    let _ = writeln!(shown, "== {}, appended\n{}", path.display(), added.trim_start_matches('\n'));
                }
                None => {}
            }
        }
        let others = self.files.iter().filter(|file| !file.is_new && file.added.is_none()).count();
        let _ = writeln!(shown, "== and {others} unchanged files");
        shown
    }
}

impl File {
    fn write(&self, root: &Path, force: bool) -> Result<(), FromKernelError> {
        let path = root.join(&self.path);
        let directory = path.parent().unwrap_or(root);
        fs::create_dir_all(directory).map_err(FileError::write(directory))?;
        Ok(files::write(&path, &self.content, force)?)
    }
}
