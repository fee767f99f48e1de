//! Any bytes as the JSON files of a checkpoint folder: configuration, shard index, tokenizer.
#![no_main]

use std::collections::BTreeMap;

use jove_checkpoint::{Allow, TokenizerFile, kept_pieces, open_hf};
use libfuzzer_sys::fuzz_target;

const CONFIG: &str = r#"{"model_type":"bert","vocab_size":9,"hidden_size":4,"num_hidden_layers":1,
    "num_attention_heads":1,"intermediate_size":8}"#;

fuzz_target!(|bytes: &[u8]| {
    let dir = tempfile::tempdir_in("/dev/shm").expect("a folder in memory");
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).expect("room in memory");
    write("model.safetensors.index.json", bytes);
    for config in [CONFIG.as_bytes(), bytes] {
        write("config.json", config);
        let _ = open_hf(dir.path(), &Allow::default());
    }
    if let Ok(tokenizer) = TokenizerFile::from_json(dir.path(), bytes) {
        let kept = kept_pieces(&tokenizer, &BTreeMap::from([(0, 1), (7, 2)]), 2);
        if let Ok((trimmed, _)) = tokenizer.trimmed(&kept) {
            let _ = trimmed.files();
        }
        let _ = tokenizer.extended(&[("词".to_owned(), vec![0])]);
    }
});
