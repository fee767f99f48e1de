//! What lies in the cache: damaged stages are made again, keys follow every file, and pruning keeps what is needed.

use std::fs;

use jove_core::Silent;
use jove_experiment::{Error, StageState, cached_stages, prunable_stages, prune_stages, verify_stages};

use crate::fixture::Fixture;

/// A run of one variant.
fn small() -> Fixture {
    let fixture = Fixture::new();
    fixture.edit("[[variants]]\nname = \"kg\"\nrecipe = \"kg\"\n", "");
    fixture.edit("[[variants]]\nname = \"ml\"\nrecipe = \"ml\"\n", "");
    fixture
}

/// Every file of every finished stage, below the cache.
fn files(fixture: &Fixture) -> Vec<String> {
    let cache = fixture.path("runs/cache");
    let mut files = Vec::new();
    let mut waiting: Vec<_> = fixture.stages().into_iter().map(|stage| cache.join(stage)).collect();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                files.push(path.strip_prefix(&cache).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    files.sort();
    files
}

#[test]
fn a_flipped_byte_in_any_file_is_noticed_and_the_results_are_the_same() {
    let fixture = small();
    let results = fixture.run().unwrap().results;
    let before = files(&fixture);
    assert!(before.len() > 20, "{before:?}");
    let flip = |name: &String| {
        let path = fixture.path("runs/cache").join(name);
        let before = fs::read(&path).unwrap();
        let mut bytes = before.clone();
        if let Some(byte) = bytes.get_mut(name.len() % 7) {
            *byte ^= 4;
        }
        fs::write(&path, bytes).unwrap();
        before
    };
    let full = |name: &&String| fs::metadata(fixture.path("runs/cache").join(name)).unwrap().len() > 6;
    for name in before.iter().filter(full) {
        let bytes = flip(name);
        let damaged: Vec<_> = verify_stages(&fixture.path("runs/cache"), &Silent)
            .unwrap()
            .into_iter()
            .filter_map(|verified| Some(format!("{}/{}", verified.stage, verified.damage?)))
            .collect();
        assert!(matches!(damaged.as_slice(), [damage] if damage.starts_with(name.as_str())), "{name}: {damaged:?}");
        fs::write(fixture.path("runs/cache").join(name), bytes).unwrap();
    }
    before.iter().filter(full).for_each(|name| drop(flip(name)));
    for (result, again) in results.iter().zip(&fixture.run().unwrap().results) {
        assert_eq!((&result.measures, &result.curve), (&again.measures, &again.curve));
    }
    assert_eq!(files(&fixture), before);
    assert!(verify_stages(&fixture.path("runs/cache"), &Silent).unwrap().iter().all(|one| one.damage.is_none()));
}

#[test]
fn a_file_beside_the_vocabulary_is_part_of_it() {
    let fixture = small();
    fixture.write("v/vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nThe\nOn\non\nday\n第\n天\n");
    fixture.write("v/tokenizer_config.json", "{\"do_lower_case\": false}");
    fixture.edit("size = 400\n\n[tokenizers.xlm", "path = \"v/vocab.txt\"\n\n[tokenizers.xlm");
    let mut seen = Vec::new();
    for text in ["{\"do_lower_case\": false}", "{\"do_lower_case\": true}"] {
        fixture.write("v/tokenizer_config.json", text);
        fixture.load().unwrap().train(&[], &Silent).unwrap();
        let trained = fixture.stages().into_iter().filter(|stage| stage.starts_with("train-"));
        seen.push(trained.collect::<Vec<_>>().len());
    }
    assert_eq!(seen, [1, 2]);
}

#[test]
fn a_hidden_file_that_is_read_counts() {
    let fixture = small();
    fixture.edit("path = \"text/en.txt\"", "path = \"text\"");
    fixture.run().unwrap();
    let before = fixture.stages();
    fixture.write("text/.more.txt", "Nobody on the island had seen such a boat before that evening.\n");
    fixture.run().unwrap();
    assert!(fixture.stages().len() > before.len());
}

#[test]
fn pruning_keeps_what_the_given_runs_need() {
    let fixture = small();
    let cache = fixture.path("runs/cache");
    fixture.run().unwrap();
    let first = fixture.stages();
    fixture.edit("steps = 4", "steps = 3");
    fixture.run().unwrap();
    let (run, second) = (fixture.load().unwrap(), fixture.stages());
    fs::create_dir_all(cache.join("text-0000.partial")).unwrap();
    fs::create_dir_all(cache.join("text-0000.damaged")).unwrap();
    fs::write(cache.join("text-0001.lock"), "").unwrap();

    let prunable = prunable_stages(&cache, std::slice::from_ref(&run)).unwrap();
    let names: Vec<&str> = prunable.stages.iter().map(|stage| stage.stage.as_str()).collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert!(names[0].starts_with("probe-pd-1-") && names[3].starts_with("train-pd-1-"), "{names:?}");
    assert!(prunable.incomplete.is_empty());
    assert_eq!(fixture.stages(), second, "nothing is removed yet");

    prune_stages(&cache, &prunable.stages).unwrap();
    assert_eq!(fixture.stages().len(), first.len());
    assert!(!cache.join("text-0001.lock").exists() && !cache.join("text-0000.partial").exists());
    let before = fixture.stages();
    fixture.run().unwrap();
    assert_eq!(fixture.stages(), before, "nothing was missing");
    assert!(prunable_stages(&cache, &[run]).unwrap().stages.is_empty());
    assert_eq!(prunable_stages(&cache, &[]).unwrap().stages.len(), before.len());
}

#[test]
fn of_a_run_that_is_not_finished_everything_is_kept() {
    let fixture = small();
    fixture.run().unwrap();
    let cache = fixture.path("runs/cache");
    let text = fixture.stages().into_iter().find(|stage| stage.starts_with("text-")).unwrap();
    fs::remove_dir_all(cache.join(text)).unwrap();
    let prunable = prunable_stages(&cache, &[fixture.load().unwrap()]).unwrap();
    assert_eq!(prunable.stages, []);
    assert_eq!(prunable.incomplete, [fs::canonicalize(fixture.path("run.toml")).unwrap()]);
}

#[test]
fn a_cache_that_is_used_is_not_pruned() {
    let fixture = small();
    fixture.run().unwrap();
    let cache = fixture.path("runs/cache");
    let held = fs::File::open(cache.join("in-use.lock")).unwrap();
    held.lock_shared().unwrap();
    let prunable = prunable_stages(&cache, &[]).unwrap();
    let refused = prune_stages(&cache, &prunable.stages).unwrap_err();
    assert!(matches!(&refused, Error::Busy { path } if *path == cache), "{refused}");
    drop(held);
    prune_stages(&cache, &prunable.stages).unwrap();
    assert!(fixture.stages().is_empty());
}

#[test]
fn a_list_tells_which_run_uses_a_stage_and_how_large_it_is() {
    let fixture = small();
    fixture.run().unwrap();
    let stages = cached_stages(&fixture.path("runs/cache")).unwrap();
    let file = fs::canonicalize(fixture.path("run.toml")).unwrap();
    assert_eq!(stages.len(), fixture.stages().len());
    for stage in &stages {
        assert_eq!(stage.state, StageState::Finished);
        assert!(stage.bytes > 0);
        assert!(matches!(stage.used.as_slice(), [(run, time)] if *run == file && *time > 0));
    }
    assert!(cached_stages(&fixture.path("nowhere")).unwrap().is_empty());
}

#[test]
fn training_does_not_go_on_in_a_damaged_folder() {
    let fixture = small();
    fixture.run().unwrap();
    let cache = fixture.path("runs/cache");
    let trained = fixture.stages().into_iter().find(|stage| stage.starts_with("train-")).unwrap();
    let partial = cache.join(format!("{trained}.partial"));
    fs::rename(cache.join(&trained), &partial).unwrap();
    fs::write(partial.join("checkpoint/optimizer.safetensors"), "cut").unwrap();
    let error = fixture.run().unwrap_err();
    assert!(error.to_string().contains("optimizer.safetensors"), "{error}");
    let hint = jove_core::Advise::hint(&error).unwrap();
    assert!(hint.contains(&format!("delete {}", partial.display())), "{hint}");
    fs::remove_dir_all(&partial).unwrap();
    fixture.run().unwrap();
}
