// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Options of `reglist` that stand among those of the suite, as in
//! `reglist run --subject model -v`.

use std::ffi::OsString;

use clap::ValueEnum as _;

use crate::cli::Color;

/// The program's own options, and what is left for the suite.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sorted {
    /// Arguments of the suite.
    pub(crate) suite: Vec<OsString>,
    /// How often details were asked for.
    pub(crate) verbose: u8,
    /// When to use colours.
    pub(crate) color: Color,
    /// Whether help is asked for, which the suite gives.
    pub(crate) help: bool,
}

/// An option of the program's own.
#[derive(Debug, PartialEq, Eq)]
enum Own {
    Verbose(u8),
    Color(Color),
    /// The colour is the next argument.
    ColorBehind(Color),
}

/// Takes the program's own options out, beside those that stood before `run`.
/// What is not understood is left for the suite to judge.
pub(crate) fn sort(arguments: Vec<OsString>, verbose: u8, color: Color) -> Sorted {
    let mut sorted = Sorted { suite: Vec::new(), verbose, color, help: false };
    let mut rest = arguments.into_iter().peekable();
    while let Some(argument) = rest.next() {
        if argument == "--" {
            sorted.suite.push(argument);
            sorted.suite.extend(rest);
            break;
        }
        let next = rest.peek().and_then(|next| next.to_str());
        match argument.to_str().and_then(|argument| own(argument, next)) {
            Some(Own::Verbose(more)) => sorted.verbose = sorted.verbose.saturating_add(more),
            Some(Own::Color(color)) => sorted.color = color,
            Some(Own::ColorBehind(color)) => {
                sorted.color = color;
                rest.next();
            }
            None => {
                sorted.help |= argument == "-h" || argument == "--help";
                sorted.suite.push(argument);
            }
        }
    }
    sorted
}

fn own(argument: &str, next: Option<&str>) -> Option<Own> {
    let color = |value| Color::from_str(value, false).ok();
    if let Some(value) = argument.strip_prefix("--color=") {
        return color(value).map(Own::Color);
    }
    match argument {
        "--color" => color(next?).map(Own::ColorBehind),
        "--verbose" => Some(Own::Verbose(1)),
        _ => {
            let letters = argument.strip_prefix('-')?;
            let verbose = !letters.is_empty() && letters.bytes().all(|letter| letter == b'v');
            verbose.then(|| Own::Verbose(letters.len().try_into().unwrap_or(u8::MAX)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(arguments: &[&str]) -> (String, u8, Color) {
        let Sorted { suite, verbose, color, .. } = sort(arguments.iter().map(OsString::from).collect(), 0, Color::Auto);
        (suite.join(" ".as_ref()).into_string().unwrap(), verbose, color)
    }

    #[test]
    fn own_options_may_stand_anywhere() {
        assert_eq!(sorted(&["--subject", "model", "-v"]), ("--subject model".into(), 1, Color::Auto));
        assert_eq!(sorted(&["-vv", "--color", "never", "x"]), ("x".into(), 2, Color::Never));
        assert_eq!(sorted(&["--color=always", "--verbose"]), (String::new(), 1, Color::Always));
    }

    #[test]
    fn what_is_not_understood_is_left_to_the_suite() {
        for arguments in [&["-vx"][..], &["-"], &["--color"], &["--color", "green"], &["--color=green"], &["--", "-v"]]
        {
            assert_eq!(sorted(arguments), (arguments.join(" "), 0, Color::Auto));
        }
    }
}
