// SPDX-License-Identifier: Apache-2.0 OR MIT
use super::*;

fn parse(text: &str) -> Result<PatchFile, PatchError> {
    PatchFile::parse(Path::new("p.patch"), text.as_bytes().to_vec())
}

const CHANGE: &str = "--- a/arch/x.c\n+++ b/arch/x.c\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n";

#[test]
fn a_mail_touches_what_its_diff_names() {
    let mail = format!("From: A\nSubject: [PATCH] --- a/no\n\ntext\n---\n x.c | 2 +-\n\n{CHANGE}-- \n2.47\n");
    let patch = parse(&mail).unwrap();
    assert_eq!(patch.touches, BTreeSet::from(["arch/x.c".to_owned()]));
    assert_eq!(patch.needs, patch.touches);
}

#[test]
fn removed_lines_that_look_like_headers_are_content() {
    let patch = parse("--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n one\n--- a/y\n").unwrap();
    assert_eq!(patch.touches, BTreeSet::from(["x".to_owned()]));
}

#[test]
fn new_and_renamed_files_are_not_needed_before() {
    let patch = parse(
        "--- /dev/null\n+++ b/new.c\n@@ -0,0 +1 @@\n+x\n\
         --- a/new.c\n+++ b/new.c\n@@ -1 +1 @@\n-x\n+y\n\
         diff --git a/old.h b/moved.h\nrename from old.h\nrename to moved.h\n\
         --- a/old.h\n+++ b/moved.h\n@@ -1 +1 @@\n-x\n+y\n",
    )
    .unwrap();
    assert_eq!(patch.needs, BTreeSet::from(["old.h".to_owned()]));
    assert_eq!(patch.touches.len(), 3);
}

#[test]
fn what_is_no_patch_is_refused() {
    assert!(matches!(parse(" \n"), Err(PatchError::Empty { .. })));
    assert!(matches!(parse("hello\n"), Err(PatchError::NotAPatch { .. })));
    assert!(matches!(parse("--- a/x\n+++ b/x\n"), Err(PatchError::Damaged { .. })));
}

#[test]
fn damage_is_located() {
    for (text, at) in [
        ("--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n one\n", 4),
        ("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n one\nwrapped\n", 5),
        ("--- a/x\n+++ b/x\n@@ garbage\n", 3),
    ] {
        let Err(PatchError::Damaged { line, .. }) = parse(text) else { panic!("{text}") };
        assert_eq!(line, at, "{text}");
    }
}

#[test]
fn names_outside_the_source_are_refused() {
    for name in ["/etc/passwd", "a/../../etc/passwd", "a//etc/passwd", "bare", "a/"] {
        let text = format!("--- {name}\n+++ {name}\n@@ -1 +1 @@\n-x\n+y\n");
        assert!(matches!(parse(&text), Err(PatchError::Outside { .. })), "{name}");
    }
    let text = "rename from ../x\nrename to y\n";
    assert!(matches!(parse(text), Err(PatchError::Outside { .. })));
}
