// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Each kind of patch is applied here and by git itself, to equal trees.

use std::io::Write as _;
use std::process::Command;

use data_encoding::BASE64_MIME;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

/// The commands themselves, without sandbox and log.
struct Direct<'t> {
    files: &'t Path,
    has_git: bool,
}

impl Direct<'_> {
    fn run(&self, program: &str, arguments: &[&str], diff: &[u8]) -> (bool, Vec<String>) {
        let input = tempfile::NamedTempFile::new().unwrap();
        fs::write(input.path(), diff).unwrap();
        let mut command = Command::new(program);
        command.current_dir(self.files).args(arguments).arg(input.path());
        command.env("GIT_CEILING_DIRECTORIES", self.files.parent().unwrap());
        let output = command.output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
        let lines = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
        (output.status.success(), lines)
    }
}

impl Apply for Direct<'_> {
    fn git(&mut self, diff: &[u8]) -> Result<Option<bool>, LabError> {
        Ok(self.has_git.then(|| self.run("git", &["apply", "--whitespace=nowarn"], diff).0))
    }

    fn patch(&mut self, diff: &[u8]) -> Result<Option<Vec<String>>, LabError> {
        let options = ["-p1", "--batch", "--forward", "--no-backup-if-mismatch", "--reject-file=-", "-i"];
        let (fits, output) = self.run("patch", &options, diff);
        Ok(fits.then_some(output))
    }
}

const NAMES: [&str; 4] = ["arch/kvm/vcpu.c", "include/old.h", "tool.sh", "gone.c"];

fn tree() -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    let body: String = (1..=40).map(|line| format!("\tline {line} of the file = {line};\n")).collect();
    for name in NAMES {
        let path = tree.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("/* {name} \u{e4} */\n{body}")).unwrap();
    }
    tree
}

fn git(tree: &Path, arguments: &[&str]) -> Vec<u8> {
    let identity =
        ["-c", "user.name=A. U. Thor", "-c", "user.email=author@example.org", "-c", "core.hooksPath=/dev/null"];
    let mut command = Command::new("git");
    command.current_dir(tree).env("GIT_CONFIG_GLOBAL", "/dev/null").args(identity).args(arguments);
    let output = command.output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn repository() -> tempfile::TempDir {
    let tree = tree();
    git(tree.path(), &["init", "-q"]);
    git(tree.path(), &["add", "."]);
    git(tree.path(), &["commit", "-q", "-m", "base"]);
    tree
}

/// Makes two commits with every kind of change; returns their mails in one file.
fn series(tree: &Path) -> String {
    let replace = |name: &str, from: &str, to: &str| {
        let path = tree.join(name);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from));
        fs::write(&path, text.replace(from, to)).unwrap();
    };
    replace("arch/kvm/vcpu.c", "line 7 of", "row 7 \u{201c}=\u{201d} of");
    replace("arch/kvm/vcpu.c", "line 31 of the file", "row 31 = \u{e4}");
    git(tree, &["mv", "include/old.h", "include/new name.h"]);
    replace("include/new name.h", "line 3 ", "row 3 ");
    fs::set_permissions(tree.join("tool.sh"), Permissions::from_mode(0o755)).unwrap();
    fs::write(tree.join("empty.h"), "").unwrap();
    fs::write(tree.join("umlaut\u{e4}.c"), "int x;\n").unwrap();
    git(tree, &["rm", "-q", "gone.c"]);
    git(tree, &["add", "-A"]);
    let message = "kvm: change\n\nBefore:\n\n--- a/arch/kvm/not.c\n+++ b/arch/kvm/not.c\n\nthat was it.\n";
    git(tree, &["commit", "-q", "-m", message]);
    replace("arch/kvm/vcpu.c", "row 7", "column 7");
    git(tree, &["commit", "-q", "-a", "-m", "kvm: change again"]);
    String::from_utf8(git(tree, &["format-patch", "--stdout", "-2"])).unwrap()
}

/// Names, modes and contents of a tree without its repository.
fn contents(tree: &Path) -> BTreeMap<PathBuf, Content> {
    let mut found = BTreeMap::new();
    let mut open = vec![tree.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with(".git") {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else {
                found.insert(path.strip_prefix(tree).unwrap().to_owned(), Content::read(&path).unwrap().unwrap());
            }
        }
    }
    found
}

/// Applies a file as the lab does.
fn applied(bytes: &[u8], has_git: bool) -> (tempfile::TempDir, Vec<Outcome>) {
    let tree = tree();
    let patch = PatchFile::parse(Path::new("p.mbox"), bytes.to_vec()).unwrap();
    let mut commands = Direct { files: tree.path(), has_git };
    let apply = |diff: &Diff| Tree { files: tree.path() }.apply(diff, &diff.text(), &mut commands).unwrap();
    let outcomes = patch.diffs.iter().map(apply).collect();
    (tree, outcomes)
}

/// A mail of format-patch with another transfer encoding of its body.
fn encoded(mail: &str, encoding: &str, body: impl Fn(&str) -> String) -> String {
    let (head, text) = mail.split_once("\n\n").unwrap();
    let head: Vec<&str> =
        head.lines().filter(|line| !line.starts_with("Content-") && !line.starts_with("MIME-")).collect();
    format!(
        "{}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: {encoding}\n\n{}\n",
        head.join("\n"),
        body(text)
    )
}

fn quoted_printable(text: &str) -> String {
    let mut out = String::new();
    for line in text.split('\n') {
        let mut width = 0;
        for byte in line.bytes() {
            let word = match byte {
                b' '..=b'~' if byte != b'=' => char::from(byte).to_string(),
                _ => format!("={byte:02X}"),
            };
            if width + word.len() > 72 {
                out.push_str("=\n");
                width = 0;
            }
            width += word.len();
            out.push_str(&word);
        }
        out.push('\n');
    }
    out
}

/// The mails of a mailbox of format-patch.
fn split(mbox: &str) -> Vec<String> {
    let parts = mbox.split("From ").filter(|part| part.starts_with(|c: char| c.is_ascii_hexdigit()));
    parts.map(|part| format!("From {part}")).collect()
}

#[test]
fn every_kind_of_mail_gives_what_git_am_gives() {
    let work = repository();
    let mbox = series(work.path());
    let mails = split(&mbox);
    assert_eq!(mails.len(), 2);
    let each = |change: &dyn Fn(&str) -> String| mails.iter().map(|mail| change(mail)).collect::<String>();
    let base64 = |text: &str| BASE64_MIME.encode(text.as_bytes());
    let attached = |kind: &str, mail: &str| {
        let (head, text) = mail.split_once("\n\n").unwrap();
        let head: Vec<&str> =
            head.lines().filter(|line| !line.starts_with("Content-") && !line.starts_with("MIME-")).collect();
        let diff = text.split_once("---\n").unwrap().1;
        format!(
            "{}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"xyz\"\n\n--xyz\nContent-Type: text/plain\n\nSee \
             the attachment.\n\n--xyz\nContent-Type: {kind}; name=\"p.patch\"\nContent-Transfer-Encoding: base64\n\
             Content-Disposition: attachment; filename=\"p.patch\"\n\n{}\n--xyz--\n\n",
            head.join("\n"),
            base64(diff)
        )
    };
    let kinds: Vec<(&str, String)> = vec![
        ("8bit", mbox.clone()),
        ("quoted-printable", each(&|mail| encoded(mail, "quoted-printable", quoted_printable))),
        ("base64", each(&|mail| encoded(mail, "base64", base64))),
        ("CRLF line ends", mbox.replace('\n', "\r\n")),
        ("attached text", each(&|mail| attached("text/x-patch", mail))),
        ("attached octet-stream", each(&|mail| attached("application/octet-stream", mail))),
    ];
    for (kind, mail) in kinds {
        let by_git = repository();
        let file = by_git.path().join(".git/mail");
        fs::write(&file, &mail).unwrap();
        git(by_git.path(), &["am", "-q", file.to_str().unwrap()]);
        let (ours, outcomes) = applied(mail.as_bytes(), true);
        assert!(outcomes.iter().all(|outcome| outcome.failures.is_empty()), "{kind}: {outcomes:?}");
        assert!(contents(ours.path()) == contents(by_git.path()), "{kind}");
    }
    // What git am takes only after work by hand.
    let wanted = contents(work.path());
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(mbox.as_bytes()).unwrap();
    let crlf_inside = each(&|mail| encoded(mail, "base64", |text| base64(&text.replace('\n', "\r\n"))));
    let cover = format!(
        "From x@example.org Mon Nov 30 00:00:00 2026\nFrom: x@example.org\nSubject: [PATCH 0/2] x\n\n 2 files changed\n\n{mbox}"
    );
    let shuffled = format!("{}{}", mails[1], mails[0]);
    for (kind, bytes) in [
        ("gzip", gzip.finish().unwrap()),
        ("CRLF inside base64", crlf_inside.into_bytes()),
        ("a cover letter first", cover.into_bytes()),
        ("out of order", shuffled.into_bytes()),
        ("byte order mark", [b"\xef\xbb\xbf", mbox.as_bytes()].concat()),
    ] {
        let (ours, outcomes) = applied(&bytes, true);
        assert!(outcomes.iter().all(|outcome| outcome.failures.is_empty()), "{kind}: {outcomes:?}");
        assert!(contents(ours.path()) == wanted, "{kind}");
    }
}

#[test]
fn every_kind_of_diff_gives_what_git_apply_gives() {
    let work = repository();
    series(work.path());
    for options in
        [&["diff", "HEAD~2", "HEAD"][..], &["diff", "-M", "HEAD~2", "HEAD"], &["diff", "--binary", "-U1", "HEAD~2"]]
    {
        let diff = git(work.path(), options);
        let (ours, outcomes) = applied(&diff, true);
        assert!(outcomes.iter().all(|outcome| outcome.failures.is_empty()), "{options:?}: {outcomes:?}");
        assert!(contents(ours.path()) == contents(work.path()), "{options:?}");
    }
}

fn change(name: &str, line: usize, old: &str, new: &str) -> String {
    let context = |number: usize| format!(" \tline {number} of the file = {number};\n");
    format!(
        "--- a/{name}\n+++ b/{name}\n@@ -{},3 +{},3 @@\n{}-{old}\n+{new}\n{}",
        line,
        line,
        context(line - 1),
        context(line + 1)
    )
}

const OLD: &str = "\tline 20 of the file = 20;";

#[test]
fn without_git_plain_changes_apply_and_others_name_it() {
    let (tree, outcomes) = applied(change(NAMES[0], 20, OLD, "\tnew").as_bytes(), false);
    assert!(outcomes[0].failures.is_empty());
    assert!(fs::read_to_string(tree.path().join(NAMES[0])).unwrap().contains("\tnew\n"));
    let mode = "diff --git a/tool.sh b/tool.sh\nold mode 100644\nnew mode 100755\n";
    let (_, outcomes) = applied(mode.as_bytes(), false);
    assert!(matches!(&outcomes[0].failures[..], [Failure::NeedsGit { name }] if name == "tool.sh"));
}

#[test]
fn fuzz_is_a_warning_with_file_and_hunk() {
    let far = change(NAMES[0], 20, OLD, "\tnew").replace("line 19 of", "line 19a of");
    let (tree, outcomes) = applied(far.as_bytes(), true);
    assert!(outcomes[0].failures.is_empty(), "{outcomes:?}");
    let [warning] = &outcomes[0].warnings[..] else { panic!("{outcomes:?}") };
    assert!(warning.starts_with("arch/kvm/vcpu.c: Hunk #1 succeeded at") && warning.contains("with fuzz"), "{warning}");
    assert!(fs::read_to_string(tree.path().join(NAMES[0])).unwrap().contains("\tnew\n"));
}

#[test]
fn what_is_not_built_does_not_refuse_a_patch() {
    let misfit = change("Documentation/x.rst", 20, "\tnever was", "\tnew");
    let text = format!("{misfit}{}", change(NAMES[0], 20, OLD, "\tnew"));
    let (tree, outcomes) = applied(text.as_bytes(), true);
    assert!(outcomes[0].failures.is_empty() && outcomes[0].warnings.len() == 1, "{outcomes:?}");
    assert!(outcomes[0].warnings[0].contains("Documentation/x.rst"), "{outcomes:?}");
    assert!(fs::read_to_string(tree.path().join(NAMES[0])).unwrap().contains("\tnew\n"));
    for (name, unbuilt) in
        [("MAINTAINERS", true), ("tools/testing/x.c", true), ("tools/objtool/x.c", false), ("kernel/x.c", false)]
    {
        let part = Part { new: Some(name.to_owned()), ..Part::default() };
        assert_eq!(is_unbuilt(&part), unbuilt, "{name}");
    }
}

fn refused(text: &str, on_reference: bool) -> String {
    let (_, outcomes) = applied(text.as_bytes(), true);
    let patch = PatchFile::parse(Path::new("v6.patch"), text.as_bytes().to_vec()).unwrap();
    let source = Source {
        path: "/".into(),
        identity: None,
        origin: None,
        version: (7, 2),
        release: "7.2.13".to_owned(),
        stock: None,
    };
    let failure = outcomes.into_iter().flat_map(|outcome| outcome.failures).next().unwrap();
    failure.error(&patch, &source, on_reference).to_string()
}

#[test]
fn a_misfit_names_the_line_and_the_word() {
    let one_word = change(NAMES[0], 20, "\tline 20 of the _file = 20;", "\tnew");
    insta::assert_snapshot!(refused(&one_word, false), @r"
    the patch `v6.patch` does not apply to Linux 7.2.13:
        arch/kvm/vcpu.c: hunk 1 does not fit at line 20
        arch/kvm/vcpu.c:   line 21: `_file` is `file` here
    [rebase it, or choose its kernel with --kernel or --kernel-src]
    ");
    let foreign = "--- a/tool.sh\n+++ b/tool.sh\n@@ -5,3 +5,2 @@\n one\n two\n-three\n";
    insta::assert_snapshot!(refused(foreign, false), @r"
    the patch `v6.patch` does not apply to Linux 7.2.13:
        tool.sh: hunk 1 does not fit at line 5: no lines are like it
    [rebase it, or choose its kernel with --kernel or --kernel-src]
    ");
}

#[test]
fn tabs_that_became_spaces_are_told() {
    let spaces = change(NAMES[0], 20, OLD, "\tnew").replace('\t', "        ");
    let message = refused(&spaces, false);
    assert!(message.contains("spaces where the kernel has tabs") && message.contains("save the raw mail"), "{message}");
}

#[test]
fn a_change_that_is_there_is_told_apart() {
    let twice = change(NAMES[0], 20, "\tnever was", "\tline 20 of the file = 20;");
    assert!(refused(&twice, false).contains("arch/kvm/vcpu.c: the kernel has this change already"));
}

#[test]
fn an_implementation_on_top_of_the_reference_names_the_option() {
    let text = change(NAMES[0], 20, "\tnever was", "\tcase KVM_GET_REG_LIST: {");
    assert!(refused(&text, true).ends_with("[it was applied on top of the reference; drop --reference]"));
    assert!(!refused(&text, false).contains("--reference"));
}
