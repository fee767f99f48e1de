//! Text of files in messages.

/// Text from a file on one line of a message: control characters become spaces, and at most 300 characters are kept.
pub(crate) fn shortened(text: &str) -> String {
    const CHARS_MAX: usize = 300;
    let mut short: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(CHARS_MAX).collect();
    if text.chars().nth(CHARS_MAX).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_stay_on_one_short_line() {
        for text in ["", "a", "中文", "😀", "e\u{301}", "שלום\n\u{1b}[31m", &"长".repeat(5000)] {
            let short = shortened(text);
            assert!(short.chars().count() <= 301 && !short.chars().any(char::is_control), "{short:?}");
        }
    }
}
