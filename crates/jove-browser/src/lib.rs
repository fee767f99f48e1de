//! Tests of HTML pages in a headless browser.
//!
//! The browser is `JOVE_BROWSER`, or the first of Chromium's usual names that starts. Without a browser the functions print a
//! note on standard error and return `None`; with `JOVE_BROWSER` set they panic instead, so that a machine that is meant to test
//! pages cannot skip them.
//!
//! ```
//! let folder = tempfile::tempdir()?;
//! let page = folder.path().join("page.html");
//! std::fs::write(&page, "<!doctype html><meta charset=\"utf-8\"><p style=\"width: 900px\">Wider than a phone.</p>")?;
//! if let Some(faults) = jove_browser::faults(&page, 400) {
//!     assert!(faults[0].contains("wider than the window"), "{faults:?}");
//! }
//! # Ok::<(), std::io::Error>(())
//! ```

#![allow(clippy::print_stderr, reason = "a skipped test reports that in its output")]

use std::path::Path;
use std::process::{Command, Output};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// A script that finds faults and writes them into the page's last element.
const FAULTS: &str = include_str!("faults.js");

/// The elements of `page` after its scripts ran, as HTML; `hash` is the fragment of its address, without `#`.
///
/// # Panics
/// When the browser fails, or there is none although `JOVE_BROWSER` is set.
pub fn dom(page: &Path, hash: &str) -> Option<String> {
    let page = std::path::absolute(page).expect("the page has a path");
    let output = browse(&["--dump-dom", &format!("file://{}#{hash}", page.display())])?;
    Some(String::from_utf8(output.stdout).expect("a page is UTF-8"))
}

/// The faults of `page` in a window of `width` pixels, in light colours and in dark ones, one line each: a page wider than its
/// window, an empty drawing, text of a drawing that is cut off or lies on other text, text that its box cuts off or that has a contrast
/// below 4.5 to what is behind it, a card (`.card` in an element with `tabindex`) that does not show when its element has the
/// focus, or shows outside the window; a page that cannot be printed.
///
/// # Panics
/// As [`dom`], and when the page cannot be read.
pub fn faults(page: &Path, width: u32) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().expect("a folder for the page");
    let copy = folder.path().join("page.html");
    let html = std::fs::read_to_string(page).expect("the page can be read");
    std::fs::write(&copy, format!("{html}<script>{FAULTS}</script>")).expect("the folder takes the page");
    let mut faults = Vec::new();
    for (scheme, name) in [(1, "light"), (0, "dark")] {
        let colours = format!("--blink-settings=preferredColorScheme={scheme}");
        let found = found(&copy, width, &colours)?;
        faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    let paper = folder.path().join("page.pdf");
    browse(&[&format!("--print-to-pdf={}", paper.display()), &format!("file://{}", copy.display())])?;
    let printed = std::fs::read(&paper).unwrap_or_default();
    if !printed.starts_with(b"%PDF") {
        faults.push("the page cannot be printed".to_owned());
    }
    Some(faults)
}

/// What the script finds.
fn found(page: &Path, width: u32, colours: &str) -> Option<Vec<String>> {
    let window = format!("--window-size={width},900");
    let output = browse(&["--dump-dom", colours, &window, &format!("file://{}", page.display())])?;
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
        eprintln!("no browser was found: the page was not tested");
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
            ("<p style=\"color: #999; background: #fff\">faint</p>".to_owned(), "\"faint\" has a contrast of 2.8"),
            (
                "<p style=\"width: 50px; overflow: hidden; white-space: nowrap\">longer than its box</p>".to_owned(),
                "\"longer than its box\" is cut off by its box",
            ),
            (
                "<style>p { color: #111; background: #fff } @media (prefers-color-scheme: dark) { p { background: #222 } }</style><p>unseen"
                    .to_owned(),
                "dark: text \"unseen\" has a contrast",
            ),
            (card("display: none"), "the card of \"name\" does not show"),
            (card("position: fixed; left: 790px; width: 99px"), "leaves the window"),
        ];
        for (body, expected) in cases {
            let Some(found) = faults_of(&body) else { return };
            let lines = found.join("\n");
            assert!(if expected.is_empty() { found.is_empty() } else { lines.contains(expected) }, "{body}: {lines}");
        }
    }
}
