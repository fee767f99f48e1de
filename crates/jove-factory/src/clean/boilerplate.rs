//! Lines of boilerplate: what web sites repeat around their texts.

use std::sync::LazyLock;

use daachorse::{DoubleArrayAhoCorasick, DoubleArrayAhoCorasickBuilder};

use super::edits::Edit;

/// A line with more bytes is a paragraph of prose, whatever it mentions.
const LINE_BYTES_MAX: usize = 240;

/// Phrases in small letters that make a line boilerplate. The first six are C4's policy lines (Raffel et al., arXiv:1910.10683, section
/// 2.2, with `javascript`); the Chinese ones are the file numbers, notices and navigation of Chinese web sites.
const PHRASES: [&str; 46] = [
    "terms of use",
    "privacy policy",
    "cookie policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
    "javascript",
    "all rights reserved",
    "powered by",
    "sign up for our newsletter",
    "skip to content",
    "click here to",
    "版权所有",
    "版權所有",
    "未经许可",
    "未经授权",
    "禁止转载",
    "转载请注明",
    "icp备",
    "icp证",
    "公网安备",
    "经营许可证",
    "责任编辑",
    "（编辑：",
    "(编辑:",
    "上一篇：",
    "上一篇:",
    "下一篇：",
    "下一篇:",
    "上一页",
    "下一页",
    "返回首页",
    "返回顶部",
    "设为首页",
    "加入收藏",
    "分享到",
    "点击查看",
    "点击下载",
    "扫一扫",
    "扫描二维码",
    "关注微信",
    "微信公众号",
    "广告热线",
    "联系我们",
    "免责声明",
    "网站地图",
];

static AUTOMATON: LazyLock<DoubleArrayAhoCorasick<u32>> = LazyLock::new(|| {
    DoubleArrayAhoCorasickBuilder::new().build(PHRASES).expect("the phrases are few, and each occurs once")
});

/// The removals of lines of boilerplate, each with its line break.
pub(crate) fn boilerplate(text: &str) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut lower = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        let is_short = line.len() <= LINE_BYTES_MAX;
        if is_short && {
            lower.clear();
            lower.extend(line.bytes().map(|byte| byte.to_ascii_lowercase()));
            AUTOMATON.find_iter(&lower).next().is_some()
        } {
            edits.push(Edit::removal(start..end));
        }
        start = end;
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::super::edits::LinkedText;
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut linked = LinkedText { text: text.to_owned(), links: Vec::new() };
        linked.apply(&boilerplate(text));
        assert_eq!(linked.text, expected);
    }

    #[test]
    fn only_short_lines_with_a_phrase_are_removed() {
        check("", "");
        check("We use cookies.\n正文。\n京ICP备12345678号\n", "正文。\n");
        check("一\nPlease enable JavaScript\n二", "一\n二");
        let prose = "A privacy policy is a statement that says how a party gathers, uses, discloses and manages a customer's data; ".repeat(3);
        check(&prose, &prose);
    }
}
