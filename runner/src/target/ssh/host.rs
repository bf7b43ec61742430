// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The name of a board, as ssh takes it.

/// A destination that no program takes for an option, and no shell for more
/// than a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host(String);

/// Characters that shells read, which a proxy's command of the user's
/// configuration may be handed to.
const SHELL: &str = "'\"`$\\;&<>|(){}*?!#~^";

impl Host {
    /// A destination: `HOST`, `USER@HOST` or `ssh://USER@HOST:PORT`.
    ///
    /// # Errors
    /// What a destination cannot be.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let name = text.rsplit_once('@').map_or(text, |(_, host)| host);
        if name.is_empty() {
            return Err("it names no host".to_owned());
        }
        if text.starts_with('-') || name.starts_with('-') {
            return Err("it begins like an option".to_owned());
        }
        match text.chars().find(|sign| sign.is_whitespace() || sign.is_control() || SHELL.contains(*sign)) {
            Some(sign) => Err(format!("it has the character {sign:?}, which no host has")),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// The destination as it was given.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_words() {
        for name in ["board", "root@board", "root@[::1]", "ssh://root@board:2222", "a_b.example.org", "u@192.0.2.1"] {
            assert_eq!(Host::parse(name).map(|host| host.as_str().to_owned()), Ok(name.to_owned()));
        }
    }

    #[test]
    fn nothing_that_could_be_more_is_a_destination() {
        for name in
            ["", "root@", "-oProxyCommand=x", "root@-oProxyCommand=x", "a b", "a\nb", "$(x)", "a;b", "`x`", "a'b"]
        {
            assert!(Host::parse(name).is_err(), "{name:?}");
        }
    }
}
