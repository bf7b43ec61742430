// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Where specifications come from, and which line says what.
//!
//! serde_yaml tells the line of a malformed value, but not of a well-formed one
//! that is wrong in its context; [`Text`] finds that line again by its words.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};
use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::error::{Problem, SpecError};

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../specs");

/// A tree of specification files.
#[derive(Debug, Clone)]
pub enum Source {
    /// The specifications inside the program.
    Embedded,
    /// A directory of the user's.
    Directory(PathBuf),
}

impl Source {
    /// Reads `file`, a path below the tree.
    ///
    /// # Errors
    /// [`Problem::Unreadable`] at line 1 of the file.
    pub fn read(&self, file: &str) -> Result<Text, SpecError> {
        let content = match self {
            Self::Embedded => EMBEDDED
                .get_file(file)
                .and_then(|file| file.contents_utf8())
                .map(str::to_owned)
                .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound)),
            Self::Directory(root) => fs::read_to_string(root.join(file)),
        };
        let file = self.display(file);
        match content {
            Ok(content) => Ok(Text { file, content }),
            Err(error) => Err(SpecError { file, line: 1, problem: Problem::Unreadable(error) }),
        }
    }

    /// Reads `file`, a path below the tree, or `None` where it does not exist.
    ///
    /// # Errors
    /// As [`Source::read`].
    pub fn read_if_there(&self, file: &str) -> Result<Option<Text>, SpecError> {
        match self.read(file) {
            Err(SpecError { problem: Problem::Unreadable(error), .. }) if error.kind() == io::ErrorKind::NotFound => {
                Ok(None)
            }
            result => result.map(Some),
        }
    }

    /// Names of the entries of a folder below the tree, sorted and without hidden
    /// ones, which editors leave; none where the folder does not exist.
    #[must_use]
    pub fn list(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<String> = match self {
            Self::Embedded => (if folder.is_empty() { Some(&EMBEDDED) } else { EMBEDDED.get_dir(folder) })
                .into_iter()
                .flat_map(|dir| dir.entries())
                .filter_map(|entry| Some(entry.path().file_name()?.to_str()?.to_owned()))
                .collect(),
            Self::Directory(root) => fs::read_dir(root.join(folder))
                .into_iter()
                .flatten()
                .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
                .collect(),
        };
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        names
    }

    /// The files of the tree, as paths below it, sorted: as deep as
    /// specifications are, which is a file in a folder of an architecture's.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        const DEEPEST: usize = 2;
        let mut files = Vec::new();
        self.add_files("", DEEPEST, &mut files);
        files
    }

    fn add_files(&self, folder: &str, depth: usize, files: &mut Vec<String>) {
        for name in self.list(folder) {
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let is_folder = match self {
                Self::Embedded => EMBEDDED.get_dir(&path).is_some(),
                Self::Directory(root) => root.join(&path).is_dir(),
            };
            match depth.checked_sub(1) {
                Some(depth) if is_folder => self.add_files(&path, depth, files),
                _ if is_folder => {}
                _ => files.push(path),
            }
        }
    }

    /// How messages name `file`, a path below the tree.
    #[must_use]
    pub fn display(&self, file: &str) -> String {
        match self {
            Self::Embedded => Path::new("specs").join(file).display().to_string(),
            Self::Directory(root) => root.join(file).display().to_string(),
        }
    }
}

/// One specification file.
#[derive(Debug)]
pub struct Text {
    file: String,
    content: String,
}

impl Text {
    /// The file's content as `T`.
    ///
    /// # Errors
    /// [`Problem::Form`] at the line of the offending key or value.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, SpecError> {
        serde_yaml::from_str(&self.content).map_err(|error| {
            // The end of the text counts as a line of its own there.
            let last = self.content.lines().count().max(1);
            let line = error.location().map_or(1, |location| location.line().clamp(1, last));
            self.error(line, Problem::Form(error))
        })
    }

    /// The file's content.
    #[must_use]
    pub fn content(&self) -> &str {
        &self.content
    }

    /// The file, as messages name it.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// A problem at `line` of this file.
    #[must_use]
    pub fn error(&self, line: usize, problem: Problem) -> SpecError {
        SpecError { file: self.file.clone(), line, problem }
    }

    /// The line of the first `key:`, or 1.
    #[must_use]
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
    #[must_use]
    pub fn line_of_key_from(&self, start: usize, key: &str) -> usize {
        self.lines_of_pair(key, "").into_iter().find(|line| *line >= start).unwrap_or(start)
    }

    /// The first line that holds `word` whole, from the first `key:` on, or the
    /// line of `key:`.
    #[must_use]
    pub fn line_of_word_in(&self, key: &str, word: &str) -> usize {
        self.line_of_word_from(self.line_of_key(key), word)
    }

    /// The first line from `start` on that holds `word` whole, or `start`.
    #[must_use]
    pub fn line_of_word_from(&self, start: usize, word: &str) -> usize {
        self.lines_of_word(word).into_iter().find(|line| *line >= start).unwrap_or(start)
    }

    /// The line of the `occurrence`th (from 0) whole word, or of the last one
    /// there is, or 1.
    #[must_use]
    pub fn line_of_word(&self, word: &str, occurrence: usize) -> usize {
        let lines = self.lines_of_word(word);
        lines.get(occurrence).or(lines.last()).copied().unwrap_or(1)
    }

    /// The line of the `occurrence`th (from 0) `key: value`, or of the last one
    /// there is, or 1.
    #[must_use]
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

    /// Numbered lines without their comments.
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
///
/// # Errors
/// A key that stands twice, and what serde finds.
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
                    return Err(A::Error::custom(format_args!("key `{key}` stands here a second time")));
                }
                map.insert(key, access.next_value()?);
            }
            Ok(map)
        }
    }

    deserializer.deserialize_map(UniqueKeys(PhantomData))
}
