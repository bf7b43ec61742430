// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A Debian mirror of a few files, for apt itself.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest as _, Sha256};

use crate::fake::PRISTINE;

/// A mirror in a directory.
pub(crate) struct Mirror(PathBuf);

impl Mirror {
    /// An empty mirror; none without the tools that make and read one, with the reason
    /// on standard error.
    pub(crate) fn new(place: PathBuf) -> Option<Self> {
        for tool in ["apt-get", "dpkg-deb", "xz"] {
            if Command::new(tool).arg("--version").output().is_err() {
                eprintln!("skipped: this machine has no {tool}");
                return None;
            }
        }
        fs::create_dir_all(&place).unwrap();
        Some(Self(place))
    }

    /// The value of `REGLIST_DEBIAN_MIRROR`.
    pub(crate) fn address(&self) -> String {
        format!("[trusted=yes] file:{}", self.0.display())
    }

    /// Replaces a suite. `kernels` are source packages with their versions; the first
    /// one is the suite's current kernel.
    pub(crate) fn suite(&self, suite: &str, kernels: &[(&str, &str)]) {
        let mut packages = String::new();
        for (kernel, version) in kernels {
            let name = format!("linux-source-{kernel}");
            packages += &self.package(&name, version, "", &source(kernel));
        }
        if let Some((kernel, version)) = kernels.first() {
            let depends = format!("Depends: linux-source-{kernel} (= {version})\n");
            packages += &self.package("linux-source", version, &depends, &[]);
        }
        let directory = self.0.join("dists").join(suite);
        let mut release = format!("Suite: {suite}\nCodename: {suite}\nDate: Thu, 01 Jan 2026 00:00:00 UTC\n");
        release += "Components: main\nArchitectures: all amd64 arm64 loong64\nSHA256:\n";
        for architecture in ["amd64", "arm64", "loong64"] {
            let name = format!("main/binary-{architecture}/Packages");
            fs::create_dir_all(directory.join(&name).parent().unwrap()).unwrap();
            fs::write(directory.join(&name), &packages).unwrap();
            writeln!(release, " {} {} {name}", digest(packages.as_bytes()), packages.len()).unwrap();
        }
        fs::write(directory.join("Release"), release).unwrap();
    }

    /// Builds a package; returns its record.
    fn package(&self, name: &str, version: &str, more: &str, files: &[(String, Vec<u8>)]) -> String {
        let build = tempfile::tempdir().unwrap();
        let control = format!(
            "Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: A <a@example.org>\n{more}Description: x\n"
        );
        let record = (String::from("DEBIAN/control"), control.clone().into_bytes());
        for (path, content) in files.iter().chain([&record]) {
            let path = build.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let file = format!("pool/{name}_{version}_all.deb");
        fs::create_dir_all(self.0.join("pool")).unwrap();
        run(Command::new("dpkg-deb").arg("-b").arg(build.path()).arg(self.0.join(&file)));
        let deb = fs::read(self.0.join(&file)).unwrap();
        format!("{control}Filename: {file}\nSize: {}\nSHA256: {}\n\n", deb.len(), digest(&deb))
    }
}

/// The file of a source package: a kernel of three files, whose text names it.
fn source(kernel: &str) -> Vec<(String, Vec<u8>)> {
    let (version, level) = kernel.split_once('.').unwrap();
    let place = tempfile::tempdir().unwrap();
    let tree = place.path().join("linux");
    fs::create_dir_all(&tree).unwrap();
    fs::write(tree.join("Makefile"), format!("VERSION = {version}\nPATCHLEVEL = {level}\nSUBLEVEL = 0\n")).unwrap();
    fs::write(tree.join("Kconfig"), "").unwrap();
    // Linux 6.7 is the first with KVM for LoongArch.
    if version != "5" {
        fs::create_dir_all(tree.join("arch/loongarch/kvm")).unwrap();
        fs::write(tree.join("arch/loongarch/kvm/vcpu.c"), format!("Linux {kernel}\n{PRISTINE}")).unwrap();
    }
    let archive = place.path().join("x.tar.xz");
    run(Command::new("tar").args(["-I", "xz", "-cf"]).arg(&archive).arg("-C").arg(place.path()).arg("linux"));
    vec![(format!("usr/src/linux-source-{kernel}.tar.xz"), fs::read(archive).unwrap())]
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Runs a command that must succeed; returns its output.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A git repository in a directory, without the user's configuration.
pub(crate) fn git(directory: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.arg("-C").arg(directory).args(["-c", "user.name=a", "-c", "user.email=a@example.org"]).args(arguments);
    run(command.env("GIT_CONFIG_GLOBAL", "/dev/null"))
}
