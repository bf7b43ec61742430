// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The patched files of a build workspace, laid over the pristine source.
//!
//! Make decides by time stamps. A file is therefore written only when what the
//! build is to see differs from what it saw last, and then it gets the present
//! time, even when it goes back to the pristine text, whose own time stamp is
//! far too old to be noticed.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use nix::sys::stat::{Mode, SFlag, mknod};

use super::error::LayerError;
use super::patches::{Changes, Content};
use crate::system::cache;

/// What the build saw of a file through the layer.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    /// The source's own file, or none where it has none.
    Through,
    /// The layer's file.
    File(Content),
    /// No file, although the source has one.
    Hidden,
}

/// Makes the layer show `changes` over `source`.
pub(crate) fn update(layer: &Path, source: &Path, changes: &Changes) -> Result<(), LayerError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| LayerError { path, source }
    };
    fs::create_dir_all(layer).map_err(failed(layer))?;
    let mut names = BTreeSet::new();
    list(layer, layer, &mut names).map_err(failed(layer))?;
    names.extend(changes.keys().cloned());
    for name in names {
        let path = layer.join(&name);
        let own = source.join(&name);
        let pristine = Content::read(&own).map_err(failed(&own))?;
        let wanted = match changes.get(&name) {
            Some(content) => content.clone(),
            None => pristine.clone(),
        };
        let seen = seen(&path).map_err(failed(&path))?;
        let same = match &seen {
            Seen::Through => wanted == pristine,
            Seen::File(content) => wanted.as_ref() == Some(content),
            Seen::Hidden => wanted.is_none(),
        };
        if same {
            continue;
        }
        cache::remove(&path).map_err(failed(&path))?;
        match wanted {
            Some(content) => content.write(&path).map_err(failed(&path))?,
            None if pristine.is_some() => hide(&path).map_err(failed(&path))?,
            None => {}
        }
    }
    Ok(())
}

fn seen(path: &Path) -> io::Result<Seen> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Seen::Through),
        Err(error) => Err(error),
        Ok(_) => Ok(Content::read(path)?.map_or(Seen::Hidden, Seen::File)),
    }
}

/// Makes what overlayfs takes for a removed file: a character device 0:0, which
/// everybody may make.
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
mod tests {
    use std::path::PathBuf;

    use std::time::SystemTime;

    use super::*;

    struct Trees {
        _directory: tempfile::TempDir,
        layer: PathBuf,
        source: PathBuf,
    }

    fn trees() -> Trees {
        let directory = tempfile::tempdir().unwrap();
        let source = directory.path().join("source");
        fs::create_dir_all(source.join("kvm")).unwrap();
        fs::write(source.join("kvm/vcpu.c"), "pristine").unwrap();
        let old = SystemTime::UNIX_EPOCH;
        fs::File::options().write(true).open(source.join("kvm/vcpu.c")).unwrap().set_modified(old).unwrap();
        Trees { layer: directory.path().join("layer"), source, _directory: directory }
    }

    fn text(text: &str) -> Option<Content> {
        Some(Content { bytes: text.into(), executable: false })
    }

    fn change(name: &str, content: Option<Content>) -> Changes {
        Changes::from([(name.to_owned(), content)])
    }

    #[test]
    fn an_unchanged_file_keeps_its_time() {
        let trees = trees();
        let changes = change("kvm/vcpu.c", text("patched"));
        update(&trees.layer, &trees.source, &changes).unwrap();
        let path = trees.layer.join("kvm/vcpu.c");
        let old = SystemTime::UNIX_EPOCH;
        fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
        update(&trees.layer, &trees.source, &changes).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), old);
    }

    #[test]
    fn a_file_that_goes_back_gets_a_new_time() {
        let trees = trees();
        update(&trees.layer, &trees.source, &change("kvm/vcpu.c", text("patched"))).unwrap();
        update(&trees.layer, &trees.source, &Changes::new()).unwrap();
        let path = trees.layer.join("kvm/vcpu.c");
        assert_eq!(fs::read_to_string(&path).unwrap(), "pristine");
        assert!(fs::metadata(&path).unwrap().modified().unwrap() > SystemTime::UNIX_EPOCH);
    }

    #[test]
    fn an_edit_of_the_source_shows_through_an_old_copy() {
        let trees = trees();
        update(&trees.layer, &trees.source, &change("kvm/vcpu.c", text("patched"))).unwrap();
        fs::write(trees.source.join("kvm/vcpu.c"), "edited").unwrap();
        update(&trees.layer, &trees.source, &Changes::new()).unwrap();
        assert_eq!(fs::read_to_string(trees.layer.join("kvm/vcpu.c")).unwrap(), "edited");
    }

    #[test]
    fn new_files_go_and_removed_files_come_back() {
        let trees = trees();
        let mut changes = change("new.c", text("new"));
        changes.insert("kvm/vcpu.c".to_owned(), None);
        update(&trees.layer, &trees.source, &changes).unwrap();
        assert_eq!(seen(&trees.layer.join("kvm/vcpu.c")).unwrap(), Seen::Hidden);
        assert!(trees.layer.join("new.c").exists());
        update(&trees.layer, &trees.source, &Changes::new()).unwrap();
        assert!(!trees.layer.join("new.c").exists());
        assert_eq!(fs::read_to_string(trees.layer.join("kvm/vcpu.c")).unwrap(), "pristine");
    }
}
