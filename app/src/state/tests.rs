//! Whole flows through the state, as the worker and a person would drive them.
