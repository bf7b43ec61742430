// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Descriptions of register ids.

use super::catalogue::{Catalogue, Description, Entry, Kind};
use crate::arch::common_fields;
use crate::spec::Register;

impl Catalogue<'_> {
    /// Describes the register of an id, or the id itself if it has no name.
    pub fn id(&self, id: u64) -> Description {
        match self.spec.registers.by_id(id) {
            Some(register) => self.register(register),
            None => self.unknown_id(id),
        }
    }

    fn unknown_id(&self, id: u64) -> Description {
        let fault = self.arch.malformed(id);
        let summary = match &fault {
            Some(_) => format!("malformed {} id", self.arch.name()),
            None => format!("{}, unnamed in the specifications", self.arch.describe(id)),
        };
        let mut description = Description::new(Kind::Id, format!("{id:#018x}"), summary);
        if let Some(fault) = fault {
            description.say("malformed", fault);
        }
        description.say("bits", self.bits(id));
        let taken_for = self.arch.taken_for(id).map(|other| match self.spec.registers.by_id(other) {
            Some(Register { name, .. }) => format!("{name} ({other:#018x})"),
            None => format!("{} ({other:#018x})", self.arch.describe(other)),
        });
        if let Some(other) = taken_for {
            let text =
                format!("{other}: GET and SET ignore the wrong bits. A list must not contain the id (list.canonical)");
            description.say("taken for", text);
        }
        if let Some(exception) = self.spec.unlisted.why(id) {
            let text = format!("in no list, but GET reads it ({}): {}", exception.name, exception.reason);
            description.say("listed", text);
        }
        description
    }

    pub(super) fn bits(&self, id: u64) -> Vec<Entry> {
        let fields = common_fields(id).into_iter().chain(self.arch.fields(id));
        fields.map(|field| Entry { name: field.bits.to_owned(), text: field.meaning }).collect()
    }
}
