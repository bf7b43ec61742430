// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The program for a board: given by the user, found beside this one, or built
//! as for the lab's guest.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::error::SshError;
use super::script::PROGRAM;
use crate::lab::Toolchain;
use crate::lab::suite_program::{self, Elf, Kind};
use crate::system::session::Session;
use crate::target::error::TargetError;

/// Headers are within so many bytes.
const HEADERS: u64 = 1 << 16;
/// What a board says it is, what a program says it is for, and that in words.
const MACHINES: [(&str, u16, &str); 4] = [
    ("loongarch64", 258, "LoongArch"),
    ("x86_64", 62, "x86-64"),
    ("aarch64", 183, "AArch64"),
    ("riscv64", 243, "RISC-V"),
];

/// Makes sure that a program which the user gave can be one for the board.
pub(super) fn check(path: &Path, machine: &str, host: &str) -> Result<(), SshError> {
    let elf = read(path)?.ok_or_else(|| SshError::NoElf { path: path.to_owned() })?;
    let board = MACHINES.iter().find(|(name, ..)| *name == machine);
    // What is not known here is found out there.
    if board.is_none_or(|(_, number, _)| *number == elf.machine) {
        return Ok(());
    }
    let known = MACHINES.iter().find(|(_, number, _)| *number == elf.machine);
    Err(SshError::WrongMachine {
        path: path.to_owned(),
        made_for: known.map_or_else(|| format!("ELF machine {}", elf.machine), |(.., words)| (*words).to_owned()),
        host: host.to_owned(),
        machine: machine.to_owned(),
    })
}

/// Makes sure, before anybody is called, that a file is a program at all.
pub(crate) fn check_elf(path: &Path) -> Result<(), SshError> {
    read(path)?.map(drop).ok_or_else(|| SshError::NoElf { path: path.to_owned() })
}

/// A program for a board of this kind.
pub(super) fn obtain(session: &Session, machine: &str) -> Result<PathBuf, TargetError> {
    if let Some(path) = beside(machine) {
        return Ok(path);
    }
    if machine != "loongarch64" {
        return Err(SshError::NoProgram { machine: machine.to_owned() }.into());
    }
    let (toolchain, _) = Toolchain::obtain(session)?;
    Ok(suite_program::obtain(session, &toolchain, None, Kind::Board)?)
}

/// The static program beside this one, if it is for such a board.
fn beside(machine: &str) -> Option<PathBuf> {
    let path = std::env::current_exe().ok()?.with_file_name(PROGRAM);
    let elf = read(&path).ok()??;
    let fits = MACHINES.iter().any(|(name, number, _)| *name == machine && *number == elf.machine);
    (fits && !elf.interpreter).then_some(path)
}

fn read(path: &Path) -> Result<Option<Elf>, SshError> {
    let failed = |source| SshError::Program { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(HEADERS).read_to_end(&mut bytes)).map_err(failed)?;
    Ok(suite_program::elf(&bytes))
}
