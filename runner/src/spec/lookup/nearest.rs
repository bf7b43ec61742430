// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Suggests names for an unknown one.

const MOST: usize = 5;
/// Minimum length for a match inside names.
const SHORTEST_PART: usize = 3;

/// The most similar names, best first.
pub(super) fn nearest<'n>(word: &str, names: &'n [String]) -> Vec<&'n str> {
    let word = word.to_ascii_lowercase();
    let length = word.chars().count();
    // Accept one typo in three letters.
    let limit = (length / 3).max(1);
    let mut near: Vec<(usize, &str)> = names
        .iter()
        .filter_map(|name| {
            let lower = name.to_ascii_lowercase();
            let distance = strsim::damerau_levenshtein(&word, &lower);
            if distance <= limit {
                return Some((distance, name.as_str()));
            }
            // Partial matches come after typos.
            let part = length >= SHORTEST_PART && lower.contains(&word);
            part.then(|| (limit + lower.len() - word.len(), name.as_str()))
        })
        .collect();
    near.sort_unstable();
    near.into_iter().map(|(_, name)| name).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["CRMD", "PRMD", "list.count", "list.contents", "efault.array", "base.efault.array_unmapped"]
            .map(str::to_owned)
            .to_vec()
    }

    #[test]
    fn slips_are_found_the_nearest_first() {
        let names = names();
        assert_eq!(nearest("crmb", &names), ["CRMD"]);
        assert_eq!(nearest("rmd", &names), ["CRMD", "PRMD"]);
        assert_eq!(nearest("list.cuont", &names)[0], "list.count");
    }

    #[test]
    fn what_was_cut_short_is_found() {
        assert_eq!(nearest("array", &names()), ["efault.array", "base.efault.array_unmapped"]);
    }

    #[test]
    fn what_is_like_nothing_finds_nothing() {
        assert!(nearest("zzzz", &names()).is_empty());
        assert!(nearest("", &names()).is_empty());
        assert!(nearest("\u{1f980}\u{1f980}", &names()).is_empty());
    }
}
