//! Filters of growing size that together know what was ever added to them.

use fastbloom::BloomFilter;

use crate::limits::{FILTER_FALSE_POSITIVES, FILTER_LAYER_MIN, FILTERED_MAX};

/// Filters that together hold everything so far; each new one is twice as large as the one before.
#[derive(Default)]
pub(super) struct Layers {
    layers: Vec<Layer>,
    count: usize,
}

struct Layer {
    filter: BloomFilter,
    room: usize,
}

impl Layers {
    /// Whether that certainly was never added.
    pub(super) fn lacks(&self, hash: u64) -> bool {
        self.count <= FILTERED_MAX && !self.layers.iter().any(|layer| layer.filter.contains_hash(hash))
    }

    /// Knows these from now on.
    pub(super) fn extend(&mut self, hashes: impl Iterator<Item = u64>) {
        for hash in hashes {
            self.count += 1;
            if self.count > FILTERED_MAX {
                // They would prove nothing any more: the memory is better used.
                self.layers = Vec::new();
                continue;
            }
            self.layer_with_room().add(hash);
        }
    }

    fn layer_with_room(&mut self) -> &mut Layer {
        if self.layers.last().is_none_or(|layer| layer.room == 0) {
            let room = self.count.next_power_of_two().max(FILTER_LAYER_MIN);
            self.layers.push(Layer::new(room));
        }
        self.layers.last_mut().expect("one was pushed if there was none")
    }
}

impl Layer {
    fn new(room: usize) -> Self {
        let filter = BloomFilter::with_false_pos(FILTER_FALSE_POSITIVES).seed(&0).expected_items(room);
        Self { filter, room }
    }

    fn add(&mut self, hash: u64) {
        self.filter.insert_hash(hash);
        self.room -= 1;
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

    use super::*;

    fn hash_of(number: u64) -> u64 {
        BuildHasherDefault::<DefaultHasher>::default().hash_one(number)
    }

    #[test]
    fn nothing_that_was_added_is_ever_called_absent_and_little_else_is_called_present() {
        let mut layers = Layers::default();
        // Spread over several layers.
        let count = 5 * FILTER_LAYER_MIN as u64;
        layers.extend((0..count).map(hash_of));
        assert!((0..count).all(|number| !layers.lacks(hash_of(number))));
        let mistaken = (count..2 * count).filter(|number| !layers.lacks(hash_of(*number))).count() as f64;
        assert!(mistaken < count as f64 * FILTER_FALSE_POSITIVES * 6.0, "{mistaken} of {count}");
    }

    #[test]
    fn nothing_is_proved_beyond_the_bound() {
        let mut layers = Layers::default();
        assert!(layers.lacks(1));
        layers.count = FILTERED_MAX;
        layers.extend([2].into_iter());
        assert!(!layers.lacks(1));
        assert!(layers.layers.is_empty(), "filters that prove nothing are given up");
    }
}
