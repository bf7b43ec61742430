// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Whatever happens to the text of a specification, loading it ends in a
//! specification or in an error that names the file and a line of it.

use std::fs;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{Tree, files, specs};
use crate::arch::X86_64;

/// One change to a file's bytes.
#[derive(Debug, Clone)]
enum Change {
    Byte(Index, u8),
    Insert(Index, Vec<u8>),
    Truncate(Index),
    DeleteLine(Index),
    RepeatLine(Index),
    SwapLines(Index, Index),
}

impl Change {
    fn apply(&self, text: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let mut lines: Vec<Vec<u8>> = text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        match self {
            Self::Byte(at, value) => *at.get_mut(text) = *value,
            Self::Insert(at, bytes) => {
                let at = at.index(text.len());
                text.splice(at..at, bytes.iter().copied());
            }
            Self::Truncate(at) => text.truncate(at.index(text.len())),
            Self::DeleteLine(at) => {
                lines.remove(at.index(lines.len()));
                *text = lines.concat();
            }
            Self::RepeatLine(at) => {
                let at = at.index(lines.len());
                lines.insert(at, lines[at].clone());
                *text = lines.concat();
            }
            Self::SwapLines(one, other) => {
                let (one, other) = (one.index(lines.len()), other.index(lines.len()));
                lines.swap(one, other);
                *text = lines.concat();
            }
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<Index>;
    // Bytes that mean something to YAML are worth more tries than others.
    let byte = || prop_oneof![any::<u8>(), select(b" \n\t:#-[]{},&*!|>'\"%@`?~x0".to_vec())];
    prop_oneof![
        (index(), byte()).prop_map(|(at, value)| Change::Byte(at, value)),
        (index(), vec(byte(), 1..8)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        index().prop_map(Change::Truncate),
        index().prop_map(Change::DeleteLine),
        index().prop_map(Change::RepeatLine),
        (index(), index()).prop_map(|(one, other)| Change::SwapLines(one, other)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_change_to_a_file_makes_loading_panic(file in select(files()), changes in vec(change(), 1..4)) {
        let mut text = fs::read(specs().join(&file)).unwrap();
        for change in &changes {
            change.apply(&mut text);
        }
        let tree = Tree::new();
        tree.write(&file, &text);
        let loaded = if file.starts_with("x86_64/") {
            tree.load_for(&X86_64, "contract")
        } else {
            tree.load("v5")
        };
        if let Err(error) = loaded {
            let culprit = fs::read(&error.file).unwrap_or_default();
            let lines = culprit.split(|byte| *byte == b'\n').count();
            prop_assert!((1..=lines).contains(&error.line), "{} has {} lines: {}", error.file, lines, error);
            prop_assert!(error.to_string().ends_with(']'), "a remedy: {}", error);
        }
    }
}
