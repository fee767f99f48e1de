//! Evaluation: knowledge probes, bitext retrieval, significance.
