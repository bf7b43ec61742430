// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The source of specifications: built-in or a directory.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use super::error::{Problem, SpecError};
use super::text::Text;

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../specs");

/// Maximum size of a file in bytes: more than a file with every register has.
const LARGEST: u64 = 1 << 20;

/// A tree of specification files.
#[derive(Debug, Clone)]
pub enum Source {
    /// The specifications inside the program.
    Embedded,
    /// A directory of the user's.
    Directory(PathBuf),
}

impl Source {
    /// Reads `file`, a path below the tree.
    pub fn read(&self, file: &str) -> Result<Text, SpecError> {
        let content = match self {
            Self::Embedded => EMBEDDED
                .get_file(file)
                .and_then(|file| file.contents_utf8())
                .map(str::to_owned)
                .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound)),
            Self::Directory(root) => limited(&root.join(file)),
        };
        let file = self.display(file);
        match content {
            Ok(content) if content.len() as u64 > LARGEST => {
                Err(SpecError { file, line: 1, problem: Problem::TooLarge })
            }
            Ok(content) => Ok(Text { file, content }),
            Err(error) => Err(SpecError { file, line: 1, problem: Problem::Unreadable(error) }),
        }
    }

    /// Reads `file`, a path below the tree, or `None` where it does not exist.
    pub fn read_if_there(&self, file: &str) -> Result<Option<Text>, SpecError> {
        match self.read(file) {
            Err(SpecError { problem: Problem::Unreadable(error), .. }) if error.kind() == io::ErrorKind::NotFound => {
                Ok(None)
            }
            result => result.map(Some),
        }
    }

    /// Names of the entries of a folder below the tree, sorted and without hidden
    /// ones, which editors leave; none where the folder does not exist.
    pub fn list(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<String> = match self {
            Self::Embedded => (if folder.is_empty() { Some(&EMBEDDED) } else { EMBEDDED.get_dir(folder) })
                .into_iter()
                .flat_map(|dir| dir.entries())
                .filter_map(|entry| Some(entry.path().file_name()?.to_str()?.to_owned()))
                .collect(),
            Self::Directory(root) => fs::read_dir(root.join(folder))
                .into_iter()
                .flatten()
                .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
                .collect(),
        };
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        names
    }

    /// The files of the tree, as paths below it, sorted: as deep as
    /// specifications are, which is a file in a folder of an architecture's.
    pub fn files(&self) -> Vec<String> {
        const DEEPEST: usize = 2;
        let mut files = Vec::new();
        self.add_files("", DEEPEST, &mut files);
        files
    }

    fn add_files(&self, folder: &str, depth: usize, files: &mut Vec<String>) {
        for name in self.list(folder) {
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let is_folder = match self {
                Self::Embedded => EMBEDDED.get_dir(&path).is_some(),
                Self::Directory(root) => root.join(&path).is_dir(),
            };
            match depth.checked_sub(1) {
                Some(depth) if is_folder => self.add_files(&path, depth, files),
                _ if is_folder => {}
                _ => files.push(path),
            }
        }
    }

    /// How messages name `file`, a path below the tree.
    pub fn display(&self, file: &str) -> String {
        match self {
            Self::Embedded => Path::new("specs").join(file).display().to_string(),
            Self::Directory(root) => root.join(file).display().to_string(),
        }
    }
}

/// The content of a regular file, cut beyond [`LARGEST`].
fn limited(path: &Path) -> io::Result<String> {
    // To open a FIFO waits for its writer.
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut text = String::new();
    File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    Ok(text)
}
