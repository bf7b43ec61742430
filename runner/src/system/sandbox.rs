// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A sandbox for external commands: private mount and process namespaces.
//!
//! Nothing outlives this program. When it dies, the kernel sends SIGKILL to the
//! sandbox's leader. When the leader dies, the first process of the process
//! namespace gets SIGKILL, and the kernel kills the rest of the namespace. The
//! mounts vanish with the last process of the mount namespace.
//!
//! Without root the sandbox is inside a user namespace.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

/// The leader: checks that this program did not die before the death signal was
/// set, then runs `unshare`. Arguments: this program's process id, the command.
const LEADER: &str = "[ \"$PPID\" = \"$1\" ] || exit 1; shift; exec \"$@\"";

/// The first line of error output, once the sandbox is complete. Without it, a
/// failure is the sandbox's and not the command's.
pub(crate) const READY: &str = "reglist: the sandbox is complete";

/// First process of a sandbox with the host's tree.
const HOST: &str = "\
mount -t proc proc /proc 2>/dev/null || :
echo 'reglist: the sandbox is complete' >&2
trap : INT TERM
\"$@\"
exit $?";

/// First process of a sandbox with another tree. Arguments: an empty directory,
/// the tree, mounts, `--`, the command.
///
/// The kernel may refuse the read-only remount inside a user namespace; it is
/// only a second defence.
const TREE: &str = "\
set -eu
room=$1 tree=$2
shift 2
mount -t tmpfs -o mode=0755 room \"$room\"
for entry in \"${tree%/}\"/*; do
  name=${entry##*/}
  case $name in proc|sys|dev|src|build|lost+found) continue ;; esac
  if [ -L \"$entry\" ]; then
    cp -P \"$entry\" \"$room/$name\"
  elif [ -d \"$entry\" ]; then
    mkdir \"$room/$name\"
    mount --rbind \"$entry\" \"$room/$name\"
    [ \"$tree\" = / ] || mount -o remount,bind,ro \"$room/$name\" 2>/dev/null || :
  fi
done
mkdir -p \"$room/proc\" \"$room/dev\" \"$room/sys\"
[ \"$tree\" = / ] || mount -t tmpfs -o mode=1777 tmp \"$room/tmp\"
mount -t proc proc \"$room/proc\" 2>/dev/null || mount --rbind /proc \"$room/proc\"
mount --rbind /dev \"$room/dev\"
while [ \"$1\" != -- ]; do
  mkdir -p \"$room$2\"
  case $1 in
  overlay)
    mkdir -p \"$room/.upper\" \"$room/.lower\"
    mount --bind \"$3\" \"$room/.upper\"
    mount --bind \"$4\" \"$room/.lower\"
    mount -t overlay -o \"ro,lowerdir=$room/.upper:$room/.lower\" source \"$room$2\"
    shift 4 ;;
  ro)
    mount --bind \"$3\" \"$room$2\"
    mount -o remount,bind,ro \"$room$2\" 2>/dev/null || :
    shift 3 ;;
  rw)
    mount --bind \"$3\" \"$room$2\"
    shift 3 ;;
  esac
done
shift
echo 'reglist: the sandbox is complete' >&2
trap : INT TERM
chroot \"$room\" \"$@\"
exit $?";

/// What allows a sandbox on this machine.
pub(crate) fn remedy() -> &'static str {
    if geteuid().is_root() {
        "run reglist where mount and process namespaces are allowed; a container needs --privileged"
    } else {
        "as root: sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000; on Ubuntu also \
         kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile that allows it"
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mount {
    ReadOnly {
        from: PathBuf,
        to: &'static str,
    },
    Writable {
        from: PathBuf,
        to: &'static str,
    },
    /// A read-only overlay of two directories.
    Overlay {
        upper: PathBuf,
        lower: PathBuf,
        to: &'static str,
    },
}

/// A sandbox: a tree and its mounts.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    tree: Option<(PathBuf, PathBuf)>,
    mounts: Vec<Mount>,
    root: bool,
}

impl Room {
    /// The host's tree.
    pub(crate) fn host() -> Self {
        Self { tree: None, mounts: Vec::new(), root: geteuid().is_root() }
    }

    /// Another tree, or parts of the host's (`/`), mounted on the empty directory `at`.
    pub(crate) fn tree(tree: &Path, at: &Path) -> Self {
        Self { tree: Some((at.to_owned(), tree.to_owned())), ..Self::host() }
    }

    pub(crate) fn with(mut self, mount: Mount) -> Self {
        self.mounts.push(mount);
        self
    }

    /// The tree and its mounts, for `--dry-run`.
    pub(crate) fn describe(&self) -> Option<String> {
        let (_, tree) = self.tree.as_ref()?;
        let mut text = format!("inside {}", tree.display());
        for mount in &self.mounts {
            text.push_str(&match mount {
                Mount::ReadOnly { from, to } => format!(", {to} = {} (read-only)", from.display()),
                Mount::Writable { from, to } => format!(", {to} = {}", from.display()),
                Mount::Overlay { upper, lower, to } => {
                    format!(", {to} = {} over {} (read-only)", upper.display(), lower.display())
                }
            });
        }
        Some(text)
    }

    /// The command line that runs `command` in the sandbox.
    pub(crate) fn enter(&self, command: &[OsString]) -> Vec<OsString> {
        let mut argv: Vec<OsString> = ["setpriv", "--pdeathsig", "KILL", "sh", "-c", LEADER, "reglist-leader"]
            .iter()
            .map(OsString::from)
            .collect();
        argv.push(std::process::id().to_string().into());
        argv.extend(["unshare", "--mount", "--pid", "--fork", "--kill-child=KILL"].map(Into::into));
        argv.extend(["--propagation", "private"].map(Into::into));
        if !self.root {
            argv.extend(["--user", "--map-root-user"].map(Into::into));
        }
        argv.extend(["--", "sh", "-c"].map(Into::into));
        match &self.tree {
            None => argv.extend([HOST, "reglist-room"].map(Into::into)),
            Some((at, tree)) => {
                argv.extend([TREE, "reglist-room"].map(Into::into));
                argv.extend([at.into(), tree.into()]);
                for mount in &self.mounts {
                    argv.extend(mount.arguments().iter().map(|part| part.to_os_string()));
                }
                argv.push("--".into());
            }
        }
        argv.extend(command.iter().cloned());
        argv
    }
}

impl Mount {
    fn arguments(&self) -> Vec<&OsStr> {
        match self {
            Self::ReadOnly { from, to } => vec!["ro".as_ref(), to.as_ref(), from.as_ref()],
            Self::Writable { from, to } => vec!["rw".as_ref(), to.as_ref(), from.as_ref()],
            Self::Overlay { upper, lower, to } => {
                vec!["overlay".as_ref(), to.as_ref(), upper.as_ref(), lower.as_ref()]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(room: &Room) -> Vec<String> {
        let argv = room.enter(&["make".into(), "it's".into()]);
        argv.iter().map(|word| word.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn parts_and_command_are_separate_words() {
        let room = Room::tree(Path::new("/a tree"), Path::new("/empty"))
            .with(Mount::Overlay { upper: "/u:p".into(), lower: "/l,o".into(), to: "/src" })
            .with(Mount::Writable { from: "/b $x".into(), to: "/build" });
        let words = words(&room);
        let parts = words.iter().position(|word| word == "/empty").unwrap();
        assert_eq!(
            words[parts..],
            ["/empty", "/a tree", "overlay", "/src", "/u:p", "/l,o", "rw", "/build", "/b $x", "--", "make", "it's"]
        );
    }

    #[test]
    fn the_leader_dies_with_this_program_and_the_room_with_the_leader() {
        let words = words(&Room::host());
        assert_eq!(words[..3], ["setpriv", "--pdeathsig", "KILL"]);
        assert!(words.contains(&"--kill-child=KILL".to_owned()));
        assert!(words.contains(&std::process::id().to_string()));
    }
}
