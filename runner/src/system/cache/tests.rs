// SPDX-License-Identifier: Apache-2.0 OR MIT
use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};

use nix::unistd::geteuid;

use super::*;

fn cache() -> (tempfile::TempDir, Cache) {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::open(directory.path().join("reglist")).unwrap();
    (directory, cache)
}

#[test]
fn a_planned_cache_is_never_written_to() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::planned(directory.path().join("reglist"));
    let _claim = cache.claim("x", &Interrupt::default()).unwrap();
    let scratch = cache.scratch("tree").unwrap();
    assert_eq!(cache.publish(scratch, "trees", "k").unwrap(), cache.entry("trees", "k"));
    drop(cache.scratch("other").unwrap());
    assert!(!directory.path().join("reglist").exists());
}

#[test]
fn a_scratch_directory_vanishes_unless_published() {
    let (_directory, cache) = cache();
    let dropped = cache.scratch("a").unwrap();
    let path = dropped.path().to_owned();
    drop(dropped);
    assert!(!path.exists());

    let kept = cache.scratch("a").unwrap();
    fs::write(kept.path().join("file"), "x").unwrap();
    let place = cache.publish(kept, "trees", "k").unwrap();
    assert!(place.join("file").exists());
    assert_eq!(fs::read_dir(cache.directory("partial")).unwrap().count(), 0);
}

#[test]
fn publishing_replaces_a_broken_entry() {
    let (_directory, cache) = cache();
    let place = cache.entry("trees", "k");
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("broken"), "x").unwrap();
    let whole = cache.scratch("a").unwrap();
    cache.publish(whole, "trees", "k").unwrap();
    assert!(!place.join("broken").exists());
}

#[test]
fn the_next_run_sweeps_what_a_dead_one_left_and_only_that() {
    let (_directory, cache) = cache();
    let living = cache.scratch("living").unwrap();
    let dead = cache.directory("partial").join("dead-1-0");
    fs::create_dir_all(&dead).unwrap();
    fs::write(lock_of(&dead), "").unwrap();
    let again = Cache::open(cache.root.clone()).unwrap();
    assert!(!dead.exists());
    assert!(living.path().exists());
    drop(again);
}

#[test]
fn a_cache_in_use_is_not_cleared() {
    let (_directory, cache) = cache();
    let root = cache.root.clone();
    assert!(matches!(Cache::clear(&root), Err(CacheError::Busy)));
    drop(cache);
    Cache::clear(&root).unwrap();
    assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
}

#[test]
fn waiting_for_another_run_can_be_interrupted() {
    let (_directory, cache) = cache();
    let interrupt = Interrupt::default();
    let _held = cache.claim("x", &interrupt).unwrap();
    interrupt.add();
    assert!(matches!(cache.claim("x", &interrupt), Err(CacheError::Interrupted)));
}

const OTHER: u32 = 65534;

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_new_cache_is_closed_to_others_and_an_old_one_gets_closed() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("reglist");
    drop(Cache::open(root.clone()).unwrap());
    assert_eq!(fs::metadata(&root).unwrap().mode() & 0o7777, 0o700);
    mode(&root, 0o755);
    // Created with the umask 002, and out of reach from now on.
    drop(Cache::open(root.clone()).unwrap());
    mode(&root.join("locks"), 0o775);
    drop(Cache::open(root.clone()).unwrap());
    assert_eq!(fs::metadata(&root).unwrap().mode() & 0o7777, 0o700);
}

#[test]
fn a_cache_that_others_can_write_to_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("reglist");
    drop(Cache::open(root.clone()).unwrap());
    let refused = |open: &Path| {
        let error = owner::check(&root).unwrap_err();
        assert!(matches!(&error, OwnerError::Open { path, .. } if path == open), "{error}");
        assert!(Cache::open(root.clone()).is_err() && Cache::clear(&root).is_err());
    };
    for open in [0o720, 0o702] {
        mode(&root, open);
        refused(&root);
    }
    mode(&root, 0o755);
    mode(&root.join("locks"), 0o775);
    refused(&root.join("locks"));
    mode(&root.join("locks"), 0o755);
    // Others could replace it.
    mode(home.path(), 0o777);
    refused(home.path());
    mode(home.path(), 0o1777);
    owner::check(&root).unwrap();
}

#[test]
fn a_cache_of_another_user_is_refused() {
    if !geteuid().is_root() {
        eprintln!("skipped: only root can give files away");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("reglist");
    drop(Cache::open(root.clone()).unwrap());
    let link = home.path().join("link");
    symlink(&root, &link).unwrap();
    owner::check(&link).unwrap();
    for (foreign, seen) in [(&root, &root), (&root, &link), (&root.join("room"), &root)] {
        chown(foreign, Some(OTHER), None).unwrap();
        let error = owner::check(seen).unwrap_err();
        assert!(matches!(error, OwnerError::Foreign { owner: OTHER, user: 0, .. }), "{error}");
        assert!(error.to_string().contains("belongs to user 65534, and reglist runs as user 0\n[set XDG_CACHE_HOME"));
        chown(foreign, Some(0), None).unwrap();
    }
    // The owner of the directory above could replace it.
    chown(home.path(), Some(OTHER), None).unwrap();
    assert!(matches!(owner::check(&root), Err(OwnerError::Foreign { .. })));
}
