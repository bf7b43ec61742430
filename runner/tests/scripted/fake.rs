// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A lab of shell scripts: tools that pretend to compile and to emulate, a
//! kernel tree of five files, a program with nothing but an ELF header. With
//! them the real pipeline runs from the first stage to the last in a second,
//! without network, and any stage can be made to hang or to fail.

use std::cell::Cell;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Runs in every fake tool: hangs, or fails, where the test asks for it.
const TOOL: &str = r#"#!/bin/sh
# A fake tool: $1 is looked at to learn which stage this is.
here=${0%/*}
name=${0##*/}
case "$name $1" in
*' --version') echo "$name (fake) 99.1.0"; exit 0 ;;
'rustc --print') echo "$here/../rust"; exit 0 ;;
esac
stage=
case "$name $*" in
make*allnoconfig*) stage=configure ;;
make*vmlinux*) stage=build ;;
make*M=/soft-lvz*) stage=modules ;;
patch*) stage=patches ;;
qemu*) stage=boot ;;
cargo*fetch*) stage=crates ;;
cargo*build*) stage=suite ;;
apt-get*update*) stage=update ;;
apt-get*install*) stage=fetch ;;
esac
if [ "$stage" ] && [ -e "$here/hang-$stage" ]; then
    # A tree of processes; with `stubborn` none of it listens to signals.
    [ -e "$here/stubborn" ] && trap '' INT TERM
    sh -c 'sleep "$1" & setsid sleep "$1" & wait' sleeper "$(cat "$here/hang-$stage")" &
    sleep "$(cat "$here/hang-$stage")" &
    echo "hanging in $stage, $(cat "$here/times")"
    wait
    exit 1
fi
if [ "$stage" ] && [ -e "$here/fail-$stage" ]; then
    cat "$here/fail-$stage" >&2
    exit 2
fi
case $stage in
configure)
    mkdir -p /build/include/config
    grep '^CONFIG_' /lab/kernel.config > /build/.config
    printf 'deps_config := \\\n\tKconfig \\\n\n' > /build/include/config/auto.conf.cmd ;;
build)
    echo "  CC      arch/loongarch/kvm/vcpu.o"
    cat /src/arch/loongarch/kvm/vcpu.c > /build/vmlinux
    mkdir -p /build/arch/loongarch/kvm
    printf 'x\0depends=\0' > /build/arch/loongarch/kvm/kvm.ko
    echo arch/loongarch/kvm/kvm.o > /build/modules.order ;;
modules) : > /soft-lvz/soft_lvz.ko ;;
suite)
    built=/target/loongarch64-unknown-linux-gnu/guest
    mkdir -p "$built"
    cp "$here/../suite" "$built/reglist-suite" ;;
boot)
    echo "$name $*" > /results/calls
    console=${*#*file:}
    echo "console of $(cat /kernel/vmlinux)" > "${console%% *}"
    if [ -e "$here/stop-boot" ]; then
        head -n 2 "$here/events"
        (sleep 4; kill -CONT $$) &
        kill -STOP $$
        tail -n +3 "$here/events"
    elif [ -e "$here/events-again" ] && [ "${console%% *}" != /results/console.log ]; then
        cat "$here/events-again"
    else
        cat "$here/events"
    fi
    [ -e "$here/die-boot" ] && kill -9 $$ ;;
esac
exit 0
"#;

const TOOLS: [&str; 10] = [
    "cargo",
    "loongarch64-linux-gnu-gcc",
    "qemu-system-loongarch64",
    "gcc",
    "make",
    "flex",
    "bison",
    "bc",
    "perl",
    "rustc",
];

const EVENTS: &str = r#"{"event":"run_started","format":1,"suite":"0.1.0","subject":"kvm","architecture":"loongarch64","kernel":"7.2.13 #1 SMP","cpu":"","series":"v5","strict":false,"allow_new":false,"plan":["base.count","base.efault"]}
{"event":"case_started","case":"base.count"}
{"event":"case_finished","case":"base.count","outcome":"pass","duration_us":10,"ioctls":2}
{"event":"case_started","case":"base.efault"}
{"event":"case_finished","case":"base.efault","outcome":"pass","duration_us":10,"ioctls":2}
{"event":"run_finished","verdict":"passed","totals":{"pass":2,"fail":0,"skip":0,"error":0}}
"#;

/// What the kernel's file says before a patch.
pub(crate) const PRISTINE: &str = "one\ntwo\nthree\n";

/// A lab of shell scripts in a directory of its own.
pub(crate) struct FakeLab {
    root: PathBuf,
    /// Seconds that a hanging tool sleeps: a number that no other process has,
    /// so that survivors can be told.
    sleep: String,
    /// How often a stage was made to hang.
    times: Cell<u32>,
}

/// A program that the test started and that is gone when the test is.
pub(crate) struct Running(Child);

impl FakeLab {
    /// A lab for the test of this name; none where processes and mounts cannot
    /// be confined, with the reason on the standard error.
    pub(crate) fn new(test: &str) -> Option<Self> {
        let confined = Command::new("unshare")
            .args(["--mount", "--pid", "--fork"])
            .args(if nix::unistd::geteuid().is_root() { vec![] } else { vec!["--user", "--map-root-user"] })
            .arg("true")
            .stderr(Stdio::null())
            .status();
        if !confined.is_ok_and(|status| status.success()) {
            eprintln!("skipped: namespaces are not allowed here");
            return None;
        }
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = fs::remove_dir_all(&root);
        let lab = Self { sleep: unique(test), root, times: Cell::new(0) };
        for directory in [
            "bin",
            "cache",
            "cargo",
            "kernel/arch/loongarch/kvm",
            "source/suite",
            "source/specs",
            "rust/lib/rustlib/loongarch64-unknown-linux-gnu/lib",
        ] {
            fs::create_dir_all(lab.path(directory)).unwrap();
        }
        for tool in TOOLS {
            lab.tool(tool);
        }
        lab.write("bin/events", EVENTS);
        lab.write("kernel/Makefile", "VERSION = 7\nPATCHLEVEL = 2\nSUBLEVEL = 13\n");
        lab.write("kernel/Kconfig", "");
        lab.write("kernel/arch/loongarch/kvm/vcpu.c", PRISTINE);
        lab.write("suite", program());
        for file in ["source/Cargo.toml", "source/Cargo.lock", "source/suite/Cargo.toml"] {
            lab.write(file, "");
        }
        Some(lab)
    }

    /// Adds a fake tool.
    pub(crate) fn tool(&self, name: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, TOOL).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    }

    /// Something in the lab's directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Writes a file in the lab's directory.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// Makes a stage hang; `stubborn` processes ignore polite signals.
    pub(crate) fn hang(&self, stage: &str, stubborn: bool) {
        self.times.set(self.times.get() + 1);
        self.write("bin/times", self.times.get().to_string());
        self.write(&format!("bin/hang-{stage}"), &self.sleep);
        if stubborn {
            self.write("bin/stubborn", "");
        }
    }

    /// Nothing hangs or fails any more.
    pub(crate) fn heal(&self) {
        for entry in fs::read_dir(self.path("bin")).unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("hang-") || name.starts_with("fail-") || name == "stubborn" {
                fs::remove_file(entry.path()).unwrap();
            }
        }
    }

    /// The program with these arguments, in this lab.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reglist"));
        let path = std::env::var("PATH").unwrap();
        command
            .args(arguments)
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("CARGO", self.path("bin/cargo"))
            .env("CARGO_HOME", self.path("cargo"))
            .env("REGLIST_SOURCE", self.path("source"))
            .current_dir(&self.root)
            .stdin(Stdio::null());
        command
    }

    /// `reglist lab` on the fake kernel with the fake suite.
    pub(crate) fn lab(&self, more: &[&str]) -> Command {
        let mut arguments = vec!["lab", "--kernel-src", "kernel", "--suite", "suite"];
        arguments.extend(more);
        self.command(&arguments)
    }

    /// Starts a command and waits until the stage hangs.
    pub(crate) fn start(&self, mut command: Command, stage: &str) -> Running {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut running = Running(child);
        wait_for(&format!("stage {stage} to hang"), || {
            if let Some(status) = running.0.try_wait().unwrap() {
                panic!("ended before stage {stage}: {status}\n{}", running.complaints());
            }
            self.hangs_in(stage)
        });
        running
    }

    /// Whether a hanging tool has said so in the log of its stage.
    pub(crate) fn hangs_in(&self, stage: &str) -> bool {
        let mut open = vec![self.path("cache/reglist/runs"), self.path("out")];
        while let Some(directory) = open.pop() {
            for path in fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()) {
                let sign = format!("hanging in {stage}, {}", self.times.get());
                let says = |text: String| text.lines().any(|line| line == sign);
                if path.is_dir() {
                    open.push(path);
                } else if fs::read_to_string(&path).is_ok_and(says) {
                    return true;
                }
            }
        }
        false
    }

    /// Waits until no process of a hanging tool is left.
    pub(crate) fn assert_nobody_left(&self) {
        wait_for("all processes to be gone", || self.survivors().is_empty());
    }

    fn survivors(&self) -> Vec<String> {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        processes
            .filter_map(|entry| fs::read(entry.path().join("cmdline")).ok())
            .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
            .filter(|line| line.contains(&self.sleep))
            .collect()
    }

    /// Nothing half-written is in the cache, nothing is mounted there.
    pub(crate) fn assert_clean(&self) {
        let partial = self.path("cache/reglist/partial");
        let left: Vec<_> = fs::read_dir(partial).unwrap().flatten().map(|entry| entry.path()).collect();
        assert!(left.is_empty(), "left in the cache: {left:?}");
        let mounts = fs::read_to_string("/proc/mounts").unwrap();
        let cache = self.path("cache").display().to_string();
        assert!(!mounts.contains(&cache), "mounted: {mounts}");
    }
}

impl Drop for FakeLab {
    fn drop(&mut self) {
        if !thread::panicking() {
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}

impl Running {
    /// Sends a signal to the program, not to its stages.
    pub(crate) fn signal(&self, signal: nix::sys::signal::Signal) {
        let id = i32::try_from(self.0.id()).unwrap();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), signal).unwrap();
    }

    /// Waits for the end: exit code, standard error, and how long it took.
    pub(crate) fn end(mut self) -> (Option<i32>, String, Duration) {
        let start = Instant::now();
        wait_for("the program to end", || self.0.try_wait().unwrap().is_some());
        let status = self.0.wait().unwrap();
        (status.code(), self.complaints(), start.elapsed())
    }

    fn complaints(&mut self) -> String {
        let mut text = String::new();
        if let Some(mut stderr) = self.0.stderr.take() {
            let _ = std::io::Read::read_to_string(&mut stderr, &mut text);
        }
        text
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a command and checks its exit code.
pub(crate) fn expect(code: i32, command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let (out, error) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{command:?}\n--- output\n{out}--- error\n{error}");
    output
}

/// Output as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Waits for something that takes moments.
pub(crate) fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(20), "waited in vain for {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A number of seconds that stands for a test and this process.
fn unique(test: &str) -> String {
    let sum: u32 = test.bytes().fold(7, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    format!("{}.{}", 100_000 + sum % 100_000, std::process::id())
}

/// The shortest file that passes for a static program of the guest.
fn program() -> Vec<u8> {
    let mut bytes = vec![0; 0x40];
    bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    bytes[0x12..0x14].copy_from_slice(&258u16.to_le_bytes());
    bytes
}
