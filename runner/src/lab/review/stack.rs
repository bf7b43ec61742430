// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Stack use of functions, from gcc's `-fstack-usage`.

use std::collections::BTreeMap;

use reglist_suite::report::review::{Note, StackUse};

use super::diagnostics::plain;

/// Bytes of growth that are worth a note: 1/128 of LoongArch's kernel stack of 16 KiB.
const STEP: u64 = 128;
pub(super) const NAME: &str = "stack";

/// Bytes by file and function; of several copies of a function, the most.
pub(super) type Uses = BTreeMap<(String, String), u64>;

/// Reads lines of `FILE:LINE:COLUMN:FUNCTION<tab>BYTES<tab>KIND`.
pub(super) fn read(text: &str, uses: &mut Uses) {
    for line in text.lines() {
        let mut fields = line.split('\t');
        let (Some(place), Some(Ok(bytes))) = (fields.next(), fields.next().map(str::parse::<u64>)) else { continue };
        let mut parts = place.rsplitn(4, ':');
        let (Some(function), Some(file)) = (parts.next(), parts.nth(2)) else { continue };
        // gcc names copies `walk.isra.0`.
        let function = function.split('.').next().unwrap_or_default();
        let most = uses.entry((plain(file), function.to_owned())).or_default();
        *most = bytes.max(*most);
    }
}

/// Functions that are new or use another number of bytes.
pub(super) fn changed(base: &Uses, patched: &Uses) -> Vec<StackUse> {
    let is_other = |(place, bytes): &(&(String, String), &u64)| base.get(*place) != Some(bytes);
    patched
        .iter()
        .filter(is_other)
        .map(|(place, bytes)| StackUse {
            file: place.0.clone(),
            function: place.1.clone(),
            bytes: *bytes,
            base: base.get(place).copied(),
        })
        .collect()
}

/// A note for each function that needs much more stack than before.
pub(super) fn notes(uses: &[StackUse]) -> Vec<Note> {
    let is_large = |used: &&StackUse| used.bytes.saturating_sub(used.base.unwrap_or_default()) >= STEP;
    let note = |used: &StackUse| Note {
        check: NAME.to_owned(),
        file: used.file.clone(),
        line: None,
        function: Some(used.function.clone()),
        message: match used.base {
            Some(base) => format!("{} bytes of stack, {base} without the patches", used.bytes),
            None => format!("{} bytes of stack in a new function", used.bytes),
        },
    };
    uses.iter().filter(is_large).map(note).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(text: &str) -> Uses {
        let mut uses = Uses::new();
        read(text, &mut uses);
        uses
    }

    const BASE: &str = "/src/a.c:5:6:ioctl\t240\tstatic\n/src/a.c:9:1:other\t16\tstatic\n";

    #[test]
    fn only_functions_that_changed_are_listed() {
        let patched = uses(
            "/src/a.c:50:6:ioctl\t224\tstatic\n/src/a.c:9:1:other\t16\tstatic\n\
             /src/a.c:7:1:walk.isra.0\t288\tdynamic,bounded\n/src/a.c:7:1:walk\t16\tstatic\ntorn\n",
        );
        let changed = changed(&uses(BASE), &patched);
        let seen: Vec<_> = changed.iter().map(|used| (used.function.as_str(), used.bytes, used.base)).collect();
        assert_eq!(seen, [("ioctl", 224, Some(240)), ("walk", 288, None)]);
        let notes = notes(&changed);
        assert_eq!(notes.len(), 1);
        assert_eq!(notes[0].message, "288 bytes of stack in a new function");
    }

    #[test]
    fn a_function_that_grows_a_little_is_no_note() {
        let grown = changed(&uses(BASE), &uses("/src/a.c:5:6:ioctl\t256\tstatic\n"));
        assert_eq!((grown.len(), notes(&grown).len()), (1, 0));
        let large = changed(&uses(BASE), &uses("/src/a.c:5:6:ioctl\t368\tstatic\n"));
        assert_eq!(notes(&large)[0].message, "368 bytes of stack, 240 without the patches");
    }
}
