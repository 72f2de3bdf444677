//! Expressions over documents: what they give, what they refuse, and that both are SQL's.

mod errors;
mod index;
mod property;
mod table;
