//! CC-CEDICT: `傳統 传统 [chuan2 tong3] /tradition/traditional/`.

use std::path::Path;

use jove_core::{Lang, Problem};

use super::input::Lines;
use crate::error::Result;
use crate::intake::Intake;

/// Reads a file. Each entry is an entity with its simplified form as label, its traditional form as `zh-Hant` label,
/// its meanings as English description, and its reading as a literal.
pub(crate) fn read(path: &Path, intake: &mut Intake<'_>) -> Result<()> {
    let hant = Lang::new("zh-Hant").ok();
    let mut lines = Lines::open(path, intake)?;
    while let Some((number, line)) = lines.next_text(intake)? {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((traditional, simplified, reading, meanings)) = entry(line) else {
            let expected = "traditional simplified [reading] /meaning/";
            intake.reject(Problem::new(path, Some(number), expected, line), line.as_bytes())?;
            continue;
        };
        let key = format!("cedict/{traditional}/{simplified}/{reading}");
        let (entity, _) = intake.entity(&key)?;
        intake.label(entity, Some(Lang::ZH), simplified)?;
        intake.label(entity, hant, traditional)?;
        intake.description(entity, Some(Lang::EN), &meanings.replace('/', "; "))?;
        intake.literal(entity, "reading", reading, None, "pinyin")?;
        intake.entity_type(entity, "word")?;
    }
    Ok(())
}

/// The parts of an entry.
fn entry(line: &str) -> Option<(&str, &str, &str, &str)> {
    let (forms, rest) = line.split_once('[')?;
    let (reading, rest) = rest.split_once(']')?;
    let (traditional, simplified) = forms.trim().split_once(' ')?;
    let meanings = rest.trim().strip_prefix('/')?.strip_suffix('/')?;
    let whole = !traditional.is_empty() && !simplified.trim().is_empty() && !meanings.is_empty();
    whole.then_some((traditional, simplified.trim(), reading, meanings))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_taken_apart() {
        let found = entry("傳統 传统 [chuan2 tong3] /tradition/traditional/");
        assert_eq!(found, Some(("傳統", "传统", "chuan2 tong3", "tradition/traditional")));
        for line in ["", "x", "傳統 传统 /no reading/", "傳統 [a] /one form/", "a b [c] //", "🙂 [é"] {
            assert_eq!(entry(line), None, "{line}");
        }
    }
}
