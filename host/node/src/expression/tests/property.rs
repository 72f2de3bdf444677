//! Random expressions over random documents, beside an evaluator that follows SQL's rules.
