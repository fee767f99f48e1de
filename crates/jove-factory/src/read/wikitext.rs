//! The markup of MediaWiki to plain text.
//!
//! Not a whole parser, which would need the wiki's templates: what shows no prose (templates, tables, references, files, categories)
//! is left out, and the rest is the text with its links.

use jove_corpus::DocumentLink;

/// Elements whose contents are left out.
const SKIPPED: [&str; 11] = [
    "ref",
    "math",
    "gallery",
    "timeline",
    "syntaxhighlight",
    "source",
    "pre",
    "score",
    "graph",
    "templatedata",
    "imagemap",
];
/// Parts inside each other; deeper ones are left out with what holds them.
const DEPTH_MAX: usize = 40;
/// A tag or an address that is longer is text: markup without ends must not take ever more time.
const MARK_BYTES_MAX: usize = 4096;

/// The text of an article, and its links with the titles that they lead to.
pub(crate) fn plain_text(markup: &str) -> (String, Vec<DocumentLink>) {
    let mut converter = Converter { rest: markup, out: String::with_capacity(markup.len() / 2), links: Vec::new() };
    converter.run();
    (converter.out, converter.links)
}

struct Converter<'a> {
    rest: &'a str,
    out: String,
    links: Vec<DocumentLink>,
}

impl Converter<'_> {
    fn run(&mut self) {
        while let Some(character) = self.rest.chars().next() {
            let is_line_start = self.out.is_empty() || self.out.ends_with('\n');
            match character {
                '{' if self.rest.starts_with("{{") => self.skip_balanced("{{", "}}"),
                '{' if self.rest.starts_with("{|") => self.skip_balanced("{|", "|}"),
                '[' if self.rest.starts_with("[[") => self.link(),
                '[' => self.external_link(),
                '<' => self.tag(),
                '&' => self.entity(),
                '\'' if self.rest.starts_with("''") => {
                    self.rest = self.rest.trim_start_matches('\'');
                }
                '_' if self.rest.starts_with("__") => self.switch(),
                '=' if is_line_start => self.heading(),
                '*' | '#' | ':' | ';' if is_line_start => {
                    self.rest = self.rest.trim_start_matches(['*', '#', ':', ';', ' ']);
                }
                '-' if is_line_start && self.rest.starts_with("----") => {
                    self.rest = self.rest.trim_start_matches('-');
                }
                _ => self.copy(character.len_utf8()),
            }
        }
    }

    fn copy(&mut self, bytes: usize) {
        let (text, rest) = self.rest.split_at(bytes);
        self.out.push_str(text);
        self.rest = rest;
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    /// Leaves out what stands between two marks, others of their kind in between included; a mark without its other is text.
    fn skip_balanced(&mut self, open: &str, close: &str) {
        match balanced(self.rest, open, close) {
            Some(length) => {
                self.skip(length);
                // A template on a line of its own leaves no blank line.
                if (self.out.is_empty() || self.out.ends_with('\n')) && self.rest.starts_with('\n') {
                    self.skip(1);
                }
            }
            None => self.copy(open.len()),
        }
    }

    fn link(&mut self) {
        let Some(length) = balanced(self.rest, "[[", "]]") else { return self.copy(2) };
        let inside = &self.rest[2..length - 2];
        self.skip(length);
        let (target, words) = inside.split_once('|').unwrap_or((inside, inside));
        if target.trim_start().starts_with(':') || has_namespace(target) {
            return;
        }
        let (title, _) = target.split_once('#').unwrap_or((target, ""));
        let (words, _) = plain_text(words);
        // Letters right after a link belong to it: `[[ship]]s`.
        let trail: String = self.rest.chars().take_while(char::is_ascii_lowercase).collect();
        self.skip(trail.len());
        let start = self.out.len() as u32;
        self.out.push_str(words.trim());
        self.out.push_str(&trail);
        let (end, target) = (self.out.len() as u32, title.replace('_', " ").trim().to_owned());
        if start < end && !target.is_empty() {
            self.links.push(DocumentLink { start, end, target });
        }
    }

    fn external_link(&mut self) {
        let is_address =
            ["[http://", "[https://", "[//", "[ftp://", "[mailto:"].iter().any(|start| self.rest.starts_with(start));
        let ends = |byte: u8| matches!(byte, b']' | b'\n');
        let end = self.rest.bytes().take(MARK_BYTES_MAX).position(ends);
        let Some(end) = end.filter(|end| is_address && self.rest[*end..].starts_with(']')) else { return self.copy(1) };
        let inside = &self.rest[1..end];
        self.skip(end + 1);
        if let Some((_, words)) = inside.split_once(' ') {
            self.out.push_str(&plain_text(words).0);
        }
    }

    fn tag(&mut self) {
        if self.rest.starts_with("<!--") {
            let end = self.rest.find("-->").map_or(self.rest.len(), |end| end + 3);
            return self.skip(end);
        }
        let name: String =
            self.rest[1..].chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        let is_tag = !name.is_empty() || self.rest[1..].starts_with('/');
        let end = self.rest.bytes().take(MARK_BYTES_MAX).position(|byte| byte == b'>');
        let Some(end) = end.filter(|_| is_tag) else { return self.copy(1) };
        let is_empty = self.rest[..end].ends_with('/');
        self.skip(end + 1);
        if name == "br" {
            self.out.push('\n');
        } else if SKIPPED.contains(&name.as_str()) && !is_empty {
            let close = format!("</{name}");
            let found = find_ignoring_case(self.rest, &close).unwrap_or(self.rest.len());
            let after = self.rest[found..].find('>').map_or(self.rest.len(), |end| found + end + 1);
            self.skip(after);
        }
    }

    fn entity(&mut self) {
        const LENGTH_MAX: usize = 12;
        let head: String = self.rest.chars().take(LENGTH_MAX).collect();
        let Some(end) = head.find(';') else { return self.copy(1) };
        let decoded = html_escape::decode_html_entities(&head[..=end]).into_owned();
        self.out.push_str(&decoded);
        self.skip(end + 1);
    }

    /// `__NOTOC__` and the like.
    fn switch(&mut self) {
        let length = self.rest[2..].find("__").map(|end| end + 4);
        let is_switch = |length: &usize| self.rest[2..*length - 2].chars().all(char::is_alphabetic) && *length > 4;
        match length.filter(is_switch) {
            Some(length) => self.skip(length),
            None => self.copy(2),
        }
    }

    fn heading(&mut self) {
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        let line = self.rest[..end].trim_end();
        let inside = line.trim_matches('=');
        if !line.ends_with('=') || inside.trim().is_empty() {
            return self.copy(1);
        }
        self.out.push_str(plain_text(inside.trim()).0.trim());
        self.skip(end);
    }
}

/// The length of what begins with `open` up to its own `close`.
fn balanced(text: &str, open: &str, close: &str) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    let first = [open.as_bytes()[0], close.as_bytes()[0]];
    let bytes = text.as_bytes();
    while at < bytes.len() {
        if !first.contains(&bytes[at]) {
            at += 1;
        } else if bytes[at..].starts_with(open.as_bytes()) {
            depth += 1;
            at += open.len();
            if depth > DEPTH_MAX {
                return None;
            }
        } else if bytes[at..].starts_with(close.as_bytes()) {
            depth -= 1;
            at += close.len();
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += 1;
        }
    }
    None
}

/// Whether a link leads to a file, a category or another wiki: its target has a word without spaces before a colon, and none after it.
fn has_namespace(target: &str) -> bool {
    let Some((space, rest)) = target.trim().split_once(':') else { return false };
    // Titles with a colon, such as of films, have a space after it.
    !space.is_empty() && !space.contains(' ') && !rest.starts_with(' ')
}

fn find_ignoring_case(text: &str, wanted: &str) -> Option<usize> {
    text.as_bytes().windows(wanted.len()).position(|window| window.eq_ignore_ascii_case(wanted.as_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(markup: &str, expected: &str, links: &[(&str, &str)]) {
        let (text, found) = plain_text(markup);
        assert_eq!(text, expected, "{markup}");
        let found: Vec<_> =
            found.iter().map(|link| (&text[link.start as usize..link.end as usize], link.target.as_str())).collect();
        assert_eq!(found, links, "{markup}");
    }

    #[test]
    fn prose_stays_and_its_links_are_kept() {
        check("", "", &[]);
        check("'''北京'''是[[中国]]的[[首都|都城]]。", "北京是中国的都城。", &[("中国", "中国"), ("都城", "首都")]);
        check(
            "two [[ship]]s and [[New_York#History|there]]",
            "two ships and there",
            &[("ships", "ship"), ("there", "New York")],
        );
        check("[[Star Wars: Episode I]]", "Star Wars: Episode I", &[("Star Wars: Episode I", "Star Wars: Episode I")]);
        check("== 历史 ==\n* 一\n** [[二]]\n: 三", "历史\n一\n二\n三", &[("二", "二")]);
        check("see [https://a.org the ''site''] [https://b.org]", "see the site ", &[]);
        check("a &amp; b&nbsp;c &#x4e2d; &unknown", "a & b\u{a0}c 中 &unknown", &[]);
        check("שלום [[ירושלים|העיר]] e\u{301} 🦀", "שלום העיר e\u{301} 🦀", &[("העיר", "ירושלים")]);
    }

    #[test]
    fn what_shows_no_prose_is_left_out() {
        check("{{Infobox|a={{b|c}}|d=[[e]]}}\nText{{cite}}.", "Text.", &[]);
        check("{| class=x\n|-\n| a || {{b}}\n{| inner |}\n|}\nText", "Text", &[]);
        check("a<ref name=x>no</ref>b<ref name=x />c<!-- no -->d<BR/>e<small>f</small>", "abcd\nef", &[]);
        check("[[File:a.jpg|thumb|A [[picture]]]]Text[[Category:X]][[文件:b.png]]", "Text", &[]);
        check("__NOTOC__Text<math>x<y</math> snake__case", "Text snake__case", &[]);
    }

    #[test]
    fn marks_without_their_others_are_text() {
        for text in ["{{a", "[[b", "a [b] c", "a < b", "1 = 2", "x_y", "it's", "{|", "&", "<", "="] {
            check(text, text, &[]);
        }
        plain_text(&"{{".repeat(100_000));
        plain_text(&"[[a|".repeat(3_000));
    }

    proptest! {
        #[test]
        fn any_text_is_survived_and_links_lie_in_the_text(text in "([\\[\\]{}|'=<>&;:#*/!-]|[a-c中🦀 \n]){0,80}") {
            let (plain, links) = plain_text(&text);
            for link in &links {
                prop_assert!(plain.get(link.start as usize..link.end as usize).is_some_and(|words| !words.is_empty()));
            }
            prop_assert!(links.windows(2).all(|pair| pair[0].end <= pair[1].start));
        }
    }
}
