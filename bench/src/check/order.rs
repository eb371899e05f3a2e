//! The order of one stream of messages: each lane's numbers 1, 2, 3, … once and in order, and, where the server numbers
//! the entries of a topic, those numbers without a hole. Skipped numbers that come later are reordered, not lost.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Counts, Stamp,
    stamp::{find_seq, find_topic},
};
use crate::limits::MISSING_MAX;

/// What one stream has brought so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    /// The number that comes next, by lane.
    next: Vec<u32>,
    /// Skipped and not come yet, by lane and number.
    missing: BTreeSet<(u32, u32)>,
    /// The last seq, by topic.
    seqs: BTreeMap<usize, u64>,
    counts: Counts,
}

/// How far each lane has been pushed, and what of that was refused and need not arrive.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pushed {
    /// The last number, by lane; 0 where there is none.
    pub(crate) last: Vec<u32>,
    /// Pushes without a receipt: refused, or never answered. They may arrive or not.
    pub(crate) unsure: BTreeSet<(u32, u32)>,
}

impl Pushed {
    /// What of it one topic has, when lanes go round that many topics.
    pub(crate) fn of_topic(&self, topic: usize, topics: usize) -> Self {
        let last = self.last.iter().enumerate();
        let last = last.map(|(lane, last)| if lane % topics == topic { *last } else { 0 }).collect();
        Self { last, unsure: self.unsure.clone() }
    }
}

impl Order {
    /// Begins where somebody stands who has had everything up to `last`.
    pub(crate) fn after(last: &[u32]) -> Self {
        Self { next: last.iter().map(|number| number + 1).collect(), ..Self::default() }
    }

    /// Takes the next message of the stream. What carries no stamp is strange.
    pub(crate) fn take(&mut self, message: &[u8]) -> Option<Stamp> {
        self.counts.delivered += 1;
        let Some(stamp) = Stamp::find(message) else {
            self.counts.strange += 1;
            return None;
        };
        self.take_number(stamp);
        if let (Some(topic), Some(seq)) = (find_topic(message), find_seq(message)) {
            self.take_seq(topic, seq);
        }
        Some(stamp)
    }

    /// The same for a message whose seq is known to be in order.
    pub(crate) fn take_number(&mut self, stamp: Stamp) {
        let lane = index(stamp.lane);
        if self.next.len() <= lane {
            self.next.resize(lane + 1, 1);
        }
        let due = self.next[lane];
        if stamp.number >= due {
            self.skip(stamp.lane, due..stamp.number);
            self.next[lane] = stamp.number + 1;
        } else if self.missing.remove(&(stamp.lane, stamp.number)) {
            self.counts.reordered += 1;
        } else {
            self.counts.doubled += 1;
        }
    }

    fn skip(&mut self, lane: u32, numbers: std::ops::Range<u32>) {
        for number in numbers {
            if self.missing.len() == MISSING_MAX {
                self.counts.lost += 1;
            } else {
                self.missing.insert((lane, number));
            }
        }
    }

    fn take_seq(&mut self, topic: usize, seq: u64) {
        let last = self.seqs.insert(topic, seq);
        // Where the numbers are out of order the seqs are too: one fault is counted once.
        let faultless = Counts { delivered: 0, ..self.counts } == Counts::default() && self.missing.is_empty();
        if faultless && last.is_some_and(|last| seq != last + 1) {
            self.counts.reordered += 1;
        }
    }

    /// Whether that is the next push of its lane.
    pub(crate) fn expects(&self, stamp: Stamp) -> bool {
        self.next.get(index(stamp.lane)).map_or(stamp.number == 1, |next| *next == stamp.number)
    }

    /// The judgement, when it is known what was pushed to this stream.
    pub(crate) fn judge(&self, pushed: &Pushed) -> Counts {
        let mut counts = self.counts;
        counts.lost += self.missing.difference(&pushed.unsure).count() as u64;
        for (lane, last) in (0..).zip(&pushed.last) {
            let next = self.next.get(index(lane)).copied().unwrap_or(1);
            counts.lost += (next..=*last).filter(|number| !pushed.unsure.contains(&(lane, *number))).count() as u64;
        }
        let known = |lane: usize| pushed.last.get(lane).copied().unwrap_or(0);
        let beyond = self.next.iter().enumerate().map(|(lane, next)| (next - 1).saturating_sub(known(lane)));
        counts.strange += beyond.map(u64::from).sum::<u64>();
        counts
    }
}

fn index(lane: u32) -> usize {
    usize::try_from(lane).expect("a lane has six digits")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(numbers: &[(u32, u32)], last: &[u32]) -> Counts {
        let mut order = Order::default();
        for &(lane, number) in numbers {
            order.counts.delivered += 1;
            order.take_number(Stamp { lane, number, due_ns: 0 });
        }
        let counts = order.judge(&Pushed { last: last.to_vec(), unsure: BTreeSet::new() });
        Counts { delivered: 0, ..counts }
    }

    #[test]
    fn everything_once_and_in_order_is_clean() {
        assert!(judged(&[(0, 1), (1, 1), (0, 2), (1, 2), (0, 3)], &[3, 2]).is_clean());
    }

    #[test]
    fn a_hole_and_a_missing_end_are_lost() {
        assert_eq!(judged(&[(0, 1), (0, 3)], &[5]), Counts { lost: 3, ..Counts::default() });
        assert_eq!(judged(&[], &[0, 2]), Counts { lost: 2, ..Counts::default() });
    }

    #[test]
    fn what_comes_again_is_doubled() {
        assert_eq!(judged(&[(0, 1), (0, 2), (0, 2), (0, 1)], &[2]), Counts { doubled: 2, ..Counts::default() });
    }

    #[test]
    fn two_that_are_swapped_are_one_reordered() {
        assert_eq!(judged(&[(0, 2), (0, 1), (0, 3)], &[3]), Counts { reordered: 1, ..Counts::default() });
    }

    #[test]
    fn what_nobody_pushed_is_strange() {
        assert_eq!(judged(&[(0, 1), (0, 2)], &[1]), Counts { strange: 1, ..Counts::default() });
    }

    #[test]
    fn what_was_not_promised_may_come_or_not() {
        let mut order = Order::default();
        order.take_number(Stamp { lane: 0, number: 2, due_ns: 0 });
        let unsure = BTreeSet::from([(0, 1), (0, 3)]);
        assert!(order.judge(&Pushed { last: vec![3], unsure }).is_clean());
    }

    #[test]
    fn a_seq_that_leaves_a_hole_or_goes_back_is_reordered() {
        for (seqs, reordered) in [([7, 8, 9], 0), ([7, 9, 10], 1), ([7, 6, 7], 1)] {
            let mut order = Order::default();
            for seq in seqs {
                order.take_seq(0, seq);
            }
            assert_eq!(order.counts.reordered, reordered, "{seqs:?}");
        }
    }

    #[test]
    fn who_comes_later_begins_where_the_others_stand() {
        let mut order = Order::after(&[4]);
        order.take_number(Stamp { lane: 0, number: 5, due_ns: 0 });
        assert!(order.judge(&Pushed { last: vec![5], unsure: BTreeSet::new() }).is_clean());
    }
}
