//! The strict parser, its readers and merging, judged from outside: tables, a second parser, a naive model, hostile text.

mod hostile;
mod merge;
mod model;
mod parse;
mod read;
mod tree;
