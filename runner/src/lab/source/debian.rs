// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A kernel's source out of a Debian package, kept in the cache.
//!
//! A name is resolved once, from what the mirror has. The cache keeps the answer
//! until `--refresh`, so that later runs need no network and test the same kernel.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::name::{DEFAULT, KernelName};
use super::offer::{Offer, Offers, package};
use super::tree::{Source, check, release};
use crate::lab::apt::{Apt, MIRROR};
use crate::lab::error::LabError;
use crate::lab::toolchain::Toolchain;
use crate::system::date::Date;
use crate::system::digest::Key;
use crate::system::files::{self, FileError};
use crate::system::sandbox::{Mount, Room};
use crate::system::session::Session;
use crate::system::stage::{Stage, Step};

const RECIPE: u32 = 2;
const LIMIT: Duration = Duration::from_secs(30 * 60);
/// Suites that are searched, first match first.
const SUITES: [&str; 5] = ["sid", "experimental", "testing", "stable", "oldstable"];
/// Where a version was last seen: these suites are searched first.
const SEEN: [((u32, u32), &str); 3] = [((7, 3), "experimental"), ((7, 2), "sid"), ((6, 12), "trixie")];

/// A package in the cache, as a file of its entry.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Package {
    #[serde(flatten)]
    offer: Offer,
    /// The day of the download.
    fetched: Date,
}

/// The source that a name stands for.
#[derive(Debug)]
pub(crate) struct Debian<'s> {
    session: &'s Session,
    toolchain: &'s Toolchain,
    name: &'s KernelName,
    /// Package lists by suite.
    lists: Vec<(String, Apt)>,
}

impl<'s> Debian<'s> {
    /// `sid` are package lists of that suite, if there are any yet.
    pub(crate) fn new(session: &'s Session, toolchain: &'s Toolchain, name: &'s KernelName, sid: Option<Apt>) -> Self {
        let lists = sid.map(|lists| ("sid".to_owned(), lists)).into_iter().collect();
        Self { session, toolchain, name, lists }
    }

    /// The source in the cache, else from the mirror. `refresh` asks the mirror again.
    ///
    /// # Errors
    /// The mirror has no such kernel, or the machine cannot fetch or unpack it.
    pub(crate) fn obtain(mut self, refresh: bool) -> Result<Source, LabError> {
        let cache = self.session.cache();
        if !refresh && let Some(kept) = kept(cache.root(), self.name) {
            self.tell(&kept);
            return Ok(kept.source);
        }
        if self.session.planning() {
            return self.plan();
        }
        let _claim = cache.claim("source", self.session.interrupt())?;
        // Another run may have fetched it.
        if !refresh && let Some(kept) = kept(cache.root(), self.name) {
            self.tell(&kept);
            return Ok(kept.source);
        }
        let mut stage = Stage::new(self.session, "source", LIMIT)?;
        let offer = self.find(&mut stage)?;
        let place = place(cache.root(), &offer);
        if Kept::at(&place).is_none() {
            self.fetch(&mut stage, &offer)?;
        }
        let kept = Kept::at(&place).ok_or(LabError::Incomplete { what: "kernel source", path: place })?;
        stage.done(&format!("{} {} from {}", offer.package(), offer.package_version, offer.suite));
        for name in [self.name.clone(), KernelName::Version(offer.version.0, offer.version.1)] {
            let path = pointer(cache.root(), &name);
            fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).map_err(FileError::of("create", &path))?;
            files::write(&path, &serde_json::to_string(&offer).unwrap_or_default(), true)?;
        }
        self.warn(&offer);
        Ok(kept.source)
    }

    fn tell(&self, kept: &Kept) {
        let Package { offer, fetched } = &kept.package;
        let text = format!("{} {} ({}), fetched {fetched}", offer.package(), offer.package_version, offer.suite);
        if self.session.planning() {
            return self.session.plan(&format!("\n# source: in the cache, {text}"));
        }
        self.session.progress().remark(&format!("source: {text}; --refresh fetches anew"));
        self.warn(offer);
    }

    /// Says that the default is gone.
    fn warn(&self, offer: &Offer) {
        if *self.name == KernelName::Default && offer.version != DEFAULT {
            let (version, level) = offer.version;
            self.session.progress().say(&format!(
                "reglist: warning: the mirror no longer has Linux {}, the default; this is {version}.{level}\n\
                 [name a kernel with --kernel or --kernel-src]",
                self.name
            ));
        }
    }

    /// Prints the commands; what a suite offers is not known.
    fn plan(mut self) -> Result<Source, LabError> {
        let (version, suite) = match self.name {
            KernelName::Version(version, level) => ((*version, *level), seen((*version, *level)).unwrap_or("sid")),
            KernelName::Suite(suite) => (DEFAULT, suite.as_str()),
            KernelName::Default | KernelName::Latest => (DEFAULT, "sid"),
        };
        let mut stage = Stage::new(self.session, "source", LIMIT)?;
        if self.lists.is_empty() || suite != "sid" {
            let lists = Apt::new(self.session, &mut stage, suite)?;
            self.lists = vec![(suite.to_owned(), lists)];
        }
        let offer = Offer { version, package_version: String::new(), suite: suite.to_owned() };
        self.fetch(&mut stage, &offer)?;
        let path = place(self.session.cache().root(), &offer).join("tree");
        Ok(Source { path, identity: Some(String::new()), origin: None, version, release: package(version) })
    }

    /// Searches the mirror.
    fn find(&mut self, stage: &mut Stage<'_>) -> Result<Offer, LabError> {
        let wanted = match self.name {
            KernelName::Suite(suite) => {
                let Some(offers) = self.offers(stage, suite)? else {
                    let suite = suite.clone();
                    return Err(match SUITES.contains(&suite.as_str()) {
                        true => LabError::MirrorLacks { suite, variable: MIRROR },
                        false => LabError::NoSuite { suite },
                    });
                };
                let none = || LabError::NoKernel { name: self.name.to_string(), offers: String::new() };
                return offers.current().cloned().ok_or_else(none);
            }
            KernelName::Version(version, level) => Some((*version, *level)),
            KernelName::Default => Some(DEFAULT),
            KernelName::Latest => None,
        };
        let mut all: Vec<Offer> = Vec::new();
        let first = wanted.and_then(seen);
        for suite in first.into_iter().chain(SUITES.into_iter().filter(|suite| Some(*suite) != first)) {
            let Some(offers) = self.offers(stage, suite)? else { continue };
            if let Some(offer) = offers.all.iter().find(|offer| Some(offer.version) == wanted) {
                return Ok(offer.clone());
            }
            let new = |offer: &Offer| all.iter().all(|other| other.version != offer.version);
            let new: Vec<Offer> = offers.all.into_iter().filter(new).collect();
            all.extend(new);
        }
        if self.lists.is_empty() {
            return Err(LabError::MirrorLacks { suite: SUITES.join(", "), variable: MIRROR });
        }
        all.sort_by_key(|offer| offer.version);
        let newest = all.last().filter(|_| matches!(self.name, KernelName::Default | KernelName::Latest));
        newest.cloned().ok_or_else(|| {
            let name = |offer: &Offer| format!("{}.{} ({})", offer.version.0, offer.version.1, offer.suite);
            let offers = all.iter().map(name).collect::<Vec<_>>().join(", ");
            LabError::NoKernel { name: self.name.to_string(), offers }
        })
    }

    /// What a suite offers; none if the mirror does not have it.
    fn offers(&mut self, stage: &mut Stage<'_>, suite: &str) -> Result<Option<Offers>, LabError> {
        if !self.lists.iter().any(|(known, _)| known == suite) {
            let Some(lists) = Apt::of_suite(self.session, stage, suite)? else { return Ok(None) };
            self.lists.push((suite.to_owned(), lists));
        }
        let records = match self.lists(suite) {
            Some(lists) => lists.search(stage, "^linux-source(-[0-9.]+)?$")?,
            None => Vec::new(),
        };
        Ok(Some(Offers::read(suite, &records)))
    }

    fn lists(&self, suite: &str) -> Option<&Apt> {
        self.lists.iter().find(|(known, _)| known == suite).map(|(_, lists)| lists)
    }

    /// Downloads and unpacks a package into the cache.
    fn fetch(&self, stage: &mut Stage<'_>, offer: &Offer) -> Result<(), LabError> {
        let cache = self.session.cache();
        let package = offer.package();
        let apt = self.lists(&offer.suite).ok_or(LabError::NotReady)?;
        apt.fetch_alone(stage, &package)?;
        let deb = match self.session.planning() {
            true => apt.archives().join(format!("{package}.deb")),
            false => apt.package(&package)?,
        };
        let scratch = cache.scratch("source")?;
        stage.bar().message("unpacking");
        let open =
            Step::new(&Room::host(), ["dpkg-deb", "-x"]).argument(&deb).argument(scratch.path().join("package.d"));
        stage.run(&open)?;
        let room =
            self.toolchain.room(self.session).with(Mount::Writable { from: scratch.path().to_owned(), to: "/entry" });
        let command = "mkdir /entry/tree && tar -C /entry/tree -x --strip-components=1 --no-same-owner \
                       -I 'xz -T0' -f \"/entry/package.d/usr/src/$1.tar.xz\" && rm -r /entry/package.d";
        stage.run(&self.toolchain.step(&room, ["sh", "-c", command, "sh"]).argument(&package))?;
        if self.session.planning() {
            return Ok(());
        }
        check(&scratch.path().join("tree"), Path::new(&package))?;
        let kept = Package { offer: offer.clone(), fetched: Date::today() };
        let name = scratch.path().join(PACKAGE);
        fs::write(&name, serde_json::to_vec(&kept).unwrap_or_default()).map_err(FileError::of("write", &name))?;
        cache.publish(scratch, KIND, &key(offer))?;
        Ok(())
    }
}

const KIND: &str = "sources";
const PACKAGE: &str = "package.json";

/// A source in the cache.
#[derive(Debug)]
struct Kept {
    package: Package,
    source: Source,
}

impl Kept {
    fn at(place: &Path) -> Option<Self> {
        let package: Package = serde_json::from_slice(&fs::read(place.join(PACKAGE)).ok()?).ok()?;
        let path = place.join("tree");
        let (version, release) = release(&path)?;
        let identity = format!("{} {}", package.offer.package(), package.offer.package_version);
        let origin = Some(identity.clone());
        let source = Source { path, identity: Some(identity), origin, version, release };
        source.path.join("Kconfig").exists().then_some(Self { package, source })
    }
}

fn key(offer: &Offer) -> String {
    Key::new("source", RECIPE).with(offer.package()).with(&offer.package_version).finish()
}

fn place(root: &Path, offer: &Offer) -> PathBuf {
    root.join(KIND).join(key(offer))
}

/// The file that says what a name stands for.
fn pointer(root: &Path, name: &KernelName) -> PathBuf {
    let name = if *name == KernelName::Default { "default".to_owned() } else { name.to_string() };
    root.join("kernel-names").join(name)
}

/// The source in the cache that a name stands for.
fn kept(root: &Path, name: &KernelName) -> Option<Kept> {
    let named = |name: &KernelName| {
        let offer = serde_json::from_slice(&fs::read(pointer(root, name)).ok()?).ok()?;
        Kept::at(&place(root, &offer))
    };
    // A default of an older reglist, or in place of one that was gone, comes second.
    let default = (*name == KernelName::Default).then(|| named(&KernelName::Version(DEFAULT.0, DEFAULT.1)));
    default.flatten().or_else(|| named(name))
}

/// What the cache has for a name: the source's release.
pub(crate) fn in_cache(root: &Path, name: &KernelName) -> Option<String> {
    Some(kept(root, name)?.source.release)
}

fn seen(version: (u32, u32)) -> Option<&'static str> {
    SEEN.iter().find(|(seen, _)| *seen == version).map(|(_, suite)| *suite)
}
