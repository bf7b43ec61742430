// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Configures and builds the kernel and the lab's module outside the source.
//!
//! Builds with other patches reuse the build directory, so that make compiles
//! only changed files. A killed build leaves partial files; its marker makes the
//! next build delete the directory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::apply::Changes;
use super::error::LabError;
use super::kernel::{Kernel, SOFT_LVZ};
use super::source::Source;
use super::toolchain::Toolchain;
use super::{layer, recipe};
use crate::system::cache::Claim;
use crate::system::digest::Key;
use crate::system::files::FileError;
use crate::system::sandbox::{Mount, Room};
use crate::system::session::Session;
use crate::system::stage::{Stage, StageError, Step};
use crate::system::supervise::Flow;

const RECIPE: u32 = 1;
/// The stage that compiles the kernel.
const BUILD: &str = "build";
const CONFIGURE: Duration = Duration::from_secs(5 * 60);
const COMPILE: Duration = Duration::from_secs(60 * 60);
/// Estimated output lines of a full build, until the first one.
const LINES: u64 = 1000;

/// Builds the kernel, or takes it from the cache.
pub(crate) fn build(
    session: &Session,
    toolchain: &Toolchain,
    source: &Source,
    changes: &Changes,
) -> Result<Kernel, LabError> {
    let key = kernel_key(toolchain, source, changes)?;
    let place = session.cache().entry("kernels", &key);
    if source.identity.is_some()
        && !session.planning()
        && let Some(kernel) = Kernel::at(&place)
    {
        session.progress().detail(&format!("kernel from the cache, {}", place.display()));
        return Ok(kernel);
    }
    let workspace = Workspace::open(session, toolchain, source)?;
    let built = workspace.build(session, toolchain, source, changes);
    workspace.close(session, &built)?;
    let (image, modules) = built?;
    if session.planning() {
        return Ok(Kernel { path: place, modules: vec![SOFT_LVZ.to_owned(), "kvm.ko".to_owned()] });
    }
    if source.identity.is_none() {
        let out = workspace.path.join("out");
        crate::system::cache::remove(&out).map_err(FileError::of("remove", &out))?;
        return Ok(Kernel::collect(&image, &modules, &out).map_err(FileError::write(&out))?);
    }
    let scratch = session.cache().scratch("kernel")?;
    Kernel::collect(&image, &modules, scratch.path()).map_err(FileError::write(scratch.path()))?;
    let place = session.cache().publish(scratch, "kernels", &key)?;
    Kernel::at(&place).ok_or(LabError::Incomplete { what: "kernel", path: place })
}

/// The digest of all inputs of the kernel.
fn kernel_key(toolchain: &Toolchain, source: &Source, changes: &Changes) -> Result<String, LabError> {
    let mut key = Key::new("kernel", RECIPE)
        .with(source.identity.as_deref().unwrap_or_default())
        .with(toolchain.identity())
        .with(recipe::config()?);
    for (name, content) in recipe::soft_lvz()? {
        key = key.with(name).with(content);
    }
    for (name, content) in changes {
        key = key.with(name);
        key = match content {
            Some(content) => key.with([u8::from(content.executable)]).with(&content.bytes),
            None => key.with("removed"),
        };
    }
    Ok(key.finish())
}

/// A failed compilation is the kernel's; other failures are this machine's.
pub(crate) fn blame(error: StageError, source: &Source, is_patched: bool) -> LabError {
    match error {
        StageError::Failed { stage: BUILD, .. } => {
            LabError::DoesNotBuild { release: source.release.clone(), is_patched, source: Box::new(error) }
        }
        error => error.into(),
    }
}

/// A build directory, with the layer over the source.
#[derive(Debug)]
struct Workspace {
    path: PathBuf,
    _claim: Claim,
}

impl Workspace {
    fn open(session: &Session, toolchain: &Toolchain, source: &Source) -> Result<Self, LabError> {
        let key = Key::new("build", RECIPE)
            .with(source.path.as_os_str().as_encoded_bytes())
            .with(source.identity.as_deref().unwrap_or_default())
            .with(toolchain.identity())
            .finish();
        let path = session.cache().entry("builds", &key);
        let claim = session.cache().claim(&format!("build-{key}"), session.interrupt())?;
        if session.planning() {
            return Ok(Self { path, _claim: claim });
        }
        if path.join("unclean").exists() {
            session.progress().detail("deleting the partial files of a killed build");
            session.cache().discard(&path)?;
        }
        let workspace = Self { path, _claim: claim };
        for directory in ["build", "layer", "soft-lvz", "lab"] {
            let path = workspace.path.join(directory);
            fs::create_dir_all(&path).map_err(FileError::of("create", &path))?;
        }
        workspace.mark(true)?;
        Ok(workspace)
    }

    fn mark(&self, unclean: bool) -> Result<(), LabError> {
        let path = self.path.join("unclean");
        let marked = if unclean { fs::write(&path, "") } else { crate::system::cache::remove(&path) };
        Ok(marked.map_err(FileError::of("update", &path))?)
    }

    /// Keeps the directory for the next build, if make ended by itself.
    fn close<T>(&self, session: &Session, built: &Result<T, LabError>) -> Result<(), LabError> {
        let unclean = match built {
            Ok(_) => false,
            Err(LabError::Stage(error)) => error.unclean(),
            Err(_) => true,
        };
        if session.planning() {
            Ok(())
        } else if unclean {
            Ok(session.cache().discard(&self.path)?)
        } else {
            self.mark(false)
        }
    }

    fn build(
        &self,
        session: &Session,
        toolchain: &Toolchain,
        source: &Source,
        changes: &Changes,
    ) -> Result<(PathBuf, Vec<PathBuf>), LabError> {
        let make = make(session, toolchain, source, &self.path);
        if !session.planning() {
            layer::update(&self.path.join("layer"), &source.path, changes)?;
            self.write_recipe()?;
            let ccache = session.cache().directory("ccache");
            fs::create_dir_all(&ccache).map_err(FileError::of("create", &ccache))?;
        }
        self.configure(session, make.clone(), source)?;
        self.compile(session, make.clone())?;
        let modules = self.compile_module(session, make)?;
        Ok((self.path.join("build/vmlinux"), modules))
    }

    /// Writes changed lab files; equal files keep their time stamps for make.
    fn write_recipe(&self) -> Result<(), LabError> {
        let mut files = vec![(self.path.join("lab/kernel.config"), recipe::config()?)];
        for (name, content) in recipe::soft_lvz()? {
            files.push((self.path.join("soft-lvz").join(name), content));
        }
        for (path, content) in files {
            if fs::read(&path).is_ok_and(|old| old == content) {
                continue;
            }
            fs::write(&path, content).map_err(FileError::write(&path))?;
        }
        Ok(())
    }

    fn configure(&self, session: &Session, make: Step, source: &Source) -> Result<(), LabError> {
        if !session.planning() && self.is_configured(source)? {
            return Ok(());
        }
        let begun = SystemTime::now();
        let mut stage = Stage::new(session, "configure", CONFIGURE)?;
        let step = make.arguments(["allnoconfig"]).variable("KCONFIG_ALLCONFIG", "/lab/kernel.config");
        stage.run(&step)?;
        if !session.planning() {
            let path = self.path.join("build/.config");
            let config = fs::read_to_string(&path).map_err(FileError::of("read", &path))?;
            let fragment = String::from_utf8_lossy(recipe::config()?).into_owned();
            let (fatal, lost) = recipe::lost_options(&fragment, &config);
            if !fatal.is_empty() {
                return Err(LabError::OptionsLost { options: fatal.join(", "), log: stage.log().to_owned() });
            }
            if !lost.is_empty() {
                session.progress().detail(&format!("options unknown to this kernel: {}", lost.join(", ")));
            }
            let stamp = self.path.join("configured");
            fs::write(&stamp, recipe::config()?)
                .and_then(|()| File::options().write(true).open(&stamp)?.set_modified(begun))
                .map_err(FileError::of("write", &stamp))?;
        }
        stage.done("done");
        Ok(())
    }

    /// Whether the configuration comes from this fragment, with unchanged Kconfig
    /// files.
    fn is_configured(&self, source: &Source) -> Result<bool, LabError> {
        let stamp = self.path.join("configured");
        let Ok(made) = fs::metadata(&stamp).and_then(|metadata| metadata.modified()) else {
            return Ok(false);
        };
        let list = self.path.join("build/include/config/auto.conf.cmd");
        let Ok(list) = fs::read_to_string(list) else {
            return Ok(false);
        };
        let older = |name: &str| {
            let seen = [self.path.join("layer").join(name), source.path.join(name)];
            let changed = seen.iter().find_map(|path| fs::metadata(path).and_then(|found| found.modified()).ok());
            changed.is_some_and(|changed| changed < made)
        };
        let files: Vec<&str> = kconfig_files(&list).collect();
        let same = fs::read(&stamp).is_ok_and(|old| old == recipe::config().unwrap_or_default());
        Ok(same && !files.is_empty() && files.into_iter().all(older))
    }

    fn compile(&self, session: &Session, make: Step) -> Result<(), LabError> {
        let mut stage = Stage::new(session, BUILD, COMPILE)?;
        let fresh = !self.path.join("build/vmlinux").exists();
        let count = self.path.join("lines");
        if fresh {
            let known = fs::read_to_string(&count).ok().and_then(|text| text.trim().parse().ok());
            stage.bar().length(known.unwrap_or(LINES));
        }
        let mut lines = 0;
        let step = make.arguments(["vmlinux", "modules"]).argument(format!("-j{}", session.jobs()));
        stage.watch(&step, &mut |bar, _, line| {
            // "  CC      kernel/fork.o"
            if line.starts_with("  ") {
                lines += 1;
                bar.advance();
                bar.message(line);
            }
            Flow::Continue
        })?;
        if fresh && !session.planning() {
            fs::write(&count, lines.to_string()).map_err(FileError::of("write", &count))?;
        }
        stage.done(if fresh { "kernel built" } else { "kernel rebuilt" });
        Ok(())
    }

    fn compile_module(&self, session: &Session, make: Step) -> Result<Vec<PathBuf>, LabError> {
        let mut stage = Stage::new(session, "modules", CONFIGURE)?;
        stage.run(&make.arguments(["M=/soft-lvz", "modules"]))?;
        if session.planning() {
            return Ok(Vec::new());
        }
        let build = self.path.join("build");
        let order = build.join("modules.order");
        let list = fs::read_to_string(&order).map_err(FileError::of("read", &order))?;
        let mut modules: Vec<PathBuf> = list.lines().map(|line| build.join(line).with_extension("ko")).collect();
        modules.push(self.path.join("soft-lvz").join(SOFT_LVZ));
        stage.done("built");
        Ok(modules)
    }
}

/// The Kconfig files in a build's list.
fn kconfig_files(list: &str) -> impl Iterator<Item = &str> {
    list.lines()
        .skip_while(|line| !line.starts_with("deps_config"))
        .skip(1)
        .take_while(|line| line.starts_with(char::is_whitespace))
        .map(|line| line.trim_end_matches('\\').trim())
        .filter(|name| !name.is_empty())
}

/// The call of make, without targets.
fn make(session: &Session, toolchain: &Toolchain, source: &Source, workspace: &Path) -> Step {
    let writable = |name: &str, to| Mount::Writable { from: workspace.join(name), to };
    let room: Room = toolchain
        .room(session)
        .with(Mount::Overlay { upper: workspace.join("layer"), lower: source.path.clone(), to: "/src" })
        .with(writable("build", "/build"))
        .with(writable("soft-lvz", "/soft-lvz"))
        .with(Mount::ReadOnly { from: workspace.join("lab"), to: "/lab" })
        .with(Mount::Writable { from: session.cache().directory("ccache"), to: "/ccache" });
    let mut base = toolchain
        .step(&room, ["make", "-C", "/src", "O=/build", "ARCH=loongarch"])
        .argument("CROSS_COMPILE=loongarch64-linux-gnu-")
        // Reproducible build.
        .variable("KBUILD_BUILD_TIMESTAMP", "1970-01-01")
        .variable("KBUILD_BUILD_USER", "reglist")
        .variable("KBUILD_BUILD_HOST", "lab");
    if toolchain.has_ccache() {
        base = base
            .arguments(["CC=ccache loongarch64-linux-gnu-gcc", "HOSTCC=ccache gcc"])
            .variable("CCACHE_DIR", "/ccache")
            .variable("CCACHE_MAXSIZE", "1G")
            // Use dependencies instead of a second preprocessor run.
            .variable("CCACHE_DEPEND", "1");
    }
    base
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kconfig_files_are_found_in_the_builds_list() {
        let list = "autoconfig := x\n\ndeps_config := \\\n\tKconfig \\\n\tinit/Kconfig \\\n\n$(deps_config): ;\n\tno\n";
        assert_eq!(kconfig_files(list).collect::<Vec<_>>(), ["Kconfig", "init/Kconfig"]);
        assert_eq!(kconfig_files("").count(), 0);
    }
}
