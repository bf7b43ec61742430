// SPDX-License-Identifier: Apache-2.0 OR MIT
//! CSV: a table for a spreadsheet or a script.

use std::borrow::Cow;

use crate::spec::show::{Entry, List};

const COLUMNS: [&str; 8] = ["name", "id", "group", "type", "size", "rule", "mask", "purpose"];
/// One more column of the union: names, with a space between them.
const CONFIGURATIONS: &str = "configurations";

/// A header, then a line for each register. Quotes are RFC 4180's; lines end as all lines
/// of this program do, without a carriage return.
pub(crate) fn table(list: &List) -> String {
    let is_union = !list.configurations.is_empty();
    let more = |field: &str| is_union.then(|| field.to_owned());
    let mut shown = line(COLUMNS.map(str::to_owned).into_iter().chain(more(CONFIGURATIONS)));
    for entry in &list.registers {
        shown.push_str(&line(fields(list, entry).into_iter().chain(more(&entry.configurations.join(" ")))));
    }
    shown
}

fn fields(list: &List, entry: &Entry) -> [String; COLUMNS.len()] {
    let register = &entry.register;
    [
        entry.name.clone(),
        format!("{:#018x}", register.id),
        entry.group.clone(),
        list.arch.decode(register.id).map(|(type_, _)| type_.name.to_owned()).unwrap_or_default(),
        // In bytes.
        register.mask.size().to_string(),
        register.rule.to_string(),
        format!("{:#x}", register.mask),
        register.about.clone(),
    ]
}

fn line(fields: impl IntoIterator<Item = String>) -> String {
    let fields: Vec<String> = fields.into_iter().map(|field| quoted(&field).into_owned()).collect();
    fields.join(",") + "\n"
}

fn quoted(field: &str) -> Cow<'_, str> {
    if field.contains([',', '"', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", field.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(configuration: &str) -> List {
        List::of(None, None, Some("v5"), configuration).unwrap()
    }

    /// A reader of RFC 4180, with lines that end in a line feed.
    fn read(text: &str) -> Vec<Vec<String>> {
        let (mut lines, mut fields, mut field) = (Vec::new(), Vec::new(), String::new());
        let mut characters = text.chars().peekable();
        let mut is_quoted = false;
        while let Some(character) = characters.next() {
            match character {
                '"' if is_quoted && characters.peek() == Some(&'"') => field.extend(characters.next()),
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => fields.push(std::mem::take(&mut field)),
                '\n' if !is_quoted => {
                    fields.push(std::mem::take(&mut field));
                    lines.push(std::mem::take(&mut fields));
                }
                other => field.push(other),
            }
        }
        assert!(!is_quoted && fields.is_empty() && field.is_empty(), "{text}");
        lines
    }

    #[test]
    fn what_a_reader_reads_is_the_specification() {
        let list = list("pmu_lbt");
        let lines = read(&table(&list));
        assert_eq!(lines[0], COLUMNS);
        let purposes: Vec<&str> = lines[1..].iter().map(|fields| fields[7].as_str()).collect();
        let expected: Vec<&str> = list.registers.iter().map(|entry| entry.register.about.as_str()).collect();
        assert_eq!(purposes, expected);
        assert!(lines.iter().all(|fields| fields.len() == COLUMNS.len()), "{lines:?}");
        let estat = lines.iter().find(|fields| fields[0] == "ESTAT").unwrap();
        assert_eq!(estat[1..7], ["0x9030000000010028", "csr", "csr", "8", "sticky", "0x3"]);
        let counter = lines.iter().find(|fields| fields[0] == "COUNTER").unwrap();
        assert_eq!(counter[1..4], ["0x9030000000020001", "counter", "kvm"]);
    }

    #[test]
    fn the_union_has_a_column_of_configurations() {
        let lines = read(&table(&list("all")));
        assert_eq!((lines.len(), lines[0][8].as_str()), (91, "configurations"));
        let listed = |name: &str| lines.iter().find(|fields| fields[0] == name).unwrap()[8].as_str();
        assert_eq!(listed("PERFCTRL0"), "pmu pmu_lbt");
        assert_eq!(listed("CRMD"), "base lbt lbt_arm lbt_mips lbt_x86 pmu pmu_lbt");
    }

    #[test]
    fn commas_quotes_and_line_breaks_stay_in_their_field() {
        let about = "one, \"two\"\n\"three\",\r\nfour\"";
        let mut list = list("base");
        list.registers[0].register.about = about.to_owned();
        assert_eq!(read(&table(&list))[1][7], about);
        assert_eq!(quoted("a \"b\""), "\"a \"\"b\"\"\"");
        assert_eq!(quoted("plain; text"), "plain; text");
    }
}
