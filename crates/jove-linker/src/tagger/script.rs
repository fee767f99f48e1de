//! Words of languages without a dictionary here: by Unicode's rules and by runs of a script.

use jove_core::{ByteSpan, Lang, Pos};
use unicode_script::{Script, UnicodeScript};
use unicode_segmentation::UnicodeSegmentation;

use super::{english, universal};
use crate::segments::Segment;

/// Whether the Chinese dictionary should cut the text: by its language, or, where that is open, by its characters.
pub(crate) fn is_chinese(text: &str, lang: Lang) -> bool {
    match lang.primary() {
        "zh" | "yue" | "wuu" | "gan" | "hak" | "nan" | "lzh" | "cmn" => true,
        "und" => text.chars().any(|c| c.script() == Script::Han) && !text.chars().any(is_kana),
        _ => false,
    }
}

/// Appends the words of `text`, which starts at `offset` of the whole text.
pub(crate) fn tag(text: &str, offset: usize, lang: Lang, words: &mut Vec<Segment>) {
    let mut sentence_start = true;
    for (start, piece) in joined(text) {
        if piece.chars().all(char::is_whitespace) {
            continue;
        }
        let pos = part_of_speech(piece, lang, sentence_start);
        sentence_start = pos == Pos::Punct && matches!(piece, "." | "!" | "?" | "。" | "！" | "？" | ":" | "…");
        let start = (offset + start) as u32;
        words.push(Segment { span: ByteSpan::new(start, start + piece.len() as u32), pos, known: false });
    }
}

fn part_of_speech(word: &str, lang: Lang, sentence_start: bool) -> Pos {
    if !word.chars().any(char::is_alphabetic) {
        return universal::of_symbol(word);
    }
    if lang.primary() == "en" {
        return english::part_of_speech(word, sentence_start);
    }
    let capital = word.chars().next().is_some_and(char::is_uppercase);
    if capital && !sentence_start && lang.primary() != "de" { Pos::Propn } else { Pos::X }
}

/// Unicode's words, with neighbouring pieces of one unspaced script joined: Unicode's rules would leave Han, Hiragana and
/// Thai one by one.
fn joined(text: &str) -> Vec<(usize, &str)> {
    let mut pieces: Vec<(usize, &str)> = Vec::new();
    let mut last_run = None;
    for (start, piece) in text.split_word_bound_indices() {
        let run = unspaced(piece);
        match pieces.last_mut() {
            Some((first, whole)) if run.is_some() && run == last_run => {
                *whole = &text[*first..start + piece.len()];
            }
            _ => pieces.push((start, piece)),
        }
        last_run = run;
    }
    pieces
}

/// The script of a piece that is written without spaces.
fn unspaced(piece: &str) -> Option<Script> {
    let script = piece.chars().next()?.script();
    let free =
        matches!(script, Script::Han | Script::Hiragana | Script::Thai | Script::Lao | Script::Khmer | Script::Myanmar);
    free.then_some(script)
}

fn is_kana(c: char) -> bool {
    matches!(c.script(), Script::Hiragana | Script::Katakana)
}
