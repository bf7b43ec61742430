// SPDX-License-Identifier: Apache-2.0 OR MIT
//! All fuzz targets in one program: the environment variable READER names the one.

#![no_main]

mod checks;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use peak_alloc::PeakAlloc;
use reglist::fuzz::{self, Output};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Maximum memory in bytes that one input may need.
const MOST: usize = 256 << 20;

type Reader = fn(&[u8]) -> Vec<Output>;

static READER: LazyLock<Reader> = LazyLock::new(|| {
    let reader: Reader = match std::env::var("READER").as_deref() {
        Ok("patch") => fuzz::patch,
        Ok("mail") => fuzz::mail,
        Ok("log") => fuzz::log,
        Ok("page") => fuzz::page,
        Ok("frames") => fuzz::frames,
        Ok("channel") => fuzz::channel,
        Ok("known") => fuzz::known,
        Ok("specs") => fuzz::specs,
        other => panic!("READER is {other:?}\n[name a folder of corpus]"),
    };
    reader
});

fuzz_target!(|data: &[u8]| {
    let reader = *READER;
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let outputs = reader(data);
    let needed = MEMORY.peak_usage().saturating_sub(before);
    assert!(needed <= MOST, "{} MiB for {} bytes", needed >> 20, data.len());
    outputs.iter().for_each(|(format, text)| checks::check(format, text));
});
