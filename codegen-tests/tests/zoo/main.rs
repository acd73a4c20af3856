//! Real models, in floats and quantised; skipped where the zoo is absent.

mod accuracy;
mod int8;
mod models;
mod parts;
mod plans;
mod quantised;
mod recurrence;
mod streams;
