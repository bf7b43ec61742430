// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Compilers and emulator: the host's if all are recent enough, else a tree of
//! Debian packages in the cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::apt::{self, Apt};
use super::error::LabError;
use crate::system::digest::Key;
use crate::system::files::FileError;
use crate::system::sandbox::Room;
use crate::system::session::Session;
use crate::system::stage::{Stage, Step};
use crate::system::supervise::ask;

/// Increment it to invalidate existing cache entries.
const RECIPE: u32 = 2;
const SUITE: &str = "sid";
const LIMIT: Duration = Duration::from_secs(30 * 60);
/// Packages of the tree, without dependencies.
const PACKAGES: [&str; 27] = [
    "bash",
    "bc",
    "bison",
    "cargo",
    "ccache",
    "coreutils",
    "dash",
    "diffutils",
    "findutils",
    "flex",
    "gcc",
    "gcc-loongarch64-linux-gnu",
    "grep",
    "gzip",
    "libc6-dev",
    "libc6-dev-loong64-cross",
    "make",
    "mawk",
    "patch",
    "perl",
    "qemu-system-misc",
    "rustc",
    "sed",
    "sparse",
    "tar",
    "util-linux",
    "xz-utils",
];
const EMULATOR: &str = "qemu-system-loongarch64";
/// Rust's standard library for the target, without dependencies.
const RUST_STD: &str = "libstd-rust-dev:loong64";
/// Tools that the host needs to work without the tree, with the oldest major version.
pub(crate) const TOOLS: [(&str, u32); 9] = [
    ("loongarch64-linux-gnu-gcc", 13),
    // Boots an ELF kernel without firmware, and has four serial ports.
    ("qemu-system-loongarch64", 10),
    ("gcc", 8),
    ("make", 4),
    ("flex", 2),
    ("bison", 2),
    ("bc", 1),
    ("patch", 2),
    ("perl", 5),
];

#[derive(Debug)]
pub(crate) struct Toolchain {
    tree: PathBuf,
    identity: String,
    /// The emulator's version, such as `11.1.3`; empty if it is not known.
    pub(crate) emulator: String,
}

impl Toolchain {
    /// Uses the host's tools, or the tree in the cache, or makes the tree. Also
    /// returns the package lists, if it downloaded them.
    pub(crate) fn obtain(session: &Session) -> Result<(Self, Option<Apt>), LabError> {
        if let Some(versions) = host_versions() {
            session.progress().detail("using the host's compilers and emulator");
            let emulator = version(EMULATOR).map(|version| full(&version.text)).unwrap_or_default();
            return Ok((Self { tree: "/".into(), identity: versions, emulator }, None));
        }
        let key = key();
        let place = session.cache().entry("trees", &key);
        if let Some(found) = Self::at(&place) {
            if session.planning() {
                session.plan(&format!("\n# toolchain: in the cache, {}", place.display()));
            }
            return Ok((found, None));
        }
        let mut stage = Stage::new(session, "toolchain", LIMIT)?;
        let _claim = session.cache().claim(&format!("tree-{key}"), session.interrupt())?;
        if let Some(found) = Self::at(&place) {
            return Ok((found, None));
        }
        let apt = Self::make(session, &mut stage, &key)?;
        if session.planning() {
            let tree = place.join("tree");
            return Ok((Self { tree, identity: String::new(), emulator: String::new() }, Some(apt)));
        }
        stage.done("made from Debian packages");
        let found = Self::at(&place).ok_or(LabError::Incomplete { what: "tool chain", path: place })?;
        Ok((found, Some(apt)))
    }

    fn make(session: &Session, stage: &mut Stage<'_>, key: &str) -> Result<Apt, LabError> {
        let apt = Apt::new(session, stage, SUITE)?;
        apt.fetch(stage, &PACKAGES)?;
        let scratch = session.cache().scratch("tree")?;
        let made = scratch.path().to_owned();
        apt.fetch_alone(stage, &[RUST_STD])?;
        let tree = made.join("tree");
        let archives = apt.archives();
        let packages = match session.planning() {
            true => Vec::new(),
            false => package_files(&archives).map_err(FileError::of("read", &archives))?,
        };
        stage.bar().length(packages.len() as u64);
        stage.watch(&apt::unpack_step(&archives, &tree, session.jobs()), &mut |bar, _, line| {
            bar.advance();
            bar.message(line);
            crate::system::supervise::Flow::Continue
        })?;
        if session.planning() {
            return Ok(apt);
        }
        // Links that maintainer scripts create.
        for (name, program) in [("awk", "mawk"), ("cc", "gcc")] {
            let link = tree.join("usr/bin").join(name);
            std::os::unix::fs::symlink(program, &link).map_err(FileError::of("create", &link))?;
        }
        let list = made.join("packages");
        fs::write(&list, packages.join("\n") + "\n").map_err(FileError::of("write", &list))?;
        for package in &packages {
            let path = archives.join(package);
            fs::remove_file(&path).map_err(FileError::of("remove", &path))?;
        }
        session.cache().publish(scratch, "trees", key)?;
        Ok(apt)
    }

    /// The tree of a cache entry, if complete.
    fn at(place: &Path) -> Option<Self> {
        let packages = fs::read_to_string(place.join("packages")).ok()?;
        let tree = place.join("tree");
        let whole = ["loongarch64-linux-gnu-gcc", "qemu-system-loongarch64", "cargo", "make", "awk", "cc"]
            .iter()
            .all(|tool| tree.join("usr/bin").join(tool).exists());
        // "qemu-system-misc_1%3a11.1.3+ds-1_amd64.deb"
        let emulator = packages.lines().find_map(|file| file.strip_prefix("qemu-system-misc_")).map(full);
        let identity = Key::new("tree", RECIPE).with(packages).finish();
        whole.then_some(Self { tree, identity, emulator: emulator.unwrap_or_default() })
    }

    /// Identifies the tools for the cache.
    pub(crate) fn identity(&self) -> &str {
        &self.identity
    }

    /// Whether these are the host's own tools.
    pub(crate) fn is_host(&self) -> bool {
        self.tree == Path::new("/")
    }

    pub(crate) fn room(&self, session: &Session) -> Room {
        Room::tree(&self.tree, &session.cache().room())
    }

    pub(crate) fn step<'a>(&self, room: &Room, command: impl IntoIterator<Item = &'a str>) -> Step {
        let step = Step::new(room, command);
        match std::env::var_os("PATH") {
            Some(path) if self.is_host() => step.variable("PATH", path),
            _ => step,
        }
    }

    pub(crate) fn has_ccache(&self) -> bool {
        self.has("ccache")
    }

    /// Whether the tools include a program.
    pub(crate) fn has(&self, program: &str) -> bool {
        if self.is_host() { version(program).is_some() } else { self.tree.join("usr/bin").join(program).exists() }
    }
}

/// The tree's entry in the cache.
fn key() -> String {
    PACKAGES.iter().fold(Key::new("tree", RECIPE).with(SUITE).with(RUST_STD), Key::with).finish()
}

/// Whether the cache has the tree.
pub(crate) fn in_cache(root: &Path) -> bool {
    Toolchain::at(&root.join("trees").join(key())).is_some()
}

fn package_files(archives: &Path) -> std::io::Result<Vec<String>> {
    let mut names: Vec<String> = fs::read_dir(archives)?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".deb"))
        .collect();
    names.sort();
    Ok(names)
}

/// The host's versions of all tools, if none is missing or too old.
fn host_versions() -> Option<String> {
    let mut all = String::new();
    for (tool, oldest) in TOOLS {
        let version = version(tool).filter(|version| version.major >= oldest)?;
        all.push_str(&format!("{tool} {}\n", version.text));
    }
    Some(all)
}

/// A program's version.
#[derive(Debug)]
pub(crate) struct Version {
    /// First line of `--version`.
    pub(crate) text: String,
    pub(crate) major: u32,
}

pub(crate) fn version(program: &str) -> Option<Version> {
    let output = ask(Command::new(program).arg("--version").env("LC_ALL", "C")).ok()?;
    let text = String::from_utf8_lossy(&output.stdout).lines().find(|line| !line.trim().is_empty())?.to_owned();
    Some(Version { major: major(&text)?, text })
}

/// The first word of numbers and dots.
fn full(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    words.map(|word| word.trim_matches('.')).find(|word| word.contains('.')).unwrap_or_default().to_owned()
}

/// The number before the first dot between two digits.
fn major(text: &str) -> Option<u32> {
    text.split(|c: char| c.is_whitespace() || "()v,-".contains(c)).filter_map(|word| word.split_once('.')).find_map(
        |(before, after)| after.starts_with(|c: char| c.is_ascii_digit()).then(|| before.parse().ok()).flatten(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn major_versions_are_found_in_what_programs_print() {
        for (text, expected) in [
            ("loongarch64-linux-gnu-gcc (Debian 16.2.0-3) 16.2.0", 16),
            ("QEMU emulator version 11.1.3 (Debian 1:11.1.3+ds-1)", 11),
            ("GNU Make 4.4.1", 4),
            ("flex 2.6.4", 2),
            ("bison (GNU Bison) 3.8.2", 3),
            ("bc 1.07.1", 1),
            ("This is perl 5, version 36, subversion 0 (v5.36.0) built for x86_64", 5),
        ] {
            assert_eq!(major(text), Some(expected), "{text}");
        }
        assert_eq!(major("no number."), None);
        assert_eq!(full("QEMU emulator version 11.1.3 (Debian 1:11.1.3+ds-1)"), "11.1.3");
        assert_eq!(full("1%3a11.1.3+ds-1_amd64.deb"), "11.1.3");
    }

    #[test]
    fn a_tree_without_its_list_or_a_tool_is_not_whole() {
        let entry = tempfile::tempdir().unwrap();
        assert!(Toolchain::at(entry.path()).is_none());
        fs::write(entry.path().join("packages"), "gcc\n").unwrap();
        assert!(Toolchain::at(entry.path()).is_none());
    }
}
