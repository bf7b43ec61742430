// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Builds all of a small kernel, and soft LVZ, outside the source.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::SystemTime;

use super::changed::is_only_kvm;
use super::common::{BUILD, Build, COMPILE, CONFIGURE, Extras, text};
use crate::lab::apply::{Changes, Content};
use crate::lab::error::LabError;
use crate::lab::kernel::SOFT_LVZ;
use crate::lab::workspace::{CONFIGURED, LIST, Workspace};
use crate::lab::{layer, recipe};
use crate::system::cache;
use crate::system::files::FileError;
use crate::system::product::Product;
use crate::system::sandbox::Mount;
use crate::system::stage::{Stage, Step};
use crate::system::supervise::Flow;

/// Estimated output lines of a build, until the first one.
const LINES: u64 = 1000;
/// make's target for KVM alone.
const KVM: &str = "arch/loongarch/kvm/kvm.ko";
/// More modules are no kernel of the lab.
const MODULES: usize = 1000;

/// The build of a whole kernel.
pub(super) struct Whole<'b>(pub(super) &'b Build<'b>);

impl Whole<'_> {
    /// Builds the source with changes; returns the image and the modules.
    pub(super) fn make(&self, workspace: &Workspace, changes: &Changes) -> Result<Vec<Product>, LabError> {
        let make = self.call(workspace, None);
        if self.0.session.planning() {
            self.configure(workspace, make.clone())?;
            self.compile(workspace, make.clone())?;
            return self.compile_module(workspace, make);
        }
        layer::update(&workspace.path.join("layer"), &self.0.source.path, changes)?;
        let is_new = write_recipe(workspace, self.0.config()?)?;
        workspace.begin()?;
        if !is_new
            && self.is_configured(workspace)?
            && let Some(products) = self.compile_kvm(workspace, &make)?
        {
            return Ok(products);
        }
        self.configure(workspace, make.clone())?;
        self.compile(workspace, make.clone())?;
        self.compile_module(workspace, make)
    }

    /// Builds only KVM, if nothing else has changed since the last build; else nothing.
    fn compile_kvm(&self, workspace: &Workspace, make: &Step) -> Result<Option<Vec<Product>>, LabError> {
        let build = workspace.path.join("build");
        let Some(since) = workspace.last() else { return Ok(None) };
        let Ok(list) = fs::read_to_string(workspace.path.join(LIST)) else { return Ok(None) };
        let layer = workspace.path.join("layer");
        let time = |path: &Path| fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?.modified().ok();
        let modified = |name: &str| match fs::symlink_metadata(layer.join(name)) {
            // The layer's files are written before a build begins, maybe in the same tick.
            Ok(_) => time(&layer.join(name)).map(|time| if time <= since { SystemTime::UNIX_EPOCH } else { time }),
            Err(_) => time(&self.0.source.path.join(name)),
        };
        // A list that cannot be read is no reason to stop.
        if !is_only_kvm(&build, since, modified).unwrap_or(false) {
            return Ok(None);
        }
        let mut stage = Stage::new(self.0.session, BUILD, COMPILE)?;
        stage.run(&make.clone().argument(KVM).argument(format!("-j{}", self.0.session.jobs())))?;
        stage.done("KVM rebuilt");
        Ok(Some(products(workspace, &list)))
    }

    pub(super) fn configure(&self, workspace: &Workspace, make: Step) -> Result<(), LabError> {
        if !self.0.session.planning() && self.is_configured(workspace)? {
            return Ok(());
        }
        let begun = SystemTime::now();
        let mut stage = Stage::new(self.0.session, "configure", CONFIGURE)?;
        let step = make.arguments(["allnoconfig"]).variable("KCONFIG_ALLCONFIG", "/lab/kernel.config");
        stage.run(&step)?;
        if !self.0.session.planning() {
            let config = text(&Product::new(&workspace.path.join("build"), ".config"))?;
            let fragment = String::from_utf8_lossy(&self.0.config()?).into_owned();
            let (fatal, lost) = recipe::lost_options(&fragment, &config);
            if !fatal.is_empty() {
                return Err(LabError::OptionsLost { options: fatal.join(", "), log: stage.log().to_owned() });
            }
            if !lost.is_empty() {
                self.0.session.progress().detail(&format!("options unknown to this kernel: {}", lost.join(", ")));
            }
            let stamp = workspace.path.join(CONFIGURED);
            fs::write(&stamp, self.0.config()?)
                .and_then(|()| File::options().write(true).open(&stamp)?.set_modified(begun))
                .map_err(FileError::of("write", &stamp))?;
        }
        stage.done("done");
        Ok(())
    }

    /// Whether the configuration comes from this fragment, with unchanged Kconfig
    /// files.
    pub(super) fn is_configured(&self, workspace: &Workspace) -> Result<bool, LabError> {
        let stamp = workspace.path.join(CONFIGURED);
        let Ok(made) = fs::metadata(&stamp).and_then(|metadata| metadata.modified()) else {
            return Ok(false);
        };
        let Ok(list) = text(&Product::new(&workspace.path.join("build"), "include/config/auto.conf.cmd")) else {
            return Ok(false);
        };
        let older = |name: &str| {
            let seen = [workspace.path.join("layer").join(name), self.0.source.path.join(name)];
            let changed = seen.iter().find_map(|path| fs::metadata(path).and_then(|found| found.modified()).ok());
            changed.is_some_and(|changed| changed < made)
        };
        let files: Vec<&str> = kconfig_files(&list).collect();
        let same = fs::read(&stamp).is_ok_and(|old| self.0.config().is_ok_and(|new| new == old));
        Ok(same && !files.is_empty() && files.into_iter().all(older))
    }

    fn compile(&self, workspace: &Workspace, make: Step) -> Result<(), LabError> {
        let mut stage = Stage::new(self.0.session, BUILD, COMPILE)?;
        let fresh = !workspace.path.join("build/vmlinux").exists();
        let count = workspace.path.join("lines");
        if fresh {
            let known = fs::read_to_string(&count).ok().and_then(|text| text.trim().parse().ok());
            stage.bar().length(known.unwrap_or(LINES));
        }
        let mut lines = 0;
        let step = make.arguments(["vmlinux", "modules"]).argument(format!("-j{}", self.0.session.jobs()));
        stage.watch(&step, &mut |bar, _, line| {
            // "  CC      kernel/fork.o"
            if line.starts_with("  ") {
                lines += 1;
                bar.advance();
                bar.message(line);
            }
            Flow::Continue
        })?;
        if fresh && !self.0.session.planning() {
            fs::write(&count, lines.to_string()).map_err(FileError::of("write", &count))?;
        }
        stage.done(if fresh { "kernel built" } else { "kernel rebuilt" });
        Ok(())
    }

    fn compile_module(&self, workspace: &Workspace, make: Step) -> Result<Vec<Product>, LabError> {
        let mut stage = Stage::new(self.0.session, "modules", CONFIGURE)?;
        stage.run(&make.arguments(["M=/soft-lvz", "modules"]))?;
        if self.0.session.planning() {
            return Ok(Vec::new());
        }
        let build = workspace.path.join("build");
        let order = Product::new(&build, "modules.order");
        let list = text(&order)?;
        let kept = workspace.path.join(LIST);
        fs::write(&kept, &list).map_err(FileError::of("write", &kept))?;
        if list.lines().count() > MODULES {
            let error = io::Error::other(format!("it lists more than {MODULES} modules"));
            return Err(LabError::product(&order)(error));
        }
        stage.done("built");
        Ok(products(workspace, &list))
    }

    /// The call of make, without targets; `more` is one more mount.
    pub(super) fn call(&self, workspace: &Workspace, more: Option<Mount>) -> Step {
        let writable = |name: &str, to| Mount::Writable { from: workspace.path.join(name), to };
        let mut room = self
            .0
            .toolchain
            .room(self.0.session)
            .with(Mount::Overlay { upper: workspace.path.join("layer"), lower: self.0.source.path.clone(), to: "/src" })
            .with(writable("build", "/build"))
            .with(writable("soft-lvz", "/soft-lvz"))
            .with(Mount::ReadOnly { from: workspace.path.join("lab"), to: "/lab" });
        if let Some(more) = more {
            room = room.with(more);
        }
        if let Some(ccache) = &workspace.ccache {
            room = room.with(Mount::Writable { from: ccache.clone(), to: "/ccache" });
        }
        let make = self
            .0
            .toolchain
            .step(&room, ["make", "-C", "/src", "O=/build", "ARCH=loongarch"])
            .argument("CROSS_COMPILE=loongarch64-linux-gnu-")
            // Reproducible build.
            .variable("KBUILD_BUILD_TIMESTAMP", "1970-01-01")
            .variable("KBUILD_BUILD_USER", "reglist")
            .variable("KBUILD_BUILD_HOST", "lab")
            .variable("KBUILD_BUILD_VERSION", "1");
        let Extras { traced, described, .. } = self.0.extras;
        let make = make.arguments(traced.iter().map(|object| format!("KCOV_INSTRUMENT_{object}=y")));
        let make = make.arguments(described.iter().map(|object| format!("CFLAGS_{object}=-gdwarf-5")));
        // The shadow of KASAN shifts by 64 when it begins, which UBSAN reports.
        let odd = self.0.extras.is_debugged.then_some("UBSAN_SANITIZE_kasan_init.o=n");
        let make = make.arguments(odd);
        if !self.0.toolchain.has_ccache() {
            return make;
        }
        // The command must stay the same, or make compiles everything again.
        let make = make.arguments(["CC=ccache loongarch64-linux-gnu-gcc", "HOSTCC=ccache gcc"]);
        match workspace.ccache {
            None => make.variable("CCACHE_DISABLE", "1"),
            // Use dependencies instead of a second preprocessor run.
            Some(_) => {
                make.variable("CCACHE_DIR", "/ccache").variable("CCACHE_MAXSIZE", "1G").variable("CCACHE_DEPEND", "1")
            }
        }
    }
}

/// The modules of a list of kbuild, soft LVZ and the image.
fn products(workspace: &Workspace, list: &str) -> Vec<Product> {
    let build = workspace.path.join("build");
    let module = |line: &str| Product::new(&build, Path::new(line).with_extension("ko"));
    let others = [Product::new(&workspace.path.join("soft-lvz"), SOFT_LVZ), Product::new(&build, "vmlinux")];
    list.lines().map(module).chain(others).collect()
}

/// Writes changed lab files, and says whether there were any; equal files keep their
/// time stamps for make.
pub(super) fn write_recipe(workspace: &Workspace, config: Vec<u8>) -> Result<bool, LabError> {
    let mut is_new = false;
    let mut files = vec![(workspace.path.join("lab/kernel.config"), config)];
    for (name, content) in recipe::soft_lvz()? {
        files.push((workspace.path.join("soft-lvz").join(name), content.to_vec()));
    }
    for (path, content) in files {
        // A patch can have made a link of it.
        let old = Content::read(&path).map_err(FileError::of("read", &path))?;
        if old.is_some_and(|old| old.bytes == content) {
            continue;
        }
        cache::remove(&path).and_then(|()| fs::write(&path, content)).map_err(FileError::write(&path))?;
        is_new = true;
    }
    Ok(is_new)
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
