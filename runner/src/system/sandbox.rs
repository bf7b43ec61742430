// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A sandbox for external commands: private mount and process namespaces.
//!
//! Nothing outlives this program. When it dies, the kernel sends SIGKILL to the
//! sandbox's leader. When the leader dies, the first process of the process
//! namespace gets SIGKILL, and the kernel kills the rest of the namespace. The
//! mounts vanish with the last process of the mount namespace.
//!
//! Without root the sandbox is inside a user namespace.
//!
//! The tools are util-linux's. bubblewrap's monitor dies of the SIGTERM that a
//! process group gets, and kills make in the middle of a file.

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
/// the tree, `confined` or `trusted`, `root` or `user`, mounts, `--`, the command.
///
/// A confined command sees the tree read-only, of the host only programs and
/// libraries; it has a /dev of five harmless devices and no capability. As the first
/// process has capabilities, the kernel keeps its /proc/1 from the command
/// (ptrace(2), "Ptrace access mode checking"). /proc is read-only: root needs no
/// capability to write to /proc/sys, which is the host's. A terminal would take
/// commands for the user's shell (TIOCSTI).
const TREE: &str = "\
set -eu
room=$1 tree=$2 kind=$3 who=$4
shift 4
processes=4096
mount -t tmpfs -o mode=0755 room \"$room\"
# A user namespace may not drop the flags of the mount that it inherits.
lock() {
  mount -o remount,bind,ro \"$1\" 2>/dev/null || mount -o remount,bind,ro,nosuid,nodev \"$1\" 2>/dev/null ||
    mount -o remount,bind,ro,nosuid,nodev,noexec \"$1\"
}
# Without nodev, which would close the device.
lock_device() {
  mount -o remount,bind,ro \"$1\" 2>/dev/null || mount -o remount,bind,ro,nosuid \"$1\" 2>/dev/null ||
    mount -o remount,bind,ro,nosuid,noexec \"$1\" 2>/dev/null
}
# A mount and those below it.
lock_all() {
  lock \"$1\"
  while read -r _ _ _ _ at _; do
    case $at in *\\\\*) at=$(printf %b \"$at\") ;; esac
    case $at in \"$1\"/*) lock \"$at\" ;; esac
  done < /proc/self/mountinfo
}
show() {
  mkdir -p \"$room$2\"
  mount --rbind \"$1\" \"$room$2\"
  if [ $kind = confined ]; then
    lock_all \"$room$2\"
  elif [ \"$tree\" != / ]; then
    mount -o remount,bind,ro \"$room$2\" 2>/dev/null || :
  fi
}
for entry in \"${tree%/}\"/*; do
  name=${entry##*/}
  case $name in proc|sys|dev|src|build|tmp|lost+found) continue ;; esac
  if [ $kind = confined ] && [ \"$tree\" = / ]; then
    case $name in bin|sbin|lib*|usr|opt|nix|gnu) ;; *) continue ;; esac
  fi
  if [ -L \"$entry\" ]; then
    cp -P \"$entry\" \"$room/$name\"
  elif [ -d \"$entry\" ]; then
    show \"$entry\" \"/$name\"
  fi
done
mkdir -p \"$room/proc\" \"$room/dev\" \"$room/sys\" \"$room/tmp\"
if [ $kind = trusted ]; then
  if [ \"$tree\" = / ]; then mount --rbind /tmp \"$room/tmp\"; else mount -t tmpfs -o mode=1777 tmp \"$room/tmp\"; fi
  mount -t proc proc \"$room/proc\" 2>/dev/null || mount --rbind /proc \"$room/proc\"
  mount --rbind /dev \"$room/dev\"
else
  mount -t tmpfs -o mode=1777,size=2g tmp \"$room/tmp\"
  # Some containers refuse a new /proc. In theirs, root's processes are closed to a
  # command without capabilities; those of an ordinary user would not be.
  mount -t proc proc \"$room/proc\" 2>/dev/null || { [ $who = root ] && mount --rbind /proc \"$room/proc\"; }
  # RLIMIT_NPROC does not hold for root. The highest id does; it is the process
  # namespace's own since Linux 6.14, and the host's before.
  version=$(uname -r) level=${version#*.}
  if [ $((${version%%.*} * 1000 + ${level%%[!0-9]*})) -ge 6014 ]; then
    { echo $processes > \"$room/proc/sys/kernel/pid_max\"; } 2>/dev/null || :
  fi
  # The first to be killed if memory runs out.
  { echo 1000 > \"$room/proc/self/oom_score_adj\"; } 2>/dev/null || :
  lock_all \"$room/proc\"
  for device in null zero full random urandom; do
    : > \"$room/dev/$device\"
    mount --bind \"/dev/$device\" \"$room/dev/$device\"
    # Root owns the device and could change its mode, which is the host's. A write to the
    # device needs no writable mount.
    lock_device \"$room/dev/$device\" || [ $who = user ]
  done
  for link in fd:fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do
    ln -s \"/proc/self/${link#*:}\" \"$room/dev/${link%%:*}\"
  done
  mkdir -m 1777 \"$room/dev/shm\"
  if [ \"$tree\" = / ]; then
    for entry in /etc/alternatives /etc/ld.so.cache /etc/ld.so.conf /etc/ld.so.conf.d; do
      if [ -d \"$entry\" ]; then
        show \"$entry\" \"$entry\"
      elif [ -f \"$entry\" ]; then
        mkdir -p \"$room/etc\"
        cp \"$entry\" \"$room$entry\"
      fi
    done
    # Tools of the user in other places.
    rest=$PATH:
    while [ \"$rest\" ]; do
      entry=${rest%%:*} rest=${rest#*:}
      case $entry in /bin*|/sbin*|/usr/*|/opt/*|/nix/*|/gnu/*) continue ;; /?*) ;; *) continue ;; esac
      if [ -d \"$entry\" ] && [ ! -d \"$room$entry\" ]; then show \"$entry\" \"$entry\"; fi
    done
  fi
fi
while [ \"$1\" != -- ]; do
  mkdir -p \"$room$2\"
  case $1 in
  overlay)
    mkdir -p \"$room/.upper\" \"$room/.lower\"
    mount --bind \"$3\" \"$room/.upper\"
    mount --bind \"$4\" \"$room/.lower\"
    mount -t overlay -o \"ro,lowerdir=$room/.upper:$room/.lower\" source \"$room$2\"
    umount \"$room/.upper\" \"$room/.lower\"
    shift 4 ;;
  ro)
    mount --bind \"$3\" \"$room$2\"
    lock \"$room$2\" || [ $kind = trusted ]
    shift 3 ;;
  rw)
    mount --bind \"$3\" \"$room$2\"
    shift 3 ;;
  esac
done
shift
if [ $kind = confined ]; then
  lock \"$room\"
  set -- setpriv --bounding-set -all --inh-caps -all --ambient-caps -all --no-new-privs -- \"$@\"
  # Bytes of each process's memory and of each file. If the user has a lower limit, it
  # holds.
  for limit in as=17179869184 fsize=4294967296 nproc=$processes; do
    prlimit --pid $$ --$limit 2>/dev/null || :
  done
fi
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
    /// Whether the command may use the network, the host's devices and, with the
    /// host's tools, the user's files.
    is_trusted: bool,
    mounts: Vec<Mount>,
    root: bool,
}

impl Room {
    /// The host's tree.
    pub(crate) fn host() -> Self {
        Self { tree: None, is_trusted: true, mounts: Vec::new(), root: geteuid().is_root() }
    }

    /// Another tree, or parts of the host's (`/`), mounted on the empty directory `at`,
    /// for commands that a patch can change.
    pub(crate) fn tree(tree: &Path, at: &Path) -> Self {
        Self { tree: Some((at.to_owned(), tree.to_owned())), is_trusted: false, ..Self::host() }
    }

    /// The same for the project's own commands.
    pub(crate) fn trusted(self) -> Self {
        Self { is_trusted: true, ..self }
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
        if !self.is_trusted {
            argv.extend(["--net", "--ipc", "--uts"].map(Into::into));
        }
        if !self.root {
            argv.extend(["--user", "--map-root-user"].map(Into::into));
        }
        argv.extend(["--", "sh", "-c"].map(Into::into));
        match &self.tree {
            None => argv.extend([HOST, "reglist-room"].map(Into::into)),
            Some((at, tree)) => {
                argv.extend([TREE, "reglist-room"].map(Into::into));
                argv.extend([at.into(), tree.into()]);
                argv.push(if self.is_trusted { "trusted" } else { "confined" }.into());
                argv.push(if self.root { "root" } else { "user" }.into());
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
        assert!(words.contains(&"--net".to_owned()));
        let parts = words.iter().position(|word| word == "/empty").unwrap();
        let who = if geteuid().is_root() { "root" } else { "user" };
        assert_eq!(
            words[parts..],
            [
                "/empty", "/a tree", "confined", who, "overlay", "/src", "/u:p", "/l,o", "rw", "/build", "/b $x", "--",
                "make", "it's"
            ]
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
