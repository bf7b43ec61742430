// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A subject that counts the ioctls under test, and traces what they run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::subject::{Answer, Subject, SubjectError, Vcpu, Vm};
use super::trace::Trace;
use crate::memory::UserAddress;

/// A subject, VM or vCPU whose calls are counted.
#[derive(Debug)]
pub struct Counted<T: ?Sized> {
    calls: Arc<Calls>,
    inner: Box<T>,
}

#[derive(Debug)]
struct Calls {
    number: AtomicU64,
    trace: Option<Trace>,
}

impl<T: ?Sized> Counted<T> {
    /// Calls so far.
    pub fn calls(&self) -> u64 {
        self.calls.number.load(Ordering::Relaxed)
    }

    /// The trace of the calls, if they are traced.
    pub fn trace(&self) -> Option<&Trace> {
        self.calls.trace.as_ref()
    }

    fn count(&self, call: impl FnOnce() -> Answer) -> Answer {
        self.calls.number.fetch_add(1, Ordering::Relaxed);
        match &self.calls.trace {
            Some(trace) => trace.around(call),
            None => call(),
        }
    }
}

impl Counted<dyn Subject> {
    /// Counts from zero.
    pub fn new(inner: Box<dyn Subject>, trace: Option<Trace>) -> Self {
        Self { calls: Arc::new(Calls { number: AtomicU64::new(0), trace }), inner }
    }
}

impl Subject for Counted<dyn Subject> {
    fn create_vm(&self) -> Result<Box<dyn Vm>, SubjectError> {
        Ok(Box::new(Counted { calls: Arc::clone(&self.calls), inner: self.inner.create_vm()? }))
    }

    fn check_extension(&self, capability: u32) -> Answer {
        self.inner.check_extension(capability)
    }

    fn get_reg_list(&self, list: UserAddress) -> Answer {
        self.count(|| self.inner.get_reg_list(list))
    }
}

impl Vm for Counted<dyn Vm> {
    fn create_vcpu(&self, id: u64) -> Result<Box<dyn Vcpu>, SubjectError> {
        Ok(Box::new(Counted { calls: Arc::clone(&self.calls), inner: self.inner.create_vcpu(id)? }))
    }

    fn check_extension(&self, capability: u32) -> Answer {
        self.inner.check_extension(capability)
    }

    fn get_reg_list(&self, list: UserAddress) -> Answer {
        self.count(|| self.inner.get_reg_list(list))
    }

    fn initialising_call(&self, request: u64, argument: UserAddress) -> Answer {
        self.inner.initialising_call(request, argument)
    }
}

impl Vcpu for Counted<dyn Vcpu> {
    fn get_reg_list(&self, list: UserAddress) -> Answer {
        self.count(|| self.inner.get_reg_list(list))
    }

    fn get_one_reg(&self, one_reg: UserAddress) -> Answer {
        self.count(|| self.inner.get_one_reg(one_reg))
    }

    fn set_one_reg(&self, one_reg: UserAddress) -> Answer {
        self.count(|| self.inner.set_one_reg(one_reg))
    }

    fn ioctl(&self, request: u64, argument: UserAddress) -> Answer {
        self.inner.ioctl(request, argument)
    }
}
