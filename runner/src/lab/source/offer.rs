// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The kernels that a Debian suite offers: source packages, and builds for LoongArch.

use serde::{Deserialize, Serialize};

const PREFIX: &str = "linux-source-";
/// The package that depends on the suite's current kernel source.
const CURRENT: &str = "linux-source";
/// Names of all packages that [`Offers::read`] reads, as a regular expression.
pub(super) const NAMES: &str = "^linux-(source(-[0-9.]+)?|binary-.*-loong64)$";

/// A source package on the mirror.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Offer {
    /// Version and patch level.
    pub(super) version: (u32, u32),
    /// The package's version.
    pub(super) package_version: String,
    /// The Debian suite.
    pub(super) suite: String,
    /// Debian's own build of this source, such as `7.2.13+deb14`; none if the suite has
    /// none.
    #[serde(default)]
    pub(super) stock: Option<String>,
}

impl Offer {
    /// The package's name, such as `linux-source-7.2`.
    pub(super) fn package(&self) -> String {
        package(self.version)
    }
}

pub(super) fn package((version, level): (u32, u32)) -> String {
    format!("{PREFIX}{version}.{level}")
}

/// What a suite offers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Offers {
    /// Oldest first.
    pub(super) all: Vec<Offer>,
    current: Option<(u32, u32)>,
}

impl Offers {
    /// Reads the output of `apt-cache search --full`.
    pub(super) fn read(suite: &str, records: &[String]) -> Self {
        let mut offers = Self::default();
        // Version of the package, and its kernel.
        let mut builds: Vec<(&str, &str)> = Vec::new();
        for record in records.split(|line| line.trim().is_empty()) {
            let field = |name: &str| record.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            let Some(name) = field("Package") else { continue };
            if name == CURRENT {
                let words = field("Depends").unwrap_or_default().split([' ', ',', '|']);
                offers.current = words.filter_map(version_of).max();
            } else if let (Some(version), Some(package_version)) = (version_of(name), field("Version")) {
                let package_version = package_version.to_owned();
                offers.all.push(Offer { version, package_version, suite: suite.to_owned(), stock: None });
            } else if let (Some(kernel), Some(package_version)) = (build_of(name), field("Version")) {
                builds.push((package_version, kernel));
            }
        }
        for offer in &mut offers.all {
            let build = builds.iter().find(|(package_version, _)| *package_version == offer.package_version);
            offer.stock = build.map(|(_, kernel)| (*kernel).to_owned());
        }
        offers.all.sort_by_key(|offer| offer.version);
        offers
    }

    /// The suite's current kernel, else its newest.
    pub(super) fn current(&self) -> Option<&Offer> {
        self.all.iter().find(|offer| Some(offer.version) == self.current).or(self.all.last())
    }
}

/// The kernel of `linux-binary-KERNEL-loong64`. The name becomes a path and an argument.
fn build_of(package: &str) -> Option<&str> {
    let kernel = package.strip_prefix("linux-binary-")?.strip_suffix("-loong64")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "+.~-".contains(c);
    (kernel.starts_with(|c: char| c.is_ascii_digit()) && kernel.chars().all(plain)).then_some(kernel)
}

fn version_of(package: &str) -> Option<(u32, u32)> {
    let (version, level) = package.strip_prefix(PREFIX)?.split_once('.')?;
    Some((version.parse().ok()?, level.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(records: &str) -> Offers {
        Offers::read("sid", &records.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_suite_has_versions_and_a_current_one() {
        let offers = read(
            "\
            Package: linux-source-7.10\nVersion: 7.10~rc1-1~exp1\nDescription: x\n more\n\n\
            Package: linux-source\nVersion: 7.2.13-1\nDepends: linux-source-7.2 (= 7.2.13-1), xz-utils\n\n\
            Package: linux-source-7.2\nVersion: 7.2.13-1\n\n",
        );
        let versions: Vec<_> =
            offers.all.iter().map(|offer| (offer.package(), offer.package_version.as_str())).collect();
        let expected = [("linux-source-7.2", "7.2.13-1"), ("linux-source-7.10", "7.10~rc1-1~exp1")];
        assert_eq!(versions, expected.map(|(package, version)| (package.to_owned(), version)));
        assert_eq!(offers.current().unwrap().version, (7, 2));
    }

    #[test]
    fn a_build_belongs_to_the_source_of_the_same_version() {
        let offers = read(
            "\
            Package: linux-binary-7.2.13+deb14-loong64\nVersion: 7.2.13-1\n\n\
            Package: linux-source-7.2\nVersion: 7.2.13-1\n\n\
            Package: linux-source-7.3\nVersion: 7.3~rc7-1~exp1\n\n\
            Package: linux-binary-$(x)-loong64\nVersion: 7.3~rc7-1~exp1\n\n\
            Package: linux-binary-7.3-loong64\nVersion: 7.3~rc6-1~exp1\n\n",
        );
        let stock: Vec<_> = offers.all.iter().map(|offer| offer.stock.as_deref()).collect();
        assert_eq!(stock, [Some("7.2.13+deb14"), None]);
    }

    #[test]
    fn without_a_package_for_the_current_one_it_is_the_newest() {
        let offers = read("Package: linux-source-7.3\nVersion: 1\n\nPackage: linux-source-rt\nVersion: 1\n");
        assert_eq!((offers.all.len(), offers.current().unwrap().version), (1, (7, 3)));
        assert_eq!(read("").current(), None);
    }
}
