//! Text to token shards: cleaning, de-duplication, tokenisation, annotated Parquet, sentence pairs.
