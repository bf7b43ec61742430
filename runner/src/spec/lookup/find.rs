// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Finds the things of a word: an id, or a name with one meaning or several.

use std::collections::BTreeSet;
use std::num::IntErrorKind;

use clap::ValueEnum as _;
use reglist_suite::checks;
use reglist_suite::checks::plan::{PlannedCase, plan};
use reglist_suite::fault::Fault;
use reglist_suite::report::describe::{Catalogue, Description, nearest};

use super::error::ShowError;

/// Prefixes of register names in the kernel's headers.
const PREFIXES: [&str; 3] = ["KVM_REG_LOONGARCH_", "LOONGARCH_CSR_", "LOONGARCH_"];

pub(super) struct Index<'a> {
    pub(super) catalogue: Catalogue<'a>,
    pub(super) cases: Vec<PlannedCase<'a>>,
}

impl<'a> Index<'a> {
    pub(super) fn new(catalogue: Catalogue<'a>) -> Self {
        Self { catalogue, cases: plan(catalogue.spec, &[]) }
    }

    pub(super) fn find(&self, word: &str) -> Result<Vec<Description>, ShowError> {
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            return Ok(vec![self.catalogue.id(id(word)?)]);
        }
        if let Some(id) = self.unnamed(word) {
            return Ok(vec![self.catalogue.id(id)]);
        }
        let found = self.named(word);
        if found.is_empty() {
            return Err(ShowError::Unknown { word: word.to_owned(), remedy: self.remedy(word) });
        }
        Ok(found)
    }

    /// The id of a register named by its type and index, as findings (`CSR 0x9`) and
    /// proposed specifications (`CSR_0x9`) do.
    fn unnamed(&self, word: &str) -> Option<u64> {
        let (name, index) = word.split_once([' ', '_'])?;
        let index = u64::from_str_radix(index.strip_prefix("0x")?, 16).ok()?;
        let arch = self.catalogue.arch;
        let of_type = arch.types().iter().find(|known| known.name.eq_ignore_ascii_case(name))?;
        arch.encode(*of_type, index)
    }

    fn named(&self, word: &str) -> Vec<Description> {
        let (catalogue, spec) = (self.catalogue, self.catalogue.spec);
        let same = |name: &str| name.eq_ignore_ascii_case(word);
        let register = PREFIXES.iter().find_map(|prefix| word.strip_prefix(prefix)).unwrap_or(word);
        let mut found: Vec<Description> = Vec::new();
        let registers = spec.registers.all().iter().filter(|known| known.name.eq_ignore_ascii_case(register));
        found.extend(registers.map(|register| catalogue.register(register)));
        found.extend(self.cases.iter().filter(|case| same(&case.id)).map(|case| catalogue.case(case)));
        found.extend(checks::all().filter(|check| same(check.name)).map(|check| catalogue.check(check)));
        let clauses = spec.clauses.clauses.iter();
        found.extend(clauses.filter(|clause| same(&clause.id)).map(|clause| catalogue.clause(clause)));
        let lower = word.to_ascii_lowercase();
        found.extend(catalogue.theme(lower.trim_end_matches('.')));
        let configurations = spec.configurations.iter();
        found.extend(configurations.filter(|known| same(&known.name)).map(|known| catalogue.configuration(known)));
        let groups: Vec<Description> =
            spec.list.iter().filter(|group| same(&group.name)).map(|group| catalogue.group(group)).collect();
        // Omit a family with the same name; it has nearly the same registers.
        let family = if groups.is_empty() { catalogue.family(&lower) } else { None };
        found.extend(groups.into_iter().chain(family));
        found.extend(Fault::named(&lower).map(|fault| catalogue.fault(fault)));
        found
    }

    fn remedy(&self, word: &str) -> String {
        let mut names = self.short_names();
        names.extend(self.cases.iter().map(|case| case.id.clone()));
        let near = nearest(word, &names);
        if near.is_empty() {
            return "run `reglist show` for all names".to_owned();
        }
        format!("did you mean {}? Run `reglist show` for all names", near.join(", "))
    }

    /// All names by kind.
    pub(super) fn names(&self) -> [(&'static str, Vec<String>); 9] {
        let spec = self.catalogue.spec;
        [
            ("registers", spec.registers.all().iter().map(|register| register.name.clone()).collect()),
            ("families", spec.registers.families().map(str::to_owned).collect()),
            ("groups", spec.list.iter().map(|group| group.name.clone()).collect()),
            ("configurations", spec.configurations.iter().map(|known| known.name.clone()).collect()),
            ("clauses", spec.clauses.clauses.iter().map(|clause| clause.id.clone()).collect()),
            ("themes", self.catalogue.themes().into_iter().map(str::to_owned).collect()),
            ("checks", checks::all().map(|check| check.name.to_owned()).collect()),
            ("cases", self.cases.iter().map(|case| case.id.clone()).collect()),
            ("faults", Fault::value_variants().iter().map(|fault| fault.name()).collect()),
        ]
    }

    /// Every name except cases, each once.
    pub(super) fn short_names(&self) -> Vec<String> {
        let kinds = self.names().into_iter().filter(|(kind, _)| *kind != "cases");
        let names: BTreeSet<String> = kinds.flat_map(|(_, names)| names).collect();
        names.into_iter().collect()
    }
}

/// Parses a hexadecimal or decimal number, with optional `_`.
fn id(word: &str) -> Result<u64, ShowError> {
    let digits = word.replace('_', "");
    let number = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => digits.parse(),
    };
    number.map_err(|error| {
        let what = match error.kind() {
            IntErrorKind::PosOverflow => "it has more than 64 bits",
            IntErrorKind::Empty => "it has no digits",
            _ => "it has other characters than digits",
        };
        ShowError::Number { word: word.to_owned(), what: what.to_owned() }
    })
}
