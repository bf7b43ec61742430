// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Frequent command lines, and their effects.

/// A command line without the program's name, and its effect.
pub(super) type Example = (&'static str, &'static str);

/// Examples for a page, whose name is the command with dashes.
pub(super) fn examples(page: &str) -> &'static [Example] {
    match page {
        "reglist" => &[
            ("", "Test this machine's kernel; on other machines than LoongArch, test the model."),
            ("lab --patch v6.patch", "Test a kernel with a patch, without a LoongArch machine."),
            ("show ESTAT", "Explain a register, and what GET and SET do with it."),
        ],
        "reglist-run" => &[
            ("run", "Run all checks that the host supports."),
            ("run --config pmu_lbt efault.", "Run the checks of one theme, in one configuration."),
            (
                "run --fault all --matrix faults.json",
                "Try every fault of the model, and keep which clauses reported it.",
            ),
        ],
        "reglist-lab" => &[
            ("lab --reference", "Test the reference implementation on Linux 7.2."),
            ("lab --kernel 6.12 --patch v6.patch", "Test a patch on Linux 6.12."),
            ("lab --kernel-src ~/linux contents.", "Test your kernel tree, and only the contents of the list."),
            ("lab --review --patch v6.patch", "Also review the patch: warnings, sparse, stack, checkpatch."),
            ("lab --reference --fault efault-lost", "Check that the suite detects a fault in a real kernel."),
        ],
        "reglist-ssh" => &[
            ("ssh root@board", "Test the kernel of a board."),
            ("ssh --results results root@board efault.", "Run the checks of one theme there, and keep the results."),
        ],
        "reglist-spec" => &[
            ("spec check", "Check all specifications."),
            ("spec list", "List architectures, series and configurations."),
            ("spec show pmu_lbt", "Show the list of a configuration."),
            ("spec show --format rust all", "Print all registers as a Rust module."),
            ("spec show --format selftest all", "Print a patch for the kernel's selftest."),
            ("spec order lbt", "Print the order of a restore."),
        ],
        "reglist-diff" => &[("diff old.jsonl new.jsonl", "Compare two runs.")],
        "reglist-report" => &[
            ("report events.jsonl", "Report a stored run."),
            ("report --format mail events.jsonl", "Print it for a mail to a kernel list."),
            ("report --format ktap console.log", "Find a run in a log, and print it as KTAP."),
        ],
        "reglist-show" => &[
            ("show", "List all names."),
            ("show CPUCFG2", "Explain a register, and the values that SET refuses."),
            ("show 0x9030000000010028", "Decode an id."),
            ("show list.contents pmu_lbt.contents.exact", "Explain a clause and a case."),
        ],
        "reglist-doctor" => &[("doctor", "Check the requirements of the lab.")],
        "reglist-cache" => &[("cache --clear", "Remove all files of the lab's cache.")],
        "reglist-man" => &[("man ~/.local/share/man/man1", "Write the pages to a directory that man searches.")],
        "reglist-completions" => &[("completions bash", "Print a completion for bash.")],
        "reglist-suite" => &[
            ("--list", "List every case, without opening /dev/kvm."),
            ("--events events.jsonl", "Run all checks, and keep the events as JSON lines."),
            ("--format ktap --strict", "Run all checks with KTAP output; broken `should` clauses fail."),
            ("--config base contents.", "Run the checks of one theme, in one configuration."),
        ],
        _ => &[],
    }
}
