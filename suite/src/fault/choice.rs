// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `--fault`: which faults are asked for.

use clap::ValueEnum as _;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::Fault;

/// The word for all of them.
const ALL: &str = "all";

/// Which faults are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Faults {
    /// Each in its turn.
    All,
    /// This one.
    One(Fault),
}

impl Faults {
    /// The only one.
    #[must_use]
    pub fn one(self) -> Option<Fault> {
        if let Self::One(fault) = self { Some(fault) } else { None }
    }

    /// As it is written on a command line.
    #[must_use]
    pub fn name(self) -> String {
        self.one().map_or_else(|| ALL.to_owned(), Fault::name)
    }

    /// Understands names of faults, and `all`.
    #[must_use]
    pub fn parser() -> impl TypedValueParser<Value = Self> {
        let names = Fault::value_variants().iter().filter_map(clap::ValueEnum::to_possible_value);
        let all = PossibleValue::new(ALL).help("Each of them in its turn");
        PossibleValuesParser::new(names.chain([all])).map(|name| Fault::named(&name).map_or(Self::All, Self::One))
    }
}
