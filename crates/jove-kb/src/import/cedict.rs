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
    // Version 2 has its readings in double brackets.
    let (reading, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once("]]")?,
        None => rest.split_once(']')?,
    };
    let (traditional, simplified) = both_forms(forms.trim())?;
    let meanings = rest.trim().strip_prefix('/')?.strip_suffix('/')?;
    let whole = !traditional.is_empty() && !simplified.trim().is_empty() && !meanings.is_empty();
    whole.then_some((traditional, simplified.trim(), reading, meanings))
}

/// The traditional and the simplified form, which have as many spaces in them.
fn both_forms(forms: &str) -> Option<(&str, &str)> {
    let spaces: Vec<_> = forms.match_indices(' ').map(|(at, _)| at).collect();
    let middle = match spaces.len() {
        0 => return None,
        // Two spaces between two plain words.
        count if count % 2 == 0 => spaces[0],
        count => spaces[count / 2],
    };
    Some((&forms[..middle], &forms[middle + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_taken_apart() {
        let found = entry("傳統 传统 [chuan2 tong3] /tradition/traditional/");
        assert_eq!(found, Some(("傳統", "传统", "chuan2 tong3", "tradition/traditional")));
        let found = entry("新造橋 新造桥 [[xin1zao4qiao2]] /a bridge/");
        assert_eq!(found, Some(("新造橋", "新造桥", "xin1zao4qiao2", "a bridge")));
        let found = entry("艾爾頓 · 約翰 艾尔顿 · 约翰 [Ai4 er3] /a singer/");
        assert_eq!(found, Some(("艾爾頓 · 約翰", "艾尔顿 · 约翰", "Ai4 er3", "a singer")));
        for line in ["", "x", "傳統 传统 /no reading/", "傳統 [a] /one form/", "a b [c] //", "🙂 [é"] {
            assert_eq!(entry(line), None, "{line}");
        }
    }
}
