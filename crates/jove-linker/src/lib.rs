//! Entity linking over an alias automaton, part-of-speech tagging, spans.
