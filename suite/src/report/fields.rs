// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A finding as one line of fields: the level, the clause, then `NAME=VALUE`. Values
//! with spaces are JSON strings.

use crate::report::events::{Finding, NamedRegister};

/// The line of a finding.
pub fn to_line(finding: &Finding) -> String {
    let Finding { clause, level, register, after, entry, last_entry, ioctl, errno, expected, observed } = finding;
    let mut line = format!("{level} {clause}");
    let mut field = |name: &str, value: String| {
        let is_plain = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
        let value = if is_plain { value } else { serde_json::Value::String(value).to_string() };
        line.push_str(&format!(" {name}={value}"));
    };
    for (name, register) in [("register", register), ("after", after)] {
        if let Some(register) = register {
            field(name, register.name.clone());
            field(if name == "register" { "id" } else { "after_id" }, format!("{:#018x}", register.id));
        }
    }
    for (name, entry) in [("entry", entry), ("last_entry", last_entry)] {
        entry.iter().for_each(|entry| field(name, entry.to_string()));
    }
    for (name, value) in [("ioctl", ioctl), ("errno", errno)] {
        value.iter().for_each(|value| field(name, value.clone()));
    }
    if !expected.is_empty() {
        field("expected", expected.clone());
    }
    field("observed", observed.clone());
    line
}

/// Parses a line of [`to_line`]; `None` for anything else. Ignores unknown fields.
pub fn from_line(line: &str) -> Option<Finding> {
    let (level, rest) = line.split_once(' ')?;
    let level = serde_json::from_value(level.into()).ok()?;
    let (clause, mut rest) = rest.split_once(' ')?;
    let mut finding = Finding::new(clause, level, String::new(), String::new());
    while !rest.is_empty() {
        let (name, behind) = rest.split_once('=')?;
        let (value, behind) = value(behind)?;
        rest = behind;
        match name {
            "register" => finding.register = Some(NamedRegister { name: value, id: 0 }),
            "after" => finding.after = Some(NamedRegister { name: value, id: 0 }),
            "id" => finding.register.as_mut()?.id = id(&value)?,
            "after_id" => finding.after.as_mut()?.id = id(&value)?,
            "entry" => finding.entry = Some(value.parse().ok()?),
            "last_entry" => finding.last_entry = Some(value.parse().ok()?),
            "ioctl" => finding.ioctl = Some(value),
            "errno" => finding.errno = Some(value),
            "expected" => finding.expected = value,
            "observed" => finding.observed = value,
            _ => {}
        }
    }
    (!finding.observed.is_empty()).then_some(finding)
}

/// The value at the beginning of a text, and the text of the next field.
fn value(text: &str) -> Option<(String, &str)> {
    if !text.starts_with('"') {
        let (value, rest) = text.split_once(' ').unwrap_or((text, ""));
        return Some((value.to_owned(), rest));
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let value = values.next()?.ok()?;
    let rest = text.get(values.byte_offset()..)?;
    Some((value, rest.strip_prefix(' ').unwrap_or(rest)))
}

fn id(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::spec::clause::Level;

    fn register() -> impl Strategy<Value = Option<NamedRegister>> {
        proptest::option::of(("[A-Z0-9 ]{1,9}", any::<u64>()).prop_map(|(name, id)| NamedRegister { name, id }))
    }

    proptest! {
        #[test]
        fn any_finding_is_read_as_it_was_written(
            (register, after) in (register(), register()),
            (entry, last_entry) in any::<(Option<usize>, Option<usize>)>(),
            (ioctl, errno) in (proptest::option::of("[A-Z_]{1,9}"), proptest::option::of("[A-Z]{1,9}")),
            (expected, observed) in ("\\PC{0,20}", "\\PC{1,20}"),
        ) {
            let (clause, level) = ("list.width".to_owned(), Level::Should);
            let finding =
                Finding { clause, level, register, after, entry, last_entry, ioctl, errno, expected, observed };
            let line = to_line(&finding);
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(from_line(&line), Some(finding));
        }

        #[test]
        fn any_line_is_a_finding_or_none(line in "(must|note) [a-z.]{0,5} ?\\PC{0,30}") {
            let _ = from_line(&line);
        }
    }

    #[test]
    fn sentences_are_no_findings() {
        for text in ["", "must", "must x", "must list.count: expected 3, observed 4", "skip: x", "must x observed="] {
            assert_eq!(from_line(text), None, "{text}");
        }
    }
}
