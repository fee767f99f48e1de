//! Personal data: e-mail addresses, phone numbers, numbers of Chinese identity cards.

use std::ops::Range;

use super::edits::Edit;

/// What stands in the place of personal data.
const EMAIL: &str = "[email]";
const PHONE: &str = "[phone]";
const IDENTITY: &str = "[id]";

/// The replacements of all personal data in a text, in order.
pub(crate) fn personal(text: &str) -> Vec<Edit> {
    let bytes = text.as_bytes();
    let mut edits: Vec<Edit> = Vec::new();
    let mut at = 0;
    while let Some(next) = bytes[at..].iter().position(|byte| byte.is_ascii_digit() || *byte == b'@') {
        at += next;
        let done = edits.last().map_or(0, |edit| edit.range.end);
        let found = if bytes[at] == b'@' { email(bytes, at).map(|range| (range, EMAIL)) } else { number(bytes, at) };
        match found.filter(|(range, _)| range.start >= done) {
            Some((range, by)) => {
                at = range.end;
                edits.push(Edit { range, by });
            }
            None => at += run(bytes, at).max(1),
        }
    }
    edits
}

/// How many digits follow one another.
fn run(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// The address around an `@`.
fn email(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let is_local = |byte: &&u8| byte.is_ascii_alphanumeric() || b"._%+-".contains(byte);
    let is_domain = |byte: &&u8| byte.is_ascii_alphanumeric() || b".-".contains(byte);
    let local = bytes[..at].iter().rev().take(64).take_while(is_local).count();
    let start = at - local + bytes[at - local..at].iter().take_while(|byte| b".+-".contains(byte)).count();
    let domain = bytes[at + 1..].iter().take(255).take_while(is_domain).count();
    let domain = &bytes[at + 1..at + 1 + domain];
    let domain = domain.trim_ascii_end();
    let length = domain.iter().rposition(u8::is_ascii_alphanumeric)? + 1;
    let last = domain[..length].iter().rposition(|byte| *byte == b'.')?;
    let is_top = length - last > 2 && domain[last + 1..length].iter().all(u8::is_ascii_alphabetic);
    (start < at && last > 0 && is_top).then_some(start..at + 1 + length)
}

/// The number that begins at a digit, where it is a person's.
fn number(bytes: &[u8], at: usize) -> Option<(Range<usize>, &'static str)> {
    let before = at.checked_sub(1).map(|before| bytes[before]);
    if before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/' || byte == b'_') {
        return None;
    }
    if let Some(range) = identity(bytes, at) {
        return Some((range, IDENTITY));
    }
    let start = if before == Some(b'+') || before == Some(b'(') { at - 1 } else { at };
    phone(&bytes[at..], before == Some(b'+'), before == Some(b'(')).map(|length| (start..at + length, PHONE))
}

/// A number of 18 digits with the date of birth and the check digit of GB 11643.
fn identity(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digits = bytes.get(at..at + 18)?;
    if run(digits, 0) < 17 || bytes.get(at + 18).is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let value = |range: Range<usize>| digits[range].iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    let is_date =
        (1880..=2100).contains(&value(6..10)) && (1..=12).contains(&value(10..12)) && (1..=31).contains(&value(12..14));
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let check = b"10X98765432"[sum as usize % 11];
    let is_right = is_date && (11..=82).contains(&value(0..2)) && digits[17].to_ascii_uppercase() == check;
    is_right.then_some(at..at + 18)
}

/// The length of a phone number: a Chinese mobile one, one with an area code, or one with `+` and the code of a country.
fn phone(bytes: &[u8], is_international: bool, in_parentheses: bool) -> Option<usize> {
    let groups = groups(bytes);
    let last = groups.last()?;
    if bytes.get(last.end).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'/') {
        return None;
    }
    let digits: Vec<u8> = groups.iter().flat_map(|group| bytes[group.clone()].iter().copied()).collect();
    let lengths: Vec<usize> = groups.iter().map(Range::len).collect();
    let mobile = |digits: &[u8]| digits.len() == 11 && digits[0] == b'1' && (b'3'..=b'9').contains(&digits[1]);
    let is_mobile = mobile(&digits) && matches!(lengths[..], [11] | [3, 4, 4] | [3, 8])
        || digits.strip_prefix(b"86").is_some_and(mobile) && (lengths[0] <= 2 || lengths == [13]);
    let is_area = digits[0] == b'0' && matches!(lengths[..], [3 | 4, 7 | 8]);
    let is_north_american = matches!(lengths[..], [3, 3, 4]) && digits[0] >= b'2' && digits[3] >= b'2';
    let is_long = is_international && (8..=15).contains(&digits.len());
    (is_mobile || is_long || is_area || is_north_american || in_parentheses && matches!(lengths[..], [3, 3, 4]))
        .then_some(last.end)
}

/// Runs of digits with one separator between them: a space, a hyphen, a dot, or what closes an area code.
fn groups(bytes: &[u8]) -> Vec<Range<usize>> {
    let (mut groups, mut at) = (Vec::new(), 0);
    while groups.len() < 6 {
        let length = run(bytes, at);
        if length == 0 {
            break;
        }
        groups.push(at..at + length);
        at += length;
        at += match bytes.get(at..) {
            Some([b')', b' ', ..]) => 2,
            Some([b' ' | b'-' | b'.' | b')', ..]) => 1,
            _ => break,
        };
    }
    groups
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::edits::LinkedText;
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut linked = LinkedText { text: text.to_owned(), links: Vec::new() };
        linked.apply(&personal(text));
        assert_eq!(linked.text, expected, "{text}");
    }

    #[test]
    fn addresses_are_replaced() {
        check("写信给li.si+2@mail.example.com。", "写信给[email]。");
        check("a@b.co, c_d%x@e-f.org.", "[email], [email].");
        for kept in ["@", "a@b", "@name", "x @ y.com", "a@b.c", "a@.com", "3@4", "me@1.2.3.4"] {
            check(kept, kept);
        }
    }

    #[test]
    fn phone_numbers_are_replaced_and_other_numbers_stay() {
        check("电话13812345678，或 138-1234-5678", "电话[phone]，或 [phone]");
        check("+86 138 1234 5678 / 8613812345678", "[phone] / [phone]");
        check("(010) 62345678; 0571-87654321", "[phone]; [phone]");
        check("call 212-555-0123 or (212) 555-0123 or +44 20 7946 0958", "call [phone] or [phone] or [phone]");
        for kept in [
            "",
            "1984年",
            "12345678901",
            "23812345678",
            "138123456789",
            "3.14159265358",
            "2024-05-06 12:30",
            "A13812345678",
            "ISBN 978-7-5357-1234-5",
            "v1.13812345678",
            "人口1370536875人",
        ] {
            check(kept, kept);
        }
    }

    #[test]
    fn numbers_of_identity_cards_are_known_by_their_check_digit() {
        // Made up: an area code that was never given, with the check digit that follows from the rule.
        let number = |start: &str| {
            (b"0123456789X")
                .iter()
                .map(|&last| format!("{start}{}", char::from(last)))
                .find(|all| identity(all.as_bytes(), 0).is_some())
        };
        let right = number("11999919700101123").unwrap();
        check(&format!("身份证{right}。"), "身份证[id]。");
        check(&format!("{right}0"), &format!("{right}0"));
        let wrong: String = right[..17].to_owned() + if right.ends_with('1') { "2" } else { "1" };
        check(&wrong, &wrong);
        assert_eq!(number("11999919701301123"), None, "no thirteenth month");
    }

    proptest! {
        #[test]
        fn replacements_are_sorted_and_on_characters(text in "([0-9@.+() -]|[a-c中🦀]){0,60}") {
            let edits = personal(&text);
            prop_assert!(edits.iter().all(|edit| text.get(edit.range.clone()).is_some_and(|part| !part.is_empty())));
            prop_assert!(edits.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start));
        }
    }
}
