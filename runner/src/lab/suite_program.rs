// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The suite for the guest: given by the user, or built from its source.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use object::LittleEndian;
use object::elf::{EM_LOONGARCH, FileHeader64, Machine, PT_INTERP};
use object::read::elf::{FileHeader as _, ProgramHeader as _};

use super::error::LabError;
use super::suite_source;
use super::toolchain::Toolchain;
use crate::system::digest::{self, Key};
use crate::system::files::FileError;
use crate::system::sandbox::{Mount, Room};
use crate::system::session::Session;
use crate::system::stage::{Stage, Step};
use crate::system::supervise::{Flow, ask};

const RECIPE: u32 = 1;
const LIMIT: Duration = Duration::from_secs(20 * 60);
/// Targets whose standard library serves; Debian packages the first one,
/// rustup offers both.
const TARGETS: [&str; 2] = ["loongarch64-unknown-linux-gnu", "loongarch64-unknown-linux-musl"];
/// The program's checksum, beside it in the cache.
const SUM: &str = "sha256";
const NAME: &str = "reglist-suite";
/// More than this does not belong on a board.
const SIZE: u64 = 3 << 20;

/// Which of the suite's programs to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The small one for boards.
    Board,
    /// The one for the lab's guest, which takes half of the time to build.
    Guest,
    /// One for the guest that can compare a kernel with the model.
    Comparing,
}

impl Kind {
    /// Cargo's profile, which is also the name of a directory.
    fn profile(self) -> &'static str {
        match self {
            Self::Board => "small",
            Self::Guest | Self::Comparing => "guest",
        }
    }

    /// Cargo's arguments for it.
    fn features(self) -> &'static [&'static str] {
        match self {
            Self::Board => &[],
            Self::Guest => &["--no-default-features"],
            Self::Comparing => &["--no-default-features", "--features", "compare"],
        }
    }
}

/// Whether an entry of the cache has a program with the right checksum.
fn is_whole(place: &Path) -> bool {
    let known = fs::read_to_string(place.join(SUM)).unwrap_or_default();
    digest::of_file(&place.join(NAME)).is_ok_and(|found| found == known)
}

/// The program for the guest.
pub(crate) fn obtain(
    session: &Session,
    toolchain: &Toolchain,
    given: Option<&Path>,
    kind: Kind,
) -> Result<PathBuf, LabError> {
    if let Some(path) = given {
        check(path)?;
        return Ok(path.to_owned());
    }
    let source = suite_source::find(session)?;
    let key =
        key(&source, toolchain, kind).map_err(|error| LabError::SuiteSource { path: source.clone(), source: error })?;
    let place = session.cache().entry("suites", &key);
    let program = place.join(NAME);
    if !session.planning() && is_whole(&place) {
        return Ok(program);
    }
    let target_key = Key::new("suite-build", RECIPE).with(source.as_os_str().as_encoded_bytes()).finish();
    let target = session.cache().entry("suite-build", &target_key);
    let _claim = session.cache().claim(&format!("suite-{target_key}"), session.interrupt())?;
    let mut stage = Stage::new(session, "suite", LIMIT)?;
    if !session.planning() {
        fs::create_dir_all(&target).map_err(FileError::of("make", &target))?;
    }
    // The target that the tool chain has a standard library of.
    let triple = if toolchain.is_host() { host_triple().ok_or(LabError::NoRustTarget)? } else { TARGETS[0] };
    build(session, &mut stage, toolchain, &source, &target, triple, kind)?;
    if session.planning() {
        return Ok(program);
    }
    let scratch = session.cache().scratch("suite")?;
    let built = target.join(triple).join(kind.profile()).join(NAME);
    check(&built)?;
    let copy = scratch.path().join(NAME);
    fs::copy(&built, &copy).map_err(FileError::of("copy", &built))?;
    let sum = scratch.path().join(SUM);
    digest::of_file(&copy).and_then(|digest| fs::write(&sum, digest)).map_err(FileError::of("write", &sum))?;
    session.cache().publish(scratch, "suites", &key)?;
    stage.done(&format!("{NAME} built"));
    let bytes = fs::metadata(&program).map_or(0, |metadata| metadata.len());
    session.progress().detail(&format!("{NAME}: {bytes} bytes, static"));
    if bytes > SIZE && kind == Kind::Board {
        session.progress().tell(&format!("warning: {NAME} has {bytes} bytes; {SIZE} are the limit for boards"));
    }
    Ok(program)
}

fn build(
    session: &Session,
    stage: &mut Stage<'_>,
    toolchain: &Toolchain,
    source: &Path,
    target: &Path,
    triple: &str,
    kind: Kind,
) -> Result<(), LabError> {
    // Crates come by the user's own cargo, which knows the way to its registry;
    // the compilation then needs no network.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let fetch = Step::new(&Room::host(), [cargo.clone(), "fetch".into(), "--locked".into()])
        .arguments(["--target", triple, "--manifest-path"])
        .argument(source.join("Cargo.toml"))
        .with_caller_environment();
    stage.bar().message("fetching crates");
    stage.run(&fetch)?;
    let room = toolchain
        .room(session)
        .trusted()
        .with(Mount::ReadOnly { from: source.to_owned(), to: "/reglist" })
        .with(Mount::Writable { from: target.to_owned(), to: "/target" })
        .with(Mount::Writable { from: cargo_home(), to: "/cargo" });
    // The host's cargo may be rustup's, which finds the real one through its
    // own variables and the user's home.
    let base = match toolchain.is_host() {
        true => Step::new(&room, [cargo]).with_caller_environment(),
        false => toolchain.step(&room, ["cargo"]),
    };
    let variable = |what: &str| format!("CARGO_TARGET_{}_{what}", triple.to_uppercase().replace('-', "_"));
    let compile = base
        .arguments(["build", "--locked", "--offline", "--profile", kind.profile()])
        .arguments(["--target", triple, "-p", NAME, "--bin", NAME])
        .arguments(kind.features())
        .arguments(["--manifest-path", "/reglist/Cargo.toml"])
        .argument(format!("-j{}", session.jobs()))
        .variable("CARGO_HOME", "/cargo")
        .variable("CARGO_TARGET_DIR", "/target")
        .variable(&variable("LINKER"), "loongarch64-linux-gnu-gcc")
        .variable(&variable("RUSTFLAGS"), "-C target-feature=+crt-static")
        // What the user's configuration may name is not in the room.
        .variable("CARGO_BUILD_RUSTC_WRAPPER", "");
    stage.watch(&compile, &mut |bar, _, line| {
        bar.message(line);
        Flow::Continue
    })?;
    Ok(())
}

/// The first target that the host's Rust can build for.
pub(crate) fn host_triple() -> Option<&'static str> {
    let output = ask(Command::new("rustc").args(["--print", "sysroot"])).ok()?;
    let libraries = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()).join("lib/rustlib");
    TARGETS.into_iter().find(|target| libraries.join(target).join("lib").is_dir())
}

fn cargo_home() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_else(|| OsString::from("/"))).join(".cargo");
    std::env::var_os("CARGO_HOME").map_or_else(home, PathBuf::from)
}

/// Everything that decides what the program is.
fn key(source: &Path, toolchain: &Toolchain, kind: Kind) -> std::io::Result<String> {
    let mut files = BTreeSet::new();
    for part in ["Cargo.lock", "Cargo.toml", "specs", "suite"] {
        list(&source.join(part), &mut files)?;
    }
    let mut key = Key::new("suite", RECIPE).with(toolchain.identity());
    for feature in [kind.profile()].iter().chain(kind.features()) {
        key = key.with(feature);
    }
    for file in files {
        let name = file.strip_prefix(source).unwrap_or(&file);
        key = key.with(name.as_os_str().as_encoded_bytes()).with(digest::of_file(&file)?);
    }
    Ok(key.finish())
}

fn list(path: &Path, files: &mut BTreeSet<PathBuf>) -> std::io::Result<()> {
    if !fs::metadata(path)?.is_dir() {
        files.insert(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name != "target") {
            list(&path, files)?;
        }
    }
    Ok(())
}

/// Makes sure that a file is a static program for the guest.
pub(crate) fn check(path: &Path) -> Result<(), LabError> {
    let problem = |problem| LabError::NotASuite { path: path.to_owned(), problem };
    let bytes = fs::read(path).map_err(|source| LabError::SuiteSource { path: path.to_owned(), source })?;
    match elf(&bytes) {
        None => Err(problem("it is not a 64-bit ELF program")),
        Some(Elf { machine, .. }) if machine != EM_LOONGARCH => Err(problem("it is not made for LoongArch")),
        Some(Elf { interpreter: true, .. }) => Err(problem("it is not linked statically")),
        Some(_) => Ok(()),
    }
}

/// What an ELF header says of a program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Elf {
    pub(crate) machine: Machine,
    /// Whether it needs a dynamic linker.
    pub(crate) interpreter: bool,
}

/// The little of an ELF header that decides whether the guest can run it.
pub(crate) fn elf(bytes: &[u8]) -> Option<Elf> {
    let header = FileHeader64::<LittleEndian>::parse(bytes).ok()?;
    let segments = header.program_headers(LittleEndian, bytes).ok()?;
    let interpreter = segments.iter().any(|segment| segment.p_type(LittleEndian) == PT_INTERP);
    header.is_little_endian().then(|| Elf { machine: header.e_machine(LittleEndian), interpreter })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(machine: u16, kind: u32) -> Vec<u8> {
        let mut bytes = vec![0; 0x80];
        bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        bytes[0x12..0x14].copy_from_slice(&machine.to_le_bytes());
        bytes[0x20] = 0x40;
        bytes[0x36] = 0x38;
        bytes[0x38] = 1;
        bytes[0x40..0x44].copy_from_slice(&kind.to_le_bytes());
        bytes
    }

    #[test]
    fn only_static_programs_for_the_guest_are_taken() {
        assert_eq!(elf(&program(258, 1)), Some(Elf { machine: EM_LOONGARCH, interpreter: false }));
        assert_eq!(elf(&program(258, 3)), Some(Elf { machine: EM_LOONGARCH, interpreter: true }));
        assert_eq!(elf(b"#!/bin/sh\n"), None);
        let whole = program(258, 3);
        for length in 0..whole.len() {
            let _ = elf(&whole[..length]);
        }
        let mut far = program(258, 1);
        far[0x20..0x28].copy_from_slice(&u64::MAX.to_le_bytes());
        assert_eq!(elf(&far), None);
    }

    #[test]
    fn the_hosts_own_program_is_refused() {
        let error = check(&std::env::current_exe().unwrap()).unwrap_err();
        assert!(matches!(error, LabError::NotASuite { .. }), "{error}");
        assert_eq!(error.exit_code(), reglist_suite::exit::USAGE);
    }
}
