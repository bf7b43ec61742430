// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The suite for a board: the user's, the one in reglist's directory, or a build
//! as for the lab's guest.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use object::elf::{EM_AARCH64, EM_LOONGARCH, EM_RISCV, EM_X86_64, Machine};

use super::error::SshError;
use super::script::PROGRAM;
use crate::lab::Toolchain;
use crate::lab::suite_program::{self, Elf, Kind};
use crate::system::session::Session;
use crate::target::error::TargetError;

/// Bytes that contain all ELF headers.
const HEADERS: u64 = 1 << 16;
/// `uname -m`, ELF machine, name.
const MACHINES: [(&str, Machine, &str); 4] = [
    ("loongarch64", EM_LOONGARCH, "LoongArch"),
    ("x86_64", EM_X86_64, "x86-64"),
    ("aarch64", EM_AARCH64, "AArch64"),
    ("riscv64", EM_RISCV, "RISC-V"),
];

/// Checks that the user's program fits the board.
pub(super) fn check(path: &Path, machine: &str, host: &str) -> Result<(), SshError> {
    let elf = read(path)?.ok_or_else(|| SshError::NoElf { path: path.to_owned() })?;
    let board = MACHINES.iter().find(|(name, ..)| *name == machine);
    // On an unknown machine, the first call shows whether it runs.
    if board.is_none_or(|(_, number, _)| *number == elf.machine) {
        return Ok(());
    }
    let known = MACHINES.iter().find(|(_, number, _)| *number == elf.machine);
    Err(SshError::WrongMachine {
        path: path.to_owned(),
        made_for: known.map_or_else(|| format!("ELF machine {}", elf.machine.0), |(.., words)| (*words).to_owned()),
        host: host.to_owned(),
        machine: machine.to_owned(),
    })
}

/// Checks that a file is an ELF program, before the connection.
pub(crate) fn check_elf(path: &Path) -> Result<(), SshError> {
    read(path)?.map(drop).ok_or_else(|| SshError::NoElf { path: path.to_owned() })
}

/// The suite for a machine.
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

/// The static suite in reglist's directory, if it fits the machine.
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
