// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Options of `reglist` that stand among those of the suite, as in
//! `reglist run --subject model -v`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use clap::ValueEnum as _;

use crate::command::cli::Color;
use crate::report::matrix::Request;
use crate::system::verbosity::Verbosity;

/// The program's own options, and what is left for the suite.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sorted {
    /// Arguments of the suite.
    pub(crate) suite: Vec<OsString>,
    /// How much is to be told.
    pub(crate) verbosity: Verbosity,
    /// When to use colours.
    pub(crate) color: Color,
    /// Whether help is asked for, which the suite gives, and if so the long one.
    pub(crate) help: Option<bool>,
    /// Files for the matrix of all faults.
    pub(crate) matrix: Request,
    /// The file of known failures.
    pub(crate) known: Option<PathBuf>,
}

/// An option of the program's own.
#[derive(Debug, PartialEq, Eq)]
enum Own {
    Told(Verbosity),
    Color(Color),
    /// The colour is the next argument.
    ColorBehind(Color),
}

/// Takes the program's own options out, beside those that stood before `run`.
/// What is not understood is left for the suite to judge.
pub(crate) fn sort(arguments: Vec<OsString>, verbosity: Verbosity, color: Color) -> Sorted {
    let mut sorted =
        Sorted { suite: Vec::new(), verbosity, color, help: None, matrix: Request::default(), known: None };
    let mut rest = arguments.into_iter().peekable();
    while let Some(argument) = rest.next() {
        if argument == "--" {
            sorted.suite.push(argument);
            sorted.suite.extend(rest);
            break;
        }
        if let Some(file) = after_name(&argument, "--known") {
            sorted.known = Some(file.into());
            continue;
        }
        if argument == "--known" {
            // Without a file an empty one, which cannot be read.
            sorted.known = Some(rest.next().unwrap_or_default().into());
            continue;
        }
        if let Some(file) = after_name(&argument, "--matrix") {
            sorted.matrix.files.push(file.into());
            continue;
        }
        if argument == "--matrix" {
            // Without a file an empty one, which is refused.
            sorted.matrix.files.push(rest.next().unwrap_or_default().into());
            continue;
        }
        if argument == "--force" {
            sorted.matrix.force = true;
            continue;
        }
        let next = rest.peek().and_then(|next| next.to_str());
        match argument.to_str().and_then(|argument| own(argument, next)) {
            Some(Own::Told(verbosity)) => sorted.verbosity = verbosity,
            Some(Own::Color(color)) => sorted.color = color,
            Some(Own::ColorBehind(color)) => {
                sorted.color = color;
                rest.next();
            }
            None => {
                if argument == "-h" || argument == "--help" {
                    sorted.help = sorted.help.or(Some(argument == "--help"));
                }
                sorted.suite.push(argument);
            }
        }
    }
    if sorted.matrix.force && sorted.matrix.files.is_empty() {
        sorted.suite.insert(0, "--force".into());
    }
    sorted
}

/// The value of an option of the suite, as far as it stands there.
pub(crate) fn value<'a>(suite: &'a [OsString], name: &str) -> Option<&'a OsStr> {
    let mut before = suite.iter().take_while(|argument| *argument != "--");
    loop {
        let argument = before.next()?;
        if argument == name {
            return before.next().map(OsString::as_os_str);
        }
        if let Some(value) = after_name(argument, name) {
            return Some(value);
        }
    }
}

/// What stands behind `name=`.
fn after_name<'a>(argument: &'a OsStr, name: &str) -> Option<&'a OsStr> {
    argument.as_bytes().strip_prefix(name.as_bytes())?.strip_prefix(b"=").map(OsStr::from_bytes)
}

fn own(argument: &str, next: Option<&str>) -> Option<Own> {
    let color = |value| Color::from_str(value, false).ok();
    if let Some(value) = argument.strip_prefix("--color=") {
        return color(value).map(Own::Color);
    }
    match argument {
        "--color" => color(next?).map(Own::ColorBehind),
        "--quiet" | "-q" => Some(Own::Told(Verbosity::Quiet)),
        "--verbose" => Some(Own::Told(Verbosity::Verbose)),
        _ => {
            let letters = argument.strip_prefix('-')?;
            let verbose = !letters.is_empty() && letters.bytes().all(|letter| letter == b'v');
            verbose.then_some(Own::Told(Verbosity::Verbose))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(arguments: &[&str]) -> (String, Verbosity, Color) {
        let Sorted { suite, verbosity, color, .. } =
            sort(arguments.iter().map(OsString::from).collect(), Verbosity::Normal, Color::Auto);
        (suite.join(" ".as_ref()).into_string().unwrap(), verbosity, color)
    }

    #[test]
    fn own_options_may_stand_anywhere() {
        assert_eq!(sorted(&["--subject", "model", "-v"]), ("--subject model".into(), Verbosity::Verbose, Color::Auto));
        assert_eq!(sorted(&["-vv", "--color", "never", "x"]), ("x".into(), Verbosity::Verbose, Color::Never));
        assert_eq!(sorted(&["--color=always", "--verbose"]), (String::new(), Verbosity::Verbose, Color::Always));
        assert_eq!(sorted(&["x", "-q"]), ("x".into(), Verbosity::Quiet, Color::Auto));
    }

    #[test]
    fn files_of_a_matrix_are_taken_out() {
        let sorted =
            |arguments: &[&str]| sort(arguments.iter().map(OsString::from).collect(), Verbosity::Normal, Color::Auto);
        let all = sorted(&["--matrix", "a.json", "--fault", "all", "--matrix=b.json", "--force", "x"]);
        assert_eq!(all.matrix, Request { files: vec!["a.json".into(), "b.json".into()], force: true });
        assert_eq!(all.suite, ["--fault", "all", "x"]);
        assert_eq!(sorted(&["--matrix"]).matrix.files, [PathBuf::new()]);
        let alone = sorted(&["--force", "--", "--matrix", "x"]);
        assert_eq!(alone.suite, ["--force", "--", "--matrix", "x"]);
    }

    #[test]
    fn the_value_of_an_option_is_found() {
        let value = |arguments: &[&str]| {
            let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            value(&arguments, "--fault").map(OsStr::to_owned)
        };
        assert_eq!(value(&["x", "--fault", "all"]), Some("all".into()));
        assert_eq!(value(&["--fault=all"]), Some("all".into()));
        assert_eq!(value(&["--fault"]), None);
        assert_eq!(value(&["--faults=all", "--", "--fault", "all"]), None);
    }

    #[test]
    fn the_file_of_known_failures_is_taken_out() {
        let sorted =
            |arguments: &[&str]| sort(arguments.iter().map(OsString::from).collect(), Verbosity::Normal, Color::Auto);
        for arguments in [&["--known", "k.yaml", "x"][..], &["x", "--known=k.yaml"]] {
            let sorted = sorted(arguments);
            assert_eq!((sorted.suite, sorted.known), (vec!["x".into()], Some("k.yaml".into())));
        }
        assert_eq!(sorted(&["--known"]).known, Some(PathBuf::new()));
        assert_eq!(sorted(&["--", "--known", "x"]).known, None);
    }

    #[test]
    fn what_is_not_understood_is_left_to_the_suite() {
        for arguments in [&["-vx"][..], &["-"], &["--color"], &["--color", "green"], &["--color=green"], &["--", "-v"]]
        {
            assert_eq!(sorted(arguments), (arguments.join(" "), Verbosity::Normal, Color::Auto));
        }
    }
}
