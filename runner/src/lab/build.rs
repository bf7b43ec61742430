// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Configures and builds the kernel and the lab's module outside the source.
//!
//! A build reuses a build directory, so that make compiles only changed files.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::apply::{Changes, Content};
use super::error::LabError;
use super::kernel::{Kernel, SOFT_LVZ};
use super::source::Source;
use super::toolchain::Toolchain;
use super::workspace::{CONFIGURED, Workspace};
use super::{layer, recipe};
use crate::system::cache;
use crate::system::digest::Key;
use crate::system::files::FileError;
use crate::system::product::Product;
use crate::system::sandbox::Mount;
use crate::system::session::Session;
use crate::system::stage::{Stage, StageError, Step};
use crate::system::supervise::Flow;

const RECIPE: u32 = 2;
/// The stage that compiles the kernel.
const BUILD: &str = "build";
const CONFIGURE: Duration = Duration::from_secs(5 * 60);
const COMPILE: Duration = Duration::from_secs(60 * 60);
/// Estimated output lines of a full build, until the first one.
const LINES: u64 = 1000;
/// More modules are no kernel of the lab.
const MODULES: usize = 1000;

/// Builds the kernel, or takes it from the cache. `is_patched`: the changes include
/// patches of the user.
pub(crate) fn build(
    session: &Session,
    toolchain: &Toolchain,
    source: &Source,
    changes: &Changes,
    is_patched: bool,
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
    let build = Build { session, toolchain, source };
    let workspace = if is_patched { build.patched(&key)? } else { build.own()? };
    let built = build.make(&workspace, changes);
    workspace.close(session, &built)?;
    let products = built.map_err(|error| build.blame(error, is_patched))?;
    if session.planning() {
        return Ok(Kernel { path: place, modules: vec![SOFT_LVZ.to_owned(), "kvm.ko".to_owned()] });
    }
    if source.identity.is_none() {
        let out = workspace.path.join("out");
        cache::remove(&out).map_err(FileError::of("remove", &out))?;
        return Kernel::collect(&products, &out);
    }
    let scratch = session.cache().scratch("kernel")?;
    Kernel::collect(&products, scratch.path())?;
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
    Ok(key.whole())
}

/// What a build needs to know.
struct Build<'b> {
    session: &'b Session,
    toolchain: &'b Toolchain,
    source: &'b Source,
}

impl Build<'_> {
    /// The name of the source's build directories.
    fn key(&self) -> String {
        Key::new("build", RECIPE)
            .with(self.source.path.as_os_str().as_encoded_bytes())
            .with(self.source.identity.as_deref().unwrap_or_default())
            .with(self.toolchain.identity())
            .finish()
    }

    /// The build directory of the source's own text. ccache is shared between texts
    /// of one author: Debian's, or those of one directory of the user.
    fn own(&self) -> Result<Workspace, LabError> {
        let path = self.source.path.as_os_str().as_encoded_bytes();
        let author = match self.source.identity.is_some() {
            true => "debian".to_owned(),
            false => Key::new("ccache", RECIPE).with(path).finish(),
        };
        let ccache = self.session.cache().directory("ccache").join(author);
        Workspace::own(self.session, &self.key(), ccache)
    }

    /// A build directory for patches, which starts as a copy of the own one.
    fn patched(&self, kernel: &str) -> Result<Workspace, LabError> {
        let (patched, is_known) = Workspace::patched(self.session, &self.key(), kernel)?;
        if is_known {
            return Ok(patched);
        }
        let own = self.own()?;
        // The user may have edited a tree since.
        let is_current = self.source.identity.is_some() && own.is_built() && self.is_configured(&own)?;
        let built = if is_current { Ok(Vec::new()) } else { self.make(&own, &Changes::new()) };
        own.close(self.session, &built)?;
        match built {
            Err(LabError::Stage(StageError::Failed { stage: BUILD, .. })) if self.source.identity.is_none() => {
                self.session.progress().detail("the tree does not build without the patch");
            }
            Err(LabError::Stage(source @ StageError::Failed { .. })) => {
                return Err(LabError::NoBase { release: self.source.release.clone(), source: Box::new(source) });
            }
            built => drop(built?),
        }
        patched.copy(self.session, &own.path, kernel)?;
        Ok(patched)
    }

    /// A failed compilation is the patch's or the tree's; other failures are this
    /// machine's.
    fn blame(&self, error: LabError, is_patched: bool) -> LabError {
        match error {
            LabError::Stage(error @ StageError::Failed { stage: BUILD, .. })
                if is_patched || self.source.identity.is_none() =>
            {
                LabError::DoesNotBuild { release: self.source.release.clone(), is_patched, source: Box::new(error) }
            }
            error => error,
        }
    }

    /// Builds the source with changes; returns the image and the modules.
    fn make(&self, workspace: &Workspace, changes: &Changes) -> Result<Vec<Product>, LabError> {
        let make = self.call(workspace);
        if !self.session.planning() {
            layer::update(&workspace.path.join("layer"), &self.source.path, changes)?;
            write_recipe(workspace)?;
        }
        self.configure(workspace, make.clone())?;
        self.compile(workspace, make.clone())?;
        self.compile_module(workspace, make)
    }

    fn configure(&self, workspace: &Workspace, make: Step) -> Result<(), LabError> {
        if !self.session.planning() && self.is_configured(workspace)? {
            return Ok(());
        }
        let begun = SystemTime::now();
        let mut stage = Stage::new(self.session, "configure", CONFIGURE)?;
        let step = make.arguments(["allnoconfig"]).variable("KCONFIG_ALLCONFIG", "/lab/kernel.config");
        stage.run(&step)?;
        if !self.session.planning() {
            let config = text(&Product::new(&workspace.path.join("build"), ".config"))?;
            let fragment = String::from_utf8_lossy(recipe::config()?).into_owned();
            let (fatal, lost) = recipe::lost_options(&fragment, &config);
            if !fatal.is_empty() {
                return Err(LabError::OptionsLost { options: fatal.join(", "), log: stage.log().to_owned() });
            }
            if !lost.is_empty() {
                self.session.progress().detail(&format!("options unknown to this kernel: {}", lost.join(", ")));
            }
            let stamp = workspace.path.join(CONFIGURED);
            fs::write(&stamp, recipe::config()?)
                .and_then(|()| File::options().write(true).open(&stamp)?.set_modified(begun))
                .map_err(FileError::of("write", &stamp))?;
        }
        stage.done("done");
        Ok(())
    }

    /// Whether the configuration comes from this fragment, with unchanged Kconfig
    /// files.
    fn is_configured(&self, workspace: &Workspace) -> Result<bool, LabError> {
        let stamp = workspace.path.join(CONFIGURED);
        let Ok(made) = fs::metadata(&stamp).and_then(|metadata| metadata.modified()) else {
            return Ok(false);
        };
        let Ok(list) = text(&Product::new(&workspace.path.join("build"), "include/config/auto.conf.cmd")) else {
            return Ok(false);
        };
        let older = |name: &str| {
            let seen = [workspace.path.join("layer").join(name), self.source.path.join(name)];
            let changed = seen.iter().find_map(|path| fs::metadata(path).and_then(|found| found.modified()).ok());
            changed.is_some_and(|changed| changed < made)
        };
        let files: Vec<&str> = kconfig_files(&list).collect();
        let same = fs::read(&stamp).is_ok_and(|old| old == recipe::config().unwrap_or_default());
        Ok(same && !files.is_empty() && files.into_iter().all(older))
    }

    fn compile(&self, workspace: &Workspace, make: Step) -> Result<(), LabError> {
        let mut stage = Stage::new(self.session, BUILD, COMPILE)?;
        let fresh = !workspace.path.join("build/vmlinux").exists();
        let count = workspace.path.join("lines");
        if fresh {
            let known = fs::read_to_string(&count).ok().and_then(|text| text.trim().parse().ok());
            stage.bar().length(known.unwrap_or(LINES));
        }
        let mut lines = 0;
        let step = make.arguments(["vmlinux", "modules"]).argument(format!("-j{}", self.session.jobs()));
        stage.watch(&step, &mut |bar, _, line| {
            // "  CC      kernel/fork.o"
            if line.starts_with("  ") {
                lines += 1;
                bar.advance();
                bar.message(line);
            }
            Flow::Continue
        })?;
        if fresh && !self.session.planning() {
            fs::write(&count, lines.to_string()).map_err(FileError::of("write", &count))?;
        }
        stage.done(if fresh { "kernel built" } else { "kernel rebuilt" });
        Ok(())
    }

    fn compile_module(&self, workspace: &Workspace, make: Step) -> Result<Vec<Product>, LabError> {
        let mut stage = Stage::new(self.session, "modules", CONFIGURE)?;
        stage.run(&make.arguments(["M=/soft-lvz", "modules"]))?;
        if self.session.planning() {
            return Ok(Vec::new());
        }
        let build = workspace.path.join("build");
        let order = Product::new(&build, "modules.order");
        let list = text(&order)?;
        if list.lines().count() > MODULES {
            let error = io::Error::other(format!("it lists more than {MODULES} modules"));
            return Err(LabError::product(&order)(error));
        }
        let mut products: Vec<Product> =
            list.lines().map(|line| Product::new(&build, Path::new(line).with_extension("ko"))).collect();
        products.push(Product::new(&workspace.path.join("soft-lvz"), SOFT_LVZ));
        products.push(Product::new(&build, "vmlinux"));
        stage.done("built");
        Ok(products)
    }

    /// The call of make, without targets.
    fn call(&self, workspace: &Workspace) -> Step {
        let writable = |name: &str, to| Mount::Writable { from: workspace.path.join(name), to };
        let mut room = self
            .toolchain
            .room(self.session)
            .with(Mount::Overlay { upper: workspace.path.join("layer"), lower: self.source.path.clone(), to: "/src" })
            .with(writable("build", "/build"))
            .with(writable("soft-lvz", "/soft-lvz"))
            .with(Mount::ReadOnly { from: workspace.path.join("lab"), to: "/lab" });
        if let Some(ccache) = &workspace.ccache {
            room = room.with(Mount::Writable { from: ccache.clone(), to: "/ccache" });
        }
        let make = self
            .toolchain
            .step(&room, ["make", "-C", "/src", "O=/build", "ARCH=loongarch"])
            .argument("CROSS_COMPILE=loongarch64-linux-gnu-")
            // Reproducible build.
            .variable("KBUILD_BUILD_TIMESTAMP", "1970-01-01")
            .variable("KBUILD_BUILD_USER", "reglist")
            .variable("KBUILD_BUILD_HOST", "lab")
            .variable("KBUILD_BUILD_VERSION", "1");
        if !self.toolchain.has_ccache() {
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

/// Writes changed lab files; equal files keep their time stamps for make.
fn write_recipe(workspace: &Workspace) -> Result<(), LabError> {
    let mut files = vec![(workspace.path.join("lab/kernel.config"), recipe::config()?)];
    for (name, content) in recipe::soft_lvz()? {
        files.push((workspace.path.join("soft-lvz").join(name), content));
    }
    for (path, content) in files {
        // A patch can have made a link of it.
        let old = Content::read(&path).map_err(FileError::of("read", &path))?;
        if old.is_some_and(|old| old.bytes == content) {
            continue;
        }
        cache::remove(&path).and_then(|()| fs::write(&path, content)).map_err(FileError::write(&path))?;
    }
    Ok(())
}

/// The text of a file that the build wrote.
fn text(product: &Product) -> Result<String, LabError> {
    let content = product.read().map_err(LabError::product(product))?;
    Ok(String::from_utf8_lossy(&content).into_owned())
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
