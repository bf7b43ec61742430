// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The YAML files of a series, in the style of the `like` series.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use reglist_suite::arch::{Arch, feature_names};
use reglist_suite::spec::Source;

use super::draft::{Draft, DraftGroup};
use super::like::Like;
use super::lists::{Listed, Lists};
use super::named::Named;
use super::write::{File, Files};
use crate::report::paragraph::{WIDTH, fill};
use crate::spec::error::Error;

/// Description of an unknown register.
const ABOUT: &str = "listed by a kernel, unknown to the specification";

/// The whole tree: unchanged files, new files, and registers.yaml with new names
/// at its end.
pub(super) fn files(
    source: &Source,
    arch: &dyn Arch,
    series: &str,
    lists: &Lists,
    like: &Like,
    draft: &Draft,
) -> Result<Files, Error> {
    let folder = format!("{}/{}", arch.name(), series);
    let registers = format!("{}/registers.yaml", arch.name());
    let mut files = Vec::new();
    for path in source.files() {
        let is_read = path.ends_with(".yaml") || path.ends_with(".json");
        if !is_read || path.strip_prefix(&folder).is_some_and(|rest| rest.starts_with('/')) {
            continue;
        }
        let text = source.read(&path)?;
        let added = if path == registers { families(lists, draft) } else { String::new() };
        let content = format!("{}{added}", text.content);
        files.push(File { path, content, added: (!added.is_empty()).then_some(added), is_new: false });
    }
    let mut new = |name: &str, content| {
        files.push(File { path: format!("{folder}/{name}.yaml"), content, added: None, is_new: true });
    };
    new("groups", groups(series, lists, like, draft));
    for listed in &lists.configurations {
        new(&listed.name, configuration(lists, like, draft, listed));
    }
    Ok(Files { folder, files })
}

/// Licence, schema, and an empty line of the comment.
fn head(schema: &str) -> String {
    format!(
        "# SPDX-License-Identifier: Apache-2.0 OR MIT\n\
         # yaml-language-server: $schema=../../schema/{schema}.json\n\
         #\n"
    )
}

/// A wrapped comment.
fn comment(text: &mut String, indent: usize, words: &str) {
    let head = format!("{}# ", " ".repeat(indent));
    fill(text, &head, &head, words);
}

/// `key: [one, two]`, wrapped; items in `starts` also start a line.
fn flow(text: &mut String, indent: usize, key: &str, items: &[&str], starts: impl Fn(&str) -> bool) {
    let head = format!("{}{key}:", " ".repeat(indent));
    let whole = format!("{head} [{}]", items.join(", "));
    if whole.len() <= WIDTH {
        let _ = writeln!(text, "{whole}");
        return;
    }
    let _ = writeln!(text, "{head}");
    let indent = " ".repeat(indent + 2);
    let mut line = format!("{indent}[");
    for (position, item) in items.iter().enumerate() {
        let end = if position + 1 == items.len() { "]" } else { "," };
        if position > 0 {
            if starts(item) || line.len() + 1 + item.len() + end.len() > WIDTH {
                let _ = writeln!(text, "{line}");
                line = format!("{indent} ");
            } else {
                line.push(' ');
            }
        }
        line.push_str(item);
        line.push_str(end);
    }
    let _ = writeln!(text, "{line}");
}

fn groups(series: &str, lists: &Lists, like: &Like, draft: &Draft) -> String {
    let like_name = &like.spec.series;
    let mut text = head("groups");
    let mut lines = vec![
        format!(
            "Series {series}: the groups in the order of the list, and the vCPU features that add a group to the \
             list (any of them)."
        ),
        format!(
            "Source: KVM_GET_REG_LIST of {}, read by reglist {}; groups as in {like_name} if they fit.",
            lists.kernel, lists.suite
        ),
    ];
    lines.extend(lists.note().map(str::to_owned));
    lines.extend_from_slice(&lists.labels);
    lines.iter().for_each(|line| comment(&mut text, 0, line));
    let reviews = draft.reviews(like_name).into_iter().chain(lists.troubles());
    for review in reviews {
        text.push_str("#\n");
        comment(&mut text, 0, &format!("To review: {review}."));
    }
    let listed: Vec<&str> = draft.list.iter().map(|group| group.name.as_str()).collect();
    flow(&mut text, 0, "list", &listed, |_| false);
    text.push_str("groups:\n");
    for (position, listed) in draft.list.iter().enumerate() {
        if position > 0 {
            text.push('\n');
        }
        group(&mut text, like, listed);
    }
    text
}

fn group(text: &mut String, like: &Like, group: &DraftGroup) {
    // A part of a group does not get the comment of the whole.
    let is_whole = group.like.as_ref() == Some(&group.name);
    let comments = is_whole.then(|| like.comments.get(&group.name)).flatten();
    for line in comments.into_iter().flatten() {
        let _ = writeln!(text, "{}", format!("  # {line}").trim_end());
    }
    let registers: Vec<&str> = group.registers.iter().map(|register| register.name.as_str()).collect();
    let members = group.like.as_ref().map(|name| like.members(name)).unwrap_or_default();
    let new: Vec<&str> = registers.iter().copied().filter(|name| !members.contains(name)).collect();
    let series_name = &like.spec.series;
    if group.like.is_none() {
        let what = if like.groups.groups.contains_key(&group.name) { "other than" } else { "not" };
        comment(text, 2, &format!("To review: {what} in {series_name}."));
    } else if !new.is_empty() {
        comment(text, 2, &format!("To review, not in {series_name}: {}.", new.join(", ")));
    }
    let unknown: Vec<&str> =
        group.registers.iter().filter(|register| !register.known).map(|register| register.name.as_str()).collect();
    if !unknown.is_empty() {
        comment(text, 2, &format!("Unknown to the specification, decoded from ids: {}.", unknown.join(", ")));
    }
    let _ = writeln!(text, "  {}:", group.name);
    if !group.when.is_empty() {
        flow(text, 4, "when", &feature_names(&group.when), |_| false);
    }
    if !registers.is_empty() {
        flow(text, 4, "registers", &registers, |name| like.line_starts.contains(name));
    }
    let include: Vec<&str> = group.include.iter().map(|included| included.name.as_str()).collect();
    if !include.is_empty() {
        flow(text, 4, "include", &include, |_| false);
    }
    for included in &group.include {
        text.push('\n');
        self::group(text, like, included);
    }
}

fn configuration(lists: &Lists, like: &Like, draft: &Draft, listed: &Listed) -> String {
    let mut text = head("configuration");
    for line in like.heads.get(&listed.name).into_iter().flatten() {
        let _ = writeln!(text, "{}", format!("# {line}").trim_end());
    }
    flow(&mut text, 0, "features", &feature_names(&listed.features), |_| false);
    let brings = |group: &&DraftGroup| {
        group.when.is_empty() || group.when.iter().any(|feature| listed.features.contains(feature))
    };
    let groups: Vec<&DraftGroup> = draft.list.iter().filter(brings).collect();
    flow(&mut text, 0, "groups", &groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), |_| false);
    let _ = writeln!(text, "count: {}", groups.iter().map(|group| group.len()).sum::<usize>());
    let source = format!("KVM_GET_REG_LIST of {}, read by reglist {}", lists.kernel, lists.suite);
    let _ = writeln!(text, "source: {}", quoted(&source));
    text
}

/// A quoted YAML string; the words have no control characters.
fn quoted(words: &str) -> String {
    format!("\"{}\"", words.replace('\\', "\\\\").replace('"', "\\\""))
}

/// New families of registers.yaml for unknown registers, one per type; none if all
/// are known.
fn families(lists: &Lists, draft: &Draft) -> String {
    let mut families: BTreeMap<&str, Vec<&Named>> = BTreeMap::new();
    for register in draft.unknown() {
        families.entry(&register.family).or_default().push(register);
    }
    let mut text = String::new();
    for (family, mut registers) in families {
        registers.sort_by_key(|register| register.index);
        text.push('\n');
        comment(
            &mut text,
            2,
            "Unknown to the specification: names decoded from ids. Only the current value is safe to SET. \
             To review: name, rule, mask, values.",
        );
        let type_ = registers.first().map(|register| register.type_.to_string()).unwrap_or_default();
        let source = quoted(&format!("listed by {}; nothing else is known", lists.kernel));
        let _ = write!(
            text,
            "  {family}:\n    type: {type_}\n    values: []\n    about: \"{ABOUT}\"\n    source: {source}\n    registers:\n"
        );
        for Named { name, index, .. } in registers {
            let _ = writeln!(text, "      # unknown to the specification: decoded from its id");
            let _ = writeln!(text, "      - {{name: {name}, index: {index:#x}, rule: fixed, values: []}}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_broken_before_the_last_column() {
        let mut text = String::new();
        let items = ["PERFCTRL0"; 9];
        flow(&mut text, 4, "registers", &items, |_| false);
        flow(&mut text, 0, "list", &items[..3], |_| true);
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert!(text.starts_with("    registers:\n      [PERFCTRL0, PERFCTRL0,"), "{text}");
        assert!(text.ends_with("PERFCTRL0]\nlist: [PERFCTRL0, PERFCTRL0, PERFCTRL0]\n"), "{text}");
    }

    #[test]
    fn foreign_words_stay_words() {
        assert_eq!(quoted(r#"a "b" \ c: #d"#), r#""a \"b\" \\ c: #d""#);
        let mut text = String::new();
        comment(&mut text, 2, &"word ".repeat(30));
        assert!(text.lines().all(|line| line.starts_with("  # word") && line.len() <= WIDTH), "{text}");
    }
}
