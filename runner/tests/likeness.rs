// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The signatures of the faults: the stored ones are those of the model, and they name the faults.
//! With REGLIST_WRITE_SIGNATURES set, writes them.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// Of 100 faults that fail a case, so many are among the two guesses at least.
const RECOGNISED: usize = 95;

#[test]
fn the_faults_of_the_model_look_like_themselves() {
    let place = tempfile::tempdir().unwrap();
    let events = place.path().join("events.jsonl");
    let run = ["run", "-q", "--fault", "all", "--events"];
    let status = Command::new(env!("CARGO_BIN_EXE_reglist")).args(run).arg(&events).output().unwrap().status;
    assert!(status.success(), "{status}");
    let (signatures, guessed) = reglist::signatures(&fs::read_to_string(events).unwrap());

    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/likeness/signatures.json");
    if env::var_os("REGLIST_WRITE_SIGNATURES").is_some() {
        fs::write(&file, signatures).unwrap();
        return;
    }
    let stored = fs::read_to_string(&file).unwrap();
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (stored, signatures) = (lines(&stored), lines(&signatures));
    let differing: Vec<_> = stored.iter().zip(&signatures).filter(|(stored, new)| stored != new).collect();
    assert!(stored == signatures, "{differing:#?}\n[REGLIST_WRITE_SIGNATURES=1 cargo test -p reglist --test likeness]");

    let missed: Vec<&String> = guessed.iter().filter(|(_, guessed)| !**guessed).map(|(fault, _)| fault).collect();
    assert!(guessed.len() > 100 && missed.len() * 100 <= guessed.len() * (100 - RECOGNISED), "{missed:?}");
}
