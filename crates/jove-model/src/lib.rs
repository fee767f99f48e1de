//! The encoder on dfdx: operators, layers, heads, parameters by name.
