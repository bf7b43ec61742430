// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The patched files of a build, as an overlay over the pristine source.
//!
//! Make decides by time stamps. So the layer writes a file only if its content
//! differs from the last build, and always with the current time. That includes
//! a return to the pristine text, whose own time stamp is too old.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use nix::sys::stat::{Mode, SFlag, mknod};

use super::apply::{Changes, Content};
use crate::system::cache;
use crate::system::files::FileError;

/// Updates the layer to show `changes` over `source`.
pub(crate) fn update(layer: &Path, source: &Path, changes: &Changes) -> Result<(), FileError> {
    fs::create_dir_all(layer).map_err(FileError::of("update", layer))?;
    let mut names = BTreeSet::new();
    list(layer, layer, &mut names).map_err(FileError::of("update", layer))?;
    names.extend(changes.keys().cloned());
    for name in names {
        let path = layer.join(&name);
        let own = source.join(&name);
        let pristine = Content::read(&own).map_err(FileError::of("update", &own))?;
        let wanted = match changes.get(&name) {
            Some(content) => content.clone(),
            None => pristine.clone(),
        };
        if wanted == seen(&path, pristine.as_ref()).map_err(FileError::of("update", &path))? {
            continue;
        }
        cache::remove(&path).map_err(FileError::of("update", &path))?;
        match wanted {
            Some(content) => content.write(&path).map_err(FileError::of("update", &path))?,
            None if pristine.is_some() => hide(&path).map_err(FileError::of("update", &path))?,
            None => {}
        }
    }
    Ok(())
}

/// The file as the last build saw it; none if the layer hides the source's, or both
/// have none.
fn seen(path: &Path, pristine: Option<&Content>) -> io::Result<Option<Content>> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(pristine.cloned()),
        Err(error) => Err(error),
        Ok(_) => Content::read(path),
    }
}

/// Creates overlayfs's mark of a removed file: a character device 0:0, which needs
/// no privilege.
fn hide(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    Ok(mknod(path, SFlag::S_IFCHR, Mode::empty(), 0)?)
}

fn list(base: &Path, directory: &Path, names: &mut BTreeSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if fs::symlink_metadata(&path)?.is_dir() {
            list(base, &path, names)?;
        } else if let Ok(name) = path.strip_prefix(base) {
            names.insert(name.to_string_lossy().into_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
