// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Applies patches to copies of the changed files, for the layer over the
//! source. The source itself never changes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use super::error::LabError;
use super::patch_file::{PatchError, PatchFile};
use super::source::Source;
use super::toolchain::Toolchain;
use crate::system::files::FileError;
use crate::system::sandbox::Mount;
use crate::system::session::Session;
use crate::system::stage::Stage;
use crate::system::supervise::{Ending, Flow};

const LIMIT: Duration = Duration::from_secs(60);

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

pub(crate) fn apply(
    session: &Session,
    toolchain: &Toolchain,
    source: &Source,
    patches: &[PatchFile],
) -> Result<Changes, LabError> {
    if patches.is_empty() {
        return Ok(Changes::new());
    }
    let mut stage = Stage::new(session, "patches", LIMIT)?;
    let planning = session.planning();
    let scratch = session.cache().scratch("patches")?;
    let place = scratch.path().to_owned();
    let files = place.join("files");
    let room = toolchain.room(session).with(Mount::Writable { from: place.clone(), to: "/patches" });
    let touched: BTreeSet<&String> = patches.iter().flat_map(|patch| &patch.touches).collect();
    if !planning {
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
    for (number, patch) in patches.iter().enumerate() {
        let name = format!("{number:03}.patch");
        if !planning {
            if let Some(name) = patch.needs.iter().find(|name| !files.join(name.as_str()).exists()) {
                return Err(PatchError::NoSuchFile {
                    path: patch.path.clone(),
                    name: name.clone(),
                    release: source.release.clone(),
                }
                .into());
            }
            let copy = place.join(&name);
            fs::write(&copy, &patch.text).map_err(FileError::of("write", &copy))?;
        }
        let step = toolchain
            .step(&room, ["patch", "-d", "/patches/files", "-p1", "--batch", "--forward"])
            .arguments(["--no-backup-if-mismatch", "--reject-file=-", "-i"])
            .argument(format!("/patches/{name}"));
        let mut output = Vec::new();
        let ended = stage.attempt(&step, &mut |_, _, line| {
            output.push(line.to_owned());
            Flow::Continue
        })?;
        match ended.ending {
            Ending::Exited(status) if status.success() => warn_of_fuzz(session, patch, &output),
            Ending::Stopped => {}
            Ending::Exited(_) => return Err(does_not_apply(patch, source, &output).into()),
            Ending::Interrupted { .. } | Ending::TimedOut { .. } => {
                return Err(LabError::PatchStopped { log: stage.log().to_owned() });
            }
        }
    }
    let mut changes = Changes::new();
    if !planning {
        for name in touched {
            let path = files.join(name);
            let plain = fs::symlink_metadata(&path).map_or(true, |metadata| metadata.is_file());
            if !plain {
                let path = patches.iter().find(|patch| patch.touches.contains(name));
                let path = path.map(|patch| patch.path.clone()).unwrap_or_default();
                return Err(PatchError::NotPlain { path, name: name.clone() }.into());
            }
            let content = Content::read(&path).map_err(FileError::of("read", &path))?;
            changes.insert(name.clone(), content);
        }
    }
    stage.done(&format!("{} applied", patches.len()));
    Ok(changes)
}

/// Warns about hunks with fuzz, which may be in the wrong place.
fn warn_of_fuzz(session: &Session, patch: &PatchFile, output: &[String]) {
    for line in output.iter().filter(|line| line.contains("with fuzz")) {
        session.progress().say(&format!("reglist: warning: `{}`: {}", patch.path.display(), line.trim()));
    }
}

/// The error with each failed hunk, from the output of patch(1).
fn does_not_apply(patch: &PatchFile, source: &Source, output: &[String]) -> PatchError {
    let mut file = "";
    let mut failures = String::new();
    let mut reversed = false;
    for line in output {
        if let Some(name) = line.strip_prefix("patching file ") {
            file = name;
        } else if let Some(rest) = line.strip_prefix("Hunk #") {
            if let Some((number, at)) = rest.split_once(" FAILED at ") {
                let at = at.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
                failures.push_str(&format!("\n    {file}: hunk {number} does not fit at line {at}"));
            }
        } else if line.contains("Reversed (or previously applied)") {
            reversed = true;
            failures.push_str(&format!("\n    {file}: patch is reversed, or already applied"));
        } else if line.contains("which already exists") || line.contains("**** ") {
            failures.push_str(&format!("\n    {}", line.trim_start_matches("patch: **** ")));
        }
    }
    if failures.is_empty() {
        failures = crate::system::stage::indented(output);
    }
    PatchError::DoesNotApply {
        path: patch.path.clone(),
        release: source.release.clone(),
        failures,
        remedy: if reversed {
            "remove the patch, or use a kernel without it"
        } else {
            "rebase it, or choose its kernel with --kernel or --kernel-src"
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(output: &str) -> String {
        let patch =
            PatchFile { path: "v6.patch".into(), text: Vec::new(), needs: BTreeSet::new(), touches: BTreeSet::new() };
        let source = Source { path: "/".into(), identity: None, version: (7, 2), release: "7.2.13".to_owned() };
        let lines: Vec<String> = output.lines().map(str::to_owned).collect();
        does_not_apply(&patch, &source, &lines).to_string()
    }

    #[test]
    fn every_failed_hunk_is_named() {
        insta::assert_snapshot!(failure(
            "patching file arch/loongarch/kvm/vcpu.c\n\
             Hunk #1 succeeded at 20 (offset 3 lines).\n\
             Hunk #2 FAILED at 1234.\n\
             1 out of 2 hunks FAILED\n\
             patching file include/x.h\n\
             Hunk #1 FAILED at 7 (different line endings).\n"
        ), @r"
        the patch `v6.patch` does not apply to Linux 7.2.13:
            arch/loongarch/kvm/vcpu.c: hunk 2 does not fit at line 1234
            include/x.h: hunk 1 does not fit at line 7
        [rebase it, or choose its kernel with --kernel or --kernel-src]
        ");
    }

    #[test]
    fn a_reversed_patch_is_told_apart() {
        let text = failure(
            "patching file a.c\nReversed (or previously applied) patch detected!  Skipping patch.\n\
             1 out of 1 hunk ignored\n",
        );
        assert!(text.contains("a.c: patch is reversed, or already applied"), "{text}");
    }
}
