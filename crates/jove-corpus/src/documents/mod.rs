//! Documents in Parquet: what `jove corpus build` writes and a run file's `[text]` reads.

mod columns;
mod reader;
mod writer;

use jove_core::Lang;

pub use reader::DocumentReader;
pub use writer::DocumentWriter;

/// A document with what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The text; paragraphs are separated by line breaks.
    pub text: String,
    /// Its language, where known.
    pub lang: Option<Lang>,
    /// Its domain, such as `news`; empty where none is known.
    pub domain: String,
    /// The name of the source that it was read from; empty where none is known.
    pub source: String,
    /// How many documents it stands for: itself, and the duplicates of it that were removed.
    pub copies: u32,
    /// How often it is read in training, compared to a text of weight 1.
    pub weight: f64,
    /// Its links, sorted and without overlap.
    pub links: Vec<DocumentLink>,
}

impl Default for Document {
    fn default() -> Self {
        let (text, domain, source) = (String::new(), String::new(), String::new());
        Self { text, lang: None, domain, source, copies: 1, weight: 1.0, links: Vec::new() }
    }
}

/// A link that the author of a document made, such as one of an encyclopedia's to another article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentLink {
    /// The first byte of the linked words in the text.
    pub start: u32,
    /// The byte after them.
    pub end: u32,
    /// What the link leads to, such as an article's title.
    pub target: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    fn document(text: &str, lang: Option<&str>, links: &[(u32, u32, &str)]) -> Document {
        let link = |&(start, end, target): &(u32, u32, &str)| DocumentLink { start, end, target: target.to_owned() };
        Document {
            text: text.to_owned(),
            lang: lang.map(|lang| Lang::new(lang).unwrap()),
            domain: "news".to_owned(),
            source: "维基".to_owned(),
            copies: 3,
            weight: 0.5,
            links: links.iter().map(link).collect(),
        }
    }

    fn read(path: &std::path::Path, field: &str) -> Result<Vec<Document>, Error> {
        DocumentReader::open(path, field)?.collect()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("文.parquet");
        let documents = vec![
            document("北京是首都。\n第二段", Some("zh"), &[(0, 6, "北京市"), (9, 15, "首都")]),
            document("", None, &[]),
            document("e\u{301} 🦀 שלום", Some("he"), &[(4, 8, "crab")]),
        ];
        let mut writer = DocumentWriter::create(&path).unwrap();
        for document in &documents {
            writer.push(document).unwrap();
        }
        assert!(!path.exists(), "nothing is there before the end");
        assert_eq!(writer.finish().unwrap(), 3);
        assert_eq!(read(&path, "text").unwrap(), documents);
        let domains: Vec<String> = read(&path, "domain").unwrap().into_iter().map(|found| found.text).collect();
        assert_eq!(domains, ["news"; 3], "any column of text can be the text");
    }

    #[test]
    fn the_same_documents_give_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let written: Vec<Vec<u8>> = ["a", "b"]
            .iter()
            .map(|name| {
                let path = folder.path().join(name);
                let mut writer = DocumentWriter::create(&path).unwrap();
                for number in 0..40_000 {
                    writer.push(&document(&format!("text {number}"), Some("en"), &[(0, 4, "Text")])).unwrap();
                }
                writer.finish().unwrap();
                std::fs::read(path).unwrap()
            })
            .collect();
        assert!(written[0] == written[1]);
    }

    #[test]
    fn links_outside_the_text_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = DocumentWriter::create(&folder.path().join("a.parquet")).unwrap();
        for links in [&[(0, 1, "inside 中")][..], &[(0, 9, "beyond")], &[(3, 6, "b"), (0, 3, "a")]] {
            assert!(matches!(writer.push(&document("中文", None, links)), Err(Error::Span { .. })), "{links:?}");
        }
    }

    #[test]
    fn files_of_another_kind_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let mut writer = DocumentWriter::create(&path).unwrap();
        writer.push(&document("中文", None, &[])).unwrap();
        writer.finish().unwrap();
        let missing = read(&path, "content").unwrap_err().to_string();
        assert!(missing.contains("column `content`") && missing.contains("domain"), "{missing}");
        assert!(read(&path, "copies").unwrap_err().to_string().contains("column `copies` of text"));
        let bytes = std::fs::read(&path).unwrap();
        for end in [0, 4, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..end]).unwrap();
            assert!(read(&path, "text").is_err(), "{end} of {} bytes", bytes.len());
        }
    }
}
