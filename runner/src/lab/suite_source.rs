// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The source of the guest's suite: the clone that this program was built from,
//! or the copy that the program carries for the time when the clone is gone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use include_dir::{Dir, DirEntry, include_dir};
use reglist_suite::spec::Source as Specs;

use super::error::LabError;
use crate::system::digest::Key;
use crate::system::session::Session;

/// Names the directory of reglist's source.
const VARIABLE: &str = "REGLIST_SOURCE";
const RECIPE: u32 = 1;

static SUITE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../suite");
/// The workspace around the suite. Cargo.lock holds for all of its members.
const WORKSPACE: [(&str, &str); 3] = [
    ("Cargo.toml", include_str!("../../../Cargo.toml")),
    ("Cargo.lock", include_str!("../../../Cargo.lock")),
    ("clippy.toml", include_str!("../../../clippy.toml")),
];
/// The runner's manifest; its own source is not needed to build the suite.
const RUNNER: &str = include_str!("../../Cargo.toml");

/// The workspace that has the suite.
pub(super) fn find(session: &Session) -> Result<PathBuf, LabError> {
    if let Some(named) = std::env::var_os(VARIABLE).map(PathBuf::from) {
        let variable = VARIABLE;
        return checked(&named).ok_or(LabError::NoSuiteSource { path: named, variable });
    }
    let built_from = Path::new(env!("CARGO_MANIFEST_DIR")).parent().and_then(checked);
    built_from.map_or_else(|| carried(session), Ok)
}

fn checked(path: &Path) -> Option<PathBuf> {
    let is_whole = path.join("suite/Cargo.toml").exists() && path.join("Cargo.lock").exists();
    is_whole.then(|| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()))
}

/// The copy that this program carries, unpacked into the cache.
fn carried(session: &Session) -> Result<PathBuf, LabError> {
    let failed = |source| LabError::SuiteSource { path: "the source in this program".into(), source };
    let files = files().map_err(failed)?;
    let key = files.iter().fold(Key::new("suite-source", RECIPE), |key, (name, content)| key.with(name).with(content));
    let key = key.finish();
    let place = session.cache().entry("suite-source", &key);
    if session.planning() || checked(&place).is_some() {
        return Ok(place);
    }
    let _claim = session.cache().claim(&format!("suite-source-{key}"), session.interrupt())?;
    if checked(&place).is_some() {
        return Ok(place);
    }
    let scratch = session.cache().scratch("suite-source")?;
    for (name, content) in files {
        let path = scratch.path().join(&name);
        let folder = path.parent().unwrap_or(scratch.path());
        fs::create_dir_all(folder).and_then(|()| fs::write(&path, content)).map_err(failed)?;
    }
    Ok(session.cache().publish(scratch, "suite-source", &key)?)
}

/// Every file of the copy: its path and its content.
fn files() -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut files: Vec<(String, Vec<u8>)> =
        WORKSPACE.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    files.push(("runner/Cargo.toml".to_owned(), without_tests(RUNNER).into_bytes()));
    files.extend(["runner/src/lib.rs", "runner/src/main.rs"].map(|name| (name.to_owned(), Vec::new())));
    add(&SUITE, &mut files);
    for name in Specs::Embedded.files() {
        let content = Specs::Embedded.read(&name).map_err(io::Error::other)?.content;
        files.push((format!("specs/{name}"), content.into_bytes()));
    }
    Ok(files)
}

fn add(folder: &Dir<'_>, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(folder) => add(folder, files),
            DirEntry::File(file) => {
                files.push((format!("suite/{}", file.path().display()), file.contents().to_vec()));
            }
        }
    }
}

/// A manifest without its `[[test]]` tables, whose files are not carried.
fn without_tests(manifest: &str) -> String {
    let mut is_test = false;
    let kept = manifest.lines().filter(|line| {
        if line.starts_with('[') {
            is_test = *line == "[[test]]";
        }
        !is_test
    });
    kept.map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_carried_source_has_what_cargo_needs() {
        let files = files().unwrap();
        let text = |name: &str| {
            let found = files.iter().find(|(known, _)| known == name);
            String::from_utf8(found.unwrap_or_else(|| panic!("no {name}")).1.clone()).unwrap()
        };
        for name in ["suite/src/main.rs", "suite/tests/processes.rs", "specs/clauses.yaml", "Cargo.lock"] {
            assert!(!text(name).is_empty(), "{name}");
        }
        assert!(text("suite/kvm-bindings/Cargo.toml").contains("kvm-bindings"));
        assert!(!text("runner/Cargo.toml").contains("[[test]]"));
    }
}
