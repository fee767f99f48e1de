//! Training objectives: masked language modelling, knowledge link, translation alignment.
