// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A kernel's source out of a Debian package, kept in the cache.
//!
//! A name is resolved once, from what the mirror has. The cache keeps the answer
//! until `--refresh`, so that later runs need no network and test the same kernel.
//!
//! For Debian's own build of a kernel, only the source's part with KVM is unpacked.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::name::{DEFAULT, KernelName};
use super::offer::{NAMES, Offer, Offers, package};
use super::stock::{self, Stock};
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

/// How much of a kernel is to be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// All of it.
    Whole,
    /// KVM alone, for Debian's own build of the kernel, unless the cache has a build of
    /// the whole kernel, or Debian has none.
    Quick,
    /// KVM alone.
    Stock,
}

/// How much of a source is in the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Whole,
    /// The part with KVM, and Debian's build.
    Part,
}

/// The source that a name stands for.
#[derive(Debug)]
pub(crate) struct Debian<'s> {
    session: &'s Session,
    toolchain: &'s Toolchain,
    name: &'s KernelName,
    wish: Wish,
    /// Package lists by suite.
    lists: Vec<(String, Apt)>,
}

impl<'s> Debian<'s> {
    /// `sid` are package lists of that suite, if there are any yet.
    pub(crate) fn new(
        session: &'s Session,
        toolchain: &'s Toolchain,
        name: &'s KernelName,
        wish: Wish,
        sid: Option<Apt>,
    ) -> Self {
        let lists = sid.map(|lists| ("sid".to_owned(), lists)).into_iter().collect();
        Self { session, toolchain, name, wish, lists }
    }

    /// The source in the cache, else from the mirror. `refresh` asks the mirror again;
    /// `is_built` tells whether the cache has a build of a whole source.
    ///
    /// # Errors
    /// The mirror has no such kernel, or the machine cannot fetch or unpack it.
    pub(crate) fn obtain(mut self, refresh: bool, is_built: &dyn Fn(&Source) -> bool) -> Result<Source, LabError> {
        let cache = self.session.cache();
        let kept = || kept(cache.root(), self.name, self.wish, is_built).filter(|_| !refresh);
        if let Some(kept) = kept() {
            self.tell(&kept);
            return Ok(kept.source);
        }
        if self.session.planning() {
            return self.plan();
        }
        let _claim = cache.claim("source", self.session.interrupt())?;
        // Another run may have fetched it.
        if let Some(kept) = kept() {
            self.tell(&kept);
            return Ok(kept.source);
        }
        let mut stage = Stage::new(self.session, "source", LIMIT)?;
        let archived = |offer: &Offer| archive(cache.root(), offer).exists();
        let known = pointed(cache.root(), self.name).filter(|offer| !refresh && archived(offer));
        let offer = match known.filter(|_| self.wish == Wish::Whole) {
            Some(offer) => offer,
            None => self.find(&mut stage)?,
        };
        let extent = match (self.wish, &offer.stock) {
            (Wish::Whole, _) | (Wish::Quick, None) => Extent::Whole,
            (Wish::Quick | Wish::Stock, Some(_)) => Extent::Part,
            (Wish::Stock, None) => return Err(LabError::NoStock { package: offer.package(), suite: offer.suite }),
        };
        let place = place(cache.root(), &offer, extent);
        if Kept::at(&place).is_none() {
            self.fetch(&mut stage, &offer, extent)?;
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
        if self.name.is_default() && offer.version != DEFAULT {
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
            KernelName::Default | KernelName::Stock | KernelName::Latest => (DEFAULT, "sid"),
        };
        let mut stage = Stage::new(self.session, "source", LIMIT)?;
        if self.lists.is_empty() || suite != "sid" {
            let lists = Apt::new(self.session, &mut stage, suite)?;
            self.lists = vec![(suite.to_owned(), lists)];
        }
        let (extent, kernel) = match self.wish {
            Wish::Whole => (Extent::Whole, None),
            Wish::Quick | Wish::Stock => (Extent::Part, Some("KERNEL".to_owned())),
        };
        let offer = Offer { version, package_version: String::new(), suite: suite.to_owned(), stock: kernel };
        self.fetch(&mut stage, &offer, extent)?;
        let place = place(self.session.cache().root(), &offer, extent);
        let path = place.join("tree");
        let stock = offer.stock.map(|kernel| Stock { path: place.join(stock::PLACE), kernel });
        Ok(Source { path, identity: Some(String::new()), origin: None, version, release: package(version), stock })
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
            KernelName::Default | KernelName::Stock => Some(DEFAULT),
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
        let newest = all.last().filter(|_| self.name.is_default() || *self.name == KernelName::Latest);
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
            Some(lists) => lists.search(stage, NAMES)?,
            None => Vec::new(),
        };
        Ok(Some(Offers::read(suite, &records)))
    }

    fn lists(&self, suite: &str) -> Option<&Apt> {
        self.lists.iter().find(|(known, _)| known == suite).map(|(_, lists)| lists)
    }

    /// Downloads and unpacks packages into the cache.
    fn fetch(&self, stage: &mut Stage<'_>, offer: &Offer, extent: Extent) -> Result<(), LabError> {
        let cache = self.session.cache();
        let scratch = cache.scratch("source")?;
        let kept = archive(cache.root(), offer);
        let archive = scratch.path().join(ARCHIVE);
        if kept.exists() {
            fs::hard_link(&kept, &archive)
                .or_else(|_| fs::copy(&kept, &archive).map(drop))
                .map_err(FileError::of("copy", &kept))?;
        } else {
            self.download(stage, offer, extent, scratch.path())?;
        }
        stage.bar().message("unpacking");
        let room =
            self.toolchain.room(self.session).with(Mount::Writable { from: scratch.path().to_owned(), to: "/entry" });
        let mut open = self
            .toolchain
            .step(&room, ["tar", "-C", "/entry/tree", "-x", "--strip-components=1", "--no-same-owner", "-I", "xz -T0"])
            .arguments(["--wildcards", "--no-wildcards-match-slash", "--anchored"]);
        if extent == Extent::Part {
            open = open.arguments(UNNEEDED.map(|name| format!("--exclude=*/{name}")));
        }
        let tree = scratch.path().join("tree");
        if !self.session.planning() {
            fs::create_dir(&tree).map_err(FileError::of("create", &tree))?;
        }
        stage.run(&open.arguments(["-f", "/entry/source.tar.xz"]))?;
        if self.session.planning() {
            return Ok(());
        }
        check(&tree, Path::new(&offer.package()))?;
        if extent == Extent::Whole {
            fs::remove_file(&archive).map_err(FileError::of("remove", &archive))?;
        }
        let kept = Package { offer: offer.clone(), fetched: Date::today() };
        let name = scratch.path().join(PACKAGE);
        fs::write(&name, serde_json::to_vec(&kept).unwrap_or_default()).map_err(FileError::of("write", &name))?;
        cache.publish(scratch, KIND, &key(offer, extent))?;
        Ok(())
    }

    /// Fills an entry with the source's archive, and Debian's build if it is for it.
    fn download(&self, stage: &mut Stage<'_>, offer: &Offer, extent: Extent, entry: &Path) -> Result<(), LabError> {
        let apt = self.lists(&offer.suite).ok_or(LabError::NotReady)?;
        let package = offer.package();
        let stock = offer.stock.as_deref().filter(|_| extent == Extent::Part);
        let builds = stock.map(stock::packages).unwrap_or_default();
        let names: Vec<&str> = [package.as_str()].into_iter().chain(builds.iter().map(String::as_str)).collect();
        apt.fetch_alone(stage, &names)?;
        let unpack = |stage: &mut Stage<'_>, name: &str, to: &Path| {
            let deb = match self.session.planning() {
                true => apt.archives().join(format!("{name}.deb")),
                false => apt.package(name)?,
            };
            Ok::<_, LabError>(stage.run(&Step::new(&Room::host(), ["dpkg-deb", "-x"]).argument(deb).argument(to))?)
        };
        let place = entry.join("package.d");
        unpack(stage, &package, &place)?;
        let stock_place = entry.join(stock::PLACE);
        for name in &builds {
            unpack(stage, name.split(':').next().unwrap_or_default(), &stock_place)?;
        }
        if self.session.planning() {
            return Ok(());
        }
        let (from, to) = (place.join(format!("usr/src/{package}.tar.xz")), entry.join(ARCHIVE));
        fs::rename(&from, &to).map_err(FileError::of("read", &from))?;
        fs::remove_dir_all(&place).map_err(FileError::of("remove", &place))?;
        match stock {
            Some(kernel) => stock::adapt(&stock_place, kernel),
            None => Ok(()),
        }
    }
}

const KIND: &str = "sources";
const PACKAGE: &str = "package.json";
/// The whole source, beside its part.
pub(super) const ARCHIVE: &str = "source.tar.xz";
/// Top directories without KVM, its headers, or files that a patch may change although
/// no build uses them.
const UNNEEDED: [&str; 18] = [
    "arch/[!l]*",
    "block",
    "certs",
    "crypto",
    "drivers",
    "fs",
    "init",
    "io_uring",
    "ipc",
    "kernel",
    "lib",
    "mm",
    "net",
    "rust",
    "scripts",
    "security",
    "sound",
    "usr",
];

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
        let stock = match place.join(ARCHIVE).exists() {
            true => Some(Stock::at(&place.join(stock::PLACE), package.offer.stock.as_deref()?)?),
            false => None,
        };
        let source = Source { path, identity: Some(identity), origin, version, release, stock };
        source.path.join("Kconfig").exists().then_some(Self { package, source })
    }
}

fn key(offer: &Offer, extent: Extent) -> String {
    let key = Key::new("source", RECIPE).with(offer.package()).with(&offer.package_version);
    match extent {
        Extent::Whole => key.finish(),
        Extent::Part => key.with(UNNEEDED.join(" ")).finish(),
    }
}

fn place(root: &Path, offer: &Offer, extent: Extent) -> PathBuf {
    root.join(KIND).join(key(offer, extent))
}

/// The archive of a whole source, if the cache has its part.
fn archive(root: &Path, offer: &Offer) -> PathBuf {
    place(root, offer, Extent::Part).join(ARCHIVE)
}

/// The file that says what a name stands for.
fn pointer(root: &Path, name: &KernelName) -> PathBuf {
    let name = if name.is_default() { "default".to_owned() } else { name.to_string() };
    root.join("kernel-names").join(name)
}

/// What a name stands for.
fn pointed(root: &Path, name: &KernelName) -> Option<Offer> {
    serde_json::from_slice(&fs::read(pointer(root, name)).ok()?).ok()
}

/// The source in the cache that a name stands for.
fn kept(root: &Path, name: &KernelName, wish: Wish, is_built: &dyn Fn(&Source) -> bool) -> Option<Kept> {
    let named = |name: &KernelName| {
        let offer = pointed(root, name)?;
        let at = |extent| Kept::at(&place(root, &offer, extent));
        match wish {
            Wish::Whole => at(Extent::Whole),
            Wish::Stock => at(Extent::Part),
            Wish::Quick if offer.stock.is_none() => at(Extent::Whole),
            Wish::Quick => at(Extent::Whole).filter(|kept| is_built(&kept.source)).or_else(|| at(Extent::Part)),
        }
    };
    // A default of an older reglist, or in place of one that was gone, comes second.
    let default = name.is_default().then(|| named(&KernelName::Version(DEFAULT.0, DEFAULT.1)));
    default.flatten().or_else(|| named(name))
}

/// What the cache has for a name: the source's release.
pub(crate) fn in_cache(root: &Path, name: &KernelName) -> Option<String> {
    Some(kept(root, name, Wish::Quick, &|_| true)?.source.release)
}

fn seen(version: (u32, u32)) -> Option<&'static str> {
    SEEN.iter().find(|(seen, _)| *seen == version).map(|(_, suite)| *suite)
}
