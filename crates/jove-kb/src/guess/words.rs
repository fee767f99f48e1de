//! Words by which columns and attributes are known.

/// Attributes that give a further name, besides those that are built in.
const NAMES: &[&str] = &[
    "also known as",
    "nickname",
    "synonym",
    "synonyms",
    "has synonym",
    "alternative name",
    "alternative label",
    "other name",
    "abbreviation",
    "外文名",
    "外文名称",
    "英文名",
    "英文名称",
    "英文全称",
    "拉丁学名",
    "学名",
    "俗名",
    "曾用名",
    "别称",
    "又称",
    "其他名称",
    "中文学名",
    "缩写",
    "全称",
    "本名",
    "绰号",
    "中文别名",
];

/// Attributes that describe.
const DESCRIPTIONS: &[&str] = &[
    "definition",
    "has definition",
    "summary",
    "abstract",
    "comment",
    "gloss",
    "定义",
    "摘要",
    "概述",
    "介绍",
    "释义",
];

/// The role that an attribute has by its name or its objects, and why.
pub(super) fn role(attribute: &str, objects: &[String]) -> Option<(&'static str, &'static str)> {
    let word = attribute.rsplit(['/', '#']).next().unwrap_or(attribute).replace('_', " ").to_lowercase();
    if NAMES.contains(&word.as_str()) {
        return Some(("alias", "by its name, it gives further names"));
    }
    if DESCRIPTIONS.contains(&word.as_str()) {
        return Some(("description", "by its name, it describes"));
    }
    let values = objects.iter().filter(|object| is_value(object)).count();
    (objects.len() >= 5 && values * 10 >= objects.len() * 9).then_some(("literal", "its values are numbers or dates"))
}

/// Whether a text is a number, a measure or a date, and names nothing.
fn is_value(text: &str) -> bool {
    let digits = text.chars().filter(|c| c.is_numeric()).count();
    let letters = text.chars().filter(|c| c.is_alphabetic() && !"年月日".contains(*c)).count();
    digits > 0 && letters <= 2 && text.chars().next().is_some_and(|c| c.is_numeric() || "+-约".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(attribute: &str, objects: &[&str], expected: Option<&str>) {
        let objects: Vec<String> = objects.iter().map(|object| (*object).to_owned()).collect();
        assert_eq!(role(attribute, &objects).map(|(role, _)| role), expected, "{attribute}");
    }

    #[test]
    fn names_descriptions_and_values_are_no_facts() {
        check("英文名", &[], Some("alias"));
        check("http://x/also_known_as", &[], Some("alias"));
        check("定义", &["a"], Some("description"));
        check("建立时间", &["1949年", "2001年3月", "1912年", "约1870年", "1999"], Some("literal"));
        check("height", &["12 m", "-3.5", "+4", "7 km", "8"], Some("literal"));
        check("capital", &["北京", "Paris", "4th", "שלום", "🙂"], None);
        check("height", &["12 m"], None);
        check("", &[], None);
    }
}
