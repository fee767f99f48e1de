//! Word and character lists: name endings, particles, numerals, quotation marks.

use std::sync::LazyLock;

/// Endings of organisations' names: a place or a school before one of these belongs to the longer name.
pub(crate) const ENDINGS: [&str; 43] = [
    "出版社",
    "公司",
    "大学",
    "学院",
    "中学",
    "小学",
    "学校",
    "研究所",
    "研究院",
    "研究会",
    "协会",
    "学会",
    "委员会",
    "联合会",
    "商会",
    "集团",
    "银行",
    "医院",
    "卫视",
    "电视台",
    "电台",
    "电视网",
    "日报",
    "晚报",
    "时报",
    "博物馆",
    "图书馆",
    "党校",
    "法院",
    "检察院",
    "基金会",
    "俱乐部",
    "工作室",
    "实验室",
    "管理局",
    "音乐厅",
    "剧院",
    "杂志社",
    "车站",
    "机场",
    "艺术节",
    "联赛",
    "大奖赛",
];

/// The endings in the order of their characters.
static SORTED_ENDINGS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let mut sorted = ENDINGS.to_vec();
    sorted.sort_unstable();
    sorted
});

/// The endings of organisations' names that begin with a character.
pub(crate) fn endings_from(first: char) -> impl Iterator<Item = &'static str> {
    let from = SORTED_ENDINGS.partition_point(|ending| ending.chars().next() < Some(first));
    SORTED_ENDINGS[from..].iter().copied().take_while(move |ending| ending.starts_with(first))
}

/// Suffixes that form a different name with the one right before them: a genus, a family, a language.
pub(crate) const SUFFIXES: &str = "属科目纲门族语";

/// Characters that end a noun phrase: nothing after them belongs to the name before.
pub(crate) const BREAKS: &str = "的是在和与于为由了及被把从到对就也都将或向等之";

/// Particles and endings of the copula that follow a Korean noun in the same word.
pub(crate) const KOREAN_PARTICLES: &str = "은 는 이 가 을 를 의 에 도 로 와 과 만 나 랑 며 고 \
     에서 에게 에는 에도 에만 으로 까지 부터 처럼 보다 이나 이란 라는 이며 이고 이다 과의 와의 과는 와는 과도 와도 로는 로도 로서 로써 \
     하고 이랑 한테 께서 마저 조차 밖에 만을 만이 만은 만의 라고 라도 이라 이자 인데 예요 이야 들이 들은 들을 들의 들도 들에 \
     에서는 에서도 에서의 에서만 에서와 에게서 에게는 에게도 으로는 으로도 으로서 으로써 으로의 로부터 까지는 까지도 까지의 부터는 부터의 \
     이라고 이라는 이라도 이라면 이라서 이었다 였다 였던 이었던 이지만 이에요 입니다 인가요 인지도 이므로 이면서 들에게 들에서 한테서 \
     으로부터 이었습니다 였습니다 입니까 이라고는 에서부터";

/// Digits and Chinese numerals.
pub(crate) const NUMERALS: &str = "0123456789０１２３４５６７８９〇零一二三四五六七八九十百千万亿两几第";

/// Measure words: characters that count something when a number stands before them.
pub(crate) const MEASURES: &str =
    "年月日号时分秒届岁个元人名位次米斤克吨里亩万亿千百十世周天公平部集章条件只所座辆台期";

/// Quotation marks that enclose titles and names: opening, closing.
pub(crate) const QUOTES: [(char, char); 10] = [
    ('《', '》'),
    ('〈', '〉'),
    ('“', '”'),
    ('「', '」'),
    ('『', '』'),
    ('"', '"'),
    ('‘', '’'),
    ('«', '»'),
    ('【', '】'),
    ('\'', '\''),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ending_is_found_by_its_first_character() {
        let firsts: std::collections::BTreeSet<char> =
            ENDINGS.iter().filter_map(|ending| ending.chars().next()).collect();
        assert_eq!(firsts.iter().flat_map(|first| endings_from(*first)).count(), ENDINGS.len());
        assert!(endings_from('电').all(|ending| ending.starts_with('电')) && endings_from('猫').next().is_none());
    }
}
