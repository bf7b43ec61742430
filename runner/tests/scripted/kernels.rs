// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Kernels by name, from a mirror in a directory, and by revision.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::fake::{FakeLab, PRISTINE, expect, text};
use crate::mirror::{Mirror, git};

/// `reglist lab` on a kernel of a mirror.
fn lab(lab: &FakeLab, mirror: &Mirror, more: &[&str]) -> Command {
    let arguments = [&["lab", "--suite", "suite", "--results", "out", "--force"], more].concat();
    let mut command = lab.command(&arguments);
    command.env("REGLIST_DEBIAN_MIRROR", mirror.address());
    command
}

/// The kernel that was booted, by its text, and what the user reads.
fn booted(fake: &FakeLab, mirror: &Mirror, more: &[&str]) -> (String, String) {
    let output = expect(0, &mut lab(fake, mirror, more));
    let console = fs::read_to_string(fake.path("out/console.log")).unwrap();
    let kernel = console.trim_start_matches("console of ").lines().next().unwrap().to_owned();
    (kernel, text(&output.stderr))
}

/// The boot image that `--keep` saved.
fn image(fake: &FakeLab) -> String {
    text(&fs::read(fake.path("out/image.cpio")).unwrap())
}

#[test]
fn a_kernel_is_what_the_mirror_has_under_the_name() {
    let Some(fake) = FakeLab::new("kernels") else { return };
    let Some(mirror) = Mirror::new(fake.path("mirror")) else { return };
    mirror.suite("sid", &[("7.2", "7.2.13-1")]);
    mirror.suite("experimental", &[("7.3", "7.3~rc7-1~exp1"), ("7.2", "7.2.12-1")]);
    mirror.suite("trixie", &[("6.12", "6.12.1-1")]);
    for (name, kernel) in
        [("experimental", "Linux 7.3"), ("trixie", "Linux 6.12"), ("latest", "Linux 7.3"), ("6.12", "Linux 6.12")]
    {
        assert_eq!(booted(&fake, &mirror, &["--kernel", name]).0, kernel, "{name}");
    }
    let (kernel, said) = booted(&fake, &mirror, &["--keep"]);
    assert_eq!(kernel, "Linux 7.2");
    assert!(!said.contains("warning"), "{said}");
    assert!(image(&fake).contains("source=linux-source-7.2 7.2.13-1"));
    fake.assert_clean();
}

#[test]
fn the_cache_has_a_kernel_until_the_mirror_is_asked_anew() {
    let Some(fake) = FakeLab::new("refresh") else { return };
    let Some(mirror) = Mirror::new(fake.path("mirror")) else { return };
    mirror.suite("sid", &[("7.2", "7.2.13-1")]);
    booted(&fake, &mirror, &["--kernel", "sid"]);
    mirror.suite("sid", &[("7.4", "7.4.1-1")]);
    let (kernel, said) = booted(&fake, &mirror, &["--kernel", "sid"]);
    assert_eq!(kernel, "Linux 7.2");
    assert!(said.contains("source: linux-source-7.2 7.2.13-1 (sid), fetched 20"), "{said}");
    assert_eq!(booted(&fake, &mirror, &["--kernel", "sid", "--refresh"]).0, "Linux 7.4");
    assert_eq!(booted(&fake, &mirror, &["--kernel", "sid"]).0, "Linux 7.4");
    // A mirror that is away is not asked for what the cache has.
    fs::remove_dir_all(fake.path("mirror")).unwrap();
    assert_eq!(booted(&fake, &mirror, &["--kernel", "7.2"]).0, "Linux 7.2");
    for name in ["sid", "7.2", "latest"] {
        expect(5, &mut lab(&fake, &mirror, &["--kernel", name, "--refresh"]));
    }
    fake.assert_clean();
}

#[test]
fn a_kernel_that_is_gone_lists_what_there_is() {
    let Some(fake) = FakeLab::new("gone") else { return };
    let Some(mirror) = Mirror::new(fake.path("mirror")) else { return };
    mirror.suite("sid", &[("7.3", "7.3.2-1")]);
    mirror.suite("stable", &[("6.12", "6.12.1-1"), ("5.10", "5.10.1-1")]);
    let complaint = |code, arguments: &[&str]| text(&expect(code, &mut lab(&fake, &mirror, arguments)).stderr);
    let said = complaint(64, &["--kernel", "7.2"]);
    assert!(
        said.contains(
            "reglist: no Linux 7.2 on the mirror; it has 5.10 (stable), 6.12 (stable), 7.3 (sid)\n\
             [pass one of these to --kernel, or pass a source directory to --kernel-src]"
        ),
        "{said}"
    );
    let said = complaint(64, &["--kernel", "forky"]);
    assert!(said.contains("reglist: the mirror has no suite `forky`\n["), "{said}");
    let said = complaint(64, &["--kernel", "5.10"]);
    assert!(said.contains("reglist: Linux 5.10.0 in `linux-source-5.10` has no arch/loongarch/kvm\n["), "{said}");
    // The default is the newest there is, and every run says so.
    for _ in 0..2 {
        let (kernel, said) = booted(&fake, &mirror, &[]);
        assert_eq!(kernel, "Linux 7.3");
        assert!(said.contains("warning: the mirror no longer has Linux 7.2, the default; this is 7.3\n["), "{said}");
    }
    fake.assert_clean();
}

/// Every file below a directory: its path, its content and when it was written.
fn listing(directory: &Path) -> Vec<(PathBuf, Vec<u8>, std::time::SystemTime)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let (path, metadata) = (entry.path(), entry.metadata().unwrap());
        if metadata.is_dir() {
            all.extend(listing(&path));
        } else {
            all.push((path.clone(), fs::read(&path).unwrap(), metadata.modified().unwrap()));
        }
    }
    all.sort();
    all
}

#[test]
fn a_revision_is_built_and_its_repository_stays_as_it_is() {
    let Some(fake) = FakeLab::new("revision") else { return };
    let kernel = fake.path("kernel");
    git(&kernel, &["init", "-q", "-b", "main"]);
    for text in ["one\n", "two\n"] {
        fake.write("kernel/arch/loongarch/kvm/vcpu.c", text);
        git(&kernel, &["add", "."]);
        git(&kernel, &["commit", "-q", "-m", text]);
    }
    fake.write("kernel/arch/loongarch/kvm/vcpu.c", PRISTINE);
    fake.write("kernel/untracked", "");
    let before = listing(&kernel);
    let run = |source: &str, code| {
        let mut command =
            fake.command(&["lab", "--suite", "suite", "--results", "out", "--force", "--keep", "--kernel-src", source]);
        // As inside `git bisect run` of another repository.
        text(&expect(code, command.env("GIT_DIR", "/nonexistent")).stderr)
    };
    for (revision, expected) in [("HEAD~1", "one\n"), ("main", "two\n"), ("HEAD@{0}~1", "one\n"), ("main", "two\n")] {
        run(&format!("kernel@{revision}"), 0);
        let console = fs::read_to_string(fake.path("out/console.log")).unwrap();
        assert_eq!(console, format!("console of {expected}"), "{revision}");
    }
    let commit = git(&kernel, &["rev-parse", "main"]);
    assert!(image(&fake).contains(&format!("source=commit {commit}")));
    let said = run("kernel@nowhere", 64);
    assert!(said.contains("reglist: `kernel@nowhere`: `nowhere` names no commit of this repository\n["), "{said}");
    run("kernel@--all", 64);
    assert!(run("none@main", 64).contains("`none@main` is not a Linux source tree"));
    // A name with an @ is a directory first.
    fs::create_dir_all(fake.path("kernel@main")).unwrap();
    assert!(run("kernel@main", 64).contains("is not a Linux source tree"));
    assert!(before == listing(&kernel), "the repository changed");
    fake.assert_clean();
}
