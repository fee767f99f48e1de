//! Turtle and TriG. A statement with something wrong in it costs what is wrong, and no more.

use std::path::Path;

use jove_core::Problem;
use oxrdf::Triple;
use oxttl::trig::LowLevelTriGParser;
use oxttl::turtle::LowLevelTurtleParser;
use oxttl::{TriGParser, TurtleParser};

use super::statements::{End, Statements};
use super::taker::{Naming, Taker, expected};
use super::tokens::{Token, first_term, parts};
use crate::error::Result;
use crate::import::input::Packed;
use crate::intake::Intake;
use crate::options::Source;

/// One of the two parsers, between statements.
enum Parser {
    Turtle(LowLevelTurtleParser),
    TriG(LowLevelTriGParser),
}

/// Prefixes and base at some place of a file.
#[derive(Clone, Default)]
struct Context {
    base: Option<String>,
    prefixes: Vec<(String, String)>,
}

impl Context {
    fn turtle(&self) -> TurtleParser {
        let mut parser = TurtleParser::new();
        if let Some(with) = self.base.as_ref().and_then(|base| TurtleParser::new().with_base_iri(base).ok()) {
            parser = with;
        }
        for (name, iri) in &self.prefixes {
            // Both were read before, so neither is wrong.
            parser = parser.clone().with_prefix(name, iri).unwrap_or(parser);
        }
        parser
    }

    fn trig(&self) -> TriGParser {
        let mut parser = TriGParser::new();
        if let Some(with) = self.base.as_ref().and_then(|base| TriGParser::new().with_base_iri(base).ok()) {
            parser = with;
        }
        for (name, iri) in &self.prefixes {
            parser = parser.clone().with_prefix(name, iri).unwrap_or(parser);
        }
        parser
    }
}

impl Parser {
    fn new(context: &Context, graphs: bool) -> Self {
        if graphs { Self::TriG(context.trig().low_level()) } else { Self::Turtle(context.turtle().low_level()) }
    }

    fn context(&self) -> Context {
        let owned = |(name, iri): (&str, &str)| (name.to_owned(), iri.to_owned());
        match self {
            Self::Turtle(parser) => {
                Context { base: parser.base_iri().map(str::to_owned), prefixes: parser.prefixes().map(owned).collect() }
            }
            Self::TriG(parser) => {
                Context { base: parser.base_iri().map(str::to_owned), prefixes: parser.prefixes().map(owned).collect() }
            }
        }
    }

    /// Parses a statement, the last one of the file or not; its triples, or what is wrong with it.
    fn parse(&mut self, statement: &[u8], last: bool) -> Result<Vec<Triple>, String> {
        match self {
            Self::Turtle(parser) => {
                parser.extend_from_slice(statement);
                // The dot ends the statement once something stands behind it.
                parser.extend_from_slice(b"\n");
                if last {
                    parser.end();
                }
                let next = || parser.parse_next();
                std::iter::from_fn(next).collect::<Result<_, _>>().map_err(|error| error.message().to_owned())
            }
            Self::TriG(parser) => {
                parser.extend_from_slice(statement);
                parser.extend_from_slice(b"\n");
                if last {
                    parser.end();
                }
                let next = || parser.parse_next().map(|found| found.map(Triple::from));
                std::iter::from_fn(next).collect::<Result<_, _>>().map_err(|error| error.message().to_owned())
            }
        }
    }
}

/// Reads a file of Turtle, or of TriG, whose graphs are read as one.
pub(super) fn read(path: &Path, source: &Source, graphs: bool, naming: Naming, intake: &mut Intake<'_>) -> Result<()> {
    let (input, packed) = Packed::open(path, intake)?;
    let context = Context { base: (!source.base.is_empty()).then(|| source.base.clone()), prefixes: Vec::new() };
    let mut reader = Reader {
        path,
        parser: Parser::new(&context, graphs),
        graphs,
        in_graph: false,
        taker: Taker::new(source, naming),
    };
    let mut statements = Statements::new(input, graphs);
    while let Some((line, statement, end)) = statements.next(&packed, intake)? {
        reader.statement(line, statement, end, intake)?;
    }
    reader.end(intake)?;
    packed.report(intake)?;
    intake.progress.end();
    Ok(())
}

struct Reader<'a> {
    path: &'a Path,
    parser: Parser,
    graphs: bool,
    in_graph: bool,
    taker: Taker<'a>,
}

impl Reader<'_> {
    fn statement(&mut self, line: u64, statement: &[u8], end: End, intake: &mut Intake<'_>) -> Result<()> {
        let parsed = match end {
            End::Nowhere => Err("a statement of at most 16 MiB without triples nested more than 32 deep".to_owned()),
            End::Unclosed => Err("a text or an IRI that is not closed".to_owned()),
            _ => self.parser.parse(statement, end == End::File),
        };
        match end {
            End::GraphOpen => self.in_graph = true,
            End::GraphClose => self.in_graph = false,
            End::Dot | End::File | End::Nowhere | End::Unclosed => {}
        }
        match parsed {
            Ok(triples) => {
                intake.counts.rows += triples.len() as u64;
                self.taker.take_all(&triples, intake)
            }
            Err(message) => {
                let context = self.parser.context();
                self.mend(&context, line, statement, &message, intake)?;
                self.parser = Parser::new(&context, self.graphs);
                // The graph that the statement stands in goes on.
                if self.in_graph && self.parser.parse(b"{", false).is_err() {
                    self.in_graph = false;
                }
                Ok(())
            }
        }
    }

    /// What the parser still waits for at the end of the file.
    fn end(&mut self, intake: &mut Intake<'_>) -> Result<()> {
        match self.parser.parse(b"", true) {
            Ok(triples) => self.taker.take_all(&triples, intake),
            Err(message) => self.reject(0, "", &message, intake),
        }
    }

    /// Takes the parts of a wrong statement that are right, and rejects the others.
    fn mend(
        &mut self,
        context: &Context,
        line: u64,
        statement: &[u8],
        message: &str,
        intake: &mut Intake<'_>,
    ) -> Result<()> {
        let Ok(text) = std::str::from_utf8(statement) else {
            intake.counts.rows += 1;
            let problem = Problem::new(self.path, Some(line), "UTF-8 text", &String::from_utf8_lossy(statement));
            return intake.reject(problem, statement);
        };
        let (Some((subject, rest)), true) = (first_term(text), statement.len() < MENDED_BYTES_MAX) else {
            return self.reject(line, text, message, intake);
        };
        if subject.starts_with('@') || rest.trim().is_empty() || !text.contains([';', ',']) {
            return self.reject(line, text, message, intake);
        }
        let parser = context.turtle();
        let rejected = intake.rejects.count();
        let before = |part: &str| text[..part.as_ptr() as usize - text.as_ptr() as usize].matches('\n').count() as u64;
        for part in parts(rest, Token::Semicolon) {
            if part.trim().is_empty() {
                continue;
            }
            let Err(message) = self.take_part(&parser, &format!("{subject} {part} ."), intake)? else { continue };
            let Some((predicate, objects)) = first_term(part) else {
                self.reject(line + before(part), part, &message, intake)?;
                continue;
            };
            for object in parts(objects, Token::Comma) {
                let piece = format!("{subject} {predicate} {} .", object.trim());
                if let Err(message) = self.take_part(&parser, &piece, intake)? {
                    self.reject(line + before(object), &piece, &message, intake)?;
                }
            }
        }
        // All parts are right, and yet not the whole: its end is missing.
        if intake.rejects.count() == rejected { self.reject(line, text, message, intake) } else { Ok(()) }
    }

    /// Takes a piece of a statement where it is right.
    fn take_part(
        &mut self,
        parser: &TurtleParser,
        piece: &str,
        intake: &mut Intake<'_>,
    ) -> Result<std::result::Result<(), String>> {
        let parsed: Result<Vec<Triple>, _> = parser.clone().for_slice(piece).collect();
        match parsed {
            Ok(triples) => {
                intake.counts.rows += triples.len() as u64;
                self.taker.take_all(&triples, intake).map(Ok)
            }
            Err(error) => Ok(Err(error.message().to_owned())),
        }
    }

    fn reject(&self, line: u64, statement: &str, message: &str, intake: &mut Intake<'_>) -> Result<()> {
        intake.counts.rows += 1;
        let kind = if self.graphs { "TriG" } else { "Turtle" };
        let problem = Problem::new(self.path, (line > 0).then_some(line), expected(kind, message), statement.trim());
        intake.reject(problem, statement.trim().as_bytes())
    }
}

/// The longest statement that is taken apart where it is wrong, in bytes.
const MENDED_BYTES_MAX: usize = 1 << 20;
