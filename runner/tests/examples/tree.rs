// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A copy of the project to which examples may do what they like.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
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

    /// A copy with changes, built. What was built of an earlier copy and is still
    /// right is not built again.
    pub(crate) fn with<'b>(changes: impl Iterator<Item = &'b Block>) -> Self {
        let fresh = tempfile::tempdir().unwrap();
        for part in PARTS {
            copy(&project().join(part), &fresh.path().join(part));
        }
        for change in changes {
            apply(change, fresh.path());
        }
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples");
        let (path, target) = (place.join("tree"), place.join("target"));
        follow(fresh.path(), &path);
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--workspace", "--offline", "--quiet"]).current_dir(&path);
        let output = cargo.env("CARGO_TARGET_DIR", &target).output().unwrap();
        assert!(output.status.success(), "the examples' changes do not build\n{}", streams(&output));
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

/// Applies a diff. Its context may have moved, but not changed.
fn apply(change: &Block, tree: &Path) {
    let mut git = Command::new("git");
    git.args(["apply", "--recount", "-C1", "-"]).current_dir(tree).env("GIT_CEILING_DIRECTORIES", tree);
    let mut git = git.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    git.stdin.take().unwrap().write_all(with_heads(&change.text).as_bytes()).unwrap();
    let output = git.wait_with_output().unwrap();
    assert!(output.status.success(), "{}: the diff does not apply\n{}", change.place, streams(&output));
}

/// A diff with git's own line before each file, without which it takes the next
/// file's name for a line that goes, where it counts lines itself.
fn with_heads(diff: &str) -> String {
    let lines: Vec<&str> = diff.lines().collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        let next = lines.get(number + 1).and_then(|next| next.strip_prefix("+++ b/"));
        if let (Some(old), Some(new)) = (line.strip_prefix("--- "), next) {
            text += &format!("diff --git a/{new} b/{new}\n");
            if old == "/dev/null" {
                text += "new file mode 100644\n";
            }
        }
        text += &format!("{line}\n");
    }
    text
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
