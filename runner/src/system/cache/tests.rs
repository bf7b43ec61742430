// SPDX-License-Identifier: Apache-2.0 OR MIT
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
