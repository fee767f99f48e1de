//! Which names of an entity are labels.

use crate::schema::{ALIAS, DERIVED, LABEL, MERGED, WEAK};

/// The labels of one entity so far, whose names come in the order of their roles.
#[derive(Default)]
pub(super) struct Labels {
    /// Languages that have one, each between zero bytes.
    langs: String,
    /// Whether a source states one.
    stated: bool,
}

impl Labels {
    /// Begins an entity.
    pub(super) fn begin(&mut self) {
        self.langs.clear();
        self.stated = false;
    }

    /// The final role of a name: a label or an alias.
    pub(super) fn role(&mut self, role: u8, lang: &str) -> u8 {
        let is_label = match role {
            LABEL => true,
            WEAK => !self.has(lang),
            DERIVED => !self.stated,
            MERGED => !self.stated && !self.has(lang),
            _ => false,
        };
        if !is_label {
            return ALIAS;
        }
        self.stated |= matches!(role, LABEL | WEAK);
        // Most entities have one name, made of their key: nothing asks which language it has.
        if role != DERIVED || !self.has(lang) {
            self.langs.push('\0');
            self.langs.push_str(lang);
            self.langs.push('\0');
        }
        LABEL
    }

    fn has(&self, lang: &str) -> bool {
        self.langs.split_terminator('\0').skip(1).step_by(2).any(|one| one == lang)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[(u8, &str)], expected: &[u8]) {
        let mut labels = Labels::default();
        for _ in 0..2 {
            labels.begin();
            let found: Vec<_> = names.iter().map(|(role, lang)| labels.role(*role, lang)).collect();
            assert_eq!(found, expected, "{names:?}");
        }
    }

    #[test]
    fn a_label_that_is_stated_outdoes_one_made_of_a_key() {
        check(&[(DERIVED, "")], &[LABEL]);
        check(&[(LABEL, "en"), (ALIAS, "en"), (DERIVED, "")], &[LABEL, ALIAS, ALIAS]);
        check(&[(ALIAS, "zh"), (DERIVED, "zh")], &[ALIAS, LABEL]);
        check(&[(LABEL, "en"), (WEAK, "de"), (WEAK, "en")], &[LABEL, LABEL, ALIAS]);
        check(&[(WEAK, ""), (WEAK, ""), (DERIVED, "")], &[LABEL, ALIAS, ALIAS]);
        check(&[(DERIVED, "zh"), (MERGED, "en"), (MERGED, "zh")], &[LABEL, LABEL, ALIAS]);
        check(&[(LABEL, "en"), (MERGED, "zh-Hant")], &[LABEL, ALIAS]);
        check(&[(LABEL, "zh"), (LABEL, "zh-Hant"), (WEAK, "zh-Hans")], &[LABEL, LABEL, LABEL]);
    }
}
