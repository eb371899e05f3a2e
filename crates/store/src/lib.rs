//! Durability: journal segments, projections and accounts over memory and SQLite.
