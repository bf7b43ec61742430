// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A register: its id, and the result of GET after SET.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::arch::{Feature, NamedRegister};
use crate::value::Value;

/// The result of GET after SET.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The SET value under the mask.
    #[default]
    Exact,
    /// The SET bits, and maybe bits that were set before.
    Sticky,
    /// The SET value plus the elapsed time.
    Counter,
    /// Only the present value is safe to SET.
    Fixed,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// The state of a vCPU in which an exception holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Just created, nothing SET.
    Fresh,
}

/// A register whose present value cannot be SET.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an exception with `state`, `errno` and `source`")]
pub struct Exception {
    /// State of the vCPU.
    pub state: State,
    /// Name of the errno of SET.
    #[cfg_attr(test, schemars(regex(pattern = "^E[A-Z0-9]+$")))]
    pub errno: String,
    /// Source of the fact.
    pub source: String,
}

/// Features without which GET and SET refuse a register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Any of these lets GET and SET through; never empty.
    pub any: Vec<Feature>,
    /// The errno without them, by name.
    pub errno: String,
}

impl Gate {
    /// Whether GET and SET work on a vCPU with `features`.
    pub fn is_open(&self, features: &[Feature]) -> bool {
        self.any.iter().any(|feature| features.contains(feature))
    }
}

/// Bits that SET keeps while another register has certain bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conditional {
    /// Id of the register on which it depends.
    pub on: u64,
    /// Bits that that register must have, all of them.
    pub bits: Value,
    /// Bits that SET keeps then, in addition to the mask.
    pub free: Value,
    /// Source of the fact.
    pub source: String,
}

/// A value that SET must refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its difference from the present value: the bits to flip.
    pub flip: Value,
    /// Only on a vCPU with all these features.
    pub with: Vec<Feature>,
    /// What is wrong with the value.
    pub about: String,
    /// Name of the errno of SET.
    pub errno: String,
    /// Source of the fact.
    pub source: String,
}

/// A register whose value no two vCPUs of a VM may share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "`errno` and `source`")]
pub struct Unique {
    /// Name of the errno of SET to another vCPU's value.
    #[cfg_attr(test, schemars(regex(pattern = "^E[A-Z0-9]+$")))]
    pub errno: String,
    /// Source of the fact.
    pub source: String,
}

/// A register: its id, name and behaviour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    /// Name, unique within the architecture.
    pub name: String,
    /// KVM register id.
    pub id: u64,
    /// Bits that survive a SET and GET.
    pub mask: Value,
    /// Bits of the mask for which any value is safe on any host.
    pub free: Value,
    /// The result of GET after SET.
    pub rule: Rule,
    /// Values that are safe to SET on any host.
    pub values: Vec<Value>,
    /// States in which the register's own value is refused.
    pub exceptions: Vec<Exception>,
    /// Values that SET refuses. No board is asked for them.
    pub refuses: Vec<Refusal>,
    /// Whether SET refuses another vCPU's value.
    pub unique: Option<Unique>,
    /// Whether GET loads the vCPU into the hardware and reads other registers back, so
    /// that a check must GET it last.
    pub reloads: bool,
    /// Features without which GET and SET refuse the register.
    pub gate: Option<Gate>,
    /// Bits that SET keeps while another register has certain bits.
    pub conditional: Option<Conditional>,
    /// Purpose of the register.
    pub about: String,
    /// "GET ...": what a caller must know in addition to the rule.
    pub get: Option<String>,
    /// "SET ...": what a caller must know in addition to the rule.
    pub set: Option<String>,
    /// Source of the facts.
    pub source: String,
}

impl Register {
    /// Name and id, for findings.
    pub fn named(&self) -> NamedRegister {
        NamedRegister { name: self.name.clone(), id: self.id }
    }

    /// A value of this register's own that is safe to SET: the free bits tell
    /// it from every other register, the rest is as in `present`. Another
    /// `salt` gives another set of values.
    pub fn distinct(&self, present: Value, salt: u64) -> Value {
        let own = Value::of_words(self.free.size(), |word| mix(self.id, salt.wrapping_add(word << 32)));
        present & !self.free | own & self.free
    }
}

/// 64 bits that look random and are the same for the same `id` and `salt`.
///
/// Ids differ in a few low bits, and registers keep any bits: so every bit of
/// the result has to depend on every bit of the id, as it does after the
/// finalizer of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom
/// number generators").
const fn mix(id: u64, salt: u64) -> u64 {
    /// The odd number next to 2^64 divided by the golden ratio.
    const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
    let seed = id.wrapping_add(GAMMA.wrapping_mul(salt.wrapping_add(1)));
    let once = (seed ^ seed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let twice = (once ^ once >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    twice ^ twice >> 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::LoongArch64;

    #[test]
    fn the_mixture_is_that_of_splitmix64() {
        // The first outputs of the published generator for the seed 1234567.
        let seed = 1_234_567;
        assert_eq!([mix(seed, 0), mix(seed, 1)], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn a_gate_is_open_with_any_of_its_features() {
        let gate = Gate { any: vec![LoongArch64::LBT_X86, LoongArch64::LBT_ARM], errno: "ENXIO".into() };
        assert!(gate.is_open(&[LoongArch64::PMU, LoongArch64::LBT_ARM]));
        assert!(!gate.is_open(&[LoongArch64::PMU, LoongArch64::LBT_MIPS]));
        assert!(!gate.is_open(&[]));
    }
}
