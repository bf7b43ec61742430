// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What the findings look like, apart from the findings.

use console::Style;

use crate::report::likeness::Guess;
use crate::report::paragraph::hanging;

pub(super) fn write(text: &mut String, guesses: &[Guess]) {
    if !guesses.is_empty() {
        text.push('\n');
    }
    for guess in guesses {
        hanging(text, &format!("{} {guess}", Style::new().magenta().apply_to("guess")));
    }
}
