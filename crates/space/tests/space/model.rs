//! State machine of the writer: pushes with and without keys in batches, earlier ones again at any later time, while the
//! projector lags arbitrarily far and until the overlay is full; on disk across appends that fail, restarts and deleted
//! views, before and after the filters were loaded. The first receipt stands for ever (I5).

use std::collections::HashMap;

use journal::{Cursor, Refusal};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use space::{Answer, Bounds};

use crate::{
    bench::{Bench, Kept, admin},
    naive::{Naive, Verdict, Wish, people, wishes},
};

#[derive(Clone, Debug)]
enum Step {
    Batch(Vec<Wish>),
    /// An earlier wish once more: the one behind so many others.
    Again(usize),
    /// One transaction of the projector.
    ProjectOnce,
    ProjectAll,
    /// On disk only: a batch whose append fails, and the restart that it takes.
    Fail(Vec<Wish>),
    Restart,
    RestartWithoutViews,
    LoadFilters,
}

/// What must be, for a space kept in memory or on disk.
#[derive(Clone, Debug)]
struct Model<const ON_DISK: bool> {
    naive: Naive,
    bounds: Bounds,
    /// How far the projections are.
    projected: u64,
    /// Where each batch ends that was handed to the projector.
    batches: Vec<u64>,
    /// Every wish so far.
    wishes: Vec<Wish>,
    /// What the last batch asked for, and its answers.
    asked: Vec<Wish>,
    verdicts: Vec<Verdict>,
}

impl<const ON_DISK: bool> Model<ON_DISK> {
    fn batch(&mut self, wishes: &[Wish]) {
        let before = self.naive.head;
        self.asked = wishes.to_vec();
        self.verdicts = wishes.iter().map(|wish| self.answer(wish)).collect();
        self.wishes.extend_from_slice(wishes);
        if self.naive.head > before {
            self.batches.push(self.naive.head);
        }
    }

    fn answer(&mut self, wish: &Wish) -> Verdict {
        let is_full = self.naive.head - self.projected >= self.bounds.overlay_entries as u64;
        if is_full { Err(Refusal::Busy) } else { self.naive.answer(wish) }
    }

    /// A batch that would have written something has written nothing, and nobody in it is told more than that.
    fn fail(&mut self, wishes: &[Wish]) {
        let before = self.naive.clone();
        self.batch(wishes);
        if self.naive.head > before.head {
            self.verdicts = vec![Err(Refusal::Unavailable); wishes.len()];
            self.naive = before;
        }
        self.restart();
    }

    /// The projections reach the head before a writer opens.
    fn restart(&mut self) {
        self.projected = self.naive.head;
        self.batches.clear();
    }

    /// What was handed over is folded in whole batches, what is read from the journal entry by entry.
    fn project_once(&mut self) {
        let (after, entries_max) = (self.projected, self.bounds.projection_entries as u64);
        if self.bounds.recent_entries == 0 {
            self.projected = self.naive.head.min(after + entries_max);
        } else {
            let is_enough = |end: &&u64| **end >= after + entries_max;
            let ends = || self.batches.iter().filter(|end| **end > after);
            self.projected = ends().find(is_enough).or(ends().next_back()).copied().unwrap_or(after);
        }
    }
}

impl<const ON_DISK: bool> ReferenceStateMachine for Model<ON_DISK> {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        (4..24_usize, 1..6_usize, any::<bool>())
            .prop_map(|(overlay_entries, projection_entries, hands_over)| {
                let recent_entries = if hands_over { Bounds::default().recent_entries } else { 0 };
                let bounds = Bounds { overlay_entries, projection_entries, recent_entries, ..Bounds::default() };
                let naive = Naive::default();
                let (batches, wishes, asked, verdicts) = Default::default();
                Self { naive, bounds, projected: 0, batches, wishes, asked, verdicts }
            })
            .boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        let batch = || prop::collection::vec(wishes(), 1..6);
        let anywhere = prop_oneof![
            10 => batch().prop_map(Step::Batch),
            6 => (0..100_usize).prop_map(Step::Again),
            5 => Just(Step::ProjectOnce),
            3 => Just(Step::ProjectAll),
        ];
        if !ON_DISK {
            return anywhere.boxed();
        }
        prop_oneof![
            16 => anywhere,
            1 => batch().prop_map(Step::Fail),
            1 => Just(Step::Restart),
            1 => Just(Step::RestartWithoutViews),
            1 => Just(Step::LoadFilters),
        ]
        .boxed()
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        match step {
            Step::Batch(wishes) => state.batch(wishes),
            Step::Again(behind) => {
                let again = state.wishes.iter().rev().cycle().nth(*behind).cloned();
                state.batch(again.as_slice());
            }
            Step::ProjectOnce => state.project_once(),
            Step::ProjectAll => state.projected = state.naive.head,
            Step::Fail(wishes) => state.fail(wishes),
            Step::Restart | Step::RestartWithoutViews => state.restart(),
            Step::LoadFilters => {}
        }
        state
    }
}

/// The real thing, and the cursor that was in the first receipt of each position.
struct Real {
    bench: Bench,
    cursors: HashMap<u64, Cursor>,
}

impl Real {
    fn batch(&mut self, asked: &[Wish], verdicts: &[Verdict]) {
        let pushes = asked.iter().map(|wish| (people()[wish.who].clone(), wish.push())).collect();
        for ((wish, verdict), answer) in asked.iter().zip(verdicts).zip(self.bench.batch(pushes)) {
            self.check(wish, verdict, answer);
        }
    }

    fn check(&mut self, wish: &Wish, verdict: &Verdict, answer: Answer) {
        match (verdict, answer) {
            (Err(expected), answer) => assert_eq!(answer, Err(*expected), "{wish:?}"),
            (Ok(None), answer) => assert!(answer.is_ok_and(|receipt| !receipt.changed), "{wish:?}"),
            (Ok(Some((place, duplicate))), answer) => {
                let receipt = answer.unwrap_or_else(|refusal| panic!("{wish:?}: {refusal}"));
                let found = ((receipt.position.0, receipt.seq.0), receipt.duplicate);
                assert_eq!(found, (*place, *duplicate), "{wish:?}");
                let first = *self.cursors.entry(place.0).or_insert(receipt.cursor);
                assert_eq!(receipt.cursor, first, "the first receipt stands: {wish:?}");
            }
        }
    }
}

struct WriterTest<const ON_DISK: bool>;

impl<const ON_DISK: bool> StateMachineTest for WriterTest<ON_DISK> {
    type SystemUnderTest = Real;
    type Reference = Model<ON_DISK>;

    fn init_test(model: &Model<ON_DISK>) -> Real {
        let kept = if ON_DISK { Kept::OnDisk } else { Kept::InMemory };
        Real { bench: Bench::bounded(kept, model.bounds), cursors: HashMap::new() }
    }

    fn apply(mut real: Real, model: &Model<ON_DISK>, step: Step) -> Real {
        match step {
            Step::Batch(_) | Step::Again(_) => real.batch(&model.asked, &model.verdicts),
            Step::ProjectOnce => real.bench.project_once(),
            Step::ProjectAll => real.bench.project(),
            Step::Fail(_) => {
                real.bench.faults.fail_next_append();
                real.batch(&model.asked, &model.verdicts);
                real.bench = real.bench.reopened();
            }
            Step::Restart => real.bench = real.bench.reopened(),
            Step::RestartWithoutViews => real.bench = real.bench.reopened_without_views(),
            Step::LoadFilters => real.bench.views.load_filters().unwrap(),
        }
        real
    }

    fn check_invariants(real: &Real, model: &Model<ON_DISK>) {
        let space = &real.bench.space;
        assert_eq!((space.head().0, space.projected().0), (model.naive.head, model.projected));
    }

    fn teardown(mut real: Real, model: Model<ON_DISK>) {
        real.bench.project();
        let mut state = real.bench.state(&admin());
        state.sort();
        assert_eq!(state, model.naive.state());
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_writer_agrees_with_the_model_in_memory(sequential 1..40 => WriterTest<false>);
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_writer_agrees_with_the_model_on_disk(sequential 1..40 => WriterTest<true>);
}
