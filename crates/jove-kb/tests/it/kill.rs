//! A build that is stopped leaves the old base.

use std::sync::atomic::{AtomicU64, Ordering};

use jove_core::Progress;
use jove_kb::{Error, Format, Kb, build};

use crate::common::Place;

/// Asks to stop after so many looks.
struct StopAfter(AtomicU64);

impl Progress for StopAfter {
    fn begin(&self, _: &str, _: Option<u64>, _: &'static str) {}
    fn advance(&self, _: u64) {}
    fn note(&self, _: &str) {}
    fn end(&self) {}
    fn cancelled(&self) -> bool {
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err()
    }
}

#[test]
fn stopping_anywhere_leaves_the_old_base_or_the_new_one() {
    let place = Place::new();
    let (kb, report) = place.build(Format::Tsv, "old\tr\tbase\n");
    drop(kb);
    let rows: Vec<_> = (0..40_000).map(|n| format!("s{n}\tr{}\to{}", n % 9, n % 77)).collect();
    let source = place.file("new", rows.join("\n"));
    let options = place.options(Format::Tsv, &source);
    let mut stopped = 0;
    for looks in 0..200 {
        match build(&options, &StopAfter(AtomicU64::new(looks))) {
            Err(Error::Interrupted) => {
                stopped += 1;
                let kb = Kb::open(&report.out).unwrap();
                assert!(kb.entity_id("old").unwrap().is_some() && kb.fact_count().unwrap() == 1);
                assert_eq!(kb.integrity().unwrap(), "ok");
                assert!(!place.path(".kb.sqlite.building").exists());
            }
            Ok(_) => break,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(stopped > 5, "{stopped}");
    assert_eq!(Kb::open(&report.out).unwrap().fact_count().unwrap(), 40_000);
}

/// Cuts a file at the first look.
struct Cut(std::path::PathBuf);

impl Progress for Cut {
    fn begin(&self, _: &str, _: Option<u64>, _: &'static str) {}
    fn advance(&self, _: u64) {}
    fn note(&self, _: &str) {}
    fn end(&self) {}
    fn cancelled(&self) -> bool {
        std::fs::write(&self.0, "a\tb\tc\n").unwrap();
        false
    }
}

#[test]
fn a_source_that_is_cut_while_it_is_read_is_refused() {
    let place = Place::new();
    let (kb, report) = place.build(Format::Tsv, "old\tr\tbase\n");
    drop(kb);
    let rows: Vec<_> = (0..40_000).map(|n| format!("s{n}\tr{}\to{}", n % 9, n % 77)).collect();
    let source = place.file("new", rows.join("\n"));
    let error = build(&place.options(Format::Tsv, &source), &Cut(source.clone())).unwrap_err();
    assert!(matches!(&error, Error::Changed { path } if *path == source), "{error}");
    assert_eq!(Kb::open(&report.out).unwrap().fact_count().unwrap(), 1, "the old base stays");
}

#[test]
fn what_a_killed_build_left_behind_is_no_hindrance() {
    let place = Place::new();
    place.file(".kb.sqlite.building", "half a database");
    place.file(".kb.sqlite.lock", "");
    let (kb, _) = place.build(Format::Tsv, "a\tb\tc\n");
    assert_eq!(kb.fact_count().unwrap(), 1);
    assert!(!place.path(".kb.sqlite.building").exists());
}

#[test]
fn two_builds_of_one_base_do_not_meet() {
    let place = Place::new();
    let lock = std::fs::File::create(place.path(".kb.sqlite.lock")).unwrap();
    lock.lock().unwrap();
    let source = place.file("x", "a\tb\tc\n");
    let error = build(&place.options(Format::Tsv, &source), &jove_core::Silent).unwrap_err();
    assert!(matches!(error, Error::Busy { .. }), "{error}");
}
