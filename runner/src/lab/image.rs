// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The guest's initramfs: the suite as first process, the modules, the job.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use cpio::newc::{Builder, ModeFileType, trailer};
use reglist_suite::harness::guest::{COVERAGE, DEBUG};
use reglist_suite::report::coverage::Coverage;
use reglist_suite::report::format::Format;
use serde::Serialize;

use super::append::Append;
use super::kernel::Kernel;
use super::own_specs::{OwnSpecs, PLACE};

/// The guest's `/lab/job.json`.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub(crate) struct Job {
    /// Modules in load order.
    modules: Vec<Module>,
    /// Device for events.
    results: &'static str,
    /// Format of additional results in the kernel log.
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<&'static str>,
    /// The suite's command line.
    arguments: Vec<String>,
    /// Whether to load all CPUs.
    busy: bool,
}

#[derive(Debug, Serialize, PartialEq, Eq)]
struct Module {
    /// Name in `/lab/modules`.
    file: String,
    /// Parameters, separated by spaces.
    parameters: String,
}

impl Job {
    pub(crate) fn new(kernel: &Kernel, append: &Append, arguments: Vec<String>, busy: bool) -> Self {
        let module = |file: &String| Module { file: file.clone(), parameters: append.parameters(file) };
        let modules = kernel.modules.iter().map(module).collect();
        Self { modules, results: "/dev/ttyS1", log: None, arguments, busy }
    }

    /// Adds results to the kernel log.
    pub(crate) fn logging(self, format: Option<Format>) -> Self {
        Self { log: format.map(|format| format.name), ..self }
    }
}

pub(crate) fn write(
    to: &Path,
    suite: &Path,
    kernel: &Kernel,
    job: &Job,
    specs: Option<&OwnSpecs>,
    coverage: Option<&Coverage>,
) -> io::Result<()> {
    let mut image = Image { file: BufWriter::new(File::create(to)?), inode: 0 };
    for directory in ["dev", "lab", "lab/modules", "proc", "sys", "tmp"] {
        image.entry(directory, ModeFileType::Directory, 0o755, None, &[])?;
    }
    image.entry("dev/console", ModeFileType::Char, 0o600, Some((5, 1)), &[])?;
    image.entry("dev/null", ModeFileType::Char, 0o666, Some((1, 3)), &[])?;
    image.entry("init", ModeFileType::Regular, 0o755, None, &fs::read(suite)?)?;
    image.entry("lab/job.json", ModeFileType::Regular, 0o644, None, &serde_json::to_vec_pretty(job)?)?;
    if let Some(coverage) = coverage {
        image.entry(inside(DEBUG), ModeFileType::Directory, 0o755, None, &[])?;
        image.entry(inside(COVERAGE), ModeFileType::Regular, 0o644, None, &serde_json::to_vec(coverage)?)?;
    }
    for module in &kernel.modules {
        let content = fs::read(kernel.path.join(module))?;
        let name = format!("lab/modules/{module}");
        image.entry(&name, ModeFileType::Regular, 0o644, None, &content)?;
    }
    if let Some(specs) = specs {
        let place = inside(PLACE);
        image.entry(place, ModeFileType::Directory, 0o755, None, &[])?;
        for folder in specs.folders() {
            image.entry(&format!("{place}/{folder}"), ModeFileType::Directory, 0o755, None, &[])?;
        }
        for (name, content) in &specs.files {
            image.entry(&format!("{place}/{name}"), ModeFileType::Regular, 0o644, None, content.as_bytes())?;
        }
    }
    trailer(&mut image.file)?;
    image.file.flush()
}

/// A path of the guest as the archive has it.
fn inside(path: &str) -> &str {
    path.trim_start_matches('/')
}

struct Image {
    file: BufWriter<File>,
    inode: u32,
}

impl Image {
    fn entry(
        &mut self,
        name: &str,
        kind: ModeFileType,
        mode: u32,
        device: Option<(u32, u32)>,
        content: &[u8],
    ) -> io::Result<()> {
        self.inode += 1;
        let (major, minor) = device.unwrap_or_default();
        let size = u32::try_from(content.len()).map_err(io::Error::other)?;
        let mut writer = Builder::new(name)
            .ino(self.inode)
            .mode(mode)
            .set_mode_file_type(kind)
            .rdev_major(major)
            .rdev_minor(minor)
            .write(&mut self.file, size);
        writer.write_all(content)?;
        writer.finish()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use reglist_suite::report::format::KTAP;

    use super::*;

    #[test]
    fn the_job_is_what_the_guest_reads() {
        let kernel = Kernel::planned("/k".into(), false);
        let append = Append::sort(&["soft_lvz.lbt=7".to_owned()], &kernel.modules);
        let job = Job::new(&kernel, &append, vec!["--series".to_owned(), "v5".to_owned()], true);
        assert_eq!(
            serde_json::to_string(&job).unwrap(),
            r#"{"modules":[{"file":"soft_lvz.ko","parameters":"lbt=7"},{"file":"kvm.ko","parameters":""}],"results":"/dev/ttyS1","arguments":["--series","v5"],"busy":true}"#
        );
        let log = serde_json::to_value(job.logging(Some(KTAP))).unwrap()["log"].clone();
        assert_eq!(log, "ktap");
    }

    #[test]
    fn the_image_holds_everything_the_guest_needs() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        fs::write(path.join("suite"), "program").unwrap();
        fs::write(path.join("kvm.ko"), "module").unwrap();
        let kernel = Kernel { modules: vec!["kvm.ko".to_owned()], ..Kernel::planned(path.to_owned(), false) };
        let job = Job::new(&kernel, &Append::default(), Vec::new(), false);
        let specs = OwnSpecs { files: vec![("a/b.yaml".to_owned(), "x: 1".to_owned())] };
        write(&path.join("image"), &path.join("suite"), &kernel, &job, Some(&specs), None).unwrap();

        let mut rest: Box<dyn io::Read> = Box::new(File::open(path.join("image")).unwrap());
        let mut seen = Vec::new();
        loop {
            let reader = cpio::newc::Reader::new(rest).unwrap();
            let entry = reader.entry().clone();
            if entry.is_trailer() {
                break;
            }
            seen.push(format!("{:o} {}", entry.mode(), entry.name()));
            rest = reader.finish().unwrap();
        }
        assert!(seen.contains(&"100755 init".to_owned()), "{seen:?}");
        assert!(seen.contains(&"20600 dev/console".to_owned()), "{seen:?}");
        assert!(seen.contains(&"100644 lab/modules/kvm.ko".to_owned()), "{seen:?}");
        let specs = ["40755 lab/specs", "40755 lab/specs/a", "100644 lab/specs/a/b.yaml"];
        assert!(seen.ends_with(&specs.map(str::to_owned)), "{seen:?}");
    }
}
