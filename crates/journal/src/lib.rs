//! The domain of Tidings, pure: entries, cursors, tags, rules, the tail and following.
