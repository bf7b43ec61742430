// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What is typed most, with what it does.

/// A command line, without the program's name, and what it does.
pub(super) type Example = (&'static str, &'static str);

/// Examples for a page, which is called as its command with dashes.
pub(super) fn examples(page: &str) -> &'static [Example] {
    match page {
        "reglist" => &[
            ("", "Test this machine's kernel; on a machine that is not LoongArch, show a run on the model."),
            ("lab --patch v6.patch", "Test a kernel with a patch on it, without a LoongArch machine."),
            ("show ESTAT", "Say what a register is, and what GET and SET do with it."),
        ],
        "reglist-run" => &[
            ("run", "Test everything that the host has."),
            ("run --config pmu_lbt efault.", "Run the checks of one theme, in one configuration."),
            (
                "run --fault all --matrix faults.json",
                "Try every fault of the model, and keep which clauses reported it.",
            ),
        ],
        "reglist-lab" => &[
            ("lab --reference", "Test the reference implementation on Linux 7.2."),
            ("lab --kernel 6.12 --patch v6.patch", "Test a patch on Linux 6.12."),
            ("lab --kernel-src ~/linux contents.", "Test a tree of one's own, and only what the list holds."),
            ("lab --reference --fault efault-lost", "See that a fault is noticed by a real kernel's run."),
        ],
        "reglist-ssh" => &[
            ("ssh root@board", "Test the kernel of a board."),
            ("ssh --results results root@board efault.", "Run the checks of one theme there, and keep what they said."),
        ],
        "reglist-spec" => &[
            ("spec check", "Say whether all specifications are right."),
            ("spec list", "List architectures, series and configurations."),
            ("spec show pmu_lbt", "Show the list of a configuration."),
        ],
        "reglist-diff" => &[("diff old.jsonl new.jsonl", "Say what is different between two runs.")],
        "reglist-report" => &[
            ("report events.jsonl", "Report a stored run."),
            ("report --format ktap console.log", "Find a run in a log, and print it as KTAP."),
        ],
        "reglist-show" => &[
            ("show", "List what there is to show."),
            ("show CPUCFG2", "Say what a register is, and which values SET refuses."),
            ("show 0x9030000000010028", "Say what an id names."),
            ("show list.contents pmu_lbt.contents.exact", "Say what a clause demands, and what a case does."),
        ],
        "reglist-doctor" => &[("doctor", "Say what the lab needs, and what of it is there.")],
        "reglist-cache" => &[("cache --clear", "Give back the disk that the lab has taken.")],
        "reglist-man" => &[("man ~/.local/share/man/man1", "Write the pages where man finds them.")],
        "reglist-completions" => &[("completions bash", "Print a completion for bash.")],
        "reglist-suite" => &[
            ("--list", "List every case, without opening /dev/kvm."),
            ("--events events.jsonl", "Test everything, and keep the run as JSON lines."),
            ("--format ktap --strict", "Test everything as KTAP; broken clauses of level should fail."),
            ("--config base contents.", "Run the checks of one theme, in one configuration."),
        ],
        _ => &[],
    }
}
