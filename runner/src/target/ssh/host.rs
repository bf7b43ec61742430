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
        let uri = text.strip_prefix("ssh://");
        let address = uri.unwrap_or(text);
        let name = address.rsplit_once('@').map_or(address, |(_, host)| host).trim_start_matches('[');
        if name.is_empty() {
            return Err("the host is missing".to_owned());
        }
        if text.starts_with('-') || address.starts_with('-') || name.starts_with('-') {
            return Err("the user or the host starts with `-`".to_owned());
        }
        if uri.is_some() && text.contains('%') {
            // The client decodes it after this check.
            return Err("the character '%' is not allowed in a URI".to_owned());
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
        let plain =
            ["", "root@", "-oProxyCommand=x", "root@-oProxyCommand=x", "a b", "a\nb", "$(x)", "a;b", "`x`", "a'b"];
        let uris = ["ssh://", "ssh://root@", "ssh://-oProxyCommand=x", "ssh://-l@board", "ssh://root@-oA=b"];
        let hidden = ["[-oProxyCommand=x]", "ssh://root@[-oA=b]", "ssh://%2doA=b", "ssh://%2dl@board"];
        for name in plain.into_iter().chain(uris).chain(hidden) {
            assert!(Host::parse(name).is_err(), "{name:?}");
        }
    }
}
