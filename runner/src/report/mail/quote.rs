// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Words of a command for a shell, in ASCII.

use std::fmt::Write as _;

/// A word of foreign text. Other bytes than printable ASCII are escaped as bash and zsh
/// read them (`$'\xc3'`), because shlex leaves them as they are.
pub(super) fn quoted(word: &str) -> String {
    if word.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
        && let Ok(quoted) = shlex::try_quote(word)
    {
        return quoted.into_owned();
    }
    let mut quoted = String::from("$'");
    for byte in word.bytes() {
        if byte.is_ascii_graphic() && !b"'\\".contains(&byte) {
            quoted.push(char::from(byte));
        } else {
            let _ = write!(quoted, "\\x{byte:02x}");
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_plain_word_stays_as_it_is() {
        assert_eq!(quoted("v6-0001.patch"), "v6-0001.patch");
        assert_eq!(quoted("a b.patch"), "'a b.patch'");
        assert_eq!(quoted("\u{fc}.patch"), "$'\\xc3\\xbc.patch'");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn a_shell_reads_the_word(word in "[^\0]{0,12}") {
            let script = format!("printf %s {}", quoted(&word));
            prop_assert!(script.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
            let output = Command::new("bash").args(["-c", &script]).output().unwrap();
            prop_assert_eq!(output.stdout, word.as_bytes());
        }
    }
}
