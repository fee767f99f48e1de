//! For tests of pages: what a headless browser makes of them.
//!
//! The browser is `JOVE_BROWSER`, or the first of Chromium's usual names that starts. Without one there is nothing to ask: the
//! functions say so on standard error and return `None`. With `JOVE_BROWSER` set they panic instead, so that a machine that is
//! meant to look at pages does.

#![allow(clippy::print_stderr, reason = "what a test skipped is said where its output goes")]

use std::path::Path;
use std::process::{Command, Output};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Looks for what a reader would stumble over, and writes it into the page's last element.
const FAULTS: &str = include_str!("faults.js");

/// The elements of `page` after its scripts ran, as HTML; `hash` is what follows `#` in its address.
///
/// # Panics
/// When the browser fails, or there is none although `JOVE_BROWSER` is set.
pub fn dom(page: &Path, hash: &str) -> Option<String> {
    let page = std::path::absolute(page).expect("the page has a path");
    let output = browse(&["--dump-dom", &format!("file://{}#{hash}", page.display())])?;
    Some(String::from_utf8(output.stdout).expect("a page is UTF-8"))
}

/// What is wrong with `page` in a window of `width` pixels, one line each: a page wider than its window, an empty drawing, text
/// of a drawing that is cut off or lies on other text, a card (`.card` in an element with `tabindex`) that does not show when its
/// element has the focus, or shows outside the window.
///
/// # Panics
/// As [`dom`], and when the page cannot be read.
pub fn faults(page: &Path, width: u32) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().expect("a folder for the page");
    let copy = folder.path().join("page.html");
    let html = std::fs::read_to_string(page).expect("the page can be read");
    std::fs::write(&copy, format!("{html}<script>{FAULTS}</script>")).expect("the folder takes the page");
    let output = browse(&["--dump-dom", &format!("--window-size={width},900"), &format!("file://{}", copy.display())])?;
    let text = String::from_utf8(output.stdout).expect("a page is UTF-8");
    let begin = text.find("<pre id=\"faults\">").expect("the script ran to its end") + "<pre id=\"faults\">".len();
    let end = begin + text[begin..].find("</pre>").expect("the element is closed");
    Some(text[begin..end].lines().map(str::to_owned).collect())
}

fn browse(flags: &[&str]) -> Option<Output> {
    let named = std::env::var("JOVE_BROWSER").ok();
    let names: Vec<&str> = named.as_deref().map_or_else(|| NAMES.to_vec(), |name| vec![name]);
    let profile = tempfile::tempdir().expect("a folder for the browser");
    let own = format!("--user-data-dir={}", profile.path().display());
    let common = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", own.as_str()];
    let output = names.iter().find_map(|name| Command::new(name).args(common).args(flags).output().ok());
    let Some(output) = output else {
        assert!(named.is_none(), "JOVE_BROWSER names no program: {named:?}");
        eprintln!("no browser was found, so nobody looked at the page");
        return None;
    };
    assert!(output.status.success(), "the browser failed: {}", String::from_utf8_lossy(&output.stderr));
    Some(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(body: &str) -> Option<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("p.html");
        std::fs::write(&page, format!("<!doctype html><meta charset=\"utf-8\"><body>{body}</body>")).unwrap();
        faults(&page, 800)
    }

    #[test]
    fn each_fault_is_found_and_a_sound_page_has_none() {
        let drawing = |texts: &str| format!("<svg width=\"200\" height=\"40\">{texts}</svg>");
        let card = |style: &str| format!("<b tabindex=\"0\">name<i class=\"card\" style=\"{style}\">card</i></b>");
        let cases = [
            (drawing("<text x=\"5\" y=\"20\">here</text><text x=\"90\" y=\"20\">there</text>") + &card(""), ""),
            ("<p style=\"width: 900px\">wide</p>".to_owned(), "wider than the window"),
            ("<svg width=\"0\" height=\"0\"></svg>".to_owned(), "an empty drawing"),
            (drawing("<text x=\"180\" y=\"20\">cut off</text>"), "\"cut off\" of a drawing is cut off"),
            (drawing("<text x=\"9\" y=\"20\">one</text><text x=\"9\" y=\"20\">two</text>"), "\"one\" lies on \"two\""),
            (card("display: none"), "the card of \"name\" does not show"),
            (card("position: fixed; left: 790px; width: 99px"), "leaves the window"),
        ];
        for (body, expected) in cases {
            let Some(found) = faults_of(&body) else { return };
            let said = found.join("\n");
            assert!(if expected.is_empty() { found.is_empty() } else { said.contains(expected) }, "{body}: {said}");
        }
    }
}
