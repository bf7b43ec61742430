// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Pages that groff reads, and completions that bash reads.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command as Program_, Stdio};

use clap::{CommandFactory as _, ValueEnum as _};

use super::*;
use crate::command::cli::Cli;

fn pages() -> Vec<page::Page> {
    page::pages(Cli::command()).unwrap()
}

/// What a program prints, or `None` where it is not installed.
fn output(program: &str, arguments: &[&str], input: &str) -> Option<(String, String)> {
    let started = Program_::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .env("LC_ALL", "C")
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) => {
            eprintln!("skipped: {program} cannot be started: {error}");
            return None;
        }
    };
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let complaint = text(&output.stderr);
    assert!(output.status.success(), "{program}: {complaint}");
    Some((text(&output.stdout), complaint))
}

#[test]
fn every_command_of_both_programs_has_a_page_with_its_examples() {
    let pages = pages();
    let names: Vec<&str> = pages.iter().map(|page| page.name.as_str()).collect();
    for command in Cli::command().get_subcommands() {
        assert!(names.contains(&format!("reglist-{}", command.get_name()).as_str()), "{names:?}");
    }
    assert!(names.contains(&"reglist") && names.contains(&"reglist-suite"), "{names:?}");
    for page in &pages {
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "\"EXIT STATUS\"", "\"SEE ALSO\""] {
            assert!(page.text.contains(&format!(".SH {section}\n")), "{} has {section}: {}", page.name, page.text);
        }
    }
    for page in ["reglist", "reglist-run", "reglist-lab", "reglist-show", "reglist-suite"] {
        assert!(!examples::examples(page).is_empty(), "{page}");
    }
}

#[test]
fn examples_are_command_lines() {
    for page in pages() {
        for (line, _) in examples::examples(&page.name) {
            let words = shlex::split(line).unwrap();
            let program = if page.name == "reglist-suite" { Program::ReglistSuite } else { Program::Reglist };
            let command = program.command(Cli::command());
            let line = [command.get_name().to_owned()].into_iter().chain(words);
            let line: Vec<String> = line.collect();
            if let Err(error) = command.try_get_matches_from(&line) {
                panic!("{line:?}: {error}");
            }
        }
    }
}

#[test]
fn groff_reads_every_page_without_a_warning() {
    for page in pages() {
        let Some((shown, complaint)) = output("groff", &["-man", "-Tascii", "-P-cbou", "-ww", "-rLL=80n"], &page.text)
        else {
            return;
        };
        assert_eq!(complaint, "", "{}", page.name);
        for line in shown.lines() {
            assert!(line.chars().count() <= 80, "{}: {line}", page.name);
        }
        assert!(shown.contains("EXAMPLES") || examples::examples(&page.name).is_empty(), "{}", page.name);
    }
}

#[test]
fn pages_are_written_once_and_again_only_by_force() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("man/man1");
    let arguments = |force| ManArgs { directory: directory.clone(), force };
    assert_eq!(write_pages(&arguments(false), Cli::command()).unwrap(), exit::PASSED);
    assert_eq!(fs::read_dir(&directory).unwrap().count(), pages().len());
    let page = directory.join("reglist-show.1");
    fs::write(&page, "mine").unwrap();
    let error = write_pages(&arguments(false), Cli::command()).unwrap_err();
    assert_eq!(error.exit_code(), exit::USAGE);
    assert_eq!(fs::read_to_string(&page).unwrap(), "mine");
    assert_eq!(write_pages(&arguments(true), Cli::command()).unwrap(), exit::PASSED);
    assert_ne!(fs::read_to_string(&page).unwrap(), "mine");
    let file = ManArgs { directory: page, force: false };
    assert_eq!(write_pages(&file, Cli::command()).unwrap_err().exit_code(), exit::INFRASTRUCTURE);
}

fn completion(program: Program, shell: Shell) -> String {
    let mut command = with_names(program.command(Cli::command()));
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    String::from_utf8(script).unwrap()
}

#[test]
fn every_shell_has_a_completion_with_commands_options_and_names() {
    for shell in Shell::value_variants() {
        let script = completion(Program::Reglist, *shell);
        for word in ["completions", "model-host"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        // The others complete options and commands alone.
        let names = ["TLBRSAVE", "efault.stray"].into_iter().all(|name| script.contains(name));
        assert_eq!(names, matches!(shell, Shell::Bash | Shell::Zsh), "{shell}");
        let script = completion(Program::ReglistSuite, *shell);
        assert!(script.contains("model-host") && script.contains("reglist-suite"), "{shell}");
    }
}

#[test]
fn bash_completes_names_by_the_script() {
    let home = tempfile::tempdir().unwrap();
    let script = home.path().join("reglist.bash");
    fs::write(&script, completion(Program::Reglist, Shell::Bash)).unwrap();
    for (words, offered) in [
        (&["reglist", "show", "TLBRSA"][..], "TLBRSAVE"),
        (&["reglist", "run", "--model-h"], "--model-host"),
        (&["reglist", "comp"], "completions"),
    ] {
        let Some(completed) = completed(&script, words) else { return };
        assert_eq!(completed, [offered], "{words:?}");
    }
}

/// What bash offers for the last of the words, or `None` without bash.
fn completed(script: &Path, words: &[&str]) -> Option<Vec<String>> {
    let [.., before, word] = words else { panic!("{words:?}") };
    let line = format!(
        "source {}; COMP_WORDS=({}); COMP_CWORD={}; _reglist reglist {word} {before}; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        shlex::try_quote(script.to_str().unwrap()).unwrap(),
        words.join(" "),
        words.len() - 1,
    );
    let (offered, _) = output("bash", &["--norc", "-c", &line], "")?;
    Some(offered.lines().map(|line| line.trim().to_owned()).collect())
}
