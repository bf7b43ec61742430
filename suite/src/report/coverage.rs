// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Which lines of a patch the cases ran.
//!
//! The kernel's KCOV says which basic blocks a call ran. The runner knows which lines
//! each block has, and gives the blocks to the suite; events name blocks by number.

use std::fmt::Write as _;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Most blocks of a patch; more are nonsense.
pub const MOST_BLOCKS: u32 = 1 << 16;

/// A patch as lines, with the basic blocks of the kernel that each line is part of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The name of the module, as /proc/modules has it.
    pub module: String,
    /// For each block, the address that KCOV records, relative to the module's beginning.
    pub blocks: Vec<u64>,
    /// The changed files.
    pub files: Vec<PatchedFile>,
}

/// A file that the patch changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchedFile {
    /// The path from the top of the kernel's source.
    pub name: String,
    /// The changes, with the lines around them.
    pub hunks: Vec<Hunk>,
    /// Whether the build has instrumented the file. If not, nothing is known of its lines.
    pub is_traced: bool,
}

/// Neighbouring lines of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    /// The lines in order.
    pub lines: Vec<Line>,
}

/// A line of a patch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What the patch does with it.
    pub change: Change,
    /// Its number in the changed file, from 1; of a removed line, in the old file.
    pub number: u32,
    /// The text, without the line end.
    pub text: String,
    /// The function that it is part of; empty if it is part of none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub function: String,
    /// The blocks with code of this line. A line without any cannot run.
    #[serde(default, skip_serializing_if = "Blocks::is_empty")]
    pub blocks: Blocks,
}

/// What a patch does with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is the same before and after.
    Same,
    /// It is new or changed.
    Added,
    /// It is gone.
    Removed,
}

/// Numbers of blocks. As text: `0-3,7`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Blocks {
    /// First and last number of each run, in order. A text of few bytes can name many
    /// blocks, so that they are not kept one by one.
    spans: Vec<(u32, u32)>,
}

impl Blocks {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.spans.iter().map(|(first, last)| u64::from(last - first) + 1).sum()
    }

    /// The numbers in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.spans.iter().flat_map(|(first, last)| *first..=*last)
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (first, last) in &self.spans {
            let comma = if text.is_empty() { "" } else { "," };
            let _ = if first == last { write!(text, "{comma}{first}") } else { write!(text, "{comma}{first}-{last}") };
        }
        text
    }

    fn from_text(text: &str) -> Option<Self> {
        let mut spans: Vec<(u32, u32)> = Vec::new();
        for span in text.split(',').filter(|span| !span.is_empty()) {
            let (first, last) = span.split_once('-').unwrap_or((span, span));
            let (first, last) = (first.parse().ok()?, last.parse().ok()?);
            // Neighbours are one span, or equal sets would differ.
            let follows = spans.last().is_none_or(|(_, before)| before + 1 < first);
            if !follows || first > last || last >= MOST_BLOCKS {
                return None;
            }
            spans.push((first, last));
        }
        Some(Self { spans })
    }
}

impl FromIterator<u32> for Blocks {
    fn from_iter<I: IntoIterator<Item = u32>>(blocks: I) -> Self {
        let mut blocks: Vec<u32> = blocks.into_iter().collect();
        blocks.sort_unstable();
        blocks.dedup();
        let spans = blocks.chunk_by(|one, next| one + 1 == *next);
        Self { spans: spans.filter_map(|span| Some((*span.first()?, *span.last()?))).collect() }
    }
}

impl Serialize for Blocks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for Blocks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_text(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no set of blocks")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_set_of_blocks_is_refused() {
        for wrong in ["1-", "2-1", "1,1", "3,2", "a", "0-4294967295", "-1", "1-2-3", "1,2"] {
            assert_eq!(Blocks::from_text(wrong), None, "{wrong}");
        }
        assert_eq!(Blocks::from_text(""), Some(Blocks::default()));
    }

    proptest! {
        #[test]
        fn blocks_read_back_as_they_are_written(numbers in proptest::collection::vec(0..200_u32, 0..50)) {
            let blocks: Blocks = numbers.iter().copied().collect();
            prop_assert_eq!(Blocks::from_text(&blocks.text()), Some(blocks.clone()));
            let mut sorted = numbers;
            sorted.sort_unstable();
            sorted.dedup();
            prop_assert_eq!(blocks.count(), sorted.len() as u64);
            prop_assert_eq!(blocks.iter().collect::<Vec<_>>(), sorted);
        }
    }
}
