//! Values for the tests of the reducers.

use rules::{
    ChildId, ErasureId, ErasureState, ProcessorState, RecordingId, StepState, StoreId, Timestamp,
    contract::{
        ChildSummary, Children, DayCount, Erasure, Preview, ProcessorStep, Recording, RecordingItem,
        RecordingPage, Requester, Step, Timeline,
    },
    erasure::Lateness,
    preview::StoreCount,
    retention::end_of,
    word::{Classes, Kind},
};

use super::{Verified, report::Report};

pub fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_790_000_000_000 + ms)
}

pub fn child() -> ChildId {
    ChildId::from_parts(1, 1)
}

pub fn recording(n: u64) -> RecordingItem {
    RecordingItem {
        id: RecordingId::from_parts(1, u128::from(n)),
        child: child(),
        kind: Kind::Voice,
        captured_at: at(-3_600_000 * i64::try_from(n).unwrap()),
        duration_ms: 2_500,
        device: None,
        classes: Vec::new(),
        excerpt: None,
        marks: Vec::new(),
        language: None,
        kept_until: None,
    }
}

pub fn opened(n: u64) -> Recording {
    Recording {
        item: recording(n),
        media_type: None,
        bytes: None,
        transcript: None,
        location: None,
        waveform: None,
        stores: Vec::new(),
        end: end_of(at(0).date(), None),
        made: Vec::new(),
    }
}

pub fn page(ids: std::ops::Range<u64>, next: Option<&str>) -> RecordingPage {
    RecordingPage { items: ids.map(recording).collect(), next: next.map(String::from) }
}

pub fn children(n: u64) -> Children {
    let items = (1..=n).map(|n| ChildSummary {
        id: ChildId::from_parts(1, u128::from(n)),
        name: format!("Child {n}"),
        recordings: 3,
        classes: Classes::default(),
        oldest: None,
        newest: None,
        devices: Vec::new(),
        next_end: None,
        open_erasures: 0,
    });
    Children { items: items.collect(), demo: false, undo_window_seconds: 259_200 }
}

pub fn preview(recordings: u64) -> Preview {
    Preview {
        as_of: at(0),
        children: vec![child()],
        recordings,
        oldest: None,
        newest: None,
        stores: vec![StoreCount { store: StoreId::Media, copies: recordings }],
        made: Vec::new(),
        models: Vec::new(),
        recipients: Vec::new(),
        kept: None,
        contested: false,
        sealed_until: at(100_000),
        expected_by: at(200_000),
    }
}

pub fn erasure(state: ErasureState) -> Erasure {
    let step = match state {
        ErasureState::Deleted => StepState::VerifiedAbsent,
        ErasureState::Erasing => StepState::Erasing,
        _ => StepState::Waiting,
    };
    Erasure {
        id: ErasureId::from_parts(1, 1),
        state,
        contested: false,
        lateness: Lateness::OnTime,
        children: vec![child()],
        scope: "items".into(),
        recordings: 1,
        requested_by: Requester::You,
        requested_at: at(0),
        sealed_until: at(100_000),
        expected_by: at(200_000),
        due_by: at(300_000),
        finished_at: None,
        steps: vec![Step {
            store: StoreId::Media,
            state: step,
            copies: 1,
            erased: 0,
            failed_attempts: 0,
            problem: None,
            next_attempt_at: None,
            verified_at: None,
        }],
        models: Vec::new(),
        processors: Vec::new(),
    }
}

pub fn processor(state: ProcessorState) -> ProcessorStep {
    ProcessorStep {
        processor: "speech".into(),
        about: "https://speech.example/privacy".into(),
        child: child(),
        recordings: 1,
        state,
        since: at(0),
        due_by: None,
        problem: None,
        next_attempt_at: None,
        found_none_at: None,
    }
}

/// The days of these recordings.
/// What the verifier may find: that a receipt holds, or that the ledger became shorter.
pub fn verified(holds: bool) -> Verified {
    let consistency = if holds { "proved" } else { "failed rollback" };
    let lines = format!(
        "format proved\nsignature proved ledger.toys.example/2026\nwitness open\ninclusion proved\nopening proved x\n\
         inventory proved\npublished proved\ntimes signed\nchild proved\nchain proved 1\nconsistency {consistency}\n\nforget-me-not/birth/v1\nat 2026-11-22T04:01:00Z\n"
    );
    Verified {
        report: Report::read(&lines),
        receipt: include_str!("../../proof/example/receipt.tlog-proof").into(),
        inventory: "inventory".into(),
        policy: "policy".into(),
        pinned: false,
        you: None,
        remembers: true,
        caught: None,
        leaves: String::new(),
    }
}

pub fn timeline(ids: std::ops::Range<u64>) -> Timeline {
    let mut days: Vec<DayCount> = Vec::new();
    for item in ids.clone().map(recording) {
        let day = item.captured_at.date();
        match days.last_mut().filter(|last| last.day == day) {
            Some(last) => last.recordings += 1,
            None => days.push(DayCount { day, recordings: 1 }),
        }
    }
    Timeline { total: ids.end - ids.start, days }
}
