// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The `like` series: groups and comments of its files.

use std::collections::{BTreeMap, BTreeSet};

use reglist_suite::arch::Arch;
use reglist_suite::spec::{GroupsFile, Source, Spec};

use crate::spec::error::Error;

/// A series with comments and line breaks of its files.
#[derive(Debug)]
pub(super) struct Like {
    pub(super) spec: Spec,
    pub(super) groups: GroupsFile,
    pub(super) comments: BTreeMap<String, Vec<String>>,
    /// Registers at the start of lines.
    pub(super) line_starts: BTreeSet<String>,
    /// Head comment of each configuration's file.
    pub(super) heads: BTreeMap<String, Vec<String>>,
}

impl Like {
    pub(super) fn load(source: &Source, arch: &dyn Arch, series: &str) -> Result<Self, Error> {
        let spec = Spec::load(source, arch, series)?;
        let (groups, text) = GroupsFile::read(source, arch, series)?;
        let mut heads = BTreeMap::new();
        for configuration in &spec.configurations {
            let text = source.read(&format!("{}/{series}/{}.yaml", arch.name(), configuration.name))?;
            heads.insert(configuration.name.clone(), head(&text.content));
        }
        let (comments, line_starts) = (comments(&text.content), line_starts(&text.content));
        Ok(Self { spec, groups, comments, line_starts, heads })
    }

    pub(super) fn included(&self, group: &str) -> &[String] {
        self.groups.groups.get(group).map(|group| group.include.as_slice()).unwrap_or_default()
    }

    /// The registers of a group, with included groups.
    pub(super) fn members(&self, group: &str) -> BTreeSet<&str> {
        let mut members = BTreeSet::new();
        let mut open = vec![group];
        // No group includes itself: the series is loaded.
        while let Some(group) = open.pop().and_then(|name| self.groups.groups.get(name)) {
            members.extend(group.registers.iter().map(String::as_str));
            open.extend(group.include.iter().map(String::as_str));
        }
        members
    }
}

/// The head comment of a file, without licence and schema.
fn head(content: &str) -> Vec<String> {
    let lines = content.lines().map_while(|line| line.strip_prefix('#')).map(str::trim);
    let own = lines.filter(|line| !line.starts_with("SPDX-") && !line.starts_with("yaml-language-server:"));
    let mut own: Vec<String> = own.skip_while(|line| line.is_empty()).map(str::to_owned).collect();
    while own.last().is_some_and(String::is_empty) {
        own.pop();
    }
    own
}

/// Comments above keys of the second level.
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

/// First words of lines in flow lists.
fn line_starts(content: &str) -> BTreeSet<String> {
    let first = |line: &str| {
        let line = line.trim_start();
        let line = line.strip_prefix('[').unwrap_or(line);
        let end = line.find([',', ']'])?;
        line.get(..end).map(str::to_owned)
    };
    content.lines().filter_map(first).collect()
}
