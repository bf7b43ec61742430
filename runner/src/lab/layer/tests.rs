// SPDX-License-Identifier: Apache-2.0 OR MIT
use std::path::PathBuf;

use std::time::SystemTime;

use super::*;

struct Trees {
    _directory: tempfile::TempDir,
    layer: PathBuf,
    source: PathBuf,
}

fn trees() -> Trees {
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("source");
    fs::create_dir_all(source.join("kvm")).unwrap();
    fs::write(source.join("kvm/vcpu.c"), "pristine").unwrap();
    let old = SystemTime::UNIX_EPOCH;
    fs::File::options().write(true).open(source.join("kvm/vcpu.c")).unwrap().set_modified(old).unwrap();
    Trees { layer: directory.path().join("layer"), source, _directory: directory }
}

fn text(text: &str) -> Option<Content> {
    Some(Content { bytes: text.into(), executable: false })
}

fn change(name: &str, content: Option<Content>) -> Changes {
    Changes::from([(name.to_owned(), content)])
}

#[test]
fn an_unchanged_file_keeps_its_time() {
    let trees = trees();
    let changes = change("kvm/vcpu.c", text("patched"));
    update(&trees.layer, &trees.source, &changes).unwrap();
    let path = trees.layer.join("kvm/vcpu.c");
    let old = SystemTime::UNIX_EPOCH;
    fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
    update(&trees.layer, &trees.source, &changes).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), old);
}

#[test]
fn a_file_that_goes_back_gets_a_new_time() {
    let trees = trees();
    update(&trees.layer, &trees.source, &change("kvm/vcpu.c", text("patched"))).unwrap();
    update(&trees.layer, &trees.source, &Changes::new()).unwrap();
    let path = trees.layer.join("kvm/vcpu.c");
    assert_eq!(fs::read_to_string(&path).unwrap(), "pristine");
    assert!(fs::metadata(&path).unwrap().modified().unwrap() > SystemTime::UNIX_EPOCH);
}

#[test]
fn an_edit_of_the_source_shows_through_an_old_copy() {
    let trees = trees();
    update(&trees.layer, &trees.source, &change("kvm/vcpu.c", text("patched"))).unwrap();
    fs::write(trees.source.join("kvm/vcpu.c"), "edited").unwrap();
    update(&trees.layer, &trees.source, &Changes::new()).unwrap();
    assert_eq!(fs::read_to_string(trees.layer.join("kvm/vcpu.c")).unwrap(), "edited");
}

#[test]
fn new_files_go_and_removed_files_come_back() {
    let trees = trees();
    let mut changes = change("new.c", text("new"));
    changes.insert("kvm/vcpu.c".to_owned(), None);
    update(&trees.layer, &trees.source, &changes).unwrap();
    let through = Content::read(&trees.source.join("kvm/vcpu.c")).unwrap();
    assert_eq!(seen(&trees.layer.join("kvm/vcpu.c"), through.as_ref()).unwrap(), None);
    assert!(trees.layer.join("new.c").exists());
    update(&trees.layer, &trees.source, &Changes::new()).unwrap();
    assert!(!trees.layer.join("new.c").exists());
    assert_eq!(fs::read_to_string(trees.layer.join("kvm/vcpu.c")).unwrap(), "pristine");
}
