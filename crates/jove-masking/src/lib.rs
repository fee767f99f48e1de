//! Mask plans for masked language modelling: units, budget, corruption.
