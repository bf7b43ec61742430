// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Imports go down: a room of the runner uses the rooms below it only, and no
//! circle ties files together. The files of both programs are parsed.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what is not so fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::UseTree;
use syn::visit::{self, Visit};

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
const ONE_OBJECT: &[&[&str]] = &[&[
    "model::list",
    "model::load",
    "model::machine",
    "model::manner",
    "model::neighbour",
    "model::one_reg",
    "model::vcpu",
]];

/// A path in a file: where it stands, and its parts, with `crate`, `self` and
/// `super` as they are written.
#[derive(Debug, Clone)]
struct Named {
    line: usize,
    /// The module around it: the file's own, or one inside the file.
    around: Vec<String>,
    parts: Vec<String>,
}

/// Every path of a file, and the names that its imports bind.
#[derive(Default)]
struct Reader {
    around: Vec<String>,
    named: Vec<Named>,
    bound: BTreeMap<String, Named>,
    /// Imports that other modules can import from here.
    shared: Vec<Named>,
    /// Imports of everything in a module.
    globs: Vec<Named>,
    /// Imports that give a name to the module around or to one above.
    nameless: Vec<Named>,
}

impl Reader {
    fn of(text: &str, module: &[String]) -> Self {
        let mut reader = Self { around: module.to_vec(), ..Self::default() };
        reader.visit_file(&syn::parse_file(text).unwrap());
        reader
    }

    fn path(&self, idents: &[&Ident]) -> Named {
        let line = idents.last().map_or(0, |last| last.span().start().line);
        let parts = idents.iter().map(|ident| ident.to_string().trim_start_matches("r#").to_owned()).collect();
        Named { line, around: self.around.clone(), parts }
    }

    fn import<'t>(&mut self, tree: &'t UseTree, before: &mut Vec<&'t Ident>) {
        let (last, name) = match tree {
            UseTree::Path(path) => {
                before.push(&path.ident);
                self.import(&path.tree, before);
                before.pop();
                return;
            }
            UseTree::Group(group) => return group.items.iter().for_each(|item| self.import(item, before)),
            UseTree::Glob(_) => return self.globs.push(self.path(before)),
            UseTree::Name(name) => (&name.ident, &name.ident),
            UseTree::Rename(rename) => (&rename.ident, &rename.rename),
        };
        let is_itself = last == "self" && !before.is_empty();
        let idents = before.iter().copied().chain((!is_itself).then_some(last)).collect::<Vec<_>>();
        let named = self.path(&idents);
        if named.parts.iter().all(|part| matches!(part.as_str(), "crate" | "self" | "super")) {
            self.nameless.push(named);
            return;
        }
        let name = if name == "self" { named.parts[named.parts.len() - 1].clone() } else { name.to_string() };
        self.bound.insert(name, named.clone());
        self.named.push(named);
    }

    /// The paths in a macro, which is no syntax yet.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let is_colon = |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(mark)) if mark.as_char() == ':');
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(first) if is_colon(at) && is_colon(at + 1) => {
                    let mut idents = vec![first];
                    while is_colon(at) && is_colon(at + 1) {
                        at += 2;
                        let Some(TokenTree::Ident(next)) = tokens.get(at) else { break };
                        idents.push(next);
                        at += 1;
                    }
                    self.named.push(self.path(&idents));
                }
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let is_test = |attribute: &syn::Attribute| matches!(&attribute.meta, syn::Meta::List(list) if list.path.is_ident("cfg") && list.tokens.to_string() == "test");
        if module.content.is_some() && !module.attrs.iter().any(is_test) {
            self.around.push(module.ident.to_string());
            visit::visit_item_mod(self, module);
            self.around.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let first = self.named.len();
        self.import(&item.tree, &mut Vec::new());
        if !matches!(item.vis, syn::Visibility::Inherited) {
            self.shared.extend_from_slice(&self.named[first..]);
        }
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        if item.ident == "self" {
            self.nameless.push(self.path(&[&item.ident]));
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let idents: Vec<&Ident> = path.segments.iter().map(|segment| &segment.ident).collect();
        if idents.len() > 1 {
            self.named.push(self.path(&idents));
        }
        visit::visit_path(self, path);
    }

    fn visit_meta_list(&mut self, list: &'ast syn::MetaList) {
        self.tokens(list.tokens.clone());
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.tokens(call.tokens.clone());
    }

    /// `pub(super)` uses nothing.
    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}
}

/// An import: where it stands, and the path from the crate's root.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Import {
    line: usize,
    path: Vec<String>,
}

/// A file of a crate.
struct Module {
    file: PathBuf,
    imports: Vec<Import>,
    /// Imports whose target this test cannot follow.
    holes: Vec<String>,
}

type Files = BTreeMap<Vec<String>, (PathBuf, Reader)>;
type Modules = BTreeMap<Vec<String>, Module>;

/// The modules of a crate by their paths, without tests.
fn modules(source: &Path) -> Modules {
    let mut files = Vec::new();
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
            let text = fs::read_to_string(&path).unwrap();
            files.push((name, path, text));
        }
    }
    link(files)
}

/// Follows the paths of every file.
fn link(files: Vec<(Vec<String>, PathBuf, String)>) -> Modules {
    let read: Files = files
        .into_iter()
        .map(|(name, file, text)| {
            let reader = Reader::of(&text, &name);
            (name, (file, reader))
        })
        .collect();
    let follow = |(name, (file, reader)): (&Vec<String>, &(PathBuf, Reader))| {
        let mut module = Module { file: file.clone(), imports: Vec::new(), holes: Vec::new() };
        let mut hole = |named: &Named, why: &str| {
            module.holes.push(format!("{}:{}: {}: {why}", file.display(), named.line, named.parts.join("::")));
        };
        for named in &reader.nameless {
            hole(named, "no name for a module above");
        }
        for named in reader.named.iter().chain(&reader.globs) {
            let Some(path) = resolve(named, reader, &read, 0) else { continue };
            let Some(first) = path.first() else {
                hole(named, "name the modules");
                continue;
            };
            if !read.contains_key(std::slice::from_ref(first)) {
                hole(named, &format!("`{first}` is not a module of the crate"));
            } else {
                module.imports.push(Import { line: named.line, path });
            }
        }
        for glob in &reader.globs {
            let path = resolve(glob, reader, &read, 0).filter(|path| !path.is_empty() && path != name);
            if path.is_some_and(|path| leads_further(&path, &read)) {
                hole(glob, "name the imports");
            }
        }
        (name.clone(), module)
    };
    read.iter().map(follow).collect()
}

/// Whether a module has names of other modules.
fn leads_further(path: &[String], read: &Files) -> bool {
    let has_children = read.keys().any(|name| name.len() > path.len() && name.starts_with(path));
    let is_module = |named, reader| resolve(named, reader, read, 0).is_some_and(|path| read.contains_key(&path));
    has_children || read.get(path).is_some_and(|(_, reader)| reader.shared.iter().any(|named| is_module(named, reader)))
}

/// A path from the crate's root; none for one of another crate.
fn resolve(named: &Named, reader: &Reader, read: &Files, depth: usize) -> Option<Vec<String>> {
    let mut parts = named.parts.iter().peekable();
    let mut base = match parts.peek()?.as_str() {
        "crate" => Vec::new(),
        "self" | "super" => named.around.clone(),
        first => match reader.bound.get(first) {
            // A name that an import binds. One that binds itself is another crate's.
            Some(bound) if depth < 8 && bound.parts != named.parts => {
                parts.next();
                resolve(bound, reader, read, depth + 1)?
            }
            // A child of this module.
            _ => {
                let child = named.around.iter().chain([&named.parts[0]]).cloned().collect::<Vec<_>>();
                read.contains_key(&child).then(|| named.around.clone())?
            }
        },
    };
    parts.next_if(|part| *part == "crate" || *part == "self");
    while parts.next_if(|part| *part == "super").is_some() {
        base.pop();
    }
    base.extend(parts.cloned());
    // A name that the root imports.
    let (_, root) = read.get(&[][..])?;
    match base.first().and_then(|first| root.bound.get(first)) {
        Some(bound) if depth < 8 && !read.contains_key(&base[..1]) => {
            let mut path = resolve(bound, root, read, depth + 1)?;
            path.extend(base.drain(1..));
            Some(path)
        }
        _ => Some(base),
    }
}

/// The module that a path leads to, the deepest that there is.
fn target<'m>(path: &[String], modules: &'m Modules) -> Option<&'m Vec<String>> {
    (1..=path.len()).rev().find_map(|length| modules.get_key_value(&path[..length])).map(|(name, _)| name)
}

/// What is wrong with the imports of the runner's rooms.
fn upward(modules: &Modules) -> Vec<String> {
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
fn circles(modules: &Modules) -> Vec<Vec<String>> {
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
fn every_import_can_be_followed() {
    for program in ["runner", "suite"] {
        let modules = modules(&source(program));
        let holes: Vec<&str> = modules.values().flat_map(|module| &module.holes).map(String::as_str).collect();
        assert!(holes.is_empty(), "\n{}", holes.join("\n"));
    }
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

fn linked(files: &[(&str, &str)]) -> Modules {
    let name = |text: &str| text.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
    link(files.iter().map(|(at, text)| (name(at), at.into(), (*text).to_owned())).collect())
}

#[test]
fn an_import_that_goes_up_is_named_with_its_line() {
    let modules = linked(&[
        ("", "mod report;\nmod system;\n"),
        ("system", "mod cache;\n"),
        ("system::cache", "//! Doc.\nuse std::io;\nuse crate::{\n    report::page,\n    system::files,\n};\n"),
        ("command", ""),
        ("report", "mod page;\nmod words;\n"),
        ("report::page", "use super::words;\nfn f() { crate::command::x(); }\n"),
        ("report::words", "use super::page::Page;\n#[cfg(test)]\nmod tests { use crate::command::x; }\n"),
    ]);
    assert_eq!(
        upward(&modules),
        ["report::page:2: report must not use command::x", "system::cache:4: system must not use report::page"]
    );
    assert_eq!(circles(&modules), [["report::page", "report::words"]]);
    assert!(modules.values().all(|module| module.holes.is_empty()));
}

#[test]
fn no_spelling_hides_an_import() {
    for (text, expected) in [
        ("use crate::command::x;", "command::x"),
        ("use crate::alias::X;", "command::cli::X"),
        ("use super::super::alias as x;", "command::cli"),
        ("pub(in crate::system) use crate::command::x;", "command::x"),
        ("fn f() { super::super::command::x() }", "command::x"),
        ("fn f(x: Vec<super::super::command::X>) {}", "command::X"),
        ("fn f() { self::super::super::command::x() }", "command::x"),
        ("use crate::command;\nfn f() { command::cli::x() }", "command::cli::x"),
        ("fn f() { use crate::command::cli as c; c::x() }", "command::cli::x"),
        ("fn f() { format!(\"{}\", super::super::command::x()); }", "command::x"),
        ("#[error(\"{}\", crate::command::x())]\nstruct E;", "command::x"),
        ("mod inner { fn f() { super::super::super::command::x() } }", "command::x"),
        ("mod inner { pub fn f() { self::super::super::super::command::x() } }", "command::x"),
    ] {
        let modules = linked(&[
            ("", "mod command;\nmod system;\npub use command::cli as alias;\n"),
            ("command", ""),
            ("command::cli", ""),
            ("system", ""),
            ("system::cache", text),
        ]);
        let wrong = upward(&modules);
        let sentence = format!(": system must not use {expected}");
        assert!(wrong.iter().any(|wrong| wrong.ends_with(&sentence)), "{text}: {wrong:?}");
        assert!(modules.values().all(|module| module.holes.is_empty()), "{text}");
    }
}

#[test]
fn an_import_that_cannot_be_followed_is_refused() {
    for (text, expected) in [
        ("use crate::*;", "crate: name the modules"),
        ("use super::super::*;", "super::super: name the modules"),
        ("use super::*;", "super: name the imports"),
        ("use crate::command::*;", "crate::command: name the imports"),
        ("use crate::report::*;", "crate::report: name the imports"),
        ("use crate as root;", "crate: no name for a module above"),
        ("use super::super as x;", "super::super: no name for a module above"),
        ("use super::{super as x};", "super::super: no name for a module above"),
        ("extern crate self as x;", "self: no name for a module above"),
        ("use crate::alias::X;", "crate::alias::X: `alias` is not a module of the crate"),
        ("fn f() { super::super::x() }", "super::super::x: `x` is not a module of the crate"),
        ("m! { use crate::{command::x}; }", "crate: name the modules"),
    ] {
        let modules = linked(&[
            ("", ""),
            ("command", ""),
            ("command::cli", ""),
            ("report", "pub(crate) use crate::command::cli;"),
            ("system", ""),
            ("system::cache", text),
        ]);
        let holes: Vec<&String> = modules.values().flat_map(|module| &module.holes).collect();
        assert_eq!(holes, [&format!("system::cache:1: {expected}")], "{text}");
    }
}

#[test]
fn an_alias_at_the_root_hides_no_circle() {
    let modules = linked(&[
        ("", "mod events;\nmod spec;\npub use spec::clause;\n"),
        ("events", "use crate::clause::Level;\n"),
        ("spec", "pub mod clause;\n"),
        ("spec::clause", "use crate::events::NamedRegister;\n"),
    ]);
    assert_eq!(circles(&modules), [["events", "spec::clause"]]);
}
