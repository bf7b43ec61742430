// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Manual pages: clap_mangen's sections, then notes, exit status, examples and
//! see also.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};
use reglist_suite::harness;
use reglist_suite::report::describe;

use super::examples::examples;

/// Programs are in this section of the manual.
pub(super) const SECTION: &str = "1";
/// Columns of a page without its margin.
const TABLE_WIDTH: usize = 72;
/// Pages that end with themes and clauses.
const WITH_TABLES: [&str; 3] = ["reglist-run", "reglist-show", "reglist-suite"];

pub(super) struct Page {
    /// The command with dashes.
    pub(super) name: String,
    /// In roff.
    pub(super) text: String,
}

/// The pages of both programs and of every command.
pub(super) fn pages(reglist: Command) -> io::Result<Vec<Page>> {
    let mut commands = Vec::new();
    for program in [reglist, harness::command()] {
        let mut program = program.disable_help_subcommand(true);
        program.build();
        collect(&program, &mut commands);
    }
    let names: Vec<String> = commands.iter().map(name_of).collect();
    let status = commands.first().and_then(|program| ending(program).1).unwrap_or_default();
    commands.into_iter().map(|command| page(command, &names, &status)).collect()
}

/// A command and all below it.
fn collect(command: &Command, commands: &mut Vec<Command>) {
    commands.push(command.clone());
    for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        collect(command, commands);
    }
}

fn name_of(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

/// The page of a command; `status` is the default exit status.
fn page(command: Command, names: &[String], status: &str) -> io::Result<Page> {
    let name = name_of(&command);
    let (notes, own_status) = ending(&command);
    let has_commands = command.get_subcommands().any(|command| !command.is_hide_set());
    let version = env!("CARGO_PKG_VERSION");
    let man = Man::new(command).section(SECTION).source(format!("reglist {version}")).manual("reglist");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if has_commands {
        man.render_subcommands_section(&mut text)?;
    }
    let mut more = Roff::new();
    if !notes.is_empty() {
        more.control("SH", ["NOTES"]);
        if notes.lines().all(|line| line.len() <= TABLE_WIDTH) {
            unfilled(&mut more, &notes);
        } else {
            more.text([roman(notes.split_whitespace().collect::<Vec<_>>().join(" "))]);
        }
    }
    more.control("SH", ["EXIT STATUS"]);
    more.text([roman(own_status.as_deref().unwrap_or(status))]);
    let examples = examples(&name);
    if !examples.is_empty() {
        more.control("SH", ["EXAMPLES"]);
        let program = if name == "reglist-suite" { "reglist-suite" } else { "reglist" };
        for (line, what) in examples {
            more.control("TP", []);
            more.text([bold(format!("{program} {line}").trim_end())]);
            more.text([roman(*what)]);
        }
    }
    if WITH_TABLES.contains(&name.as_str()) {
        more.control("SH", ["THEMES AND CLAUSES"]);
        unfilled(&mut more, &describe::tables(TABLE_WIDTH));
    }
    more.control("SH", ["SEE ALSO"]);
    more.text(see_also(&name, names));
    more.to_writer(&mut text)?;
    let text = String::from_utf8(text).map_err(io::Error::other)?;
    Ok(Page { name, text })
}

/// The notes and the exit status at the end of a command's help.
fn ending(command: &Command) -> (String, Option<String>) {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (notes, codes) = help.split_once("Exit codes: ").unwrap_or((&help, ""));
    let codes: Vec<&str> = codes.split_whitespace().collect();
    (notes.trim().to_owned(), (!codes.is_empty()).then(|| codes.join(" ")))
}

/// Lines that roff does not fill.
fn unfilled(roff: &mut Roff, lines: &str) {
    roff.control("nf", []);
    for line in lines.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}

/// The other pages, those of the same program first.
fn see_also(name: &str, names: &[String]) -> Vec<Inline> {
    let top = name == "reglist" || name == "reglist-suite";
    let parent = name.rsplit_once('-').map(|(parent, _)| parent);
    let related = |other: &&String| {
        let below = other.starts_with(&format!("{name}-")) && name != "reglist";
        below || top || ["reglist", "reglist-suite"].contains(&other.as_str()) || Some(other.as_str()) == parent
    };
    let others: Vec<&String> = names.iter().filter(|other| *other != name).filter(related).collect();
    let mut words = Vec::new();
    for (position, other) in others.iter().enumerate() {
        if position > 0 {
            words.push(roman(", "));
        }
        words.extend([bold(other.as_str()), roman(format!("({SECTION})"))]);
    }
    words
}
