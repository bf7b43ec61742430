// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What the machine says of itself.

use std::fs;

use nix::sys::utsname::uname;

/// Kernel, architecture and CPU of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Architecture, as `uname -m` prints it.
    pub architecture: String,
    /// Kernel release and version, as `uname -rv` prints them.
    pub kernel: String,
    /// CPU model, empty where /proc/cpuinfo does not tell.
    pub cpu: String,
}

impl Host {
    /// Asks the running kernel.
    #[must_use]
    pub fn probe() -> Self {
        let (architecture, kernel) = match uname() {
            Ok(name) => (
                name.machine().to_string_lossy().into_owned(),
                format!("{} {}", name.release().to_string_lossy(), name.version().to_string_lossy()),
            ),
            Err(_) => (std::env::consts::ARCH.to_owned(), "unknown".to_owned()),
        };
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        Self { architecture, kernel, cpu: model_name(&cpuinfo) }
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
    fn the_model_name_is_found_in_either_spelling() {
        assert_eq!(model_name("processor\t: 0\nModel Name\t\t: Loongson-3A6000\n"), "Loongson-3A6000");
        assert_eq!(model_name("model name\t: Some CPU @ 2 GHz\n"), "Some CPU @ 2 GHz");
        assert_eq!(model_name(""), "");
    }
}
