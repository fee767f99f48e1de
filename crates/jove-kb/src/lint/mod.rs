//! Checks for data that will hurt training.

mod findings;
mod odd;
mod relations;
mod script;

use std::collections::BTreeSet;

use jove_core::{EntityId, Lang};

pub use self::findings::{Finding, Level};
use self::findings::{Findings, Kind};
use crate::error::Result;
use crate::kb::Kb;

/// Options of the checks.
#[derive(Clone, Debug)]
pub struct LintOptions {
    /// Entities that may share a name before it counts as ambiguous. Default 5.
    pub shared_max: usize,
    /// Words that mean something in running text, so that they are bad names. Default: a short list of Chinese and
    /// English words.
    pub common_words: BTreeSet<String>,
    /// Examples to keep of each finding. Default 5.
    pub examples: usize,
}

impl Default for LintOptions {
    fn default() -> Self {
        let words = "the of and to in is it on for as at by an be or not all are was this that from with have one two \
            time year day man people may no can will more new first last go up down out he she we you they \
            的 了 是 在 和 有 不 我 他 她 们 这 那 一个 我们 他们 自己 时间 今天 昨天 明天 可以 没有 什么 问题 工作 \
            时候 现在 发展 中心 主要 生活 方面 情况 一般 使用 进行 作为 以及 其他 方法 系统 可能";
        Self { shared_max: 5, common_words: words.split_whitespace().map(str::to_owned).collect(), examples: 5 }
    }
}

const COMMON: Kind = (
    "common-word-alias",
    Level::Warning,
    "links will be wrong wherever the word occurs in text; remove the alias or give it a low prior",
);
const SHORT: Kind = (
    "one-character-alias",
    Level::Warning,
    "one character links nearly everywhere; remove the alias or set the linker's least length to 2",
);
const SHARED: Kind =
    ("shared-alias", Level::Warning, "the linker can only guess; give the aliases priors or the entities popularity");
const UNNAMED: Kind = (
    "entity-without-name",
    Level::Warning,
    "it can never be linked or put into words; import labels, or map the attribute that names it to `label`",
);
const UNDESCRIBED: Kind = (
    "entity-without-description",
    Level::Note,
    "it takes no part in the knowledge link; map an attribute to `description`, or let facts be verbalised",
);
const LOOP: Kind = ("self-loop", Level::Warning, "a fact from an entity to itself teaches nothing; check the merging");
const DUPLICATE: Kind =
    ("duplicate-fact", Level::Note, "several sources say the same; it counts once, so nothing needs doing");
const DAMAGED: Kind =
    ("damaged-text", Level::Error, "the text was decoded wrongly before it came here; fix the source's encoding");
const MIXED: Kind = (
    "traditional-and-simplified",
    Level::Note,
    "one Chinese name holds both forms; convert the source to one of them, or tag it `zh-Hant`",
);
const FORMS: Kind = (
    "both-chinese-forms",
    Level::Warning,
    "most Chinese names are in the other form, simplified or traditional; text in one form does not find names in the \
     other: convert the source to the form of your text",
);
const WRONG_SCRIPT: Kind = (
    "language-disagrees-with-script",
    Level::Warning,
    "the name is not written in its language's script; links in that language will miss it",
);

/// Runs all checks; the most severe findings first, then by name.
///
/// # Errors
/// When the knowledge base cannot be read.
pub fn lint(kb: &Kb, options: &LintOptions) -> Result<Vec<Finding>> {
    let mut findings = Findings::new(options.examples);
    names(kb, options, &mut findings)?;
    missing(kb, &mut findings)?;
    facts(kb, &mut findings)?;
    relations::check(kb, &mut findings)?;
    let mut all: Vec<_> = findings.all.into_values().collect();
    all.sort_by(|a, b| b.level.cmp(&a.level).then(a.name.cmp(b.name)));
    Ok(all)
}

fn names(kb: &Kb, options: &LintOptions, findings: &mut Findings) -> Result<()> {
    let sql = "SELECT text, lang, entity FROM name ORDER BY text, entity";
    let mut present = String::new();
    let mut holders: BTreeSet<u32> = BTreeSet::new();
    let (mut simplified, mut traditional) = (Findings::new(options.examples), Findings::new(options.examples));
    let shared = |name: &str, holders: &BTreeSet<u32>, findings: &mut Findings| {
        if holders.len() > options.shared_max {
            findings.add(&SHARED, || format!("`{name}` names {} entities", holders.len()));
        }
    };
    kb.each("reading names", sql, [], |row| {
        let (text, tag, entity) = (row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?, row.get::<_, u32>(2)?);
        if text != present {
            shared(&present, &holders, findings);
            holders.clear();
            text.clone_into(&mut present);
            name(text, options, findings);
            let owner = || format!("`{text}` of {}", kb.key(EntityId(entity)).unwrap_or_default());
            odd::check(text, owner, findings);
        }
        holders.insert(entity);
        if let Ok(lang) = Lang::new(tag)
            && script::disagrees(lang, text)
        {
            findings.add(&WRONG_SCRIPT, || format!("`{text}` is tagged `{lang}`"));
        }
        if tag == "zh" {
            match script::forms(text) {
                (true, true) => findings.add(&MIXED, || format!("`{text}`")),
                (true, false) => simplified.add(&FORMS, || format!("`{text}`")),
                (false, true) => traditional.add(&FORMS, || format!("`{text}`")),
                (false, false) => {}
            }
        }
        Ok(())
    })?;
    shared(&present, &holders, findings);
    findings.add_rarer(simplified, traditional);
    Ok(())
}

/// Checks one name.
fn name(text: &str, options: &LintOptions, findings: &mut Findings) {
    let quoted = || format!("`{text}`");
    if text.chars().count() == 1 {
        findings.add(&SHORT, quoted);
    }
    if options.common_words.contains(&text.to_lowercase()) {
        findings.add(&COMMON, quoted);
    }
    if script::damaged(text) {
        findings.add(&DAMAGED, quoted);
    }
}

fn missing(kb: &Kb, findings: &mut Findings) -> Result<()> {
    for (kind, table) in [(&UNNAMED, "name"), (&UNDESCRIBED, "description")] {
        // Two fixed table names: nothing of anybody's data reaches the statement.
        let sql = match table {
            "name" => {
                "SELECT key FROM entity e WHERE NOT EXISTS (SELECT 1 FROM name n WHERE n.entity = e.id) ORDER BY id"
            }
            _ => {
                "SELECT key FROM entity e WHERE NOT EXISTS (SELECT 1 FROM description d WHERE d.entity = e.id) ORDER BY id"
            }
        };
        kb.each("looking for what is missing", sql, [], |row| {
            let key = row.get_ref(0)?.as_str()?;
            findings.add(kind, || key.to_owned());
            Ok(())
        })?;
    }
    kb.each("reading descriptions", "SELECT text FROM description", [], |row| {
        let text = row.get_ref(0)?.as_str()?;
        if script::damaged(text) {
            findings.add(&DAMAGED, || text.chars().take(60).collect());
        }
        Ok(())
    })
}

fn facts(kb: &Kb, findings: &mut Findings) -> Result<()> {
    let mut loops = Vec::new();
    kb.visit_facts(|fact| {
        if fact.subject == fact.object {
            loops.push(fact);
        }
    })?;
    for fact in loops {
        let (key, predicate) = (kb.key(fact.subject)?, kb.predicate_name(fact.predicate)?.unwrap_or_default());
        findings.add(&LOOP, || format!("{key} —{predicate}→ itself"));
    }
    let sql = "SELECT subject, predicate, object FROM fact GROUP BY subject, predicate, object HAVING count(*) > 1";
    let mut twice = Vec::new();
    kb.each("looking for facts stated twice", sql, [], |row| {
        twice.push((EntityId(row.get(0)?), crate::PredicateId(row.get(1)?), EntityId(row.get(2)?)));
        Ok(())
    })?;
    for (subject, predicate, object) in twice {
        let example = [kb.key(subject)?, kb.predicate_name(predicate)?.unwrap_or_default().to_owned(), kb.key(object)?];
        findings.add(&DUPLICATE, || example.join(" "));
    }
    Ok(())
}
