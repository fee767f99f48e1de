//! Archives, packed files and encodings.

use std::io::Write as _;

use jove_core::{Advise as _, Silent};
use jove_kb::{BuildOptions, Error, Format, Kb, Source, build};

use crate::common::Place;

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn tarred(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_cksum();
        archive.append_data(&mut header, name, *content).unwrap();
    }
    archive.into_inner().unwrap()
}

fn xz(content: &[u8]) -> Vec<u8> {
    let mut out = liblzma::write::XzEncoder::new(Vec::new(), 1);
    out.write_all(content).unwrap();
    out.finish().unwrap()
}

fn gz(content: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(content).unwrap();
    out.finish().unwrap()
}

const ROW: &[u8] = "水稻\t产地\t湖南\n".as_bytes();

/// Builds from a file of the name `packed`, and compares the number of facts.
fn check(what: &str, content: impl AsRef<[u8]>, facts: u64) {
    let place = Place::new();
    let source = place.file("packed", content);
    let report = build(&place.options(Format::Tsv, &source), &Silent).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!((report.facts, report.bad), (facts, 0), "{what}: {:?}", report.problems);
}

/// Builds from a file that cannot be read to its end; `expected` is a part of the message.
fn refused(what: &str, content: impl AsRef<[u8]>, expected: &str) {
    let place = Place::new();
    let (_, before) = place.build(Format::Tsv, "a\tp\tb\n");
    let bytes = std::fs::read(&before.out).unwrap();
    let source = place.file("packed", content);
    let error = build(&place.options(Format::Tsv, &source), &Silent).unwrap_err();
    assert!(error.to_string().contains(expected), "{what}: {error}");
    assert_eq!(std::fs::read(&before.out).unwrap(), bytes, "{what}: the old base stays");
}

#[test]
fn files_in_archives_are_read() {
    let other = b"a\tp\tb\n".as_slice();
    check("a zip of one file of any name", zipped(&[("x.dat", ROW)]), 1);
    check("a zip of several", zipped(&[("b/x.tsv", ROW), ("a.tsv", other), ("readme.txt", b"hello"), ("d/", b"")]), 2);
    check("what a Mac adds", zipped(&[("x.tsv", ROW), ("__MACOSX/._x.tsv", b"\0\x05")]), 1);
    check("a packed file in a zip", zipped(&[("x.tsv.gz", &gz(ROW))]), 1);
    check("a tar", tarred(&[("./x.tsv", ROW), ("sub/y.tsv", other), ("notes.md", b"#")]), 2);
    check("a tar.gz", gz(&tarred(&[("x.tsv", ROW)])), 1);
    check("a tar.xz", xz(&tarred(&[("x.tsv", ROW), ("y.tsv", other)])), 2);
    check("xz", xz(ROW), 1);
    check("xz, twice", [xz(ROW), xz(other)].concat(), 2);
    let place = Place::new();
    std::fs::create_dir(place.path("folder")).unwrap();
    place.file("folder/a.tsv.xz", xz(ROW));
    place.file("folder/b.tsv", other);
    let report = build(&place.options(Format::Tsv, &place.path("folder")), &Silent).unwrap();
    assert_eq!(report.facts, 2);
}

#[test]
fn bad_rows_of_an_archive_are_named_with_their_file() {
    let place = Place::new();
    let rows = [ROW, ROW, b"no row\n"].concat();
    let source = place.file("graph.zip", zipped(&[("in/facts.tsv", &rows)]));
    let report = build(&place.options(Format::Tsv, &source), &Silent).unwrap();
    let problem = report.problems[0].to_string();
    assert!(problem.contains("graph.zip/in/facts.tsv:3"), "{problem}");
}

#[test]
fn damaged_and_hostile_archives_are_refused() {
    let good = zipped(&[("x.tsv", &ROW.repeat(50))]);
    refused("a cut zip", &good[..good.len() - 30], "an archive of files that can be read");
    let mut wrong = zipped(&[("x.tsv", ROW)]);
    let at = wrong.windows(ROW.len()).position(|bytes| bytes == ROW);
    if let Some(at) = at {
        wrong[at] ^= 1;
    } else {
        let central = wrong.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
        wrong[central + 16] ^= 1;
    }
    refused("a wrong checksum", &wrong, "checksum");
    refused("a name that leads out", zipped(&[("../../etc/x.tsv", ROW)]), "the name");
    refused("an absolute name", zipped(&[("/etc/hostname", ROW)]), "the name");
    refused("nothing of the format", zipped(&[("a.md", b"#"), ("b.md", b"#")]), "none with the format's ending");
    refused("a cut xz", &xz(&ROW.repeat(9))[..40], "a packed file that unpacks to its end");
    let tar = tarred(&[("x.tsv", &ROW.repeat(50))]);
    refused("a cut tar", &tar[..700], "an archive");
    // Many zeros in few bytes: one row that is no text, not their length in memory.
    let bomb = zipped(&[("x.tsv", &vec![0; 80 << 20])]);
    refused("a bomb", &bomb, "1 bad ones among 1");
}

#[test]
fn encodings_are_decoded_where_they_are_told() {
    let text = "水稻\t产地\t湖南\n";
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let encoded = |encoding: &str, content: &[u8]| {
        let place = Place::new();
        let source = Source { encoding: encoding.into(), ..Source::new(Format::Tsv, place.file("x.tsv", content)) };
        let report = build(&BuildOptions::new(place.path("kb"), vec![source]), &Silent)?;
        let keys = Kb::open(&report.out)?.entity_id("水稻")?;
        Ok::<_, Error>((report.facts, report.bad, keys.is_some()))
    };
    let (gbk, ..) = encoding_rs::GB18030.encode(text);
    assert_eq!(encoded("gb18030", &gbk).unwrap(), (1, 0, true));
    assert_eq!(encoded("GBK", &gbk).unwrap(), (1, 0, true));
    assert_eq!(encoded("gb18030", &gz(&gbk)).unwrap(), (1, 0, true));
    assert_eq!(encoded("utf-16le", &utf16).unwrap(), (1, 0, true));
    assert_eq!(encoded("", &[b"\xff\xfe".as_slice(), &utf16].concat()).unwrap(), (1, 0, true));
    assert_eq!(encoded("utf-8", text.as_bytes()).unwrap(), (1, 0, true));
    let broken = [&gbk[..], &gbk, b"a\tp\t\xff\xff\n"].concat();
    assert_eq!(encoded("gb18030", &broken).unwrap(), (1, 1, true), "what is no text of the encoding is a bad row");
    let error = encoded("", &gbk).unwrap_err();
    assert!(error.hint().unwrap().contains("--encoding gb18030"), "{error}");
    let error = encoded("", &utf16).unwrap_err();
    assert!(error.to_string().contains("UTF-16") && error.hint().unwrap().contains("utf-16le"), "{error}");
    let error = encoded("latin-9000", text.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("sources[0].encoding"), "{error}");
}
