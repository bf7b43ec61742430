// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The other ioctls of a vCPU, in memory that detects every stray write.

use std::ops::Range;

use crate::arch::{Argument, Call, Writes};
use crate::kvm::{Answer, Vcpu};
use crate::memory::{MemoryError, POISON, Protection, Region, page_size};

/// Size of the value that a structure can point to.
const VALUE_SIZE: usize = size_of::<u64>();

/// The result of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Called {
    pub answer: Answer,
    /// Number of bytes written that are not the ioctl's to write.
    pub stray: usize,
    /// The first of them, counted from the start of the structure.
    pub first_stray: isize,
    /// Number of bytes that the ioctl had to write and did not.
    pub unwritten: usize,
}

/// Memory for one structure and the value that it points to.
#[derive(Debug)]
pub(crate) struct ArgumentMemory {
    region: Region,
    window: Range<usize>,
    value: Range<usize>,
    structure: Range<usize>,
}

impl ArgumentMemory {
    /// The structure is in its middle, so that a list fits behind it.
    pub(crate) fn new(argument: &Argument) -> Result<Self, MemoryError> {
        let page = page_size();
        let window = page..3 * page;
        let mut region = Region::reserve(4 * page)?;
        region.open(window.clone(), Protection::ReadWrite)?;
        let value = page + page / 2;
        let structure = 2 * page - page / 4;
        let memory =
            Self { region, window, value: value..value + VALUE_SIZE, structure: structure..structure + argument.size };
        memory.write_structure(argument)?;
        Ok(memory)
    }

    fn write_structure(&self, argument: &Argument) -> Result<(), MemoryError> {
        let mut bytes: Vec<u8> = argument.words.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.resize(argument.size, 0);
        self.region.write(self.structure.start, &bytes)?;
        let Some(offset) = argument.address_of_value else { return Ok(()) };
        let address = self.region.address(self.value.start).value();
        self.region.write(self.structure.start + offset, &address.to_le_bytes())
    }

    /// The bytes that `writes` stands for.
    pub(crate) fn bytes(&self, writes: Writes) -> Result<Vec<u8>, MemoryError> {
        let range = self.range(writes);
        self.region.read(range.start, range.len())
    }

    fn range(&self, writes: Writes) -> Range<usize> {
        match writes {
            Writes::Nothing => self.value.start..self.value.start,
            Writes::Argument => self.structure.clone(),
            Writes::Value => self.value.clone(),
        }
    }

    /// Calls, and if the ioctl writes, calls twice: a byte that equals the content of
    /// the memory looks unwritten only once.
    pub(crate) fn call(&self, vcpu: &dyn Vcpu, call: &Call) -> Result<Called, MemoryError> {
        let range = self.range(call.writes);
        let mut called = self.call_on(vcpu, call, &range, 0)?;
        if !range.is_empty() && called.answer.is_ok() {
            let again = self.call_on(vcpu, call, &range, 0xff)?;
            called.unwritten.retain(|offset| again.unwritten.contains(offset));
            called.stray.extend(again.stray);
        }
        called.stray.sort_unstable();
        called.stray.dedup();
        let start = self.structure.start.cast_signed();
        Ok(Called {
            answer: called.answer,
            stray: called.stray.len(),
            first_stray: called.stray.first().map_or(0, |first| first.cast_signed() - start),
            unwritten: called.unwritten.len(),
        })
    }

    fn call_on(&self, vcpu: &dyn Vcpu, call: &Call, range: &Range<usize>, ground: u8) -> Result<Once, MemoryError> {
        let ground: Vec<u8> = POISON.iter().cycle().take(range.len()).map(|byte| byte ^ ground).collect();
        self.region.write(range.start, &ground)?;
        let before = self.region.read(self.window.start, self.window.len())?;
        let answer = vcpu.ioctl(call.request, self.region.address(self.structure.start));
        let after = self.region.read(self.window.start, self.window.len())?;
        let changed = |part: Range<usize>, written| changed(&before, &after, self.window.start, part, written);
        let mut stray = changed(self.window.start..range.start, true);
        stray.extend(changed(range.end..self.window.end, true));
        Ok(Once { answer, stray, unwritten: changed(range.clone(), false) })
    }
}

/// Offsets of a part whose bytes differ, or with `written` false, of those that are the same. The
/// copies begin at `start`.
fn changed(before: &[u8], after: &[u8], start: usize, part: Range<usize>, written: bool) -> Vec<usize> {
    let slice = |copy| <[u8]>::get(copy, part.start - start..part.end - start).unwrap_or_default();
    let (before, after) = (slice(before), slice(after));
    // Nearly everything is as it was, and slices compare fast.
    if written && before == after {
        return Vec::new();
    }
    let bytes = before.iter().zip(after).zip(part);
    bytes.filter(|((one, other), _)| (one != other) == written).map(|(_, offset)| offset).collect()
}

/// One call, with the offsets of its bytes.
struct Once {
    answer: Answer,
    stray: Vec<usize>,
    unwritten: Vec<usize>,
}

#[cfg(test)]
mod tests {
    use std::io::IoSlice;
    use std::sync::Mutex;

    use nix::sys::uio::{RemoteIoVec, process_vm_writev};
    use nix::unistd::Pid;

    use super::*;
    use crate::memory::UserAddress;

    /// An ioctl on a structure of 24 bytes.
    fn call(writes: Writes) -> Call {
        Call { ioctl: "KVM_GET_SOMETHING", request: 0, answer: Ok(()), writes }
    }

    const ARGUMENT: Argument = Argument { size: 24, words: &[1, 2], address_of_value: Some(16) };

    /// Writes in turn what it has, at an offset of the structure.
    #[derive(Debug)]
    struct Writer(Mutex<Vec<(isize, &'static [u8])>>);

    impl Vcpu for Writer {
        fn get_reg_list(&self, _: UserAddress) -> Answer {
            Ok(0)
        }

        fn get_one_reg(&self, _: UserAddress) -> Answer {
            Ok(0)
        }

        fn set_one_reg(&self, _: UserAddress) -> Answer {
            Ok(0)
        }

        fn ioctl(&self, _: u64, argument: UserAddress) -> Answer {
            if let Some((offset, bytes)) = self.0.lock().unwrap().pop() {
                let base = (argument.value() as usize).checked_add_signed(offset).unwrap();
                let remote = [RemoteIoVec { base, len: bytes.len() }];
                process_vm_writev(Pid::this(), &[IoSlice::new(bytes)], &remote).unwrap();
            }
            Ok(0)
        }
    }

    fn called(writes: Writes, written: &[(isize, &'static [u8])]) -> Called {
        let memory = ArgumentMemory::new(&ARGUMENT).unwrap();
        memory.call(&Writer(Mutex::new(written.to_vec())), &call(writes)).unwrap()
    }

    #[test]
    fn a_structure_has_its_words_and_the_address_of_its_value() {
        let memory = ArgumentMemory::new(&ARGUMENT).unwrap();
        let bytes = memory.bytes(Writes::Argument).unwrap();
        assert_eq!(bytes.split_at(16).0, [1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes.split_at(16).1, memory.region.address(memory.value.start).value().to_le_bytes());
    }

    #[test]
    fn bytes_are_noticed_that_no_ioctl_may_write() {
        let right = Called { answer: Ok(0), stray: 0, first_stray: 0, unwritten: 0 };
        assert_eq!(called(Writes::Nothing, &[]), right);
        let header = called(Writes::Nothing, &[(0, &[9])]);
        assert_eq!(header, Called { stray: 1, ..right.clone() });
        let around = called(Writes::Argument, &[(-2, &[9; 28]), (0, &[9; 24])]);
        assert_eq!(around, Called { stray: 4, first_stray: -2, ..right });
    }

    #[test]
    fn bytes_are_noticed_that_an_ioctl_does_not_write() {
        let nearly: (isize, &[u8]) = (0, &[9; 23]);
        assert_eq!(called(Writes::Argument, &[nearly, nearly]).unwritten, 1);
        assert_eq!(called(Writes::Value, &[]).unwritten, 8);
        // Poison itself, which looks unwritten at first.
        let poison: (isize, &[u8]) = (0, const { &[POISON, POISON, POISON] }.as_flattened());
        assert_eq!(called(Writes::Argument, &[poison, poison]).unwritten, 0);
    }
}
