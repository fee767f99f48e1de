//! What stops a run, by message.

use jove_core::{Advise as _, Silent};
use jove_finetune::{FineTuneFile, Predictor};
use jove_objectives::Device;

use crate::world::World;

fn refused(world: &World, overrides: &[&str]) -> String {
    let error = world.load(overrides).execute(&Silent).unwrap_err();
    let shown = error.to_string().replace(&format!("{}/", world.folder.path().display()), "");
    error.hint().map_or(shown.clone(), |hint| format!("{shown} ({hint})"))
}

#[test]
fn settings_are_refused_by_name() {
    let world = World::new();
    world.sentiment();
    world.run_file("text", "tsv", "");
    for (set, expected) in [
        ("seeds=[]", "seeds: expected whole numbers, each once, found []"),
        ("seeds=[1, 1]", "seeds: expected whole numbers, each once"),
        ("train.epochs=0", "train.epochs: expected a number above 0"),
        ("train.evaluations=0", "train.evaluations: expected 1 to 1000, found 0"),
        ("train.batch-size=0", "train.batch-size: expected 1 to 65536, found 0"),
        ("train.max-length=25", "train.max-length: expected 8 to 24, the longest that model reads, found 25"),
        ("train.layer-decay=0", "train.layer-decay: expected above 0 and up to 1"),
        ("train.warmup=1", "train.warmup: expected 0 up to but not 1"),
        ("train.batch-tokens=3", "train.batch-tokens: expected"),
        ("models=[{name = \"a/b\", checkpoint = \"x\"}]", "models.name: expected a plain name"),
        ("models=[{name = \"..\", checkpoint = \"x\"}]", "models.name: expected a plain name"),
        ("task.measure=entity-f1", "task.measure: expected a measure of the answers of text"),
        ("task.dev=nowhere.tsv", "nowhere.tsv: cannot be read"),
    ] {
        let found = refused(&world, &[set]);
        assert!(found.starts_with(expected), "{set}: {found}");
    }
}

#[test]
fn run_files_with_other_keys_are_refused_with_the_key() {
    let world = World::new();
    for (text, expected) in [
        ("output = 1", "invalid type: integer"),
        (
            "output = \"x\"\ncolour = 1\n[task]\nformat = \"text\"\ntrain = \"a\"\ndev = \"b\"\n",
            "unknown field `colour`",
        ),
        ("output = \"x\"\n[task]\nformat = \"tnews2\"\ntrain = \"a\"\ndev = \"b\"\n", "unknown variant `tnews2`"),
        ("output = \"x\"", "missing field `task`"),
        ("]", "run.toml: "),
    ] {
        let path = world.write("run.toml", text);
        let found = FineTuneFile::load(&path, &[]).unwrap_err().to_string();
        assert!(found.contains(expected), "{text}: {found}");
    }
    let path = world.write("run.toml", "output = \"x\"");
    for set in ["nothing", "output.x=1"] {
        assert!(FineTuneFile::load(&path, &[set.to_owned()]).is_err(), "{set}");
    }
}

#[test]
fn checkpoints_of_other_labels_and_folders_that_are_none_are_refused() {
    let world = World::new();
    world.sentiment();
    world.run_file("text", "tsv", "epochs = 1\n");
    world.load(&[]).execute(&Silent).unwrap();
    let again = "models=[{name = \"again\", checkpoint = \"out/tiny/seed-1/best\"}]";
    world.load(&[again]).execute(&Silent).unwrap();
    let other = std::fs::read_to_string(world.path("train.tsv")).unwrap().replace("good", "fine");
    world.write("train.tsv", &other);
    let other = std::fs::read_to_string(world.path("dev.tsv")).unwrap().replace("good", "fine");
    world.write("dev.tsv", &other);
    let found = refused(&world, &[again.replace("again", "other").as_str()]);
    let expected = "out/tiny/seed-1/best: expected a checkpoint with the labels of the task (bad, fine), found one with bad, good (set task.labels";
    assert!(found.starts_with(expected), "{found}");
    let error = Predictor::open(&world.path("model"), Device::Cpu).err().unwrap().to_string();
    assert!(error.contains("expected a checkpoint of jove finetune, with task.json, found none"), "{error}");
    world.write("out/tiny/seed-1/best/task.json", "{}");
    let error = Predictor::open(&world.path("out/tiny/seed-1/best"), Device::Cpu).err().unwrap().to_string();
    assert!(error.contains("expected the card of a fine-tuned model, found missing field"), "{error}");
    let found = refused(&world, &["models=[{name = \"none\", checkpoint = \"nowhere\"}]"]);
    assert!(found.contains("nowhere"), "{found}");
}
