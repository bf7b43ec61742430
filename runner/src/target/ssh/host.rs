// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The destination of a board.

/// A destination that is not an option, and is a plain word for every shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host(String);

/// Special characters of shells; the user's ProxyCommand may pass the host to one.
const SHELL: &str = "'\"`$\\;&<>|(){}*?!#~^";

impl Host {
    /// Parses `HOST`, `USER@HOST` or `ssh://USER@HOST:PORT`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let name = text.rsplit_once('@').map_or(text, |(_, host)| host);
        if name.is_empty() {
            return Err("the host is missing".to_owned());
        }
        if text.starts_with('-') || name.starts_with('-') {
            return Err("it starts with `-`".to_owned());
        }
        match text.chars().find(|sign| sign.is_whitespace() || sign.is_control() || SHELL.contains(*sign)) {
            Some(sign) => Err(format!("the character {sign:?} is not allowed")),
            None => Ok(Self(text.to_owned())),
        }
    }

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
