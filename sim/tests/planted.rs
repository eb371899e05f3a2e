//! The simulation and its judge, shown to find bugs: each of these was put into the code on purpose, and some world finds it,
//! by something of a kind that fits. The same worlds without it are clean. Run it with:
//! `cargo test --release -p sim --features planted --test planted -- --nocapture`.

use std::collections::BTreeSet;

use journal::Bug;
use sim::{Outcome, run, run_planted};

/// A bug, how many worlds have to suffice, and what may find it: kinds of anomalies, or `Fault` for what is wrong beside them.
type Expected = (Bug, u64, &'static [&'static str]);

/// Several times as many worlds as it took when this was written: what else is changed in the code makes other worlds.
const EXPECTED: &[Expected] = &[
    (Bug::PartlyTakenIsSkipped, 10, &["Missed"]),
    (Bug::EvictedUnderReader, 10, &["Missed"]),
    (Bug::LiveOvertakesCatchUp, 10, &["Missed"]),
    (Bug::LiveToEverybody, 10, &["Forbidden"]),
    (Bug::CursorOffByOne, 10, &["Untrue"]),
    (Bug::AckBeforeSync, 20, &["Lost"]),
    (Bug::WritesAfterFailure, 40, &["SeqHole", "Lost"]),
    (Bug::RollLosesEntry, 10, &["Lost"]),
    (Bug::FilterForgetsKeys, 10, &["Doubled"]),
    (Bug::RestartForgetsFilters, 10, &["Doubled", "Misfit"]),
    (Bug::PositionBeforeContent, 20, &["SeqHole", "Misfit", "WrongState", "Doubled"]),
    (Bug::ClearKeepsItems, 10, &["WrongState"]),
    (Bug::AckedThoughFailed, 30, &["Lost"]),
    (Bug::OverlayUnasked, 10, &["Misfit", "Doubled"]),
    (Bug::SeqBeginsAnew, 10, &["SeqHole"]),
    (Bug::TimeGoesBack, 10, &["TimeGoesBack"]),
    (Bug::ProjectedTooFar, 20, &["Stale", "Doubled", "Misfit"]),
    (Bug::StateCursorTooLate, 10, &["WrongState"]),
    (Bug::PageOfReplaced, 10, &["Stale"]),
    (Bug::PageWithoutDeletes, 10, &["Missed"]),
    (Bug::PageWithoutPermission, 10, &["Forbidden"]),
    (Bug::PageCutSaysWhole, 10, &["Missed"]),
    (Bug::PageBeyondViews, 20, &["Missed"]),
    (Bug::PageForgottenWhenFull, 40, &["Missed"]),
    (Bug::MarkOfTheUnserved, 20, &["Missed", "OutOfOrder"]),
    (Bug::ResumedFromHead, 10, &["Missed"]),
    (Bug::ResetWithoutNeed, 10, &["Reset"]),
    (Bug::FrameForgotten, 20, &["Fault"]),
    (Bug::ResetWithheld, 20, &["NotReset"]),
    (Bug::RevocationUnseen, 10, &["Forbidden"]),
    (Bug::MarkAtHead, 30, &["Missed", "OutOfOrder"]),
];

/// What is wrong with a world, by kind.
fn kinds(outcome: &Outcome) -> BTreeSet<String> {
    let kind = |text: String| text.chars().take_while(|letter| letter.is_alphanumeric()).collect();
    let anomalies = outcome.anomalies.iter().map(|anomaly| kind(format!("{anomaly:?}")));
    anomalies.chain(outcome.faults.iter().map(|_| "Fault".to_owned())).collect()
}

/// The first world that finds a bug, and what it finds.
fn found(bug: Bug, worlds_max: u64) -> Option<(u64, Outcome)> {
    let mut worlds = (0..worlds_max).map(|seed| (seed, run_planted(seed, bug)));
    worlds.find(|(_, outcome)| !outcome.is_clean())
}

#[test]
fn every_bug_on_purpose_is_found_and_the_same_worlds_without_it_are_clean() {
    let mut last = 0;
    for (bug, worlds_max, expected) in EXPECTED {
        let Some((seed, outcome)) = found(*bug, *worlds_max) else {
            panic!("{bug:?} is not found in {worlds_max} worlds");
        };
        let kinds = kinds(&outcome);
        println!("{bug:?}: {kinds:?} in world {seed}");
        assert!(expected.iter().any(|kind| kinds.contains(*kind)), "{bug:?} is found by {kinds:?}");
        last = last.max(seed);
    }
    for seed in 0..=last {
        let outcome = run(seed);
        assert!(outcome.is_clean(), "seed {seed}: {:?} {:?}", outcome.faults, outcome.anomalies);
    }
}

#[test]
fn every_bug_has_its_line() {
    let with_a_line: BTreeSet<Bug> = EXPECTED.iter().map(|(bug, ..)| *bug).collect();
    assert_eq!(with_a_line, Bug::ALL.iter().copied().collect());
}
