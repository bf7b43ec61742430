// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A few things as people and programs read them, and all of them in form.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::report::paragraph::WIDTH;

fn try_show(names: &[&str], verbose: bool) -> Result<String, String> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let found = Found::of("loongarch64", None, None, &names, verbose).map_err(|error| error.to_string())?;
    Ok(found.text(verbose))
}

fn show(arguments: &[&str]) -> String {
    try_show(arguments, false).unwrap()
}

fn spec(arch: &dyn Arch) -> Spec {
    Spec::load(&Source::Embedded, arch, arch.default_series()).unwrap()
}

/// Every word that can be shown, cases among them.
fn every_word(index: &Index<'_>) -> Vec<String> {
    let mut words = index.short_names();
    words.extend(index.cases.iter().map(|case| case.id.clone()));
    words.extend(index.catalogue.spec.registers.all().iter().map(|register| format!("{:#x}", register.id)));
    words
}

#[test]
fn a_register_is_told_with_all_that_a_vmm_author_needs() {
    insta::assert_snapshot!(show(&["ESTAT"]));
    insta::assert_snapshot!(try_show(&["lbt_ftop"], true).unwrap());
}

#[test]
fn an_id_is_told_with_what_is_wrong_with_it() {
    insta::assert_snapshot!(show(&["0x9030000100010000", "0x9030000000010048"]));
}

#[test]
fn a_clause_a_case_and_a_fault_are_told() {
    insta::assert_snapshot!(show(&["efault.stray", "pmu_lbt.efault.landing_zone", "efault-lost"]));
}

#[test]
fn a_name_with_several_meanings_has_all_of_them_told() {
    let text = show(&["pmu"]);
    assert!(text.contains("configuration pmu\n") && text.contains("\ngroup pmu\n"), "{text}");
    let text = show(&["restore.list_order"]);
    assert!(text.contains("check restore.list_order\n") && text.contains("\nclause restore.list_order\n"), "{text}");
    let text = show(&["efault"]);
    assert!(text.starts_with("theme efault\n"), "{text}");
}

#[test]
fn without_a_name_there_is_an_overview() {
    insta::assert_snapshot!(show(&[]));
    let all = try_show(&[], true).unwrap();
    assert!(all.contains("TLBRSAVE") && all.contains("pmu_lbt.restore.any_order"), "{all}");
}

#[test]
fn everything_can_be_shown_in_80_columns() {
    for arch in arch::ALL {
        let spec = spec(arch);
        let index = Index::new(Catalogue::new(&spec, arch));
        for verbose in [false, true] {
            let check = |word: &str, text: &str| {
                for line in text.lines() {
                    assert!(console::measure_text_width(line) <= WIDTH, "{word}: {line}");
                    assert_eq!(line, line.trim_end(), "{word}");
                }
                assert!(text.ends_with('\n') && !text.contains("\n\n\n"), "{word}: {text}");
            };
            for word in every_word(&index) {
                check(&word, &text::text(&index.find(&word).unwrap(), verbose));
            }
            check("nothing", &text::overview(&Overview::of(&index, verbose)));
        }
    }
}

#[test]
fn everything_is_there_for_programs() {
    let spec = spec(&LoongArch64);
    let index = Index::new(Catalogue::new(&spec, &LoongArch64));
    for word in every_word(&index) {
        let document: Value =
            serde_json::to_value(Found::Things { format: FORMAT, shown: index.find(&word).unwrap() }).unwrap();
        assert_eq!(document["format"], 1);
        let shown = document["shown"].as_array().unwrap();
        assert!(!shown.is_empty(), "{word}");
        for description in shown {
            for part in description["parts"].as_array().unwrap() {
                let forms = ["text", "items", "entries"].into_iter().filter(|form| part.get(form).is_some());
                assert_eq!(forms.count(), 1, "{word}: {part}");
            }
        }
    }
    let overview = Found::of("loongarch64", None, None, &[], false).unwrap();
    let overview = serde_json::to_value(overview).unwrap();
    assert_eq!(overview["there_is"]["series"], "v5");
}

#[test]
fn names_are_understood_as_the_headers_and_in_any_case() {
    let crmd = show(&["CRMD"]);
    for word in ["crmd", "LOONGARCH_CSR_CRMD", "0x9030000000010000", "0x9030_0000_0001_0000", "10389804340343799808"] {
        assert_eq!(show(&[word]), crmd, "{word}");
    }
    for word in ["CSR 0x9", "CSR_0x9", "csr_0x9"] {
        assert_eq!(show(&[word]), show(&["0x9030000000010048"]), "{word}");
    }
    assert!(try_show(&["CSR 0x99999"], false).is_err() && try_show(&["CSR_x"], false).is_err());
    assert!(show(&["KVM_REG_LOONGARCH_COUNTER"]).starts_with("register COUNTER\n"));
    assert_eq!(show(&["CRMD", "crmd"]), crmd);
}

#[test]
fn what_does_not_exist_is_refused_with_what_is_like_it() {
    assert_eq!(
        try_show(&["crmb"], false).unwrap_err(),
        "unknown name `crmb`\n[did you mean CRMD? Run `reglist show` for all names]"
    );
    assert_eq!(
        try_show(&["qqqqqqqq"], false).unwrap_err(),
        "unknown name `qqqqqqqq`\n[run `reglist show` for all names]"
    );
    let text = Found::of("sparc", None, None, &[], false).unwrap_err().to_string();
    assert_eq!(text, "unknown architecture `sparc`\n[known: loongarch64, x86_64]");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_word_and_any_id_is_shown_or_refused(word: String, near in "[a-z_.]{1,12}", id: u64) {
        let spec = spec(&LoongArch64);
        let index = Index::new(Catalogue::new(&spec, &LoongArch64));
        for word in [word, near] {
            let _ = index.find(&word).map_err(|error| error.to_string());
        }
        let shown = text::text(&index.find(&format!("{id:#x}")).unwrap(), true);
        prop_assert!(shown.lines().all(|line| line.len() <= WIDTH), "{shown}");
    }
}

#[test]
fn an_id_that_is_no_number_says_why() {
    for (word, what) in [
        ("0x", "no digits"),
        ("0xzz", "other characters than digits"),
        ("12a", "other characters than digits"),
        ("0x1ffffffffffffffff", "more than 64 bits"),
    ] {
        let text = try_show(&[word], false).unwrap_err();
        assert!(text.starts_with(&format!("`{word}` is not an id: it has {what}")), "{text}");
    }
}
