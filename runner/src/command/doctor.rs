// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `doctor`: checks the requirements of the lab.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{AccessFlags, access, geteuid};
use reglist_suite::exit;

use crate::command::error::Error;
use crate::lab::toolchain::{self, TOOLS, version};
use crate::lab::{self, KernelName, REVIEW_TOOLS, source};
use crate::system::cache::{Cache, size};
use crate::system::output::print;
use crate::system::owner;
use crate::system::sandbox::{self, Mount, Room};

/// Disk space of a first run, with a reserve.
const NEED: u64 = 5_000_000_000;

pub(crate) fn run() -> Result<u8, Error> {
    let mut findings = Findings::default();
    let place = Cache::place()?;
    rooms(&mut findings);
    let host = tools(&mut findings);
    if !host {
        debian(&mut findings, &place);
    }
    rust(&mut findings, host);
    cache(&mut findings, &place);
    disk(&mut findings, &place);
    let code = findings.conclude();
    print(&findings.text)?;
    Ok(code)
}

#[derive(Debug, Default)]
struct Findings {
    text: String,
    missing: usize,
}

impl Findings {
    fn good(&mut self, what: &str, found: &str) {
        let _ = writeln!(self.text, "ok       {what}: {found}");
    }

    fn note(&mut self, what: &str, found: &str) {
        let _ = writeln!(self.text, "-        {what}: {found}");
    }

    fn bad(&mut self, what: &str, found: &str, remedy: &str) {
        self.missing += 1;
        let _ = writeln!(self.text, "MISSING  {what}: {found}\n         [{remedy}]");
    }

    fn conclude(&mut self) -> u8 {
        let (verdict, code) = match self.missing {
            0 => ("the lab can run; try: reglist lab --reference".to_owned(), exit::PASSED),
            count => (format!("the lab cannot run; missing: {count}"), exit::INFRASTRUCTURE),
        };
        let _ = writeln!(self.text, "\nreglist: {verdict}");
        code
    }
}

/// Checks namespaces and overlayfs.
fn rooms(findings: &mut Findings) {
    for (tool, package) in [
        ("setpriv", "util-linux"),
        ("unshare", "util-linux"),
        ("prlimit", "util-linux"),
        ("chroot", "coreutils"),
        ("mount", "mount"),
    ] {
        if version(tool).is_none() && !in_path(tool) {
            findings.bad(tool, "not found", &format!("apt-get install {package}"));
        }
    }
    let who = if geteuid().is_root() { "as root" } else { "as an ordinary user" };
    let true_in = |room: &Room| {
        let argv = room.enter(&["true".into()]);
        let Some((program, arguments)) = argv.split_first() else { return false };
        let status = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    if !true_in(&Room::host()) {
        findings.bad("namespaces", &format!("not allowed {who}"), sandbox::remedy());
        return;
    }
    findings.good("namespaces", &format!("mount and process namespaces work {who}"));
    let Ok(directory) = tempfile::tempdir() else {
        findings.bad("temporary directory", "cannot be created", "set TMPDIR to a writable directory");
        return;
    };
    let part = |name: &str| {
        let path = directory.path().join(name);
        let _ = fs::create_dir_all(&path);
        path
    };
    let room = Room::tree(Path::new("/"), &part("room")).with(Mount::Overlay {
        upper: part("upper"),
        lower: part("lower"),
        to: "/src",
    });
    if true_in(&room) {
        findings.good("overlayfs", "works");
    } else {
        findings.bad(
            "overlayfs",
            &format!("cannot be mounted {who}"),
            "modprobe overlay, as root; without root, Linux 5.11 or newer is required",
        );
    }
}

/// Checks the host's tools; true if the lab can use them.
fn tools(findings: &mut Findings) -> bool {
    let mut all = true;
    let mut lines = Vec::new();
    for (tool, oldest) in TOOLS {
        match version(tool) {
            Some(version) if version.major >= oldest => lines.push((tool, version.text, true)),
            Some(version) => {
                all = false;
                lines.push((tool, format!("{} is older than {oldest}", version.text), false));
            }
            None => {
                all = false;
                lines.push((tool, "not found".to_owned(), false));
            }
        }
    }
    if all {
        for (tool, package) in REVIEW_TOOLS.iter().filter(|(tool, _)| version(tool).is_none()) {
            findings.note(tool, &format!("not found; `lab --review` goes without [apt-get install {package}]"));
        }
        for (tool, text, _) in lines {
            findings.good(tool, &text);
        }
        return true;
    }
    let short: Vec<&str> = lines.iter().filter(|line| !line.2).map(|line| line.0).collect();
    findings.note("host's tools", &format!("not used; missing or too old: {}", short.join(", ")));
    false
}

/// Checks that the tools are available as Debian packages.
fn debian(findings: &mut Findings, place: &Path) {
    let has_tools = toolchain::in_cache(place);
    if has_tools {
        findings.good("Debian tool chain", "in the cache");
    }
    if has_tools && let Some(release) = source::in_cache(place, &KernelName::Default) {
        findings.good("Debian source", &format!("Linux {release} is in the cache"));
        return;
    }
    let missing: Vec<&str> = lab::apt::tools().into_iter().filter(|tool| !in_path(tool)).collect();
    if !missing.is_empty() {
        findings.bad(
            "Debian packages",
            &format!("no {}", missing.join(", ")),
            "every Debian system has these; on others, install a loongarch64-linux-gnu cross compiler, \
             qemu-system-loongarch64 >= 10, make, flex, bison, bc and patch, and use --kernel-src",
        );
        return;
    }
    if !Path::new(lab::apt::KEYRING).exists() {
        let remedy = "apt-get install debian-archive-keyring";
        findings.bad("Debian keyring", &format!("{} does not exist", lab::apt::KEYRING), remedy);
    }
    match lab::apt::mirror() {
        Ok(mirror) => match lab::apt::answers(&mirror, "sid") {
            Ok(()) => findings.good("Debian mirror", &mirror),
            Err(said) => findings.bad(
                "Debian mirror",
                &format!("{mirror} does not answer: {said}"),
                &format!("check the network and apt's proxy, or set {} to another mirror", lab::apt::MIRROR),
            ),
        },
        Err(error) => findings.bad("Debian mirror", "none in apt's sources", &split(&error.to_string()).1),
    }
}

/// Checks that the cache's directory can hold programs and run them.
fn cache(findings: &mut Findings, place: &Path) {
    let remedy = "set XDG_CACHE_HOME to a writable directory on a file system without noexec";
    let existing = existing(place);
    let shown = existing.display();
    if !existing.is_dir() {
        findings.bad("cache directory", &format!("{shown} is not a directory"), "remove it, or set XDG_CACHE_HOME");
    } else if let Err(errno) = access(&existing, AccessFlags::W_OK | AccessFlags::X_OK) {
        findings.bad("cache directory", &format!("{shown} is not writable: {errno}"), remedy);
    } else if statvfs(&existing).is_ok_and(|disk| disk.flags().contains(FsFlags::ST_NOEXEC)) {
        findings.bad("cache directory", &format!("{shown} is mounted noexec"), remedy);
    } else if let Err(error) = owner::check(place) {
        let (problem, remedy) = split(&error.to_string());
        findings.bad("cache directory", &problem, &remedy);
    } else {
        findings.good("cache directory", "writable by this user only, and programs can run there");
    }
}

/// An error's problem and its remedy.
fn split(error: &str) -> (String, String) {
    let (problem, remedy) = error.rsplit_once("\n[").unwrap_or((error, ""));
    (problem.to_owned(), remedy.trim_end_matches(']').to_owned())
}

/// The closest existing directory that contains a path.
fn existing(place: &Path) -> PathBuf {
    place.ancestors().find(|path| path.exists()).map_or(PathBuf::from("/"), Path::to_owned)
}

fn rust(findings: &mut Findings, host: bool) {
    match version("cargo") {
        Some(version) => findings.good("cargo", &version.text),
        None => findings.bad("cargo", "not found", "install Rust, or pass a built reglist-suite with --suite FILE"),
    }
    // The Debian tool chain includes its own Rust.
    if host {
        match lab::suite_program::host_triple() {
            Some(target) => findings.good("Rust target", target),
            None => findings.bad(
                "Rust target",
                "no standard library for LoongArch",
                "rustup target add loongarch64-unknown-linux-musl, or pass a built reglist-suite with --suite FILE",
            ),
        }
    }
}

fn disk(findings: &mut Findings, place: &Path) {
    let (bytes, files) = size(place);
    findings.note("cache", &format!("{}, {:.1} GB in {files} files", place.display(), bytes as f64 / 1e9));
    let Ok(disk) = statvfs(&existing(place)) else {
        return;
    };
    let free = disk.blocks_available() * disk.fragment_size();
    let need = NEED.saturating_sub(bytes);
    let text = format!("{:.1} GB free, {:.1} GB needed", free as f64 / 1e9, need as f64 / 1e9);
    if free >= need {
        findings.good("disk", &text);
    } else {
        findings.bad("disk", &text, "free disk space, or set XDG_CACHE_HOME to a directory on a larger disk");
    }
}

fn in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}
