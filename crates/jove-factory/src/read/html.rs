//! The text of a web page: blocks of prose, without scripts, menus and forms.

use html5gum::{Token, Tokenizer};

/// Elements whose contents are no text of the page.
const SKIPPED: [&[u8]; 18] = [
    b"script",
    b"style",
    b"noscript",
    b"template",
    b"head",
    b"nav",
    b"header",
    b"footer",
    b"aside",
    b"form",
    b"button",
    b"select",
    b"svg",
    b"iframe",
    b"object",
    b"canvas",
    b"textarea",
    b"menu",
];
/// Of those, the ones in whose contents a tag is text.
const RAW: [&[u8]; 5] = [b"script", b"style", b"noscript", b"textarea", b"iframe"];
/// Elements inside a line.
const INLINE: [&[u8]; 33] = [
    b"a", b"abbr", b"acronym", b"b", b"bdi", b"bdo", b"big", b"cite", b"code", b"data", b"del", b"dfn", b"em", b"font",
    b"i", b"img", b"ins", b"kbd", b"label", b"mark", b"q", b"rp", b"ruby", b"s", b"samp", b"small", b"span", b"strong",
    b"sub", b"sup", b"time", b"u", b"wbr",
];
/// Elements that never end.
const VOID: [&[u8]; 8] = [b"br", b"hr", b"img", b"input", b"link", b"meta", b"wbr", b"source"];

/// The share of a block's characters in links from which it is a menu, and the length up to which that is asked ("Boilerplate Detection
/// using Shallow Text Features" (Kohlschütter et al., 2010): link density).
const LINK_SHARE_MAX: f64 = 0.5;
const MENU_CHARS_MAX: usize = 200;

/// The text of a page, a line for each block.
pub(crate) fn text_of_html(html: &str) -> String {
    let mut page = Page::default();
    for Ok(token) in Tokenizer::new(html) {
        match token {
            Token::StartTag(tag) => page.start(&tag.name, tag.self_closing),
            Token::EndTag(tag) => page.end(&tag.name),
            Token::String(text) => page.text(&text),
            _ => {}
        }
    }
    page.close();
    page.out
}

/// The character set that a page declares at its beginning.
pub(crate) fn declared_charset(body: &[u8]) -> Option<String> {
    const HEAD_BYTES: usize = 4096;
    let head = String::from_utf8_lossy(&body[..body.len().min(HEAD_BYTES)]).to_lowercase();
    let (_, after) = head.split_once("charset=")?;
    let name: String = after
        .trim_start_matches(['"', '\'', ' '])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_:".contains(*c))
        .collect();
    (!name.is_empty()).then_some(name)
}

/// A page that is being read.
#[derive(Default)]
struct Page {
    out: String,
    /// The block that is being read, and how many of its characters are in links.
    block: String,
    linked: usize,
    links: usize,
    /// The skipped element that is open, with how many of its name are.
    skipped: Option<(Vec<u8>, usize)>,
}

impl Page {
    fn start(&mut self, name: &[u8], self_closing: bool) {
        if let Some((open, depth)) = &mut self.skipped {
            *depth += usize::from(open == name && !self_closing && !RAW.contains(&name));
            return;
        }
        if SKIPPED.contains(&name) && !self_closing {
            self.close();
            self.skipped = Some((name.to_vec(), 1));
        } else if name == b"a" {
            self.links += 1;
        } else if name == b"br" || !INLINE.contains(&name) {
            self.close();
        }
    }

    fn end(&mut self, name: &[u8]) {
        if let Some((open, depth)) = &mut self.skipped {
            *depth -= usize::from(open == name);
            // Of a page that never ends its head, the body begins all the same.
            if *depth == 0 {
                self.skipped = None;
            }
            return;
        }
        if name == b"a" {
            self.links = self.links.saturating_sub(1);
        } else if !INLINE.contains(&name) && !VOID.contains(&name) {
            self.close();
        }
    }

    fn text(&mut self, bytes: &[u8]) {
        if self.skipped.is_some() {
            return;
        }
        for character in String::from_utf8_lossy(bytes).chars() {
            let character = if character.is_whitespace() { ' ' } else { character };
            if character == ' ' && (self.block.is_empty() || self.block.ends_with(' ')) {
                continue;
            }
            self.block.push(character);
            self.linked += usize::from(self.links > 0 && character != ' ');
        }
    }

    /// Ends a block: menus are left out.
    fn close(&mut self) {
        let block = self.block.trim_end();
        let chars = block.chars().filter(|c| *c != ' ').count();
        let is_menu = chars <= MENU_CHARS_MAX && self.linked as f64 > LINK_SHARE_MAX * chars as f64;
        if !block.is_empty() && !is_menu {
            if !self.out.is_empty() {
                self.out.push('\n');
            }
            self.out.push_str(block);
        }
        self.block.clear();
        (self.linked, self.links) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, expected: &str) {
        assert_eq!(text_of_html(html), expected, "{html}");
    }

    #[test]
    fn blocks_of_text_are_taken_and_the_rest_is_left() {
        check("", "");
        check("no tags", "no tags");
        check("<p>北京是<b>首</b>都。<p>第二段<br>第三行", "北京是首都。\n第二段\n第三行");
        check("<head><title>T</title></head><body>a &amp; b &#x4e2d;&nbsp;c</body>", "a & b 中 c");
        check("<script>if (a < b) { '<p>no</p>' }</script>yes<style>p{}</style>", "yes");
        check("<nav><ul><li>Home</ul></nav><div>Text <span>in</span> a line</div><footer>c</footer>", "Text in a line");
        check(
            "<ul><li><a href=x>One</a> | <a>Two</a><li>See <a>the page</a> on that for more</ul>",
            "See the page on that for more",
        );
        check("<div><nav>a<nav>b</nav>c</nav>d</div>", "d");
        check("<p>שלום <i>עולם</i></p><p>e\u{301} 🦀</p>", "שלום עולם\ne\u{301} 🦀");
    }

    #[test]
    fn broken_markup_is_survived() {
        check("<p>a<<b>c</p", "a<c");
        check("<!-- <p>no</p> --><p>yes", "yes");
        check("</p></a></nav>text", "text");
        check("<p title=\"a>b\">c &xyzzy; d", "c &xyzzy; d");
        text_of_html(&"<div>".repeat(100_000));
    }

    #[test]
    fn the_declared_character_set_is_found() {
        for (html, expected) in [
            ("<meta charset=\"GBK\">", Some("gbk")),
            ("<meta http-equiv=Content-Type content='text/html; charset=big5'>", Some("big5")),
            ("<p>none", None),
            ("charset=\"\"", None),
        ] {
            assert_eq!(declared_charset(html.as_bytes()).as_deref(), expected);
        }
    }
}
