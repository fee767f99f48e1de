//! Two ordinary texts that no sensible set of names covers.

use crate::boundary::stands_alone;

/// Ordinary sentences, mostly of words that name nothing.
pub(crate) const TEXTS: [&str; 2] = [
    "他说如果可以的话，我们就不应该再这样等下去了，因为已经没有人会觉得这是对的，而且大家都很快地离开了那里。\
     虽然还有一些不清楚的地方，但是只要慢慢地想一想，总能找到比较好的办法，所以也不用太着急。",
    "He said that if we could, then we should not have to wait like this any more, because nobody would think it was \
     right, and they all went away from there quite soon. It is still not very clear, but there may be some other way.",
];

/// A set of names that covers more of a text's letters is rejected.
pub(crate) const COVERAGE_MAX: f64 = 0.9;

/// The share of a text's letters that lie in the given spans, and a few of the spans' texts.
pub(crate) fn coverage(text: &str, spans: &[(usize, usize)]) -> (f64, Vec<String>) {
    let mut inside = vec![false; text.len()];
    for (start, end) in spans.iter().filter(|(start, end)| stands_alone(text, *start, *end)) {
        inside[*start..*end].fill(true);
    }
    let letters = || text.char_indices().filter(|(_, c)| c.is_alphanumeric());
    let covered = letters().filter(|(at, _)| inside[*at]).count();
    let examples = spans.iter().take(5).map(|(start, end)| format!("`{}`", &text[*start..*end])).collect();
    (covered as f64 / letters().count().max(1) as f64, examples)
}
