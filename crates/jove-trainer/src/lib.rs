//! The training loop: batches, AdamW, schedule, accumulation, exact resume, metrics.
