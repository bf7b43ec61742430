// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The value of `--fault`.

use std::ffi::OsStr;

use clap::ValueEnum as _;
use clap::builder::{PossibleValue, PossibleValuesParser, StyledStr, TypedValueParser};
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command, Error};

use super::kinds::Fault;

const ALL: &str = "all";

/// The faults to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Faults {
    /// Every fault, one after the other.
    All,
    /// One fault.
    One(Fault),
}

impl Faults {
    /// The single fault.
    pub fn one(self) -> Option<Fault> {
        if let Self::One(fault) = self { Some(fault) } else { None }
    }

    /// The value on the command line.
    pub fn name(self) -> String {
        self.one().map_or_else(|| ALL.to_owned(), Fault::name)
    }

    /// Parses a fault's name or `all`.
    pub fn parser() -> impl TypedValueParser<Value = Self> {
        let names = Fault::value_variants().iter().filter_map(clap::ValueEnum::to_possible_value);
        let all = PossibleValue::new(ALL).help("Every fault, one after the other");
        let names = Names(PossibleValuesParser::new(names.chain([all])));
        names.map(|name| Fault::named(&name).map_or(Self::All, Self::One))
    }
}

/// Leaves the list of faults out of clap's errors, because it is too long.
#[derive(Debug, Clone)]
struct Names(PossibleValuesParser);

impl TypedValueParser for Names {
    type Value = String;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<String, Error> {
        self.0.parse_ref(command, argument, value).map_err(|mut error| {
            error.insert(ContextKind::ValidValue, ContextValue::Strings(Vec::new()));
            let tip = StyledStr::from("`reglist show -v` lists all faults");
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
            error
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.0.possible_values()
    }
}
