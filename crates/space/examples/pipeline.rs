#![allow(clippy::all, clippy::unwrap_used)]
use journal::*;
use space::*;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};
struct Plain;
impl Encode for Plain {
    fn encode(&self, entry: &Entry, c: &Cursor, out: &mut Vec<u8>) -> Span {
        let start = out.len() as u32;
        out.push(b'|');
        out.extend_from_slice(entry.data().unwrap().as_bytes());
        out.extend_from_slice(c.encode().as_bytes());
        Span { start, payload: start + 1, end: out.len() as u32 }
    }
}
fn cpu() -> f64 {
    let s = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    s.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}
fn main() {
    let a: Vec<usize> = std::env::args().skip(1).map(|x| x.parse().unwrap()).collect();
    let (total, batch, topics, keyed) = (a[0], a[1], a[2], a[3]);
    let folder = std::path::PathBuf::from("/tmp/pipeline");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let journal = store::Journal::open(&folder, store::JournalOptions::new([5; 16])).unwrap();
    let (views, _) = store::Views::open(&folder, &journal.reader()).unwrap();
    let space = Space::new(
        SpaceOptions {
            rules: RuleBook::new(vec![], Undeclared::OPEN),
            keys: CursorKey::new([3; 32]),
            encoder: Arc::new(Plain),
            data_bytes_max: 1_000_000,
        },
        &journal,
        &views,
    );
    let mut projector = Projector::new(space.clone(), views);
    while projector.step().unwrap().1 {}
    let mut writer = Writer::open(space.clone(), journal).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let d2 = done.clone();
    let sp = space.clone();
    let t = std::thread::spawn(move || {
        let c0 = cpu();
        let mut steps = 0;
        loop {
            let (p, more) = projector.step().unwrap();
            steps += 1;
            if !more {
                if d2.load(Ordering::Relaxed) && p == sp.head() {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
        }
        (cpu() - c0, steps)
    });
    let who = Principal::member(UserId::new("u_1").unwrap());
    let mut n = 0u64;
    let began = Instant::now();
    let c0 = cpu();
    let mut gen_cpu = 0.0;
    let mut maxlag = 0;
    let mut busy = 0;
    let mut times = vec![];
    while (n as usize) < total {
        let g = cpu();
        let reqs: Vec<_> = (0..batch).map(|_| { n += 1;
            let data = format!("{{\"id\":\"{:016x}\",\"userId\":\"u_1\",\"senderName\":\"Ann\",\"content\":\"a message of about one hundred bytes which somebody wrote on a rainy day {n}\",\"timestamp\":\"10:15\"}}", n.wrapping_mul(0x9E3779B97F4A7C15));
            let mut p = Push::new(TopicName::new(&format!("room/{}", n as usize % topics)).unwrap(), Ask::new("add").unwrap(), Some(Json::parse(data.as_bytes()).unwrap())).unwrap();
            if keyed == 1 { p.key = Some(Key::new(&format!("k{n}")).unwrap()); }
            Request { who: who.clone(), push: p, reply: () } }).collect();
        gen_cpu += cpu() - g;
        let mut s = n;
        let t0 = Instant::now();
        let step = writer.step(
            1_000 + n,
            &mut || {
                s += 1;
                [s as u8; 16]
            },
            reqs,
        );
        times.push(t0.elapsed().as_secs_f64());
        busy += step.answers.iter().filter(|(_, a)| a.is_err()).count();
        if step.answers.iter().any(|(_, a)| a.is_err()) {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        maxlag = maxlag.max(space.head().0 - space.projected().0);
    }
    let wall = began.elapsed().as_secs_f64();
    let w = cpu() - c0 - gen_cpu;
    done.store(true, Ordering::Relaxed);
    let (p, steps) = t.join().unwrap();
    let wall2 = began.elapsed().as_secs_f64();
    let h = space.head().0 as f64;
    times.sort_by(f64::total_cmp);
    println!(
        "entries {h} busy {busy} wall {wall:.2} all projected {wall2:.2}; writer cpu {:.2} us/entry, projector {:.2} us/entry in {steps} steps, gen {:.2}; step p50 {:.2} ms p99 {:.2} ms; max lag {maxlag}",
        w / h * 1e6,
        p / h * 1e6,
        gen_cpu / h * 1e6,
        times[times.len() / 2] * 1e3,
        times[times.len() * 99 / 100] * 1e3
    );
}
