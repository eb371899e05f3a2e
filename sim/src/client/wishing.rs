//! Wishes: what a client asks for, again and again until it has the answer, over its line or over HTTP.

use history::{Ack, Action, Change, Digest, Event, Push, PushId};
use journal::Cursor;
use serde_json::{Value, json};

use super::{Client, Errand, Habits, following::item_in};
use crate::{
    plan::{DOCUMENT, TOPICS},
    random::Random,
    server::asks::{Call, HttpAsk},
    stage::Stage,
};

/// Wishes of one client that wait for their answer at most.
const WAITING_MAX: usize = 12;

/// Ids in a topic, few enough that people meet at them.
const IDS: [&str; 7] = ["\"a\"", "\"b\"", "\"c\"", "\"3\"", "3", "4", "-1"];

/// Something that a client wants.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    number: PushId,
    push: Push,
    /// `{type, action, data, key?}`.
    body: String,
    under_way: UnderWay,
    times_asked: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UnderWay {
    No,
    /// Over the line, under the number of its event.
    Line(u64),
    Exchange,
}

impl Wish {
    pub(super) fn line_lost(&mut self) {
        if matches!(self.under_way, UnderWay::Line(_)) {
            self.under_way = UnderWay::No;
        }
    }
}

impl Client {
    /// Thinks of something and asks for it.
    pub(super) fn wish(&mut self, stage: &mut Stage, habits: Habits) {
        if self.wishes.len() >= WAITING_MAX || (self.user.is_none() && !stage.random.one_in(20)) {
            return;
        }
        self.wished += 1;
        let number = (self.id as u64) << 32 | self.wished;
        let wish = self.think(&mut stage.random, number);
        self.wishes.push_back(wish);
        let last = self.wishes.len() - 1;
        self.ask(stage, habits, last);
    }

    fn think(&self, random: &mut Random, number: PushId) -> Wish {
        let followed = self.followed();
        let topic =
            if random.one_in(4) || followed.is_empty() { *random.pick(&TOPICS) } else { *random.pick(&followed) };
        let id = *random.pick(&IDS);
        // Longer than a page now and then.
        let longest = if random.one_in(12) { 3_000 } else { 60 };
        let text = "x".repeat(random.below(longest) as usize);
        let whole = |id: &str| format!(r#"{{"id":{id},"v":{number},"t":"{text}"}}"#);
        let (action, data) = match (topic, random.below(24)) {
            (_, 0) if random.one_in(3) => (Action::Clear, "null".to_owned()),
            (DOCUMENT, 1..=5) => (Action::Patch, format!(r#"{{"p{}":{number}}}"#, random.below(4))),
            (DOCUMENT, _) => (Action::Update, format!(r#"{{"v":{number},"t":"{text}"}}"#)),
            (_, 1..=5) => (Action::Delete, format!(r#"{{"id":{id}}}"#)),
            (_, 6..=9) => (Action::Update, whole(id)),
            (_, 10..=11) => (Action::Patch, format!(r#"{{"id":{id},"p{}":{number}}}"#, random.below(4))),
            (_, 12..=17) => (Action::Add, whole(id)),
            // An id that nobody else has.
            _ => (Action::Add, whole(&format!("\"u{number}\""))),
        };
        let item = if action == Action::Clear { None } else { item_in(topic, &data) };
        let is_new = item.as_ref().is_some_and(|item| item.starts_with("\"u"));
        // Only an `add` of a new id can be asked for again without a key and be known.
        let key = (!is_new || !random.one_in(3)).then(|| format!("k{number}"));
        let digest = (data != "null").then(|| Digest::of(data.as_bytes()));
        let author = self.user.as_deref().map(str::to_owned);
        let change = Change { topic: topic.to_owned(), action, item, data: digest, author };
        let word = json!(action);
        let with_key = key.as_ref().map_or_else(String::new, |key| format!(r#","key":"{key}""#));
        let body = format!(r#"{{"type":"{topic}","action":{word},"data":{data}{with_key}}}"#);
        let push = Push { push: number, change, key };
        Wish { number, push, body, under_way: UnderWay::No, times_asked: 0 }
    }

    /// Asks for a wish, over the line if there is one and it likes.
    fn ask(&mut self, stage: &mut Stage, habits: Habits, index: usize) {
        let Some(wish) = self.wishes.get_mut(index) else { return };
        wish.times_asked += 1;
        stage.note(Event::Push(wish.push.clone()));
        match self.line.as_mut().filter(|line| line.is_in && !stage.random.one_in(3)) {
            Some(line) => {
                line.asked += 1;
                wish.under_way = UnderWay::Line(line.asked);
                let packet = format!(r#"42{}["push",{}]"#, line.asked, wish.body);
                line.send(stage, packet);
            }
            None => {
                let (number, ask) = (wish.number, Call::Push(wish.body.clone()));
                wish.under_way = UnderWay::Exchange;
                let ask = HttpAsk { user: self.user.clone(), call: ask };
                let exchange = stage.send_request(self.id, ask, habits.lost_one_in);
                self.exchanges.insert(exchange, Errand::Wish(number));
            }
        }
    }

    /// Asks again for what has no answer and is not under way, and once in a while for what is.
    pub(super) fn ask_again(&mut self, stage: &mut Stage, habits: Habits) {
        for index in 0..self.wishes.len() {
            let is_impatient = !habits.is_calm && stage.random.one_in(60);
            if self.wishes[index].under_way == UnderWay::No || is_impatient {
                self.ask(stage, habits, index);
            }
        }
    }

    pub(super) fn take_ack(&mut self, stage: &mut Stage, body: &str) {
        let digits = body.bytes().take_while(u8::is_ascii_digit).count();
        let (id, answer) = body.split_at(digits);
        let asked = UnderWay::Line(id.parse().expect("an ack has a number"));
        let answer = answer.strip_prefix('[').and_then(|answer| answer.strip_suffix(']'));
        let number = self.wishes.iter().find(|wish| wish.under_way == asked).map(|wish| wish.number);
        if let Some(number) = number {
            self.answered(stage, number, answer.expect("an ack has one argument"));
        }
    }

    /// A wish was answered.
    pub(super) fn answered(&mut self, stage: &mut Stage, number: PushId, answer: &str) {
        let Some(index) = self.wishes.iter().position(|wish| wish.number == number) else { return };
        let answer: Value = serde_json::from_str(answer).expect("an answer is an object");
        if let Some(code) = answer["code"].as_str() {
            if matches!(code, "busy" | "unavailable") {
                return self.unanswered(number);
            }
            stage.note(Event::Refused { push: number, code: code.to_owned() });
            self.wishes.remove(index);
            return;
        }
        let ack = ack(number, &answer);
        self.tally.acked += 1;
        self.tally.duplicates += u64::from(ack.duplicate);
        stage.note(Event::Ack(ack));
        self.wishes.remove(index);
    }

    /// A wish is asked for again when its client next wakes.
    pub(super) fn unanswered(&mut self, number: PushId) {
        if let Some(wish) = self.wishes.iter_mut().find(|wish| wish.number == number) {
            wish.under_way = UnderWay::No;
        }
    }
}

fn ack(push: PushId, answer: &Value) -> Ack {
    let number = |name: &str| answer[name].as_u64().expect("a receipt has its numbers");
    let flag = |name: &str| answer[name].as_bool().expect("a receipt has its flags");
    let cursor = answer["cursor"].as_str().and_then(|cursor| Cursor::decode(cursor).ok());
    Ack {
        push,
        position: number("position"),
        seq: number("seq"),
        cursor: cursor.expect("a receipt has a cursor").position.0,
        duplicate: flag("duplicate"),
        changed: flag("changed"),
    }
}
