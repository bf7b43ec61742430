// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Renders `templates/report.html` with embedded style and script.

use askama::Template;
use data_encoding::BASE64;
use reglist_suite::report::describe::Content;
use reglist_suite::spec::clause::Level;
use sha2::{Digest as _, Sha256};

use super::anchor::anchor;
use super::content::Page;
use super::findings::MOST_NAMES;
use super::fit::Input;
use crate::report::words::{some, warning_or_note};

const STYLE: &str = include_str!("../../../templates/report.css");
const SCRIPT: &str = include_str!("../../../templates/report.js");

#[derive(Template)]
#[template(path = "report.html")]
struct Filled<'p> {
    page: &'p Page,
    two: bool,
    names: &'static [&'static str],
    style: &'static str,
    script: &'static str,
    /// Content security policy: only this style and this script.
    policy: String,
}

impl Filled<'_> {
    fn word(&self, level: &Level) -> &'static str {
        warning_or_note(*level)
    }

    fn some(&self, names: &[String]) -> String {
        some(names, MOST_NAMES)
    }

    fn anchor(&self, kind: &str, name: &str) -> String {
        anchor(kind, name)
    }
}

pub(super) fn text(new: &Input, old: Option<&Input>) -> askama::Result<String> {
    let page = &Page::of(new, old);
    let two = page.differences.is_some();
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    let names: &[&str] = if two { &["old", "new"] } else { &["value"] };
    let text = Filled { page, two, names, style: STYLE, script: SCRIPT, policy }.render()?;
    Ok(text + "\n")
}

fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64.encode(&Sha256::digest(text.as_bytes())))
}
