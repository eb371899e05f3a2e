//! Model test of the writer: random pushes in random batches, projected now and then and reopened now and then, against
//! a naive model that keeps everything in plain lists.

use std::collections::HashMap;

use journal::{Ask, Principal, Push, Refusal};
use proptest::prelude::*;
use space::Answer;

use crate::bench::{Bench, Kept, admin, keyed, member, push};

#[derive(Clone, Debug)]
enum Step {
    Batch(Vec<Wish>),
    Project,
    Reopen,
}

#[derive(Clone, Debug)]
struct Wish {
    who: usize,
    topic: usize,
    ask: Ask,
    id: u8,
    value: u8,
    key: Option<u8>,
}

const TOPICS: [&str; 3] = ["a", "b", "own"];

fn people() -> [Principal; 3] {
    [member("ann"), member("bob"), admin()]
}

fn wishes() -> impl Strategy<Value = Wish> {
    let ask = prop_oneof![
        4 => Just(Ask::Add),
        3 => Just(Ask::Update),
        2 => Just(Ask::Patch),
        3 => Just(Ask::Delete),
        1 => Just(Ask::Clear),
    ];
    (0..3_usize, 0..3_usize, ask, 0..4_u8, 0..3_u8, prop::option::of(0..5_u8))
        .prop_map(|(who, topic, ask, id, value, key)| Wish { who, topic, ask, id, value, key })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => prop::collection::vec(wishes(), 1..6).prop_map(Step::Batch),
        3 => Just(Step::Project),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..25)
}

impl Wish {
    fn push(&self) -> Push {
        let data = match self.ask {
            Ask::Clear => String::new(),
            Ask::Delete => format!(r#"{{"id":{}}}"#, self.id),
            Ask::Patch => format!(r#"{{"id":{},"p{}":1}}"#, self.id, self.value),
            Ask::Add | Ask::Update => format!(r#"{{"id":{},"v":{}}}"#, self.id, self.value),
        };
        let push = push(TOPICS[self.topic], self.ask, &data);
        match self.key {
            Some(key) => keyed(push, &format!("key{key}")),
            None => push,
        }
    }
}

/// A position and a seq.
type Place = (u64, u64);

/// The place and whether it is a duplicate's; `None` where nothing changes.
type Verdict = Result<Option<(Place, bool)>, Refusal>;

/// One present item.
#[derive(Clone, Debug)]
struct Item {
    id: u8,
    owner: usize,
    text: String,
}

/// An `add` that was written.
struct Added {
    who: usize,
    topic: usize,
    id: u8,
    text: String,
    place: Place,
}

#[derive(Default)]
struct Model {
    head: u64,
    seqs: [u64; 3],
    items: [Vec<Item>; 3],
    keys: HashMap<(usize, usize, u8), (Push, Place)>,
    adds: Vec<Added>,
}

impl Model {
    fn answer(&mut self, wish: &Wish) -> Verdict {
        let asked = wish.push();
        let is_admin = wish.who == 2;
        if wish.ask == Ask::Clear && !is_admin {
            return Err(Refusal::Forbidden);
        }
        if let Some(key) = wish.key
            && let Some((first, place)) = self.keys.get(&(wish.topic, wish.who, key))
        {
            let same = first.ask == asked.ask && first.data == asked.data;
            return if same { Ok(Some((*place, true))) } else { Err(Refusal::KeyConflict) };
        }
        if self.seqs[wish.topic] == 0 && matches!(wish.ask, Ask::Delete | Ask::Clear) {
            return Ok(None);
        }
        let present = self.items[wish.topic].iter().position(|item| item.id == wish.id);
        if wish.ask == Ask::Add {
            return self.add(wish, &asked, present);
        }
        if wish.ask == Ask::Clear {
            self.items[wish.topic].clear();
            return Ok(Some((self.write(wish, asked), false)));
        }
        if let Some(index) = present {
            let is_foreign = self.items[wish.topic][index].owner != wish.who;
            if TOPICS[wish.topic] == "own" && is_foreign && !is_admin {
                return Err(Refusal::Forbidden);
            }
        }
        match (wish.ask, present) {
            (Ask::Delete, None) => return Ok(None),
            (Ask::Delete, Some(index)) => drop(self.items[wish.topic].remove(index)),
            (_, Some(index)) => {
                let item = &mut self.items[wish.topic][index];
                item.text = changed(wish, Some(&item.text));
            }
            (_, None) => {
                let item = Item { id: wish.id, owner: wish.who, text: changed(wish, None) };
                self.items[wish.topic].push(item);
            }
        }
        Ok(Some((self.write(wish, asked), false)))
    }

    fn add(&mut self, wish: &Wish, asked: &Push, present: Option<usize>) -> Verdict {
        let text = format!("{:?}", asked.data.clone().unwrap());
        let mine = |added: &&Added| added.who == wish.who && added.topic == wish.topic && added.id == wish.id;
        let last = self.adds.iter().rev().find(mine);
        if let (None, Some(_), Some(last)) = (wish.key, present, last)
            && last.text == text
        {
            return Ok(Some((last.place, true)));
        }
        if present.is_some() {
            return Err(Refusal::IdTaken);
        }
        self.items[wish.topic].push(Item { id: wish.id, owner: wish.who, text: text.clone() });
        let place = self.write(wish, asked.clone());
        self.adds.push(Added { who: wish.who, topic: wish.topic, id: wish.id, text, place });
        Ok(Some((place, false)))
    }

    fn write(&mut self, wish: &Wish, asked: Push) -> Place {
        self.head += 1;
        self.seqs[wish.topic] += 1;
        let place = (self.head, self.seqs[wish.topic]);
        if let Some(key) = wish.key {
            self.keys.insert((wish.topic, wish.who, key), (asked, place));
        }
        place
    }

    fn state(&self) -> Vec<(String, Vec<String>)> {
        let mut topics: Vec<(String, Vec<String>)> = (0..3)
            .filter(|topic| self.seqs[*topic] > 0)
            .map(|topic| (TOPICS[topic].to_owned(), self.items[topic].iter().map(|item| item.text.clone()).collect()))
            .collect();
        topics.sort();
        topics
    }
}

/// What an update or a patch leaves, spelled as the fold spells it.
fn changed(wish: &Wish, before: Option<&str>) -> String {
    if wish.ask == Ask::Update {
        return format!(r#"{{"id":{},"v":{}}}"#, wish.id, wish.value);
    }
    let mut text = before.map_or(format!(r#"{{"id":{}}}"#, wish.id), str::to_owned);
    let member = format!(r#""p{}":1"#, wish.value);
    if !text.contains(&member) {
        text.pop();
        text.push_str(&format!(",{member}}}"));
    }
    text
}

fn check_answers(model: &mut Model, wishes: &[Wish], answers: Vec<Answer>) {
    let expected: Vec<_> = wishes.iter().map(|wish| model.answer(wish)).collect();
    for ((wish, expected), answer) in wishes.iter().zip(expected).zip(answers) {
        match (expected, answer) {
            (Err(expected), answer) => assert_eq!(answer, Err(expected), "{wish:?}"),
            (Ok(None), answer) => assert!(answer.is_ok_and(|receipt| !receipt.changed), "{wish:?}"),
            (Ok(Some((place, duplicate))), answer) => {
                let receipt = answer.unwrap_or_else(|refusal| panic!("{wish:?}: {refusal}"));
                let found = ((receipt.position.0, receipt.seq.0), receipt.duplicate);
                assert_eq!(found, (place, duplicate), "{wish:?}");
            }
        }
    }
}

fn run(kept: Kept, steps: &[Step]) {
    let mut bench = Bench::new(kept);
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Batch(wishes) => {
                let pushes = wishes.iter().map(|wish| (people()[wish.who].clone(), wish.push())).collect();
                let answers = bench.batch(pushes);
                check_answers(&mut model, wishes, answers);
            }
            Step::Project => bench.project(),
            Step::Reopen if kept == Kept::OnDisk => bench = bench.reopened(),
            Step::Reopen => {}
        }
    }
    bench.project();
    let mut state = bench.state(&admin());
    state.sort();
    assert_eq!(state, model.state());
    assert_eq!(bench.space.head().0, model.head);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_writer_agrees_with_the_model_in_memory(steps in steps()) {
        run(Kept::InMemory, &steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_writer_agrees_with_the_model_on_disk(steps in steps()) {
        run(Kept::OnDisk, &steps);
    }
}
