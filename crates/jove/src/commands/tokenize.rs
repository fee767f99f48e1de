//! `jove tokenize`: the pieces of texts with their ids and places, and the texts that two tokenizers cut differently.

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jove_core::{Progress as _, TokenId};
use jove_corpus::{Encoding, Tokenizer};
use serde::Serialize;

use crate::context::{Context, Outcome};

/// Longer lines are no text.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// Arguments of `jove tokenize`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A tokenizer: a checkpoint's folder, `tokenizer.json`, `vocab.txt` or a SentencePiece `.model`.
    #[arg(long, value_name = "PATH")]
    tokenizer: PathBuf,
    /// Another tokenizer; prints the texts that the two cut differently. Exit code 1 if there are any.
    #[arg(long, value_name = "PATH")]
    compare: Option<PathBuf>,
    /// A file with one text a line; `-` for standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
}

/// Prints the tokens of every line, without special tokens at the ends.
pub(crate) fn execute(args: &Args, context: &Context) -> anyhow::Result<Outcome> {
    let tokenizer = Tokenizer::load(&args.tokenizer)?;
    match &args.compare {
        Some(other) => compare(context, &args.file, [&tokenizer, &Tokenizer::load(other)?]),
        None => print(context, &args.file, &tokenizer),
    }
}

/// A text and its tokens.
#[derive(Serialize)]
struct Tokens<'a> {
    line: u64,
    text: &'a str,
    pieces: Vec<String>,
    ids: Vec<u32>,
    bytes: Vec<[u32; 2]>,
    chars: Vec<[u32; 2]>,
}

impl<'a> Tokens<'a> {
    fn of(tokenizer: &Tokenizer, line: u64, text: &'a str) -> anyhow::Result<Self> {
        let Encoding { tokens, offsets } = tokenizer.encode_text(text)?;
        let bytes: Vec<[u32; 2]> = offsets.iter().map(|span| [span.start, span.end]).collect();
        Ok(Self {
            line,
            text,
            pieces: pieces(tokenizer, &tokens),
            ids: tokens.iter().map(|token| token.0).collect(),
            chars: characters(text, &bytes),
            bytes,
        })
    }
}

fn pieces(tokenizer: &Tokenizer, tokens: &[TokenId]) -> Vec<String> {
    tokens.iter().map(|token| tokenizer.piece(*token).unwrap_or_default()).collect()
}

/// Spans of bytes as spans of characters. Starts ascend, and spans are short, so each is counted from the last start.
fn characters(text: &str, bytes: &[[u32; 2]]) -> Vec<[u32; 2]> {
    let count =
        |start: u32, end: u32| text.get(start as usize..end as usize).unwrap_or_default().chars().count() as u32;
    let (mut byte, mut character) = (0, 0);
    let mut spans = Vec::with_capacity(bytes.len());
    for &[start, end] in bytes {
        character += count(byte, start);
        byte = start;
        spans.push([character, character + count(start, end)]);
    }
    spans
}

fn print(context: &Context, file: &Path, tokenizer: &Tokenizer) -> anyhow::Result<Outcome> {
    for_each_line(context, file, |line, text| {
        let tokens = Tokens::of(tokenizer, line, text)?;
        if context.json() { context.print_json(&tokens) } else { context.print(table(&tokens)) }
    })?;
    Ok(Outcome::Done)
}

fn table(tokens: &Tokens) -> String {
    let mut rows = vec![
        format!("{}: {}", tokens.line, tokens.text),
        format!("{:>10}{:>14}{:>14}  piece", "id", "bytes", "characters"),
    ];
    for (((piece, id), bytes), chars) in tokens.pieces.iter().zip(&tokens.ids).zip(&tokens.bytes).zip(&tokens.chars) {
        let span = |[start, end]: &[u32; 2]| format!("{start}-{end}");
        rows.push(format!("{id:>10}{:>14}{:>14}  {}", span(bytes), span(chars), piece));
    }
    rows.join("\n")
}

/// A text that two tokenizers cut differently.
#[derive(Serialize)]
struct Difference<'a> {
    line: u64,
    text: &'a str,
    pieces: [Vec<String>; 2],
    ids: [Vec<u32>; 2],
}

/// How many texts two tokenizers cut differently.
#[derive(Clone, Copy, Default, Serialize)]
struct Comparison {
    texts: u64,
    /// With other pieces.
    pieces_differ: u64,
    /// With other ids, pieces aside: vocabularies may number the same pieces differently.
    ids_differ: u64,
    /// Of the first tokenizer and the second.
    tokens: [u64; 2],
}

fn compare(context: &Context, file: &Path, tokenizers: [&Tokenizer; 2]) -> anyhow::Result<Outcome> {
    let mut counts = Comparison::default();
    for_each_line(context, file, |line, text| {
        let [one, other] = tokenizers.map(|tokenizer| tokenizer.encode_text(text));
        let tokens = [one?.tokens, other?.tokens];
        let ids = [&tokens[0], &tokens[1]].map(|tokens| tokens.iter().map(|token| token.0).collect::<Vec<u32>>());
        let pieces = [pieces(tokenizers[0], &tokens[0]), pieces(tokenizers[1], &tokens[1])];
        counts.texts += 1;
        counts.tokens = [counts.tokens[0] + ids[0].len() as u64, counts.tokens[1] + ids[1].len() as u64];
        counts.ids_differ += u64::from(ids[0] != ids[1]);
        if pieces[0] == pieces[1] {
            return Ok(());
        }
        counts.pieces_differ += 1;
        if context.json() {
            return context.print_json(&Difference { line, text, pieces, ids });
        }
        let shown = pieces.map(|pieces| pieces.join(" "));
        context.print(format!("{line}: {}\n  {}\n  {}", text, shown[0], shown[1]))
    })?;
    if context.json() {
        context.print_json(&counts)?;
    } else {
        let Comparison { texts, pieces_differ, ids_differ, tokens } = counts;
        context.print(format!(
            "{pieces_differ} of {texts} texts cut differently, {ids_differ} with other ids; {} and {} tokens",
            tokens[0], tokens[1]
        ))?;
    }
    Ok(if counts.pieces_differ + counts.ids_differ > 0 { Outcome::CheckFailed } else { Outcome::Done })
}

/// Hands every line to `take`, with its number.
fn for_each_line(
    context: &Context,
    path: &Path,
    mut take: impl FnMut(u64, &str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut input: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(path).with_context(|| format!("cannot open {}", path.display()))?))
    };
    let mut line = Vec::new();
    for number in 1.. {
        if context.progress().cancelled() {
            bail!("interrupted");
        }
        line.clear();
        let read = input.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
        if read.with_context(|| format!("cannot read {}", path.display()))? == 0 {
            break;
        }
        let place = || format!("{}:{number}", path.display());
        if line.last() == Some(&b'\n') {
            line.pop();
            line.pop_if(|byte| *byte == b'\r');
        } else if line.len() as u64 == LINE_BYTES_MAX {
            bail!("{}: expected a line of fewer than {LINE_BYTES_MAX} bytes, found a longer one", place());
        }
        let text = std::str::from_utf8(&line).with_context(|| format!("{}: expected a line of UTF-8", place()))?;
        take(number, text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_characters_slice_as_spans_of_bytes_do() {
        let text = "é北🦀a";
        assert_eq!(
            characters(text, &[[0, 2], [2, 5], [2, 9], [9, 9], [9, 10]]),
            [[0, 1], [1, 2], [1, 3], [3, 3], [3, 4]]
        );
        assert_eq!(characters("", &[]), Vec::<[u32; 2]>::new());
    }
}
