//! Which mentions are linked, and to which of several candidates.

use jove_core::{AliasRecord, AnnotatedText, EntityId, Lang, Purpose, Seed};
use jove_linker::{
    Annotator, EntityLinkingOptions, FEATURES, Feature, Features, Knowledge, LinkClassifier, Linker, Normalization,
    Tagger, TaggerOptions,
};
use rand::RngExt;
use std::sync::LazyLock;

static TAGGER: LazyLock<Tagger> = LazyLock::new(|| Tagger::new(&TaggerOptions::default(), []).unwrap());

fn record(alias: &str, entity: u32, prior: f32) -> AliasRecord {
    AliasRecord { alias: alias.to_owned(), entity: EntityId(entity), lang: Some(Lang::ZH), prior, popularity: 0.0 }
}

fn linker(rows: &[(&str, u32, f32)]) -> Linker {
    let records = rows.iter().map(|(alias, entity, prior)| record(alias, *entity, *prior));
    Linker::build(records, &EntityLinkingOptions::default()).unwrap()
}

fn linked(linker: &Linker, text: &str) -> Vec<(String, u32)> {
    let words = TAGGER.segments(text, Lang::ZH);
    let mentions = linker.link_words(text, Lang::ZH, Some(&words));
    mentions.iter().map(|mention| (mention.span.slice(text).unwrap().to_owned(), mention.entity.0)).collect()
}

fn check(linker: &Linker, text: &str, expected: &[(&str, u32)]) {
    let expected: Vec<_> = expected.iter().map(|(name, entity)| ((*name).to_owned(), *entity)).collect();
    assert_eq!(linked(linker, text), expected, "{text}");
}

#[test]
fn names_inside_longer_ones_are_left() {
    let linker = linker(&[("上海", 1, 1.0), ("日本", 2, 1.0), ("十年", 3, 1.0), ("米歇尔", 4, 1.0), ("中国", 5, 1.0)]);
    check(&linker, "我住在上海。", &[("上海", 1)]);
    check(&linker, "作者是上海学林出版社的编辑", &[]);
    check(&linker, "8月10日本片上映", &[]);
    check(&linker, "二十年后他来了", &[]);
    check(&linker, "米歇尔·奎诺特说", &[]);
    check(&linker, "歌曲《吉祥中国年》", &[]);
    check(&linker, "在《中国》里", &[("中国", 5)]);
    check(&linker, "", &[]);
    check(&linker, "😀e\u{301}שלום", &[]);
}

#[test]
fn descriptions_disambiguate_candidates() {
    let rows = [("苹果", 1, 0.5), ("苹果", 2, 0.5)];
    let texts = [(EntityId(1), "蔷薇科落叶乔木的果实，味道甜"), (EntityId(2), "美国科技公司，生产手机和电脑")];
    let linker = linker(&rows).with_knowledge(Knowledge::build(texts, [], Normalization::default()));
    check(&linker, "他喜欢吃苹果，因为果实味道很甜。", &[("苹果", 1)]);
    check(&linker, "苹果发布了新的手机和电脑。", &[("苹果", 2)]);
}

#[test]
fn neighbours_disambiguate_candidates() {
    let rows = [("华盛顿", 1, 0.9), ("华盛顿", 2, 0.1), ("马里兰", 3, 1.0)];
    let edges = [(EntityId(2), EntityId(3))];
    let linker = linker(&rows).with_knowledge(Knowledge::build([], edges, Normalization::default()));
    check(&linker, "他去了华盛顿。", &[("华盛顿", 1)]);
    check(&linker, "他从马里兰去了华盛顿。", &[("马里兰", 3), ("华盛顿", 2)]);
    let scored = linker.explain("他从马里兰去了华盛顿。", Lang::ZH, None);
    let losers: Vec<_> = scored[1].candidates.iter().map(|(entity, _)| entity.0).collect();
    assert_eq!(losers, [2, 1]);
    let shares: f32 = scored[1].candidates.iter().map(|(_, share)| share).sum();
    assert!((shares - 1.0).abs() < 1e-5);
    assert!(scored[1].features[Feature::Coherence] > 0.9);
}

/// Long texts are cut into stretches; a cut between two names must not hide one from the other.
#[test]
fn neighbours_are_seen_across_stretches_and_not_from_far_away() {
    let rows = [("华盛顿", 1, 0.9), ("华盛顿", 2, 0.1), ("马里兰", 3, 1.0)];
    let edges = [(EntityId(2), EntityId(3))];
    let linker = linker(&rows).with_knowledge(Knowledge::build([], edges, Normalization::default()));
    for before in [0, 600, 670, 676, 677, 678, 679, 680, 681, 682, 690, 1360, 1364] {
        let filler = "的".repeat(before);
        for text in [format!("{filler}马里兰去了华盛顿"), format!("{filler}华盛顿去了马里兰")] {
            let scored = linker.explain(&text, Lang::ZH, None);
            let city = scored.iter().find(|scored| scored.mention.span.slice(&text) == Some("华盛顿")).unwrap();
            assert_eq!(city.mention.entity, EntityId(2), "after {before} characters");
        }
    }
    let far = format!("马里兰{}华盛顿", "的".repeat(2000));
    assert_eq!(linker.explain(&far, Lang::ZH, None)[1].mention.entity, EntityId(1));
}

#[test]
fn common_words_are_learned_from_a_corpus() {
    let mut linker = linker(&[("喜欢", 1, 1.0), ("北京", 2, 1.0)]);
    let texts = ["我喜欢唱歌", "他喜欢北京", "大家都喜欢她", "她喜欢你"];
    linker.learn(texts.map(|text| (text, Lang::ZH)), &TAGGER);
    check(&linker, "我喜欢北京", &[("北京", 2)]);
    assert_eq!(linker.report().refused, 1);
}

#[test]
fn names_are_seen_where_nothing_is_linked() {
    let rows = [record("北京", 2, 1.0), record("北京", 3, 0.5), record("北京大学", 1, 1.0)];
    for (score_min, text, expected) in [
        (1.0, "", &[][..]),
        (1.0, "他在北京大学", &[1, 2]),
        (0.0, "他在北京大学", &[1]),
        (1.0, "去北京，回北京", &[2]),
        (1.0, "😀", &[]),
    ] {
        let linker =
            Linker::build(rows.clone(), &EntityLinkingOptions { score_min, ..EntityLinkingOptions::default() })
                .unwrap();
        let mentions = linker.link(text, Lang::ZH);
        let linked = AnnotatedText { text: text.to_owned(), lang: Lang::ZH, words: Vec::new(), mentions };
        let named: Vec<u32> = linker.named(&linked).iter().map(|entity| entity.0).collect();
        assert_eq!(named, expected, "{text} from {score_min}");
    }
}

#[test]
fn a_capital_that_opens_a_sentence_is_no_noun() {
    let records = [record("Azerbaijan", 1, 1.0), record("day", 2, 1.0)];
    let linker = Linker::build(records, &EntityLinkingOptions::default()).unwrap();
    let annotator = Annotator { linker, tagger: Tagger::new(&TaggerOptions::default(), []).unwrap() };
    let score = |text: &str| annotator.annotate(text.to_owned(), Lang::EN).mentions[0].score;
    assert!(score("Azerbaijan is on the Caspian Sea.") > 0.8);
    assert!((score("We met in Azerbaijan.") - score("Azerbaijan is far.")).abs() < 1e-6);
}

#[test]
fn the_threshold_decides_what_names_nothing() {
    let strict = EntityLinkingOptions { score_min: 1.0, ..EntityLinkingOptions::default() };
    let strict = Linker::build([record("北京", 1, 1.0)], &strict).unwrap();
    check(&strict, "我在北京", &[]);
    let never = LinkClassifier { weights: Features([-5.0; FEATURES]) };
    check(&linker(&[("北京", 1, 1.0)]).with_classifier(never), "我在北京", &[]);
}

/// The tagger's runs of one script are no words: a name inside one is still found.
#[test]
fn languages_without_a_dictionary_are_linked() {
    let annotator = Annotator {
        linker: linker(&[("日本", 1, 1.0), ("กรุงเทพ", 2, 1.0)]),
        tagger: Tagger::new(&TaggerOptions::default(), []).unwrap(),
    };
    for (text, lang, entity) in [("日本文化は", "ja", 1), ("ฉันอยู่กรุงเทพ", "th", 2)]
    {
        let annotated = annotator.annotate(text.to_owned(), Lang::new(lang).unwrap());
        assert_eq!(annotated.mentions.iter().map(|m| m.entity.0).collect::<Vec<_>>(), [entity], "{text}");
    }
}

#[test]
fn an_annotated_text_holds_words_and_mentions() {
    let annotator = Annotator {
        linker: linker(&[("北京", 7, 1.0)]),
        tagger: Tagger::new(&TaggerOptions::default(), []).unwrap(),
    };
    let annotated = annotator.annotate("我爱北京".to_owned(), Lang::ZH);
    assert_eq!((annotated.words.len(), annotated.mentions.len()), (3, 1));
    assert_eq!(annotated.mentions[0].span.slice(&annotated.text), Some("北京"));
}

/// Links of a text do not depend on what other threads do.
#[test]
fn threads_do_not_change_links() {
    let names: Vec<String> = (0..300u64)
        .map(|row| {
            let mut rng = Seed(4).rng(Purpose::Sampling, 0, row);
            (0..3).map(|_| rng.random_range('一'..'丏')).collect()
        })
        .collect();
    let rows: Vec<(&str, u32, f32)> =
        names.iter().zip(0..).map(|(name, entity)| (name.as_str(), entity, 1.0)).collect();
    let edges = (0..299).map(|entity| (EntityId(entity), EntityId(entity + 1)));
    let linker = linker(&rows).with_knowledge(Knowledge::build([], edges, Normalization::default()));
    let text = names.concat().repeat(4);
    let alone = linker.link(&text, Lang::ZH);
    assert!(!alone.is_empty());
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| linker.link(&text, Lang::ZH))).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), alone);
        }
    });
}
