// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The lab end to end: right kernels pass, wrong ones fail for the right
//! reason. Builds kernels, so it runs only where REGLIST_TEST_LAB is set.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails; clippy knows only functions marked as tests"
)]

mod hostile;
mod review;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use reglist_suite::report::events::{CaseFinished, Event, Finding, Outcome, Totals, Verdict};
use reglist_suite::report::review::{Note, Review};
use reglist_suite::spec::clause::Level;
use tempfile::TempDir;

use hostile::{AS_NOBODY, Canary, FORKS, behind, can_be_nobody, check_forks, give_to_nobody, text_of};

/// A run of `reglist lab` with what it left behind.
struct Run {
    directory: TempDir,
    arguments: Vec<String>,
    output: Output,
    events: Vec<Event>,
}

impl Run {
    fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.output.status.code(),
            Some(code),
            "reglist {:?}\n{}{}",
            self.arguments,
            String::from_utf8_lossy(&self.output.stdout),
            String::from_utf8_lossy(&self.output.stderr)
        );
        self
    }

    fn cases(&self) -> Vec<&CaseFinished> {
        self.events
            .iter()
            .filter_map(|event| if let Event::CaseFinished(case) = event { Some(case) } else { None })
            .collect()
    }

    fn findings(&self) -> Vec<&Finding> {
        self.cases().into_iter().flat_map(|case| &case.findings).collect()
    }

    fn review(&self) -> &Review {
        match self.events.first() {
            Some(Event::KernelReviewed(review)) => review,
            other => panic!("the run begins with {other:?}"),
        }
    }

    fn end(&self) -> (Verdict, Totals) {
        match self.events.last() {
            Some(Event::RunFinished(end)) => (end.verdict, end.totals),
            other => panic!("the run ends with {other:?}"),
        }
    }

    /// Clauses broken at a level that counts, without repetition.
    fn broken(&self) -> Vec<&str> {
        let mut clauses: Vec<&str> = self
            .findings()
            .into_iter()
            .filter(|finding| finding.level == Level::Must)
            .map(|finding| finding.clause.as_str())
            .collect();
        clauses.sort_unstable();
        clauses.dedup();
        clauses
    }

    fn has(&self, clause: &str, matches: impl Fn(&Finding) -> bool) -> bool {
        self.findings().into_iter().any(|finding| finding.clause == clause && matches(finding))
    }
}

impl Run {
    /// What `reglist spec` says where the results are, with `code`.
    fn spec(&self, arguments: &[&str], code: i32) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_reglist"))
            .arg("spec")
            .args(arguments)
            .current_dir(self.directory.path())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{text}{error}");
        text
    }
}

/// The call that makes series `new` of a run's lists.
const FROM_KERNEL: [&str; 6] = ["from-kernel", "results/events.jsonl", "--series", "new", "--output", "specs"];

fn enabled() -> bool {
    let enabled = std::env::var_os("REGLIST_TEST_LAB").is_some();
    if !enabled {
        eprintln!("skipped: it builds kernels; set REGLIST_TEST_LAB=1 to run it");
    }
    enabled
}

/// Debian's own kernel, with only KVM built.
const STOCK: &[&str] = &["--kernel=stock"];
/// The default kernel, built as a whole.
const WHOLE: &[&str] = &["--full"];

/// The kernels that are tested, without those that the mirror no longer has. Of the
/// last one, Debian has no build of its own.
static KERNELS: LazyLock<Vec<&[&str]>> = LazyLock::new(|| {
    let is_there = |kernel: &&[&str]| {
        let run = lab(&[kernel, &["--reference", "base.cap"][..]].concat());
        let said = String::from_utf8_lossy(&run.output.stderr).into_owned();
        let is_gone = run.output.status.code() == Some(64) && said.contains(" on the mirror; it has ");
        if is_gone {
            eprintln!("skipped: {kernel:?}: {said}");
        }
        !is_gone
    };
    let all: [&[&str]; 4] = [STOCK, WHOLE, &["--kernel=7.3"], &["--kernel=6.12"]];
    let kernels: Vec<&[&str]> = all.into_iter().filter(is_there).collect();
    assert!(!kernels.is_empty(), "the mirror has none of the tested kernels");
    kernels
});

fn variant(name: &str) -> String {
    let file: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "ci", "lab", "variants", name].iter().collect();
    file.display().to_string()
}

/// Runs the lab with a kernel, and the default one built as a whole.
fn lab(arguments: &[&str]) -> Run {
    let is_named = arguments.iter().any(|argument| *argument == "--full" || argument.starts_with("--kernel"));
    let arguments = if is_named { arguments.to_owned() } else { [WHOLE, arguments].concat() };
    let directory = tempfile::tempdir().unwrap();
    let results = directory.path().join("results");
    let output = Command::new(env!("CARGO_BIN_EXE_reglist"))
        .arg("lab")
        .args(&arguments)
        .arg("--results")
        .arg(&results)
        .output()
        .unwrap();
    let arguments = arguments.iter().map(ToString::to_string).collect();
    let events = read(&results.join("events.jsonl"));
    Run { directory, arguments, output, events }
}

fn read(events: &Path) -> Vec<Event> {
    let text = fs::read_to_string(events).unwrap_or_default();
    text.lines().map(|line| Event::from_line(line).unwrap()).collect()
}

fn named(name: &str) -> impl Fn(&Finding) -> bool {
    move |finding| finding.register.as_ref().is_some_and(|register| register.name == name)
}

#[test]
fn the_reference_passes_everything_on_every_kernel() {
    if !enabled() {
        return;
    }
    for kernel in KERNELS.iter().copied() {
        let run = lab(&[kernel, &["--reference", "--strict"]].concat()).expect(0);
        let (verdict, totals) = run.end();
        assert_eq!(verdict, Verdict::Passed, "{kernel:?}");
        assert_eq!(Totals { pass: totals.pass, ..Totals::default() }, totals, "{kernel:?}");
        assert_eq!(run.cases().len(), totals.pass, "{kernel:?}");
        for configuration in ["base.", "pmu.", "lbt.", "pmu_lbt.", "lbt_x86.", "lbt_arm.", "lbt_mips."] {
            assert!(run.cases().iter().any(|case| case.case.starts_with(configuration)), "{kernel:?} {configuration}");
        }
    }
}

#[test]
fn the_model_gives_the_same_answers_as_every_kernel() {
    if !enabled() {
        return;
    }
    for kernel in KERNELS.iter().copied() {
        lab(&[kernel, &["--reference", "--compare-model"]].concat()).expect(0);
    }
}

#[test]
fn an_unpatched_kernel_is_not_implemented() {
    if !enabled() {
        return;
    }
    for kernel in KERNELS.iter().copied() {
        let run = lab(kernel).expect(4);
        assert_eq!(run.end().0, Verdict::NotImplemented, "{kernel:?}");
        let said = String::from_utf8_lossy(&run.output.stdout).into_owned();
        assert!(said.contains("not implemented"), "{said}");
    }
}

/// The numbers in `patch N of M executable lines ran`.
fn lines_that_ran(run: &Run) -> (usize, usize) {
    let said = String::from_utf8_lossy(&run.output.stdout).into_owned();
    let line = said.lines().find_map(|line| line.strip_prefix("patch ")?.strip_suffix(" executable lines ran"));
    let (ran, all) = line.and_then(|numbers| numbers.split_once(" of ")).unwrap_or_else(|| panic!("{said}"));
    (ran.parse().unwrap(), all.parse().unwrap())
}

#[test]
fn every_executable_line_of_the_reference_runs() {
    if !enabled() {
        return;
    }
    let run = lab(&["--reference", "--coverage"]).expect(0);
    let (ran, all) = lines_that_ran(&run);
    assert!(ran == all && all > 20, "{ran} of {all}");
    assert!(run.cases().iter().all(|case| case.ran.as_ref().is_some_and(|ran| !ran.is_empty())));
}

#[test]
fn a_line_that_no_case_runs_is_named() {
    if !enabled() {
        return;
    }
    let run = lab(&["--reference", "--coverage", "--config", "base", "count.expected"]).expect(0);
    let (ran, all) = lines_that_ran(&run);
    assert!(0 < ran && ran < all, "{ran} of {all}");
    let said = String::from_utf8_lossy(&run.output.stdout).into_owned();
    assert!(said.contains("never ran: vcpu.c:"), "{said}");
}

#[test]
fn a_wrong_id_is_named() {
    if !enabled() {
        return;
    }
    let run = lab(&["--reference", "--patch", &variant("wrong-id.patch")]).expect(1);
    assert_eq!(run.broken(), ["list.contents"]);
    assert!(run.has("list.contents", named("TLBRENTRY")));
    assert!(run.has("list.contents", named("MERRENTRY")));
}

#[test]
fn a_lost_efault_is_found_at_its_entries_and_where_it_lands() {
    if !enabled() {
        return;
    }
    let run = lab(&["--reference", "--patch", &variant("lost-efault.patch")]).expect(1);
    assert_eq!(run.broken(), ["efault.array", "efault.stray"]);
    assert!(run.has("efault.array", |finding| finding.entry == Some(0) && finding.last_entry == Some(53)));
    assert!(run.has("efault.stray", |finding| finding.observed.contains("+34359738256")));
}

#[test]
fn a_count_that_is_not_written_back_is_found() {
    if !enabled() {
        return;
    }
    let run = lab(&["--reference", "--patch", &variant("stale-count.patch")]).expect(1);
    assert_eq!(run.broken(), ["e2big.count", "efault.header"]);
}

#[test]
fn the_defects_of_the_posted_series_are_all_found() {
    if !enabled() {
        return;
    }
    let run = lab(&["--patch", &variant("posted-v5.patch")]).expect(1);
    assert_eq!(run.broken(), ["efault.array", "efault.stray", "list.contents"]);
    let base: Vec<&Finding> = run
        .cases()
        .into_iter()
        .filter(|case| case.case == "base.contents.exact")
        .flat_map(|case| &case.findings)
        .collect();
    assert_eq!(base.iter().filter(|finding| finding.observed == "missing").count(), 22);
    assert_eq!(base.iter().filter(|finding| finding.observed == "listed").count(), 22);
    assert!(run.has("list.width", |finding| finding.level == Level::Note));
    for register in ["CPUID", "CPUCFG2"] {
        assert!(run.has("reg.set_same", |finding| finding.level == Level::Note && named(register)(finding)));
    }
}

#[test]
fn every_fault_of_a_kernel_is_noticed_within_one_boot() {
    if !enabled() {
        return;
    }
    for kernel in KERNELS.iter().copied() {
        lab(&[kernel, &["--fault", "all"]].concat()).expect(0);
    }
}

#[test]
fn a_warning_of_the_kernel_fails_the_case_that_met_it() {
    if !enabled() {
        return;
    }
    let run = lab(&["--fault", "warning"]).expect(1);
    assert_eq!(run.broken(), ["kernel.quiet"]);
    let failed: Vec<&str> =
        run.cases().into_iter().filter(|case| case.outcome == Outcome::Fail).map(|case| case.case.as_str()).collect();
    assert_eq!(failed, ["pmu_lbt.roundtrip.bad_address"]);
    assert!(run.has("kernel.quiet", |finding| finding.observed.contains("reg_list_faults.h:")));
}

/// Faults with right answers, which only a kernel that checks itself reports, and how.
const CHECKED: [(&str, &str); 5] = [
    ("table-overrun", "BUG: KASAN: global-out-of-bounds in kvm_"),
    ("use-after-free", "BUG: KASAN: slab-use-after-free in kvm_"),
    ("sleep-under-spinlock", "BUG: sleeping function called from invalid context at "),
    ("locks-in-wrong-order", "WARNING: possible circular locking dependency detected"),
    ("shift-too-far", "UBSAN: shift-out-of-bounds in "),
];

#[test]
fn a_kernel_that_checks_itself_reports_what_answers_do_not_show() {
    if std::env::var_os("REGLIST_TEST_LAB").is_none_or(|value| value != "all") {
        eprintln!("skipped: it builds one more kernel; set REGLIST_TEST_LAB=all to run it");
        return;
    }
    let run = lab(&["--debug", "--reference", "--strict"]).expect(0);
    assert!(run.cases().iter().all(|case| case.outcome == Outcome::Pass));
    for (fault, told) in CHECKED {
        let run = lab(&["--debug", "--fault", fault, "pmu_lbt.roundtrip"]).expect(1);
        assert_eq!(run.broken(), ["kernel.quiet"], "{fault}");
        let is_told = |finding: &Finding| finding.observed.starts_with(told) && finding.observed.contains(" [kvm] (");
        assert!(run.has("kernel.quiet", is_told), "{fault}: {:?}", run.findings());
    }
}

/// Faults that bring a process or the kernel down, and what is said of the case
/// in which they do.
const TROUBLE: [(&str, &str); 8] = [
    ("oops", "was killed by SIG"),
    ("panic", "the kernel crashed: Kernel panic - not syncing: reg_list_fault=panic"),
    ("hang", "timed out after 2 s"),
    ("hang-uninterruptible", "timed out after 2 s"),
    ("lockup", "the kernel hangs: no event for"),
    ("memory-overwritten", "was killed by SIG"),
    ("memory-corrupted", "was killed by SIG"),
    ("stuck-at-end", "timed out after 2 s"),
];

#[test]
fn a_kernel_in_trouble_costs_the_case_that_met_it() {
    if !enabled() {
        return;
    }
    const CULPRIT: &str = "pmu_lbt.roundtrip.bad_address";
    for (fault, said) in TROUBLE {
        let run = lab(&["--fault", fault, "--timeout", "2"]).expect(1);
        let (verdict, totals) = run.end();
        assert_eq!((verdict, totals.error), (Verdict::Failed, 1), "{fault}");
        assert_eq!(totals.pass + 1, run.cases().len(), "{fault}");
        for case in run.cases() {
            let outcome = if case.case == CULPRIT { Outcome::Error } else { Outcome::Pass };
            assert_eq!(case.outcome, outcome, "{fault}: {case:?}");
        }
        let culprit = run.cases().into_iter().find(|case| case.case == CULPRIT).unwrap();
        let reason = culprit.reason.as_deref().unwrap_or_default();
        assert!(reason.contains(said), "{fault}: {reason}");
        // All of it is there but once.
        let Some(Event::RunStarted(started)) = run.events.first() else { panic!("{fault}: no start") };
        let ended: Vec<&String> = run.cases().into_iter().map(|case| &case.case).collect();
        assert_eq!(ended, started.plan.iter().collect::<Vec<_>>(), "{fault}");
    }
}

/// On the reference: GET of a register that no list has brings the kernel down.
const PANIC: &str = r#"--- a/arch/loongarch/kvm/vcpu.c
+++ b/arch/loongarch/kvm/vcpu.c
@@ -882,6 +882,9 @@
 	int ret = 0;
 	u64 v, size = reg->id & KVM_REG_SIZE_MASK;
 
+	if (reg->id == KVM_IOC_CSRID(0x3f0))
+		panic("unlisted");
+
 	switch (size) {
 	case KVM_REG_SIZE_U64:
 		ret = kvm_get_one_reg(vcpu, reg, &v);
"#;

#[test]
fn of_cases_that_run_at_once_only_those_that_crash_are_in_error() {
    if !enabled() {
        return;
    }
    let patch = tempfile::NamedTempFile::with_suffix(".patch").unwrap();
    fs::write(patch.path(), PANIC).unwrap();
    let run = lab(&["--reference", "--smp", "2", "--patch", &patch.path().display().to_string()]).expect(1);
    assert!(matches!(run.events.first(), Some(Event::RunStarted(started)) if started.threads == 2));
    for case in run.cases() {
        let outcome = if case.case.ends_with(".beyond.unlisted") { Outcome::Error } else { Outcome::Pass };
        assert_eq!(case.outcome, outcome, "{case:?}");
    }
    assert_eq!(run.end().1, Totals { pass: run.cases().len() - 7, error: 7, ..Totals::default() });
}

#[test]
fn a_host_without_a_feature_skips_with_the_probed_reason() {
    if !enabled() {
        return;
    }
    let run = lab(&["--reference", "--append", "soft_lvz.lbt=2 soft_lvz.pmu=0"]).expect(0);
    for case in run.cases() {
        let lacking = ["pmu.", "pmu_lbt.", "lbt.", "lbt_x86.", "lbt_mips."];
        let outcome =
            if lacking.iter().any(|name| case.case.starts_with(name)) { Outcome::Skip } else { Outcome::Pass };
        assert_eq!(case.outcome, outcome, "{}", case.case);
        assert_eq!(case.reason.is_some(), outcome == Outcome::Skip, "{}", case.case);
    }
}

#[test]
fn the_reference_lists_series_v5() {
    if !enabled() {
        return;
    }
    for kernel in KERNELS.iter().copied() {
        let run = lab(&[kernel, &["--reference", "contents.exact"]].concat()).expect(0);
        run.spec(&FROM_KERNEL, 0);
        run.spec(&["diff", "v5", "new", "--specs", "specs"], 0);
        let folder = run.directory.path().join("specs/loongarch64");
        let names: Vec<_> = fs::read_dir(folder.join("v5")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 8);
        for name in names {
            let bare = |series: &str| {
                let text = fs::read_to_string(folder.join(series).join(&name)).unwrap();
                let said = |line: &&str| !line.trim_start().starts_with('#') && !line.starts_with("source:");
                text.lines().filter(said).map(str::to_owned).collect::<Vec<_>>()
            };
            assert_eq!(bare("new"), bare("v5"), "{kernel:?} {}", name.display());
        }
    }
}

#[test]
fn five_registers_more_are_the_difference_of_two_series() {
    if !enabled() {
        return;
    }
    for kernel in KERNELS.iter().copied() {
        let run = lab(&[kernel, &["--reference", "--patch", &variant("five-more.patch")]].concat()).expect(1);
        assert_eq!(run.broken(), ["list.contents", "list.count", "list.follows"]);
        run.spec(&FROM_KERNEL, 0);
        let text = run.spec(&["diff", "v5", "new", "--specs", "specs"], 1);
        let appeared = "\nregisters appeared
  in all 7 configurations: MERRCTL (0x9030000000010480), MERRENTRY
    (0x9030000000010498), MERRERA (0x90300000000104a0)
  in pmu, pmu_lbt: CSR_0x208 (0x9030000000011040), CSR_0x209
    (0x9030000000011048)

groups
  unknown_csr appeared (2 registers, listed with any of pmu)
";
        assert!(text.contains(appeared), "{text}");
        assert!(text.ends_with("\nreglist: different: 5 registers appeared, 1 change of groups\n"), "{text}");
        // By its own list the kernel is right.
        let specs = run.directory.path().join("specs").display().to_string();
        let patch = variant("five-more.patch");
        let own = ["--reference", "--patch", &patch, "--specs", &specs, "--series", "new"];
        assert_eq!(lab(&[kernel, &own].concat()).expect(0).end().0, Verdict::Passed, "{kernel:?}");
    }
}

/// A case with its outcome, and of each finding the clause, level, register and errno.
type Said = (String, Outcome, Option<String>, Vec<(String, Level, Option<String>, Option<String>)>);

/// What a run says of its cases. Not times and counters; and of threads that disturb
/// each other, not where they do.
fn said(run: &Run) -> Vec<Said> {
    let of_case = |case: &CaseFinished| {
        let is_race = case.case.contains(".busy.");
        let finding = |finding: &Finding| {
            let register = finding.register.as_ref().map(|register| register.name.clone());
            let place = (register, finding.errno.clone());
            let (register, errno) = if is_race { (None, None) } else { place };
            (finding.clause.clone(), finding.level, register, errno)
        };
        let mut findings: Vec<_> = case.findings.iter().map(finding).collect();
        findings.dedup();
        (case.case.clone(), case.outcome, case.reason.clone(), findings)
    };
    let mut said: Vec<Said> = run.cases().into_iter().map(of_case).collect();
    if matches!(run.events.first(), Some(Event::RunStarted(started)) if started.threads > 1) {
        said.sort_by(|one, other| one.0.cmp(&other.0));
    }
    said
}

#[test]
fn debians_own_kernel_gives_the_same_answers_as_the_whole_build() {
    if !enabled() {
        return;
    }
    let patch = variant("posted-v5.patch");
    let tested: [(&[&str], i32); 3] = [(&["--reference"], 0), (&["--patch", &patch], 1), (&["--fault", "all"], 0)];
    for (arguments, code) in tested {
        let [stock, whole] = [STOCK, WHOLE].map(|kernel| said(&lab(&[kernel, arguments].concat()).expect(code)));
        for (on_stock, in_whole) in stock.iter().zip(&whole) {
            assert_eq!(on_stock, in_whole, "{arguments:?}");
        }
        assert_eq!(stock.len(), whole.len(), "{arguments:?}");
    }
}

/// A cache of its own with the user's tools and sources, and who uses it.
struct OwnCache {
    directory: TempDir,
    is_nobodys: bool,
    kernel: &'static [&'static str],
}

impl OwnCache {
    /// An ordinary user has Debian's own kernel, and root the whole build.
    fn new(is_nobodys: bool) -> Self {
        let kernel = if is_nobodys { STOCK } else { WHOLE };
        lab(&[kernel, &["--reference"]].concat()).expect(0);
        let home = || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache");
        let full = std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from).join("reglist");
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let own = directory.path().join("reglist");
        fs::create_dir(&own).unwrap();
        let copy = |from: &[PathBuf], to: &Path| {
            assert!(Command::new("cp").arg("-a").args(from).arg(to).status().unwrap().success());
        };
        copy(&["trees", "suites", "ccache", "kernel-names"].map(|part| full.join(part)), &own);
        let is_default = |source: &PathBuf| {
            let package = fs::read_to_string(source.join("package.json")).unwrap_or_default();
            package.contains(r#""version":[7,2]"#) && source.join("stock").exists() == is_nobodys
        };
        let sources = fs::read_dir(full.join("sources")).unwrap().map(|entry| entry.unwrap().path());
        fs::create_dir(own.join("sources")).unwrap();
        copy(&sources.filter(is_default).collect::<Vec<_>>(), &own.join("sources"));
        if is_nobodys {
            give_to_nobody(directory.path().to_owned());
        }
        Self { directory, is_nobodys, kernel }
    }

    /// Runs the lab with an exit code; returns the directory of its logs.
    fn lab(&self, arguments: &[&str], codes: &[i32]) -> PathBuf {
        let results = self.directory.path().join("results");
        let mut command = Command::new(env!("CARGO_BIN_EXE_reglist"));
        command.args(["lab", "--results"]).arg(&results).args(self.kernel).args(arguments);
        command.env("XDG_CACHE_HOME", self.directory.path()).env("HOME", self.directory.path());
        if results.exists() {
            fs::remove_dir_all(&results).unwrap();
        }
        if self.is_nobodys {
            command = behind(&AS_NOBODY, &command);
        }
        let output = command.output().unwrap();
        let said = || format!("{}{}", String::from_utf8_lossy(&output.stderr), text_of(&results.join("logs")));
        let code = output.status.code();
        assert!(code.is_some_and(|code| codes.contains(&code)), "{arguments:?}: {code:?}\n{}", said());
        results.join("logs")
    }

    /// Builds two kernels; returns the digests of their files.
    fn kernels(&self) -> BTreeMap<PathBuf, String> {
        let kernels = self.directory.path().join("reglist/kernels");
        let _ = fs::remove_dir_all(&kernels);
        self.lab(&["--reference"], &[0]);
        self.lab(&["--reference", "--patch", &variant("wrong-id.patch")], &[1]);
        let index = |path: PathBuf| (path.clone(), fs::read_to_string(path.join("kernel.json")).unwrap());
        fs::read_dir(&kernels).unwrap().map(|entry| index(entry.unwrap().path())).collect()
    }
}

/// Whether a check notes this in this function, or in a place without one.
fn notes(review: &Review, check: &str, function: Option<&str>, words: &str) -> bool {
    let is_it = |note: &&Note| note.check == check && note.function.as_deref() == function;
    review.notes.iter().filter(is_it).any(|note| note.message.contains(words))
}

/// One case, as the review does not depend on them.
const REVIEW: [&str; 3] = ["--review", "--exact", "base.count.expected"];

#[test]
fn the_review_of_the_reference_has_nothing_to_note() {
    if !enabled() {
        return;
    }
    let run = lab(&[STOCK, &["--reference", "--strict"][..], &REVIEW].concat()).expect(0);
    let review = run.review();
    assert_eq!(review.notes, []);
    assert!(review.checks.iter().all(|check| check.missing.is_none()), "{:?}", review.checks);
    assert_eq!(review.remarks, ["not built, so not compiled: Documentation/virt/kvm/api.rst"]);
}

#[test]
fn the_review_of_the_posted_series_notes_the_unsigned_comparison() {
    if !enabled() {
        return;
    }
    let posted = variant("posted-v5.patch");
    let arguments = [&["--kernel=stock", "--patch", &posted][..], &REVIEW].concat();
    let run = lab(&arguments).expect(0);
    let is_it = |review: &Review| {
        notes(review, "warnings", Some("kvm_vcpu_copy_reg_ids"), "unsigned expression in '< 0' is always false")
    };
    assert!(is_it(run.review()), "{:?}", run.review());
    let text = String::from_utf8_lossy(&run.output.stdout).into_owned();
    assert!(text.starts_with("review of the patches: 2 notes\n  note arch/loongarch/kvm/vcpu.c:"), "{text}");
    let strict = lab(&[&arguments[..], &["--strict"]].concat()).expect(1);
    assert!(is_it(strict.review()));
    assert!(String::from_utf8_lossy(&strict.output.stdout).contains("failed: 2 notes of the review"));
}

#[test]
fn every_check_of_the_review_notes_its_defect() {
    if !enabled() {
        return;
    }
    let (defect, words) = (review::ONLY_COMPILES_IN_A_MODULE, "'ONLY_IN_A_MODULE' undeclared");
    let directory = tempfile::tempdir().unwrap();
    let patch = directory.path().join("defects.patch");
    let code = [review::DEFECTS, defect].concat();
    fs::write(&patch, review::mail(&review::inserting(&code))).unwrap();
    let patch = patch.display().to_string();
    let run = lab(&[STOCK, &["--patch", &patch][..], &REVIEW].concat()).expect(4);
    let found = run.review();
    assert!(notes(found, "warnings", Some("static_table"), "[-Wtype-limits]"), "{found:?}");
    assert!(notes(found, "sparse", None, "dereference of noderef expression"), "{found:?}");
    assert!(notes(found, "stack", Some("table_on_stack"), "bytes of stack in a new function"), "{found:?}");
    assert!(notes(found, "checkpatch", None, "space required before the open parenthesis"), "{found:?}");
    assert!(notes(found, "checkpatch", None, "[MISSING_SIGN_OFF]"), "{found:?}");
    assert!(notes(found, "built-in", None, words), "{found:?}");
    let bytes = |function: &str| {
        let used = found.stack.iter().find(|used| used.function == function).unwrap();
        (used.base, used.bytes)
    };
    assert!(bytes("table_on_stack").1 >= bytes("static_table").1 + 60 * 4, "{:?}", found.stack);
    assert_eq!(bytes("table_on_stack").0, None);
}

/// A patch of new files that has make run a script.
fn hostile_patch(script: &str) -> String {
    let file = |name: &str, text: &str| {
        let lines: Vec<String> = text.lines().map(|line| format!("+{line}\n")).collect();
        format!("--- /dev/null\n+++ b/{name}\n@@ -0,0 +1,{} @@\n{}", lines.len(), lines.concat())
    };
    // Make reads a Kbuild before a Makefile.
    let kbuild = "BRK := $(shell sh $(srctree)/arch/loongarch/kvm/hostile.sh >&2)\ninclude $(srctree)/arch/loongarch/kvm/Makefile\n";
    file("arch/loongarch/kvm/hostile.sh", script) + &file("arch/loongarch/kvm/Kbuild", kbuild)
}

/// Overwrites every object that it can, with a time that make takes for new.
const POISON: &str = "\
for file in $(find /build /soft-lvz /ccache /src /lab -name '*.o' -o -name '*.ko' -o -name '*.cmd' -o -name '*.c'); do
  echo poison > $file && touch -d 2100-01-01 $file
done 2> /dev/null
find /ccache -type f -exec cp /etc/ld.so.cache {} \\;
echo 'the poison ends'
";

fn hostile_patches(is_nobodys: bool) {
    let cache = OwnCache::new(is_nobodys);
    let canary = Canary::new(cache.directory.path().join("canary"));
    let patch = cache.directory.path().join("hostile.patch");
    let clean = cache.kernels();
    assert_eq!(clean.len(), 2);

    let patched = ["--patch", &patch.display().to_string()];
    fs::write(&patch, hostile_patch(&canary.script("/usr"))).unwrap();
    canary.check(&cache.lab(&patched, &[4]));

    fs::write(&patch, hostile_patch(&(FORKS.to_owned() + POISON))).unwrap();
    // Make itself can meet the limit of processes.
    let logs = cache.lab(&patched, &[5, 6]);
    check_forks(&logs);
    assert!(text_of(&logs).contains("the poison ends"));
    assert_eq!(cache.kernels(), clean);
}

#[test]
fn a_hostile_patch_reaches_neither_the_host_nor_another_patch() {
    if enabled() {
        hostile_patches(false);
    }
}

#[test]
fn a_hostile_patch_of_an_ordinary_user_reaches_neither_too() {
    if enabled() && can_be_nobody() {
        hostile_patches(true);
    }
}
