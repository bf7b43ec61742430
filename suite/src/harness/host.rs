// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Facts about this machine: architecture, kernel, CPU and build ids.

use std::fs;
use std::path::Path;

use nix::sys::utsname::uname;
use nix::unistd::{Pid, getpid};

use crate::report::events::Label;

/// Labels of build ids and their files of ELF notes: the kernel's, and KVM's if it is a module.
const NOTES: [(&str, &str); 2] =
    [(Label::BUILD_ID, "/sys/kernel/notes"), (Label::KVM_BUILD_ID, "/sys/module/kvm/notes/.note.gnu.build-id")];
/// NT_GNU_BUILD_ID, of notes with the name "GNU".
const BUILD_ID: u32 = 3;

/// The runner's job for the lab's guest.
pub(super) const JOB: &str = "/lab/job.json";

/// Whether this process is PID 1 of the lab's guest.
pub fn is_lab_guest() -> bool {
    getpid() == Pid::from_raw(1) && Path::new(JOB).exists()
}

/// Kernel, architecture and CPU of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Architecture, as `uname -m` prints it.
    pub architecture: String,
    /// Kernel release and version, as `uname -rv` prints them.
    pub kernel: String,
    /// CPU model; empty if /proc/cpuinfo has none.
    pub cpu: String,
    /// Build ids of the running kernel and of its KVM module, if readable.
    pub build_ids: Vec<Label>,
}

impl Host {
    /// Reads the facts from the running kernel.
    pub fn probe() -> Self {
        let (architecture, kernel) = match uname() {
            Ok(name) => (
                name.machine().to_string_lossy().into_owned(),
                format!("{} {}", name.release().to_string_lossy(), name.version().to_string_lossy()),
            ),
            Err(_) => (std::env::consts::ARCH.to_owned(), "unknown".to_owned()),
        };
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let label = |(name, file): (&str, &str)| {
            let value = build_id(&fs::read(file).ok()?)?;
            Some(Label { name: name.to_owned(), value })
        };
        let build_ids = NOTES.into_iter().filter_map(label).collect();
        Self { architecture, kernel, cpu: model_name(&cpuinfo), build_ids }
    }
}

/// The build id in ELF notes of the machine's byte order, in hexadecimal.
pub fn build_id(mut notes: &[u8]) -> Option<String> {
    let word = |notes: &[u8], at: usize| Some(u32::from_ne_bytes(notes.get(at..at + 4)?.try_into().ok()?));
    let size = |word: u32| usize::try_from(word).ok();
    loop {
        let (name, content) = (size(word(notes, 0)?)?, size(word(notes, 4)?)?);
        let kind = word(notes, 8)?;
        let start = 12_usize.checked_add(name.checked_next_multiple_of(4)?)?;
        let end = start.checked_add(content)?;
        if kind == BUILD_ID && notes.get(12..12 + name)? == b"GNU\0" {
            let bytes = notes.get(start..end)?;
            return Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect());
        }
        notes = notes.get(end.checked_next_multiple_of(4)?..)?;
    }
}

/// "Model Name" on LoongArch, "model name" on x86.
fn model_name(cpuinfo: &str) -> String {
    cpuinfo
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim().eq_ignore_ascii_case("model name"))
        .map_or_else(String::new, |(_, value)| value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_id_is_found_behind_other_notes() {
        let note = |name: &[u8], kind: u32, content: &[u8]| {
            let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_ne_bytes();
            let mut note = [size(name), size(content), kind.to_ne_bytes()].concat();
            for part in [name, content] {
                note.extend(part);
                note.resize(note.len().next_multiple_of(4), 0);
            }
            note
        };
        let notes = [note(b"Linux\0", 3, b"no"), note(b"GNU\0", 3, &[0x0a, 0xff, 0x10, 0x01, 0x02])].concat();
        assert_eq!(build_id(&notes).as_deref(), Some("0aff100102"));
        for length in 0..notes.len() - 3 {
            assert_eq!(build_id(&notes[..length]), None, "{length}");
        }
        assert_eq!(build_id(&note(b"GNU\0", u32::MAX, &[])), None);
    }

    #[test]
    fn the_model_name_is_found_in_either_spelling() {
        assert_eq!(model_name("processor\t: 0\nModel Name\t\t: Loongson-3A6000\n"), "Loongson-3A6000");
        assert_eq!(model_name("model name\t: Some CPU @ 2 GHz\n"), "Some CPU @ 2 GHz");
        assert_eq!(model_name(""), "");
    }
}
