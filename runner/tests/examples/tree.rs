// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A copy of the project to which examples may do what they like.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::console::{commands, fits};
use crate::page::{Block, project};

/// What the project consists of.
const PARTS: [&str; 8] = ["Cargo.lock", "Cargo.toml", "README.md", "ci", "clippy.toml", "runner", "specs", "suite"];

/// A place to type commands in, with both programs.
#[derive(Debug)]
pub(crate) struct Tree {
    path: PathBuf,
    programs: PathBuf,
}

impl Tree {
    /// The project as it is, for commands that change nothing in it and are typed
    /// in some place.
    pub(crate) fn unchanged(place: &Path) -> Self {
        let programs = Path::new(env!("CARGO_BIN_EXE_reglist")).with_file_name("");
        Self { path: place.to_owned(), programs }
    }

    /// A copy with patches, built. Cargo reuses the build of an earlier copy.
    pub(crate) fn with<'p>(patches: impl Iterator<Item = &'p PathBuf>) -> Self {
        let fresh = tempfile::tempdir().unwrap();
        for part in PARTS {
            copy(&project().join(part), &fresh.path().join(part));
        }
        for patch in patches {
            if let Err(why) = apply(&fs::canonicalize(project().join(patch)).unwrap(), fresh.path()) {
                let patch = patch.display();
                panic!("{patch} does not apply\n[make its change anew, and write `git diff` to {patch}]\n{why}");
            }
        }
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples");
        let (path, target) = (place.join("tree"), place.join("target"));
        follow(fresh.path(), &path);
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--workspace", "--offline", "--quiet"]).current_dir(&path);
        let output = cargo.env("CARGO_TARGET_DIR", &target).output().unwrap();
        assert!(output.status.success(), "the patches of the examples do not build\n{}", streams(&output));
        Self { path, programs: target.join("debug") }
    }

    /// Runs what is typed in a block, and compares what is printed.
    pub(crate) fn run(&self, block: &Block) {
        let known = env::var_os("PATH").unwrap_or_default();
        let path: OsString =
            env::join_paths([self.programs.clone()].into_iter().chain(env::split_paths(&known))).unwrap();
        for command in commands(&block.text) {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(&command.typed).current_dir(&self.path);
            let output = shell.env("PATH", &path).env("NO_COLOR", "1").stdin(Stdio::null()).output().unwrap();
            let printed = String::from_utf8_lossy(&output.stdout).into_owned();
            let lines: Vec<&str> = printed.lines().collect();
            let expected = command.printed.join("\n");
            assert!(
                fits(&command.printed, &lines),
                "{}: $ {}\nprints something else than\n{expected}\n{}",
                block.place,
                command.typed,
                streams(&output)
            );
        }
    }
}

/// What a command said, for messages.
fn streams(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n--- stdout\n{}\n--- stderr\n{}", output.status, text(&output.stdout), text(&output.stderr))
}

/// Applies a patch as git does; an error names each hunk that does not fit.
fn apply(patch: &Path, tree: &Path) -> Result<(), String> {
    let mut git = Command::new("git");
    git.args(["apply", "--verbose"]).arg(patch).current_dir(tree).env("GIT_CEILING_DIRECTORIES", tree);
    let output = git.output().unwrap();
    if output.status.success() { Ok(()) } else { Err(streams(&output)) }
}

/// Copies a file, or a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for name in names(from) {
            copy(&from.join(&name), &to.join(name));
        }
    } else {
        fs::copy(from, to).unwrap();
    }
}

/// Makes `to` what `from` is, and leaves alone what is right already: Cargo
/// decides by time stamps.
fn follow(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        let wanted: BTreeSet<OsString> = names(from);
        for name in names(to).difference(&wanted) {
            remove(&to.join(name)).unwrap();
        }
        wanted.iter().for_each(|name| follow(&from.join(name), &to.join(name)));
    } else if fs::read(from).unwrap() != fs::read(to).unwrap_or_default() || mode(from) != mode(to) {
        let _ = remove(to);
        fs::copy(from, to).unwrap();
    }
}

fn names(folder: &Path) -> BTreeSet<OsString> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
}

fn mode(file: &Path) -> Option<u32> {
    fs::metadata(file).ok().map(|metadata| metadata.permissions().mode())
}

fn remove(path: &Path) -> io::Result<()> {
    if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

#[test]
fn a_patch_that_does_not_apply_is_told_with_its_hunk() {
    let tree = tempfile::tempdir().unwrap();
    let (file, patch) = (tree.path().join("list"), tree.path().join("one.patch"));
    fs::write(&patch, "--- a/list\n+++ b/list\n@@ -2,2 +2,3 @@\n two\n+more\n three\n").unwrap();
    fs::write(&file, "one\ntwo\nthree\n").unwrap();
    apply(&patch, tree.path()).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "one\ntwo\nmore\nthree\n");
    let why = apply(&patch, tree.path()).unwrap_err();
    assert!(why.contains("two\nthree\n") && why.contains("list:2"), "{why}");
}
