// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The series that a new one is to be like: its groups as its file has them.

use std::collections::{BTreeMap, BTreeSet};

use reglist_suite::arch::Arch;
use reglist_suite::spec::{GroupsFile, Source, Spec};

use crate::spec::error::Error;

/// A series with what its files say beside what they mean.
#[derive(Debug)]
pub(super) struct Like {
    pub(super) spec: Spec,
    pub(super) groups: GroupsFile,
    pub(super) comments: BTreeMap<String, Vec<String>>,
    /// Registers with which lines of the file begin.
    pub(super) line_starts: BTreeSet<String>,
    /// What the head of each configuration's file says.
    pub(super) heads: BTreeMap<String, Vec<String>>,
}

impl Like {
    pub(super) fn load(source: &Source, arch: &dyn Arch, series: &str) -> Result<Self, Error> {
        let spec = Spec::load(source, arch, series)?;
        let (groups, text) = GroupsFile::read(source, arch, series)?;
        let mut heads = BTreeMap::new();
        for configuration in &spec.configurations {
            let text = source.read(&format!("{}/{series}/{}.yaml", arch.name(), configuration.name))?;
            heads.insert(configuration.name.clone(), head(text.content()));
        }
        let (comments, line_starts) = (comments(text.content()), line_starts(text.content()));
        Ok(Self { spec, groups, comments, line_starts, heads })
    }

    /// The registers of a group and of those that it includes.
    pub(super) fn members(&self, group: &str) -> BTreeSet<&str> {
        let mut members = BTreeSet::new();
        let mut open = vec![group];
        // The series could be loaded: no group includes itself.
        while let Some(group) = open.pop().and_then(|name| self.groups.groups.get(name)) {
            members.extend(group.registers.iter().map(String::as_str));
            open.extend(group.include.iter().map(String::as_str));
        }
        members
    }
}

/// What a file says of itself, without licence and schema.
fn head(content: &str) -> Vec<String> {
    let lines = content.lines().map_while(|line| line.strip_prefix('#')).map(str::trim);
    let own = lines.filter(|line| !line.starts_with("SPDX-") && !line.starts_with("yaml-language-server:"));
    let mut own: Vec<String> = own.skip_while(|line| line.is_empty()).map(str::to_owned).collect();
    while own.last().is_some_and(String::is_empty) {
        own.pop();
    }
    own
}

/// Comments that stand right above a key two columns in.
fn comments(content: &str) -> BTreeMap<String, Vec<String>> {
    let mut comments = BTreeMap::new();
    let mut open: Vec<String> = Vec::new();
    for line in content.lines() {
        match line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')) {
            Some(rest) if rest.starts_with('#') => {
                open.push(rest.trim_start_matches('#').trim().to_owned());
                continue;
            }
            Some(rest) => {
                if let Some((name, _)) = rest.split_once(':') {
                    comments.insert(name.to_owned(), std::mem::take(&mut open));
                }
            }
            None => {}
        }
        open.clear();
    }
    comments
}

/// The first words of lines within flow lists.
fn line_starts(content: &str) -> BTreeSet<String> {
    let first = |line: &str| {
        let line = line.trim_start();
        let line = line.strip_prefix('[').unwrap_or(line);
        let end = line.find([',', ']'])?;
        line.get(..end).map(str::to_owned)
    };
    content.lines().filter_map(first).collect()
}
