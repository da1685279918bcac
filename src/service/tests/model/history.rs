//! What can happen, drawn at random and made smaller where it fails.

use proptest::{collection::vec, prelude::*, sample::select};
use rules::{Class, derived::Made};

/// One thing that happens. Numbers stand for whatever there is then: the nth of it, counted round and from the newest.
#[derive(Debug, Clone)]
pub enum Op {
    Record {
        child: usize,
        placed: bool,
        /// Something was made of it in every store.
        whole: bool,
    },
    Derive {
        child: usize,
        made: Made,
        /// Those whose bit is set, at most three.
        from: u8,
        parts: Vec<Class>,
        /// And from something that was made before.
        thing: Option<u8>,
    },
    Erase {
        by: usize,
        child: usize,
        what: What,
        waive: bool,
        include_kept: bool,
        /// Only what was there when this one came.
        as_of: Option<u8>,
    },
    Undo {
        by: usize,
        nth: u8,
    },
    Keep {
        by: usize,
        nth: u8,
    },
    Release {
        by: usize,
        nth: u8,
    },
    /// A store fails so often, having done it or not, or lying about it.
    Break {
        store: u8,
        times: u32,
        how: How,
    },
    Tick,
    /// The process dies where a store is about to erase or to be read again.
    Die {
        store: u8,
        probing: bool,
    },
    Reopen,
    Wait(i64),
    /// Nobody uses anything for so long that the inactivity rule asks.
    Neglect,
    /// The same bytes are handed in again.
    Again(u8),
}

/// What an erasure is asked for.
#[derive(Debug, Clone)]
pub enum What {
    /// Those whose bit is set.
    Some(u8),
    /// All captured from the first to the second.
    Range(u8, u8),
    Class(Class, Option<(u8, u8)>),
    /// What has this word, or else this class.
    Search(Option<&'static str>, Option<Class>),
    Child,
    Everything,
}

#[derive(Debug, Clone, Copy)]
pub enum How {
    Fails,
    FailsHavingDoneIt,
    Lies,
}

const HOWS: [How; 3] = [How::Fails, How::FailsHavingDoneIt, How::Lies];

/// What recordings say, one of them each.
pub const WORDS: [&str; 2] = ["walnut", "peanut"];

/// Begins with two recordings and something that was made from both: what one erasure takes another one misses.
pub fn history() -> impl Strategy<Value = Vec<Op>> {
    let first = any::<bool>().prop_map(|whole| {
        let shared = Op::Derive { child: 0, made: Made::Fact, from: 0b11, parts: Vec::new(), thing: None };
        let one = |whole| Op::Record { child: 0, placed: true, whole };
        [one(whole), one(false), shared]
    });
    let then = prop_oneof![2 => op().prop_map(|op| vec![op]), 1 => passage()];
    (first, vec(then, 1..16))
        .prop_map(|(first, then)| first.into_iter().chain(then.into_iter().flatten()).collect())
}

/// What drawn one by one hardly ever comes together.
fn passage() -> impl Strategy<Value = Vec<Op>> {
    let record = |child| Op::Record { child, placed: true, whole: true };
    let all = |child, waive| Op::Erase {
        by: 0,
        child,
        what: What::Some(u8::MAX),
        waive,
        include_kept: true,
        as_of: None,
    };
    let whole_child =
        |child| Op::Erase { by: 0, child, what: What::Child, waive: false, include_kept: false, as_of: None };
    let one = |bit: u8| Op::Erase {
        by: 0,
        child: 0,
        what: What::Some(1 << bit),
        waive: true,
        include_kept: true,
        as_of: None,
    };
    prop_oneof![
        // The second guardian keeps what the first has erased.
        1 => any::<bool>().prop_map(move |waive| vec![record(0), Op::Keep { by: 1, nth: 0 }, all(0, waive)]),
        1 => guardian()
            .prop_map(move |by| vec![record(0), Op::Keep { by, nth: 0 }, Op::Release { by, nth: 0 }]),
        // Of two that take the same the first is taken back.
        1 => Just(vec![record(0), all(0, false), whole_child(0), Op::Undo { by: 0, nth: 1 }]),
        // The second guardian is told of one child alone.
        1 => Just(vec![record(1), whole_child(1), Op::Undo { by: 1, nth: 0 }]),
        1 => guardian().prop_map(move |by| vec![record(0), Op::Neglect, Op::Undo { by, nth: 0 }]),
        1 => any::<u8>()
            .prop_map(move |n| vec![one(0), one(1), Op::Wait(8 * 86_400), Op::Tick, Op::Again(n)]),
        // No keep of the second guardian's holds up what is asked for of this child.
        2 => (0..7_u8, any::<bool>())
            .prop_map(move |(store, probing)| vec![record(1), all(1, true), Op::Die { store, probing }]),
        // Three stores at once, each in its own way.
        2 => (0..7_u8).prop_map(move |store| {
            let breaks = (store..).zip(HOWS).map(|(store, how)| Op::Break { store, times: 1, how });
            [record(1)].into_iter().chain(breaks).chain([all(1, true), Op::Tick]).collect()
        }),
    ]
}

fn how() -> impl Strategy<Value = How> {
    select(HOWS.to_vec())
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        5 => (child(), any::<bool>(), any::<bool>())
            .prop_map(|(child, placed, whole)| Op::Record { child, placed, whole }),
        3 => derive(),
        6 => erase(),
        3 => (guardian(), 0..4_u8).prop_map(|(by, nth)| Op::Undo { by, nth }),
        2 => (guardian(), any::<u8>()).prop_map(|(by, nth)| Op::Keep { by, nth }),
        1 => (guardian(), any::<u8>()).prop_map(|(by, nth)| Op::Release { by, nth }),
        2 => (any::<u8>(), 1..3_u32, how()).prop_map(|(store, times, how)| Op::Break { store, times, how }),
        5 => Just(Op::Tick),
        2 => (any::<u8>(), any::<bool>()).prop_map(|(store, probing)| Op::Die { store, probing }),
        1 => Just(Op::Reopen),
        3 => select(vec![1, 31, 3600, 72 * 3600, 8 * 86_400]).prop_map(Op::Wait),
        2 => any::<u8>().prop_map(Op::Again),
    ]
}

fn derive() -> impl Strategy<Value = Op> {
    let made = select(vec![Made::Fact, Made::Voiceprint, Made::Thumbnail]);
    let parts = select(vec![vec![], vec![Class::Location], vec![Class::Media, Class::Location]]);
    (child(), made, any::<u8>(), parts, proptest::option::of(any::<u8>()))
        .prop_map(|(child, made, from, parts, thing)| Op::Derive { child, made, from, parts, thing })
}

fn erase() -> impl Strategy<Value = Op> {
    let what = prop_oneof![
        2 => any::<u8>().prop_map(What::Some),
        3 => (0..3_u8).prop_map(|bit| What::Some(1 << bit)),
        1 => any::<(u8, u8)>().prop_map(|(from, to)| What::Range(from, to)),
        3 => (class(), proptest::option::of(any::<(u8, u8)>()))
            .prop_map(|(class, period)| What::Class(class, period)),
        1 => (select(WORDS.to_vec()), proptest::option::of(class()))
            .prop_map(|(word, class)| What::Search(Some(word), class)),
        1 => class().prop_map(|class| What::Search(None, Some(class))),
        1 => Just(What::Child),
        1 => Just(What::Everything),
    ];
    (guardian(), child(), what, any::<bool>(), any::<bool>(), proptest::option::of(any::<u8>())).prop_map(
        |(by, child, what, waive, include_kept, as_of)| Op::Erase {
            by,
            child,
            what,
            waive,
            include_kept,
            as_of,
        },
    )
}

fn class() -> impl Strategy<Value = Class> {
    select(Class::ALL.to_vec())
}

/// The first of two, most often.
fn guardian() -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(0), 1 => Just(1)]
}

/// The first child has both guardians, the second one only the first.
fn child() -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(0), 1 => Just(1)]
}
