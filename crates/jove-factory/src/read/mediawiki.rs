//! Dumps of MediaWiki: articles with their links.

use std::io;
use std::path::Path;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

use super::lines::{LineEnd, Lines};
use super::members::Members;
use super::raw::RawDocument;
use super::wikitext::plain_text;
use crate::error::{Error, Result};
use crate::reason::Reason;

/// Markup takes more bytes than its text.
const MARKUP_FACTOR: usize = 8;

/// The pages of a dump.
pub(crate) struct WikiDocuments {
    lines: Lines<Members>,
    bytes_max: usize,
    pages: u64,
}

/// What a page holds.
#[derive(Debug, Default, PartialEq, Eq)]
struct Page {
    title: String,
    namespace: String,
    is_redirect: bool,
    text: String,
}

impl WikiDocuments {
    pub(crate) fn open(path: &Path, bytes_max: usize) -> Result<Self> {
        let members = jove_files::open_file(path).and_then(Members::new).map_err(Error::io(path))?;
        Ok(Self { lines: Lines::new(members), bytes_max, pages: 0 })
    }

    /// The next page, also one that is no article. MediaWiki begins and ends each on a line of its own, so that damage to one page is
    /// not the end of the others.
    pub(crate) fn next(&mut self) -> io::Result<Option<RawDocument>> {
        let most = self.bytes_max.saturating_mul(MARKUP_FACTOR);
        let mut page: Option<Vec<u8>> = None;
        let mut is_cut = false;
        loop {
            let mut line = Vec::new();
            let end = self.lines.read(&mut line, most)?;
            let trimmed = line.trim_ascii();
            match end {
                LineEnd::None if page.is_none() => return Ok(None),
                LineEnd::None | LineEnd::Damaged => {
                    return Ok(Some(self.faulty(Reason::Damaged, "a page that does not end")));
                }
                _ if trimmed.starts_with(b"<page>") && page.is_none() => page = Some(Vec::new()),
                _ => {}
            }
            if let Some(page) = &mut page {
                is_cut |= end == LineEnd::Cut || page.len() + line.len() > most;
                if !is_cut {
                    page.extend_from_slice(&line);
                    page.push(b'\n');
                }
            }
            if trimmed.ends_with(b"</page>") && page.is_some() {
                let page = page.unwrap_or_default();
                return Ok(Some(if is_cut {
                    self.faulty(Reason::Oversized, "a page of many bytes")
                } else {
                    self.article(&page)
                }));
            }
        }
    }

    fn faulty(&mut self, reason: Reason, found: &str) -> RawDocument {
        self.pages += 1;
        RawDocument::new(Vec::new(), self.pages).faulty(reason, found)
    }

    fn article(&mut self, xml: &[u8]) -> RawDocument {
        let page = match parsed(&String::from_utf8_lossy(xml)) {
            Ok(page) => page,
            Err(error) => return self.faulty(Reason::BadRow, &error.to_string()),
        };
        if page.namespace != "0" || page.is_redirect {
            let what = if page.is_redirect { "a redirect" } else { "a page outside the articles" };
            return self.faulty(Reason::OtherPage, &format!("{what}: {}", page.title));
        }
        let (text, links) = plain_text(&page.text);
        self.pages += 1;
        let document = RawDocument { links, ..RawDocument::new(text.into_bytes(), self.pages) };
        let length = document.bytes.len();
        if length > self.bytes_max { document.faulty(Reason::Oversized, format!("{length} bytes")) } else { document }
    }
}

/// The parts of a page that count.
fn parsed(xml: &str) -> Result<Page, quick_xml::Error> {
    let mut reader = Reader::from_str(xml);
    let (mut page, mut open) = (Page::default(), Vec::new());
    loop {
        match reader.read_event()? {
            Event::Start(tag) => open.push(tag.local_name().as_ref().to_owned()),
            Event::End(_) => drop(open.pop()),
            Event::Empty(tag) => page.is_redirect |= tag.local_name().as_ref() == "redirect",
            Event::Text(text) => page.add(&open, &text),
            Event::CData(text) => page.add(&open, &text),
            Event::GeneralRef(name) => {
                let character = name.resolve_char_ref()?.map(String::from);
                let known = character.or_else(|| resolve_predefined_entity(&name).map(str::to_owned));
                page.add(&open, known.as_deref().unwrap_or_default());
            }
            Event::Eof => return Ok(page),
            _ => {}
        }
    }
}

impl Page {
    fn add(&mut self, open: &[String], text: &str) {
        match open.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["page", "title"] => self.title.push_str(text),
            ["page", "ns"] => self.namespace.push_str(text.trim()),
            ["page", "revision", "text"] => self.text.push_str(text),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::members::tests::part;
    use super::*;

    fn page(title: &str, namespace: u8, more: &str, text: &str) -> String {
        format!(
            "  <page>\n    <title>{title}</title>\n    <ns>{namespace}</ns>\n    {more}<revision>\n      <contributor><username>x</username></contributor>\n      \
             <text bytes=\"9\" xml:space=\"preserve\">{text}</text>\n    </revision>\n  </page>\n"
        )
    }

    fn read(bytes: &[u8]) -> Vec<RawDocument> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let mut documents = WikiDocuments::open(file.path(), 100_000).unwrap();
        std::iter::from_fn(|| documents.next().unwrap()).collect()
    }

    fn check(bytes: &[u8], expected: &[Result<&str, Reason>]) {
        let found = read(bytes);
        let shown: Vec<_> = found
            .iter()
            .map(|raw| match &raw.fault {
                None => Ok(std::str::from_utf8(&raw.bytes).unwrap()),
                Some((reason, _)) => Err(*reason),
            })
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn articles_are_taken_and_other_pages_are_counted() {
        let pages = [
            page("北京", 0, "", "'''北京'''是[[中国|中国的]]首都。&lt;ref&gt;x&lt;/ref&gt;A &amp;amp; B"),
            page("Talk:北京", 1, "", "talk"),
            page("京", 0, "<redirect title=\"北京\" />\n    ", "#REDIRECT [[北京]]"),
            page("שלום", 0, "", "שלום &quot;עולם&quot; &#x1F980;"),
        ];
        let dump = format!("<mediawiki>\n  <siteinfo>\n  </siteinfo>\n{}</mediawiki>", pages.concat());
        let other = Err(Reason::OtherPage);
        check(dump.as_bytes(), &[Ok("北京是中国的首都。A & B"), other, other, Ok("שלום \"עולם\" 🦀")]);
        let links = &read(dump.as_bytes())[0].links;
        assert_eq!((links.len(), links[0].target.as_str(), links[0].start), (1, "中国", 9));
        check(b"", &[]);
        check(b"<mediawiki></mediawiki>", &[]);
    }

    #[test]
    fn a_damaged_stream_of_bzip2_costs_its_pages() {
        let stream = |names: &[&str]| {
            part("bz2", names.iter().map(|name| page(name, 0, "", name)).collect::<String>().as_bytes())
        };
        let mut middle = stream(&["b1", "b2"]);
        let at = middle.len() / 2;
        middle[at..at + 20].fill(7);
        let dump = [
            part("bz2", b"<mediawiki>\n"),
            stream(&["a1", "a2"]),
            middle,
            stream(&["c1"]),
            part("bz2", b"</mediawiki>"),
        ]
        .concat();
        check(&dump, &[Ok("a1"), Ok("a2"), Err(Reason::Damaged), Ok("c1")]);
        let broken = page("x", 0, "</title>", "text") + &page("y", 0, "", "good");
        check(broken.as_bytes(), &[Err(Reason::BadRow), Ok("good")]);
    }
}
