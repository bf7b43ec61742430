// SPDX-License-Identifier: Apache-2.0 OR MIT
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::*;

fn parse(text: &str) -> Result<PatchFile, PatchError> {
    PatchFile::parse(Path::new("p.patch"), text.as_bytes().to_vec())
}

fn touched(text: &str) -> BTreeSet<String> {
    parse(text).unwrap().touches().cloned().collect()
}

const CHANGE: &str = "--- a/arch/x.c\n+++ b/arch/x.c\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n";

#[test]
fn a_mail_touches_what_its_diff_names() {
    let mail = format!("From: A\nSubject: [PATCH] --- a/no\n\ntext\n---\n x.c | 2 +-\n\n{CHANGE}-- \n2.47\n");
    assert_eq!(touched(&mail), BTreeSet::from(["arch/x.c".to_owned()]));
}

#[test]
fn prose_and_removed_lines_that_look_like_headers_are_no_changes() {
    let prose = format!("--- a/old.c\n+++ b/old.c\nas it was, and\ndiff --git a/x b/x\nis prose\n{CHANGE}");
    assert_eq!(touched(&prose), BTreeSet::from(["arch/x.c".to_owned()]));
    assert_eq!(touched("--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n one\n--- a/y\n"), BTreeSet::from(["x".to_owned()]));
}

#[test]
fn a_change_names_its_file_before_and_after() {
    let text = "diff --git a/old.h b/moved.h\nsimilarity index 90%\nrename from old.h\nrename to moved.h\n\
                --- a/old.h\n+++ b/moved.h\n@@ -1 +1 @@\n-x\n+y\n\
                diff --git \"a/\\303\\244\\t.c\" \"b/\\303\\244\\t.c\"\nold mode 100644\nnew mode 100755\n";
    assert!(matches!(parse(text), Err(PatchError::Outside { line: 10, .. })), "a control character");
    let patch = parse(&text.replace("\\t", "")).unwrap();
    let names: Vec<_> = patch.diffs[0].parts.iter().map(|part| (part.old.as_deref(), part.new.as_deref())).collect();
    assert_eq!(names, [(Some("old.h"), Some("moved.h")), (Some("\u{e4}.c"), Some("\u{e4}.c"))]);
}

#[test]
fn what_is_no_patch_is_refused() {
    assert!(matches!(parse(" \n"), Err(PatchError::Empty { .. })));
    assert!(matches!(parse("hello\n"), Err(PatchError::NotAPatch { .. })));
    assert!(matches!(parse("--- a/x\n+++ b/x\n"), Err(PatchError::NotAPatch { .. })));
}

#[test]
fn damage_is_located() {
    for (text, at) in [
        ("--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n one\n", 4),
        ("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n one\nwrapped\n", 5),
        ("--- a/x\n+++ b/x\n@@ -garbage\n", 3),
        ("diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n", 3),
        ("diff --git a/x b/x\nindex 1..2 100644\nBinary files a/x and b/x differ\n", 3),
    ] {
        let Err(PatchError::Damaged { line, .. }) = parse(text) else { panic!("{text}") };
        assert_eq!(line, at, "{text}");
    }
}

#[test]
fn names_outside_the_source_are_refused() {
    for name in ["/etc/passwd", "a/../../etc/passwd", "a//etc/passwd", "bare", "a/", "\"a/\\033[2J\""] {
        let text = format!("--- {name}\n+++ {name}\n@@ -1 +1 @@\n-x\n+y\n");
        let Err(error @ PatchError::Outside { .. }) = parse(&text) else { panic!("{name}") };
        assert!(!error.to_string().contains('\x1b'));
    }
    assert!(matches!(parse("diff --git a/x b/y\nrename from ../x\nrename to y\n"), Err(PatchError::Outside { .. })));
}

#[test]
fn what_nobody_can_apply_says_what_it_is() {
    let quoted: String = CHANGE.lines().map(|line| format!("> {line}\n")).collect();
    let mail = |body: &str| format!("From: A <a@example.org>\nSubject: Re: [PATCH] x\n\n{body}\n");
    let colours = CHANGE.replace("@@ -1,2 +1,2 @@", "\x1b[36m@@ -1,2 +1,2 @@\x1b[m");
    for (text, what) in [
        (mail(&quoted), "quotes a patch"),
        (mail(" x.c | 2 +-\n 2 files changed, 1 insertion(+)\n"), "is a cover letter"),
        (colours, "has terminal colours"),
        (format!("<!DOCTYPE html><pre>{CHANGE}</pre>"), "is a web page"),
        (CHANGE.replace("@@ -1,2 +1,2 @@", "@@xxxxxxx"), "comes from an archive"),
    ] {
        let Err(error) = parse(&text) else { panic!("{what}") };
        assert!(matches!(error, PatchError::Unusable { .. }) && error.to_string().contains(what), "{error}");
        assert!(!error.to_string().contains('\x1b'));
    }
    let utf16: Vec<u8> = [0xfeff].into_iter().chain(CHANGE.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for bytes in [utf16.as_slice(), b"\xfd7zXZ\0", b"BZh9", b"PK\x03\x04"] {
        assert!(matches!(PatchFile::parse(Path::new("p"), bytes.to_vec()), Err(PatchError::NotText { .. })));
    }
}

#[test]
fn a_directory_gives_its_patches_by_name() {
    let directory = tempfile::tempdir().unwrap();
    assert!(matches!(PatchFile::read(directory.path()), Err(PatchError::EmptyDirectory { .. })));
    for (name, text) in [("0002-b.patch", CHANGE), ("0001-a.patch", CHANGE), ("notes.txt", "hello")] {
        fs::write(directory.path().join(name), text).unwrap();
    }
    let patches = PatchFile::read(directory.path()).unwrap();
    let names: Vec<_> = patches.iter().filter_map(|patch| patch.path.file_name()).collect();
    assert_eq!(names, ["0001-a.patch", "0002-b.patch"]);
}

#[test]
fn endless_input_is_refused() {
    assert!(matches!(PatchFile::read(Path::new("/dev/zero")), Err(PatchError::TooLarge { .. })));
}

#[test]
fn a_thread_gives_its_series_without_replies() {
    let mail = |subject: &str, body: &str| {
        format!(
            "From a@example.org Mon Nov 30 00:00:00 2026\nFrom: A <a@example.org>\nSubject: {subject}\n\nm\n---\n{body}\n"
        )
    };
    let other = CHANGE.replace("arch/x.c", "arch/y.c");
    let suggested = CHANGE.replace("arch/x.c", "arch/z.c");
    let thread = [
        mail("[PATCH v2 0/3] cover", " 2 files changed, 2 insertions(+)"),
        mail("[PATCH v2 2/3] second", &other),
        mail("Re: [PATCH v2 1/3] first", &suggested),
        mail("[PATCH v2 1/3] first", CHANGE),
    ];
    let patch = parse(&thread.concat()).unwrap();
    let names: Vec<_> = patch.diffs.iter().map(|diff| diff.parts[0].name()).collect();
    assert_eq!(names, ["arch/x.c", "arch/y.c"]);
    let remarks = ["left out the diff in the reply `Re: [PATCH v2 1/3] first`", "the series lacks patch 3 of 3"];
    assert_eq!(patch.remarks, remarks);
}

#[test]
fn many_lines_and_mails_are_refused() {
    assert!(matches!(parse(&"\n".repeat(MOST_LINES)), Err(PatchError::Empty { .. })));
    let error = parse(&format!("x{}", "\n".repeat(MOST_LINES + 1))).unwrap_err();
    assert!(error.to_string().contains("more than 4000000 lines"), "{error}");
    let mailbox = "From a@example.org Mon Nov 30 00:00:00 2026\nFrom: A\n\n".repeat(1001);
    assert!(matches!(parse(&mailbox), Err(PatchError::Mail { source: MailError::Many, .. })));
}

#[test]
fn a_misfit_of_many_hunks_is_explained_in_time() {
    let context = " x\n".repeat(1000);
    let hunk = |number: usize| format!("@@ -{number},1001 +{number},1001 @@\n{context}-a\n+b\n");
    let diff: String = (1..200).map(hunk).collect();
    let patch = parse(&format!("--- a/x\n+++ b/x\n{diff}")).unwrap();
    let start = Instant::now();
    let Misfit::Lines(lines) = Misfit::of(&patch.diffs[0].parts[0], &"x\n".repeat(50_000)) else { panic!() };
    assert_eq!(lines.len(), 199);
    assert!(start.elapsed() < Duration::from_secs(60), "took {:?}", start.elapsed());
}
