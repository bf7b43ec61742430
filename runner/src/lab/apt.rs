// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Downloads Debian packages of any suite with the host's apt.
//!
//! It installs no package and does not change the host's package state. Mirror,
//! proxy and certificates come from the host's apt configuration.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::LabError;
use crate::system::cache::Scratch;
use crate::system::files::FileError;
use crate::system::sandbox::Room;
use crate::system::session::Session;
use crate::system::stage::{Stage, StageError, Step};
use crate::system::supervise::{Flow, Source, ask};

/// Environment variable with a Debian mirror to use instead of the host's: an address,
/// or `[OPTIONS] ADDRESS` as in sources.list(5).
pub(crate) const MIRROR: &str = "REGLIST_DEBIAN_MIRROR";
/// Debian's keys, also on derived distributions.
pub(crate) const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// apt with its own state.
#[derive(Debug)]
pub(crate) struct Apt {
    directory: PathBuf,
    _scratch: Scratch,
}

impl Apt {
    /// Configures apt for a suite and downloads its package lists.
    pub(crate) fn new(session: &Session, stage: &mut Stage<'_>, suite: &str) -> Result<Self, LabError> {
        let scratch = session.cache().scratch("apt")?;
        let apt = Self { directory: scratch.path().to_owned(), _scratch: scratch };
        if !session.planning() {
            apt.configure(suite)?;
        }
        stage.bar().message("package lists");
        stage.run(&apt.step(["apt-get", "update", "--error-on=any", "-q"]))?;
        Ok(apt)
    }

    /// As [`Self::new`]; none if the mirror does not have the suite.
    pub(crate) fn of_suite(session: &Session, stage: &mut Stage<'_>, suite: &str) -> Result<Option<Self>, LabError> {
        match Self::new(session, stage, suite) {
            Ok(apt) => Ok(Some(apt)),
            Err(LabError::Stage(StageError::Failed { excerpt, .. })) if lacks(&excerpt, suite) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The records of the packages whose names match a regular expression.
    pub(crate) fn search(&self, stage: &mut Stage<'_>, names: &str) -> Result<Vec<String>, LabError> {
        let mut records = Vec::new();
        let step = self.step(["apt-cache", "search", "--full", "--names-only", names]);
        stage.watch(&step, &mut |_, source, line| {
            if source == Source::Output {
                records.push(line.to_owned());
            }
            Flow::Continue
        })?;
        Ok(records)
    }

    /// Downloads packages with their dependencies to [`Self::archives`].
    pub(crate) fn fetch(&self, stage: &mut Stage<'_>, packages: &[&str]) -> Result<(), LabError> {
        let step = self
            .step(["apt-get", "install", "-q", "-y", "--download-only", "--no-install-recommends"])
            .arguments(packages);
        stage.watch(&step, &mut |bar, _, line| {
            // "3 upgraded, 186 newly installed, 0 to remove and 0 not upgraded."
            if let Some(count) = line
                .split_once(" newly installed")
                .and_then(|(before, _)| before.rsplit(' ').next())
                .and_then(|count| count.parse().ok())
            {
                bar.length(count);
            } else if line.starts_with("Get:") {
                bar.advance();
                bar.message(line.split(' ').nth(4).unwrap_or_default());
            }
            Flow::Continue
        })?;
        Ok(())
    }

    /// Downloads packages without dependencies.
    pub(crate) fn fetch_alone(&self, stage: &mut Stage<'_>, packages: &[&str]) -> Result<(), LabError> {
        let command = "cd \"$1\" && shift && exec apt-get download -q \"$@\"";
        let step = self.step(["sh", "-c", command, "sh"]).argument(self.archives()).arguments(packages);
        stage.bar().message(&packages.join(", "));
        Ok(stage.run(&step)?)
    }

    /// The directory of downloaded packages.
    pub(crate) fn archives(&self) -> PathBuf {
        self.directory.join("cache/archives")
    }

    pub(crate) fn package(&self, name: &str) -> Result<PathBuf, LabError> {
        let archives = self.archives();
        let prefix = format!("{name}_");
        let mut found = fs::read_dir(&archives)
            .map_err(FileError::of("read", &archives))?
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(&prefix)));
        found.next().ok_or_else(|| LabError::NoPackage { name: name.to_owned() })
    }

    fn step<'a>(&self, command: impl IntoIterator<Item = &'a str>) -> Step {
        Step::new(&Room::host(), command)
            .with_caller_environment()
            .variable("APT_CONFIG", self.directory.join("etc/apt.conf"))
            .variable("DEBIAN_FRONTEND", "noninteractive")
    }

    fn configure(&self, suite: &str) -> Result<(), LabError> {
        for directory in ["etc/parts", "etc/preferences.d", "state/lists/partial", "cache/archives/partial"] {
            let path = self.directory.join(directory);
            fs::create_dir_all(&path).map_err(FileError::of("create", &path))?;
        }
        let mirror = mirror()?;
        let own = mirror.starts_with('[') || !Path::new(KEYRING).exists();
        let keyring = if own { String::new() } else { format!("[signed-by={KEYRING}] ") };
        let sources = format!("deb {keyring}{mirror} {suite} main\n");
        for (name, text) in
            [("etc/sources.list", sources), ("etc/apt.conf", self.configuration()), ("state/status", String::new())]
        {
            let path = self.directory.join(name);
            fs::write(&path, text).map_err(FileError::of("write", &path))?;
        }
        Ok(())
    }

    /// The host's `Acquire` options and our directories, without the host's hooks,
    /// which act on the host.
    fn configuration(&self) -> String {
        let host = ask(Command::new("apt-config").arg("dump"));
        let acquire: String = host
            .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
            .unwrap_or_default()
            .lines()
            .filter(|line| line.starts_with("Acquire::"))
            .fold(String::new(), |text, line| text + line + "\n");
        let directory = self.directory.display();
        format!(
            "{acquire}\
             Dir::Etc \"{directory}/etc\";\n\
             Dir::Etc::main \"/dev/null\";\n\
             Dir::Etc::parts \"{directory}/etc/parts\";\n\
             Dir::Etc::sourcelist \"{directory}/etc/sources.list\";\n\
             Dir::Etc::sourceparts \"/dev/null\";\n\
             Dir::Etc::preferences \"/dev/null\";\n\
             Dir::Etc::preferencesparts \"{directory}/etc/preferences.d\";\n\
             Dir::State \"{directory}/state\";\n\
             Dir::State::status \"{directory}/state/status\";\n\
             Dir::Cache \"{directory}/cache\";\n\
             Dir::Log \"{directory}/state\";\n\
             Acquire::Languages \"none\";\n\
             Acquire::Retries \"3\";\n\
             // Accept snapshot mirrors.\n\
             Acquire::Check-Valid-Until \"false\";\n\
             APT::Install-Recommends \"false\";\n\
             APT::Architectures {{ \"{}\"; \"loong64\"; }};\n\
             APT::Sandbox::User \"root\";\n",
            architecture()
        )
    }
}

/// Whether apt says that the mirror does not have a suite. Without a signature to
/// check, it misses the lists and not the release.
fn lacks(said: &str, suite: &str) -> bool {
    let missing = ["does not have a Release file", "404  Not Found", "File not found"];
    let place = [format!("/dists/{suite}/"), format!(" {suite} Release")];
    said.lines()
        .any(|line| missing.iter().any(|words| line.contains(words)) && place.iter().any(|words| line.contains(words)))
}

fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "arm64",
        "x86_64" => "amd64",
        "powerpc64" => "ppc64el",
        "loongarch64" => "loong64",
        other => other,
    }
}

/// The Debian mirror of the host's own release.
pub(crate) fn mirror() -> Result<String, LabError> {
    if let Ok(mirror) = std::env::var(MIRROR) {
        return Ok(mirror);
    }
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let field = |name: &str| {
        release
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
            .map(|value| value.trim_matches('"').to_owned())
            .unwrap_or_default()
    };
    let mut list = Command::new("apt-get");
    list.args(["indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"]);
    let listed = ask(&mut list).map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let codename = field("VERSION_CODENAME");
    Some(field("ID"))
        .filter(|id| id == "debian")
        .and_then(|_| mirror_of(&listed, &codename))
        .ok_or(LabError::NoMirror { variable: MIRROR })
}

/// Whether a mirror has a suite; else what apt says. Uses apt's proxy.
pub(crate) fn answers(mirror: &str, suite: &str) -> Result<(), String> {
    const HELPER: &str = "/usr/lib/apt/apt-helper";
    let place = tempfile::tempdir().map_err(|error| error.to_string())?;
    let address = mirror.rsplit(' ').next().unwrap_or_default().trim_end_matches('/');
    let address = format!("{address}/dists/{suite}/InRelease");
    let mut helper = Command::new(HELPER);
    helper.args(["-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=20", "download-file", &address]);
    let output = ask(helper.arg(place.path().join("InRelease")).env("LC_ALL", "C"))
        .map_err(|error| format!("failed to run {HELPER}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    // "Err:1 ADDRESS", then the reason in an indented line.
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let reason = said.lines().find(|line| line.starts_with("  ")).or_else(|| said.lines().last());
    Err(reason.unwrap_or_default().trim().to_owned())
}

/// The address of the archive with `codename`, or with another whole release (not
/// `-updates` or `-security`).
fn mirror_of(listed: &str, codename: &str) -> Option<String> {
    let entries: Vec<(&str, &str)> = listed
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (address, release, component) = (words.next()?, words.next()?, words.next()?);
            (component == "main").then_some((address, release))
        })
        .collect();
    let own = entries.iter().find(|(_, release)| *release == codename);
    let rolling = || {
        entries
            .iter()
            .find(|(_, release)| ["sid", "unstable", "testing", "stable", "trixie", "forky"].contains(release))
    };
    own.or_else(rolling).map(|(address, _)| (*address).to_owned())
}

/// The tools that download and unpack packages.
pub(crate) fn tools() -> [&'static str; 4] {
    ["apt-get", "apt-config", "dpkg-deb", "tar"]
}

/// The step that unpacks every downloaded package into `tree`.
pub(crate) fn unpack_step(archives: &Path, tree: &Path, jobs: usize) -> Step {
    // The links stand for `/bin` and others of a merged-/usr release. Compilers
    // need no maintainer scripts. Of thirty emulators, unpack one.
    let one = "\
        dpkg-deb --fsys-tarfile \"$1\" | \
        tar -C \"$0\" -x --keep-directory-symlink --no-same-owner \
            --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' \
            --exclude='./usr/share/info/*' --exclude='./usr/share/locale/*' \
            --exclude='./usr/bin/qemu-system-[!l]*' -f - && \
        echo \"${1##*/}\" || exit 255";
    let all = "\
        set -e; mkdir -p \"$2/usr\"; cd \"$2\"; \
        for name in bin sbin lib lib64; do mkdir -p \"usr/$name\"; ln -sfn \"usr/$name\" \"$name\"; done; \
        find \"$1\" -maxdepth 1 -name '*.deb' -print0 | xargs -0 -n1 -P \"$3\" sh -c \"$4\" \"$2\"";
    let arguments: [OsString; 4] = [archives.into(), tree.into(), jobs.to_string().into(), one.into()];
    Step::new(&Room::host(), ["sh", "-c", all, "sh"]).arguments(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_suite_is_told_from_trouble() {
        let http = "E: The repository 'http://m.example/debian forky Release' does not have a Release file.";
        let file = "E: Failed to fetch file:/m/dists/forky/main/binary-amd64/Packages  File not found - /m/x (2: No)";
        let away = "E: Failed to fetch http://m.example/debian/dists/forky/InRelease  Could not resolve 'm.example'";
        assert_eq!([http, file, away].map(|said| lacks(said, "forky")), [true, true, false]);
        assert!(!lacks(http, "sid"));
    }

    #[test]
    fn the_mirror_is_where_the_hosts_own_release_comes_from() {
        let listed = "\
            http://security.example/debian-security/ bookworm-security main\n\
            http://mirror.example/debian/ bookworm non-free\n\
            http://mirror.example/debian/ bookworm main\n\
            https://vendor.example/x nodistro main\n";
        assert_eq!(mirror_of(listed, "bookworm").unwrap(), "http://mirror.example/debian/");
        assert_eq!(mirror_of(listed, "trixie"), None);
        assert_eq!(mirror_of("http://m.example/debian/ unstable main\n", "forky").unwrap(), "http://m.example/debian/");
    }
}
