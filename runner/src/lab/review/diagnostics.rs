// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Warnings of gcc and sparse, and which of them are new.
//!
//! A patch moves lines. Therefore two warnings are the same if file, function and
//! message are; lines only tell which of several equal ones is the new one.

use std::collections::HashMap;

/// Where a build sees the source.
const SOURCE: &str = "/src/";
/// The mark before lines of sparse in a log, as `ci/lab/review/sparse` writes it.
const SPARSE: &str = "sparse: ";

/// A warning or an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Diagnostic {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) function: Option<String>,
    pub(super) message: String,
}

/// The compiler's and sparse's diagnostics of a log.
pub(super) fn read(log: &[String]) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let gcc: Vec<&str> = log.iter().map(String::as_str).filter(|line| !line.starts_with(SPARSE)).collect();
    let sparse: Vec<&str> = log.iter().filter_map(|line| line.strip_prefix(SPARSE)).collect();
    (of_gcc(&gcc), of_sparse(&sparse))
}

/// Diagnostics of gcc with `-fdiagnostics-plain-output`: one line each. A warning inside
/// a macro counts for the place that uses the macro.
fn of_gcc(lines: &[&str]) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut function = None;
    let mut is_open = false;
    for line in lines {
        if let Some((_, rest)) = line.split_once(": In function '") {
            function = rest.split('\'').next().map(str::to_owned);
            is_open = false;
        } else if line.contains(": At top level:") {
            function = None;
            is_open = false;
        } else if let Some((file, number, message)) = placed(line, &[" warning: ", " error: "]) {
            let function = function.clone();
            found.push(Diagnostic { file, line: number, function, message: message.to_owned() });
            is_open = true;
        } else if let Some((file, line, note)) = placed(line, &[" note: "])
            && note.starts_with("in expansion of macro")
            && is_open
            && let Some(last) = found.last_mut()
        {
            (last.file, last.line) = (file, line);
        }
    }
    found
}

/// Diagnostics of sparse. Further lines of one begin with its place and spaces.
fn of_sparse(lines: &[&str]) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    for line in lines {
        if let Some((file, line, message)) = placed(line, &[" warning: ", " error: "]) {
            found.push(Diagnostic { file, line, function: None, message: message.to_owned() });
        } else if let Some((file, number, more)) = placed(line, &["    "])
            && let Some(last) = found.last_mut()
            && (&last.file, last.line) == (&file, number)
        {
            last.message.push_str("; ");
            last.message.push_str(more.trim());
        }
    }
    found
}

/// File, line and text of `FILE:LINE:COLUMN:WORD TEXT`, with one of these words.
fn placed<'l>(text: &'l str, words: &[&str]) -> Option<(String, usize, &'l str)> {
    let mut parts = text.splitn(4, ':');
    let (file, line, column, rest) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    column.parse::<usize>().ok()?;
    let message = words.iter().find_map(|word| rest.strip_prefix(word))?;
    Some((plain(file), line.parse().ok()?, message))
}

/// A path from the top of the source, without detours.
pub(super) fn plain(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.strip_prefix(SOURCE).unwrap_or(path).split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The diagnostics that the base does not have. `base_text` and `text` give the text of a
/// line of each side.
pub(super) fn new(
    base: &[Diagnostic],
    patched: &[Diagnostic],
    base_text: impl Fn(&str, usize) -> Option<String>,
    text: impl Fn(&str, usize) -> Option<String>,
) -> Vec<Diagnostic> {
    type Key<'d> = (&'d str, Option<&'d str>, &'d str);
    fn key(one: &Diagnostic) -> Key<'_> {
        (&one.file, one.function.as_deref(), &one.message)
    }
    let mut known: HashMap<Key<'_>, Vec<Option<String>>> = HashMap::new();
    for one in base {
        known.entry(key(one)).or_default().push(base_text(&one.file, one.line));
    }
    // First those on the same text, then any of the same message.
    let mut left = Vec::new();
    for one in patched {
        let own = text(&one.file, one.line);
        let lines = known.entry(key(one)).or_default();
        match lines.iter().position(|line| *line == own) {
            Some(place) => drop(lines.swap_remove(place)),
            None => left.push(one),
        }
    }
    let mut found: Vec<Diagnostic> = Vec::new();
    for one in left {
        let is_old = known.get_mut(&key(one)).is_some_and(|lines| lines.pop().is_some());
        // A header says the same in every file that includes it.
        if !is_old && !found.contains(one) {
            found.push(one.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    const BASE: &str = "\
  CC [M]  arch/x/a.o
/src/./include/m.h: In function 'old':
/src/./include/m.h:9:3: warning: too small [-Wa]
/src/arch/x/a.c:5:1: note: in expansion of macro 'M'
/src/arch/x/a.c: In function 'walk':
/src/arch/x/a.c:7:17: warning: always false [-Wtype-limits]
sparse: /src/arch/x/a.c:8:2: warning: incorrect type (different address spaces)
sparse: /src/arch/x/a.c:8:2:    expected void [noderef] *p
sparse: /src/arch/x/a.c:8:2:    got void *
sparse: /src/arch/x/a.c: note: in included file:
";

    #[test]
    fn each_tool_has_its_diagnostics() {
        let (gcc, sparse) = read(&lines(BASE));
        let places: Vec<_> =
            gcc.iter().map(|one| (one.file.as_str(), one.line, one.function.as_deref().unwrap_or(""))).collect();
        assert_eq!(places, [("arch/x/a.c", 5, "old"), ("arch/x/a.c", 7, "walk")]);
        assert_eq!(gcc[1].message, "always false [-Wtype-limits]");
        assert_eq!((sparse[0].line, sparse.len()), (8, 1));
        assert_eq!(
            sparse[0].message,
            "incorrect type (different address spaces); expected void [noderef] *p; got void *"
        );
    }

    #[test]
    fn a_moved_warning_is_not_new_and_one_more_is() {
        let (base, _) = read(&lines(BASE));
        let moved = BASE.replace("a.c:7:17", "a.c:70:17");
        let none = |_: &str, _: usize| None;
        assert_eq!(new(&base, &read(&lines(&moved)).0, none, none), []);
        // Two more equal ones: the one on the old text is old, wherever it is.
        let more = moved.clone()
            + "/src/arch/x/a.c: In function 'walk':\n/src/arch/x/a.c:60:1: warning: always false [-Wtype-limits]\n";
        let base_text = |_: &str, _: usize| Some("if (i < 0)".to_owned());
        let text = |_: &str, line: usize| (line == 70).then(|| "if (i < 0)".to_owned());
        let found = new(&base, &read(&lines(&more)).0, base_text, text);
        assert_eq!(found.iter().map(|one| one.line).collect::<Vec<_>>(), [60]);
        // The same words in another function are another warning.
        let other = moved.replace("'walk'", "'copy'");
        assert_eq!(new(&base, &read(&lines(&other)).0, none, none).len(), 1);
    }

    #[test]
    fn paths_are_those_of_the_source() {
        assert_eq!(plain("/src/./include/trace/../../arch/x/trace.h"), "arch/x/trace.h");
        assert_eq!(plain("/usr/include/a.h"), "/usr/include/a.h");
        assert_eq!(plain("../a.c"), "../a.c");
    }
}
