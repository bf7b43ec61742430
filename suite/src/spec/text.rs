// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A specification file: its YAML and its line numbers. No other module uses serde_yaml.
//!
//! serde_yaml reports the line of a malformed value, but not of a value that is wrong
//! in its context. [`Text`] finds that line by its words.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::error::{MOST_BRACKETS, Problem, SpecError};

/// One specification file.
#[derive(Debug)]
pub struct Text {
    /// The file, as messages name it.
    pub file: String,
    /// The file's content.
    pub content: String,
}

impl Text {
    /// The file's content as `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, SpecError> {
        if self.content.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count() > MOST_BRACKETS {
            return Err(self.error(1, Problem::Brackets));
        }
        serde_yaml::from_str(&self.content).map_err(|error| {
            // The end of the text counts as a line of its own there.
            let last = self.content.lines().count().max(1);
            let line = error.location().map_or(1, |location| location.line().clamp(1, last));
            self.error(line, Problem::Form(error.to_string()))
        })
    }

    pub(super) fn error(&self, line: usize, problem: Problem) -> SpecError {
        SpecError { file: self.file.clone(), line, problem }
    }

    /// The line of the first `key:`, or 1.
    pub fn line_of_key(&self, key: &str) -> usize {
        self.code()
            .find(|(_, line)| {
                let line = line.trim_start().trim_start_matches("- ");
                line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'))
            })
            .map_or(1, |(number, _)| number)
    }

    /// The first line from `start` on with a `key:`, wherever it stands in the
    /// line, or `start`.
    pub fn line_of_key_from(&self, start: usize, key: &str) -> usize {
        self.lines_of_pair(key, "").into_iter().find(|line| *line >= start).unwrap_or(start)
    }

    /// The first line that holds `word` whole, from the first `key:` on, or the
    /// line of `key:`.
    pub fn line_of_word_in(&self, key: &str, word: &str) -> usize {
        self.line_of_word_from(self.line_of_key(key), word)
    }

    /// The first line from `start` on that holds `word` whole, or `start`.
    pub fn line_of_word_from(&self, start: usize, word: &str) -> usize {
        self.lines_of_word(word).into_iter().find(|line| *line >= start).unwrap_or(start)
    }

    /// The line of the `occurrence`th (from 0) whole word, or of the last one
    /// there is, or 1.
    pub fn line_of_word(&self, word: &str, occurrence: usize) -> usize {
        let lines = self.lines_of_word(word);
        lines.get(occurrence).or(lines.last()).copied().unwrap_or(1)
    }

    /// The line of the `occurrence`th (from 0) `key: value`, or of the last one
    /// there is, or 1.
    pub fn line_of_pair(&self, key: &str, value: &str, occurrence: usize) -> usize {
        let lines = self.lines_of_pair(key, value);
        lines.get(occurrence).or(lines.last()).copied().unwrap_or(1)
    }

    /// The lines of every `key: value`; of every `key:` where `value` is empty.
    fn lines_of_pair(&self, key: &str, value: &str) -> Vec<usize> {
        self.code()
            .flat_map(|(number, line)| {
                line.match_indices(key).filter_map(move |(at, _)| {
                    let (before, after) = (line.get(..at)?, line.get(at + key.len()..)?);
                    let found = after.strip_prefix(':')?.trim_start().trim_start_matches(['"', '\'']);
                    let ends = value.is_empty() || !found.strip_prefix(value)?.starts_with(is_of_a_word);
                    (ends && !before.ends_with(is_of_a_word)).then_some(number)
                })
            })
            .collect()
    }

    fn lines_of_word(&self, word: &str) -> Vec<usize> {
        self.code()
            .flat_map(|(number, line)| {
                line.split(|c| !is_of_a_word(c)).filter(move |found| *found == word).map(move |_| number)
            })
            .collect()
    }

    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.content.lines()).map(|(number, line)| {
            let comment = if line.trim_start().starts_with('#') { Some(0) } else { line.find(" #") };
            (number, comment.and_then(|start| line.get(..start)).unwrap_or(line))
        })
    }
}

fn is_of_a_word(c: char) -> bool {
    c.is_alphanumeric() || "_.-".contains(c)
}

/// A map in which no key may stand twice; serde takes the last one.
pub(super) fn unique_keys<'de, D, V>(deserializer: D) -> Result<BTreeMap<String, V>, D::Error>
where
    D: Deserializer<'de>,
    V: Deserialize<'de>,
{
    struct UniqueKeys<V>(PhantomData<V>);

    impl<'de, V: Deserialize<'de>> Visitor<'de> for UniqueKeys<V> {
        type Value = BTreeMap<String, V>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some(key) = access.next_key::<String>()? {
                if map.contains_key(&key) {
                    return Err(A::Error::custom(format_args!("key `{key}` is a duplicate")));
                }
                map.insert(key, access.next_value()?);
            }
            Ok(map)
        }
    }

    deserializer.deserialize_map(UniqueKeys(PhantomData))
}
