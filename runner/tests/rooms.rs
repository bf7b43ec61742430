// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Imports go down: a room of the runner uses the rooms below it only, and no
//! circle ties files together. Both programs are read as text.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what is not so fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms of the runner from top to bottom, and what each may use.
const ROOMS: [(&str, &[&str]); 7] = [
    ("command", &["spec", "report", "target", "lab", "record", "system"]),
    ("spec", &["report", "record", "system"]),
    ("report", &["record", "system"]),
    ("target", &["lab", "record", "system"]),
    ("lab", &["system"]),
    ("record", &["system"]),
    ("system", &[]),
];

/// Files that import each other because they are one object; their module doc
/// says so.
const ONE_OBJECT: &[&[&str]] =
    &[&["model::list", "model::load", "model::machine", "model::manner", "model::one_reg", "model::vcpu"]];

/// An import: where it stands, and the path that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Import {
    line: usize,
    path: Vec<String>,
}

/// A file of a crate.
struct Module {
    file: PathBuf,
    imports: Vec<Import>,
}

/// The modules of a crate by their paths, without tests.
fn modules(source: &Path) -> BTreeMap<Vec<String>, Module> {
    let mut modules = BTreeMap::new();
    let mut folders = vec![source.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let below = path.strip_prefix(source).unwrap().with_extension("");
            let mut name: Vec<String> = below.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
            let is_test = name.iter().any(|part| part == "tests" || part == "snapshots");
            if path.extension().is_none_or(|kind| kind != "rs") || is_test || name == ["main"] {
                continue;
            }
            if matches!(name.last().map(String::as_str), Some("mod" | "lib")) {
                name.pop();
            }
            let imports = imports(&fs::read_to_string(&path).unwrap(), &name);
            modules.insert(name, Module { file: path, imports });
        }
    }
    modules
}

/// Every path of a file that begins with `crate`, `super`, or the name of a
/// module, resolved from the crate's root.
fn imports(text: &str, module: &[String]) -> Vec<Import> {
    let mut imports = Vec::new();
    let mut statement: Option<(usize, String)> = None;
    for (line, code) in (1..).zip(text.lines()) {
        if code.starts_with("mod tests {") {
            break;
        }
        let code = code.split("//").next().unwrap_or_default();
        let words = code.trim_start().trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
        let words = words.trim_start_matches("pub ");
        if statement.is_none() && words.starts_with("use ") {
            statement = Some((line, String::new()));
        }
        match &mut statement {
            Some((first, text)) => {
                text.push_str(words.trim());
                if words.contains(';') {
                    let paths = expand(text.trim_start_matches("use ").trim_end_matches(';'));
                    let resolved = paths.iter().filter_map(|path| resolve(path, module));
                    imports.extend(resolved.map(|path| Import { line: *first, path }));
                    statement = None;
                }
            }
            None => {
                for start in code.match_indices("crate::").map(|(at, _)| at) {
                    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
                    let path: String = code[start..].chars().take_while(|c| is_word(*c)).collect();
                    imports.extend(resolve(&path, module).map(|path| Import { line, path }));
                }
            }
        }
    }
    imports
}

/// The paths of a `use`, with its braces opened.
fn expand(text: &str) -> Vec<String> {
    let Some((before, rest)) = text.split_once('{') else {
        return vec![text.split(" as ").next().unwrap_or_default().trim().to_owned()];
    };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut depth, mut part, mut parts) = (0, String::new(), Vec::new());
    for character in inner.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(character);
    }
    parts.push(part);
    let parts = parts.iter().filter(|part| !part.trim().is_empty());
    parts.flat_map(|part| expand(part.trim())).map(|path| format!("{before}{path}")).collect()
}

/// A path from the crate's root; none for one of another crate.
fn resolve(path: &str, module: &[String]) -> Option<Vec<String>> {
    let mut parts = path.split("::").map(str::to_owned).peekable();
    let mut base = match parts.peek()?.as_str() {
        "crate" => {
            parts.next();
            Vec::new()
        }
        "self" => {
            parts.next();
            module.to_vec()
        }
        "super" => module.to_vec(),
        // A child of this module, as `use child::Item` names it.
        _ => module.to_vec(),
    };
    while parts.next_if(|part| part == "super").is_some() {
        base.pop();
    }
    base.extend(parts.filter(|part| part != "self"));
    Some(base)
}

/// The module that a path leads to, the deepest that there is.
fn target<'m>(path: &[String], modules: &'m BTreeMap<Vec<String>, Module>) -> Option<&'m Vec<String>> {
    (1..=path.len()).rev().find_map(|length| modules.get_key_value(&path[..length])).map(|(name, _)| name)
}

/// What is wrong with the imports of the runner's rooms.
fn upward(modules: &BTreeMap<Vec<String>, Module>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, module) in modules {
        let Some(room) = name.first() else { continue };
        let may = ROOMS.iter().find(|(known, _)| known == room).map(|(_, below)| *below);
        for import in &module.imports {
            let Some(used) = import.path.first().filter(|used| *used != room) else { continue };
            let is_room = ROOMS.iter().any(|(known, _)| known == used);
            if is_room && !may.is_some_and(|below| below.contains(&used.as_str())) {
                let (file, line) = (module.file.display(), import.line);
                wrong.push(format!("{file}:{line}: {room} must not use {}", import.path.join("::")));
            }
        }
    }
    wrong
}

/// Groups of files that import each other.
fn circles(modules: &BTreeMap<Vec<String>, Module>) -> Vec<Vec<String>> {
    let edges: BTreeMap<&Vec<String>, BTreeSet<&Vec<String>>> = modules
        .iter()
        .map(|(name, module)| {
            let used = module.imports.iter().filter_map(|import| target(&import.path, modules));
            (name, used.filter(|used| *used != name).collect())
        })
        .collect();
    let reachable = |from: &Vec<String>| {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&Vec<String>> = edges[from].iter().copied().collect();
        while let Some(next) = open.pop() {
            if seen.insert(next) {
                open.extend(edges[next].iter());
            }
        }
        seen.into_iter().cloned().collect::<BTreeSet<_>>()
    };
    let reach: BTreeMap<&Vec<String>, BTreeSet<Vec<String>>> =
        edges.keys().map(|name| (*name, reachable(name))).collect();
    let mut found: Vec<Vec<String>> = Vec::new();
    for (name, reached) in &reach {
        let circle: Vec<String> =
            reached.iter().filter(|other| reach[other].contains(*name)).map(|other| other.join("::")).collect();
        if circle.len() > 1 && !found.contains(&circle) {
            found.push(circle);
        }
    }
    found
}

fn source(program: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(program).join("src")
}

#[test]
fn every_room_uses_the_rooms_below_it_only() {
    let modules = modules(&source("runner"));
    let rooms: BTreeSet<&str> = modules.keys().filter_map(|name| name.first()).map(String::as_str).collect();
    assert_eq!(rooms, ROOMS.iter().map(|(room, _)| *room).collect());
    let wrong = upward(&modules);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_circle_ties_files_together() {
    for program in ["runner", "suite"] {
        let is_known = |found: &Vec<String>| ONE_OBJECT.iter().any(|object| found.iter().eq(object.iter()));
        let unknown: Vec<_> =
            circles(&modules(&source(program))).into_iter().filter(|found| !is_known(found)).collect();
        assert!(unknown.is_empty(), "{program}: {unknown:#?}");
    }
}

#[test]
fn an_import_that_goes_up_is_named_with_its_line() {
    let name = |text: &str| text.split("::").map(str::to_owned).collect::<Vec<_>>();
    let module = |at: &str, text: &str| (name(at), Module { file: at.into(), imports: imports(text, &name(at)) });
    let modules = BTreeMap::from([
        module("system::cache", "//! Doc.\nuse std::io;\nuse crate::{\n    report::page,\n    system::files,\n};\n"),
        module("report::page", "use super::words;\nfn f() { crate::command::x(); }\n"),
        module("report::words", "use super::page::Page;\n"),
    ]);
    assert_eq!(
        upward(&modules),
        ["report::page:2: report must not use command::x", "system::cache:3: system must not use report::page"]
    );
    assert_eq!(circles(&modules), [["report::page", "report::words"]]);
}
