//! Problems in data, as messages.

use jove_core::Problem;
use proptest::prelude::*;

fn check(found: &str, expected: &str) {
    let message = Problem::new("a.tsv", Some(3), "a name", found).to_string();
    assert_eq!(message, format!("a.tsv:3: expected a name, found `{expected}`"));
}

#[test]
fn messages_keep_text_and_escape_controls() {
    check("", "");
    check("中国", "中国");
    check("e\u{301}🙂", "e\u{301}🙂");
    check("שלום", "שלום");
    check("a\tb\r\n", "a\\tb\\r\\n");
    check("\u{0}\u{1b}[31m", "\\u{0}\\u{1b}[31m");
    assert_eq!(Problem::new("x", None, "less", "more").to_string(), "x: expected less, found `more`");
}

proptest! {
    #[test]
    fn a_message_is_one_short_line(found in "(\\PC|\n|\t|\u{1b}|中){0,300}") {
        let problem = Problem::new("x", Some(1), "less", &found);
        prop_assert!(!problem.to_string().contains(char::is_control));
        let shortened = found.chars().count() > 120;
        prop_assert_eq!(problem.found.ends_with('…') && shortened, shortened);
        let longest = 120 * 10 + 1; // An escape takes at most 10 characters.
        prop_assert!(problem.found.chars().count() <= longest);
    }
}
