// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The order of a restore as a table, and its reasons as sentences.

use std::fmt::Write as _;

use super::dependency::{Dependency, Listing, Otherwise};
use super::limits::{Origin, Refused};
use super::{Order, Step};
use crate::report::paragraph::{hanging, titled};
use crate::report::words::count;
use crate::spec::text;

impl Order {
    pub(crate) fn text(&self) -> String {
        let width =
            |of: fn(&Step) -> usize, title: &str| self.steps.iter().map(of).max().unwrap_or_default().max(title.len());
        let (name, group) = (width(|step| step.name.len(), "name"), width(|step| step.group.len(), "group"));
        let mut shown = String::new();
        hanging(&mut shown, &self.head);
        hanging(
            &mut shown,
            "SET in this order. `entry` is the place in the list, `after` names registers that must come first.",
        );
        let _ = writeln!(shown, "\nstep  entry  {:<18}  {:<name$}  {:<group$}  after", "id", "name", "group");
        for Step { step, entry, id, name: register, group: of, after, .. } in &self.steps {
            let after = after.join(", ");
            let line = format!("{step:>4}  {entry:>5}  {id}  {register:<name$}  {of:<group$}  {after}");
            let _ = writeln!(shown, "{}", line.trim_end());
        }
        titled(&mut shown, "dependencies", &sentences(&self.dependencies, dependency));
        titled(&mut shown, "KVM_GET_REG_LIST", &sentences(&self.list_after, listing));
        titled(
            &mut shown,
            "GET",
            &sentences(&self.reloading, |reloading| {
                let name = &reloading.register.name;
                format!("{name}: not between two SETs, as GET loads the vCPU and refreshes other registers")
            }),
        );
        titled(&mut shown, "values that SET refuses", &sentences(&self.refused, refused));
        shown
    }
}

fn sentences<T>(items: &[T], sentence: impl Fn(&T) -> String) -> Vec<String> {
    items.iter().map(sentence).collect()
}

fn dependency(dependency: &Dependency) -> String {
    let names: Vec<&str> = dependency.registers.iter().map(|register| register.name.as_str()).collect();
    let after = &dependency.after.name;
    let otherwise = match &dependency.otherwise {
        Otherwise::Refused { errno, bits, features } => {
            format!("else {errno}: {after} needs one of the bits {bits} ({})", text::features(features))
        }
        Otherwise::Dropped { dropped, bits, .. } => {
            format!("else SET drops the bits {dropped}, which it keeps if {after} has {bits}")
        }
    };
    let broken = if dependency.kept_by_list { "" } else { "; the list's order breaks this" };
    format!("{} after {after}, {otherwise}{broken}", names.join(", "))
}

fn listing(listing: &Listing) -> String {
    let Listing { group, registers, after, bits, features } = listing;
    let (registers, features) = (count(*registers, "register"), text::features(features));
    format!(
        "after {}, else the list omits group {group} ({registers}): one of the bits {bits} ({features}) brings it",
        after.name
    )
}

fn refused(refused: &Refused) -> String {
    let Refused { register, value_of, errno, .. } = refused;
    let value = match value_of {
        Origin::Fresh => "the value of a vCPU on which nothing was SET",
        Origin::Other => "the value of another vCPU of the VM",
    };
    format!("{}: {value} ({errno})", register.name)
}
