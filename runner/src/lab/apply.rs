// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Applies patches to copies of the changed files, for the layer over the
//! source. The source itself never changes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::LabError;
use super::patch::{Diff, Misfit, Part, PatchError, PatchFile};
use super::source::Source;
use super::toolchain::{Toolchain, version};
use crate::system::files::FileError;
use crate::system::sandbox::{Mount, Room};
use crate::system::session::Session;
use crate::system::stage::{Stage, Step};
use crate::system::supervise::{Ending, Flow};

const LIMIT: Duration = Duration::from_secs(60);
/// Exit code of git-apply(1) and patch(1) for a change that does not fit; other
/// codes are trouble of the machine.
const MISFIT: i32 = 1;
/// Below these, no file is part of a kernel build, except in [`BUILT_TOOLS`].
pub(super) const UNBUILT: [&str; 6] = ["Documentation/", "LICENSES/", "samples/", "tools/", "MAINTAINERS", "CREDITS"];
/// Tools that a kernel build uses.
pub(super) const BUILT_TOOLS: [&str; 7] =
    ["tools/arch/", "tools/bpf/", "tools/build/", "tools/include/", "tools/lib/", "tools/objtool/", "tools/scripts/"];

/// A file for the build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) bytes: Vec<u8>,
    pub(crate) executable: bool,
}

impl Content {
    /// Reads a regular file; none if it does not exist.
    pub(crate) fn read(path: &Path) -> std::io::Result<Option<Self>> {
        let metadata = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            metadata => metadata?,
        };
        if !metadata.is_file() {
            return Ok(None);
        }
        let executable = metadata.permissions().mode() & 0o100 != 0;
        Ok(Some(Self { bytes: fs::read(path)?, executable }))
    }

    /// Writes the file and creates its directories.
    pub(crate) fn write(&self, path: &Path) -> std::io::Result<()> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, &self.bytes)?;
        fs::set_permissions(path, Permissions::from_mode(if self.executable { 0o755 } else { 0o644 }))
    }
}

/// The changed files after all patches; none for a removed file.
pub(crate) type Changes = BTreeMap<String, Option<Content>>;

/// Applies patches in order, by git where it can, else by patch(1) with fuzz.
///
/// # Errors
/// A change does not fit ([`PatchError`]), or the machine cannot try it.
pub(crate) fn apply(
    session: &Session,
    toolchain: &Toolchain,
    source: &Source,
    patches: &[PatchFile],
) -> Result<Changes, LabError> {
    if patches.is_empty() {
        return Ok(Changes::new());
    }
    let stage = Stage::new(session, "patches", LIMIT)?;
    let scratch = session.cache().scratch("patches")?;
    let place = scratch.path().to_owned();
    let files = place.join("files");
    let room = toolchain.room(session).with(Mount::Writable { from: place.clone(), to: "/patches" });
    let touched: BTreeSet<&String> = patches.iter().flat_map(PatchFile::touches).collect();
    if !session.planning() {
        fs::create_dir_all(&files).map_err(FileError::of("create", &files))?;
        for name in &touched {
            let from = source.path.join(name.as_str());
            let content = Content::read(&from).map_err(FileError::of("read", &from))?;
            let to = files.join(name.as_str());
            if let Some(content) = content {
                content.write(&to).map_err(FileError::of("write", &to))?;
            }
        }
    }
    let mut commands = Commands { stage, place, room, toolchain, has_git: version("git").is_some(), count: 0 };
    let mut has_reference = false;
    for patch in patches {
        for remark in &patch.remarks {
            session.progress().say(&format!("reglist: warning: `{}`: {remark}", patch.path.display()));
        }
        for diff in &patch.diffs {
            let text = diff.text();
            if session.planning() {
                commands.git(&text)?;
                continue;
            }
            let outcome = Tree { files: &files }.apply(diff, &text, &mut commands)?;
            for warning in outcome.warnings {
                session.progress().say(&format!("reglist: warning: `{}`: {warning}", patch.path.display()));
            }
            if let Some(failure) = outcome.failures.into_iter().next() {
                return Err(failure.error(patch, source, has_reference && !patch.is_own).into());
            }
        }
        has_reference |= patch.is_own;
    }
    let mut changes = Changes::new();
    if !session.planning() {
        for name in touched {
            let path = files.join(name);
            let plain = fs::symlink_metadata(&path).map_or(true, |metadata| metadata.is_file());
            if !plain {
                let path = patches.iter().find(|patch| patch.touches().any(|touched| touched == name));
                let path = path.map(|patch| patch.path.clone()).unwrap_or_default();
                return Err(PatchError::NotPlain { path, name: name.clone() }.into());
            }
            let content = Content::read(&path).map_err(FileError::of("read", &path))?;
            changes.insert(name.clone(), content);
        }
    }
    commands.stage.done(&format!("{} applied", patches.len()));
    Ok(changes)
}

impl Diff {
    fn text(&self) -> Vec<u8> {
        self.parts.iter().flat_map(|part| part.text.iter().copied()).collect()
    }
}

/// What applies a diff to the files.
trait Apply {
    /// Applies all of a diff with `git apply`, or nothing; none without git.
    fn git(&mut self, diff: &[u8]) -> Result<Option<bool>, LabError>;
    /// Applies a diff with patch(1); none if it does not fit, else its output.
    fn patch(&mut self, diff: &[u8]) -> Result<Option<Vec<String>>, LabError>;
}

/// The commands, in a stage of the lab.
struct Commands<'s> {
    stage: Stage<'s>,
    place: PathBuf,
    room: Room,
    toolchain: &'s Toolchain,
    has_git: bool,
    /// Number of diffs so far, for their names.
    count: usize,
}

impl Commands<'_> {
    /// Writes the next diff; returns its name.
    fn write(&mut self, diff: &[u8]) -> Result<String, LabError> {
        let name = format!("{:03}.patch", self.count);
        self.count += 1;
        let path = self.place.join(&name);
        if self.stage.is_planned() {
            return Ok(name);
        }
        fs::write(&path, diff).map_err(FileError::of("write", &path))?;
        Ok(name)
    }

    /// Whether a command succeeded, with its output.
    fn attempt(&mut self, step: &Step) -> Result<(bool, Vec<String>), LabError> {
        let mut output = Vec::new();
        let ended = self.stage.attempt(step, &mut |_, _, line| {
            output.push(line.to_owned());
            Flow::Continue
        })?;
        match ended.ending {
            Ending::Stopped => Ok((true, output)),
            Ending::Exited(status) if status.success() => Ok((true, output)),
            Ending::Exited(status) if status.code() == Some(MISFIT) => Ok((false, output)),
            _ => Err(self.stage.failure(step, ended).into()),
        }
    }
}

impl Apply for Commands<'_> {
    fn git(&mut self, diff: &[u8]) -> Result<Option<bool>, LabError> {
        if !self.has_git {
            return Ok(None);
        }
        let name = self.write(diff)?;
        let patch = self.place.join(name);
        let files = self.place.join("files");
        // Outside any repository and without the user's configuration.
        let mut step = Step::new(&Room::host(), ["git", "-C"])
            .argument(&files)
            .arguments(["apply", "--whitespace=nowarn"])
            .argument(patch)
            .variable("GIT_CONFIG_NOSYSTEM", "1")
            .variable("GIT_CONFIG_GLOBAL", "/dev/null")
            .variable("GIT_CEILING_DIRECTORIES", &self.place);
        if let Some(path) = std::env::var_os("PATH") {
            step = step.variable("PATH", path);
        }
        Ok(Some(self.attempt(&step)?.0))
    }

    fn patch(&mut self, diff: &[u8]) -> Result<Option<Vec<String>>, LabError> {
        let name = self.write(diff)?;
        let step = self
            .toolchain
            .step(&self.room, ["patch", "-d", "/patches/files", "-p1", "--batch", "--forward"])
            .arguments(["--no-backup-if-mismatch", "--reject-file=-", "-i"])
            .argument(format!("/patches/{name}"));
        let (fits, output) = self.attempt(&step)?;
        Ok(fits.then_some(output))
    }
}

/// Copies of the files that patches change.
struct Tree<'t> {
    files: &'t Path,
}

/// What came of a diff.
#[derive(Debug, Default)]
struct Outcome {
    warnings: Vec<String>,
    failures: Vec<Failure>,
}

/// A change that does not fit.
#[derive(Debug)]
enum Failure {
    NoSuchFile { name: String },
    NeedsGit { name: String },
    Misfit(Vec<(String, Misfit)>),
}

impl Tree<'_> {
    /// Applies a diff: whole, or else file by file. What touches no file of the
    /// build and does not fit is a warning.
    fn apply(&self, diff: &Diff, text: &[u8], commands: &mut dyn Apply) -> Result<Outcome, LabError> {
        let mut outcome = Outcome::default();
        let mut made: BTreeSet<&str> = BTreeSet::new();
        let mut parts = Vec::new();
        for part in &diff.parts {
            let missing =
                part.old.as_ref().filter(|name| !made.contains(name.as_str()) && !self.files.join(name).exists());
            made.extend(part.new.as_deref());
            match missing {
                None => parts.push(part),
                Some(name) if is_unbuilt(part) => {
                    outcome.warnings.push(format!("left out {name}, which does not exist and is not built"));
                }
                Some(name) => {
                    outcome.failures.push(Failure::NoSuchFile { name: name.clone() });
                    return Ok(outcome);
                }
            }
        }
        if parts.len() == diff.parts.len() && commands.git(text)? == Some(true) {
            return Ok(outcome);
        }
        let mut misfits = Vec::new();
        for part in parts {
            match commands.git(&part.text)? {
                Some(true) => continue,
                None if part.needs_git => {
                    outcome.failures.push(Failure::NeedsGit { name: part.name().to_owned() });
                    return Ok(outcome);
                }
                Some(false) | None => {}
            }
            let before = self.content(part);
            let fits = if part.needs_git && part.hunks.is_empty() { None } else { commands.patch(&part.text)? };
            match fits {
                Some(output) => outcome.warnings.extend(fuzz(part, &output)),
                None if is_unbuilt(part) => {
                    outcome.warnings.push(format!("left out {}, which does not fit and is not built", part.name()));
                }
                None => misfits.push((part.name().to_owned(), Misfit::of(part, &before))),
            }
        }
        if !misfits.is_empty() {
            outcome.failures.push(Failure::Misfit(misfits));
        }
        Ok(outcome)
    }

    fn content(&self, part: &Part) -> String {
        let bytes = part.old.as_ref().and_then(|name| fs::read(self.files.join(name)).ok());
        String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
    }
}

/// Whether no file of a change is part of a kernel build.
fn is_unbuilt(part: &Part) -> bool {
    let is_below = |name: &str, places: &[&str]| places.iter().any(|place| name.starts_with(place));
    part.touches().all(|name| is_below(name, &UNBUILT) && !is_below(name, &BUILT_TOOLS))
}

/// Hunks that patch(1) applied with fuzz, which may be in the wrong place.
fn fuzz(part: &Part, output: &[String]) -> Vec<String> {
    let hunks = output.iter().filter(|line| line.contains("with fuzz"));
    hunks.map(|line| format!("{}: {}", part.name(), line.trim().trim_end_matches('.'))).collect()
}

impl Failure {
    fn error(self, patch: &PatchFile, source: &Source, is_on_reference: bool) -> PatchError {
        let (path, release) = (patch.path.clone(), source.release.clone());
        let misfits = match self {
            Self::NoSuchFile { name } => return PatchError::NoSuchFile { path, name, release },
            Self::NeedsGit { name } => return PatchError::NeedsGit { path, name },
            Self::Misfit(misfits) => misfits,
        };
        let mut failures = String::new();
        for (name, misfit) in &misfits {
            let lines = match misfit {
                Misfit::Applied => vec!["the kernel has this change already".to_owned()],
                Misfit::Spaces => vec!["the patch has spaces where the kernel has tabs".to_owned()],
                Misfit::Lines(lines) if lines.is_empty() => vec!["the change does not fit".to_owned()],
                Misfit::Lines(lines) => lines.clone(),
            };
            lines.iter().for_each(|line| failures.push_str(&format!("\n    {name}: {line}")));
        }
        let all = |wanted: &Misfit| misfits.iter().all(|(_, misfit)| misfit == wanted);
        let implements = |part: &Part| {
            part.hunks
                .iter()
                .flat_map(|hunk| &hunk.lines)
                .any(|(sign, line)| *sign == '+' && line.contains("KVM_GET_REG_LIST"))
        };
        let remedy = if is_on_reference && patch.diffs.iter().flat_map(|diff| &diff.parts).any(implements) {
            "it was applied on top of the reference; drop --reference"
        } else if all(&Misfit::Applied) {
            "remove the patch, or use a kernel without it"
        } else if all(&Misfit::Spaces) {
            "save the raw mail; a terminal or a mail client has replaced the tabs"
        } else {
            "rebase it, or choose its kernel with --kernel or --kernel-src"
        };
        PatchError::DoesNotApply { path, release, failures, remedy }
    }
}

#[cfg(test)]
mod tests;
