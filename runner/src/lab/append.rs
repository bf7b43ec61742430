// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The words of `--append`: parameters of the lab's modules, and words for the
//! kernel's command line.

use std::collections::BTreeMap;

use reglist_suite::harness::guest::KVM_ON_STOCK;

/// Words by destination.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Append {
    pub(crate) kernel: Vec<String>,
    pub(crate) modules: BTreeMap<String, Vec<String>>,
}

impl Append {
    /// `modules` are the file names of the lab's modules.
    pub(crate) fn sort(arguments: &[String], modules: &[String]) -> Self {
        let mut append = Self::default();
        for word in arguments.iter().flat_map(|argument| argument.split_whitespace()) {
            match module_of(word, modules) {
                Some((module, parameter)) => {
                    append.modules.entry(module.clone()).or_default().push(parameter);
                }
                None => append.kernel.push(word.to_owned()),
            }
        }
        append
    }

    pub(crate) fn parameters(&self, module: &str) -> String {
        self.modules.get(module).map(|words| words.join(" ")).unwrap_or_default()
    }
}

fn module_of<'m>(word: &str, modules: &'m [String]) -> Option<(&'m String, String)> {
    let (name, value) = word.split_once('=')?;
    let (module, parameter) = name.split_once('.').filter(|(_, parameter)| !parameter.is_empty())?;
    let plain = |name: &str| name.replace('-', "_");
    let is_it = |file: &str, name: &str| plain(name) == plain(module) || (module == "kvm" && file == KVM_ON_STOCK);
    modules
        .iter()
        .find(|file| file.strip_suffix(".ko").is_some_and(|name| is_it(file, name)))
        .map(|file| (file, format!("{parameter}={value}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_where_they_belong() {
        let modules = ["soft_lvz.ko".to_owned(), "kvm.ko".to_owned()];
        let words = ["soft-lvz.lbt=7 loglevel=7".to_owned(), "kvm.x=a.b=c printk.time=1 quiet.".to_owned()];
        let append = Append::sort(&words, &modules);
        assert_eq!(append.kernel, ["loglevel=7", "printk.time=1", "quiet."]);
        assert_eq!(append.parameters("soft_lvz.ko"), "lbt=7");
        assert_eq!(append.parameters("kvm.ko"), "x=a.b=c");
        assert_eq!(append.parameters("other.ko"), "");
        let append = Append::sort(&words, &["soft_lvz.ko".to_owned(), KVM_ON_STOCK.to_owned()]);
        assert_eq!(append.parameters(KVM_ON_STOCK), "x=a.b=c");
    }
}
