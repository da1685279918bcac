use rules::{Kind, Scope, Timestamp, contract::RecordingPage, scope::Filter};

use super::{
    super::{Change, Edge, Lane, Ticked, Turn},
    *,
};
use crate::state::samples::{child, page, recording, timeline};

/// A list with so many rows, of which the first block is there.
fn loaded(n: u64) -> List {
    let mut list = List::default();
    let effects = list.load(child());
    fill(&mut list, &effects, n);
    list
}

fn turn_of(effects: &[Effect], lane: Lane) -> Turn {
    let turn = effects.iter().find_map(|effect| match effect {
        Effect::Call(turn, call) if call.lane() == lane => Some(*turn),
        _ => None,
    });
    turn.unwrap_or_else(|| panic!("{lane:?} was expected among {effects:?}"))
}

fn block(first: u64, n: u64) -> RecordingPage {
    page(first..n.min(first + BLOCK as u64), None)
}

/// The service has so many and answers what was asked.
fn fill(list: &mut List, effects: &[Effect], n: u64) -> Vec<Effect> {
    let Some(skip) = skip_of(effects) else { panic!("a block was expected among {effects:?}") };
    let mut more = list.arrived(child(), turn_of(effects, Lane::List), Ok(block(skip, n)));
    more.extend(list.counted(child(), turn_of(effects, Lane::Timeline), Ok(timeline(0..n))));
    more
}

fn skip_of(effects: &[Effect]) -> Option<u64> {
    effects.iter().find_map(|effect| match effect {
        Effect::Call(_, Call::Recordings { skip, .. }) => Some(*skip as u64),
        _ => None,
    })
}

fn words(list: &mut List, words: &str) -> Vec<Effect> {
    list.update(child(), ListMsg::Look(Change::Words(words.into())))
}

fn edge(ms: i64) -> Option<Edge> {
    Some(Edge { day: String::new(), at: Timestamp::from_ms(ms) })
}

/// The list is scrolled so that a row is at the upper edge.
fn scroll(list: &mut List, row: usize) -> Vec<Effect> {
    list.update(child(), ListMsg::Seen(at_row(list, row, None)))
}

fn at_row(list: &List, row: usize, held: Option<usize>) -> Seen {
    let days = list.days.as_ref().unwrap();
    let above = row as f64 * 56.0 + (days.of_row(row) + 1) as f64 * 40.0;
    let height = days.total as f64 * 56.0 + days.days.len() as f64 * 40.0;
    Seen { above, height, window: 800.0, row: 56.0, heading: 40.0, held }
}

fn tick(list: &mut List, n: u64, shift: bool) -> Vec<Effect> {
    list.update_later(child(), ListMsg::Tick(recording(n).id, shift))
}

#[test]
fn a_search_sets_out_when_typing_rests_and_only_then() {
    let mut list = loaded(3);
    let Effect::Wait(_, Msg::List(early)) = words(&mut list, "nut").remove(0) else { panic!() };
    let Effect::Wait(_, Msg::List(rested)) = words(&mut list, "nuts").remove(0) else { panic!() };
    assert!(list.update(child(), early).is_empty());
    let effects = list.update(child(), rested);
    let asked = Filter { q: Some("nuts".into()), ..Filter::default() };
    assert!(
        matches!(&effects[0], Effect::Call(_, Call::Recordings { filter, skip: 0, .. }) if *filter == asked)
    );
    assert!(matches!(&effects[1], Effect::Call(_, Call::Timeline { filter, .. }) if *filter == asked));
}

#[test]
fn the_old_answer_stays_dimmed_until_the_new_one_is_whole() {
    let mut list = loaded(3);
    words(&mut list, "nuts");
    assert!(list.is_dimmed() && list.row(0).is_some() && list.total().is_none());
    let effects = list.update(child(), ListMsg::Rested(1));
    list.counted(child(), turn_of(&effects, Lane::Timeline), Ok(timeline(0..1)));
    assert!(list.is_dimmed() && list.shown() == 3, "days without rows are no answer");
    list.arrived(child(), turn_of(&effects, Lane::List), Ok(page(0..1, None)));
    assert!(!list.is_dimmed());
    assert_eq!((list.shown(), list.total()), (1, Some(1)));
}

#[test]
fn the_answer_to_an_earlier_question_is_dropped() {
    let mut list = List::default();
    let early = list.load(child());
    let late = list.update(child(), ListMsg::Look(Change::Kind(Some(Kind::Video))));
    fill(&mut list, &early, 3);
    assert_eq!(list.shown(), 0);
    fill(&mut list, &late, 1);
    assert_eq!(list.shown(), 1);
}

#[test]
fn what_is_looked_at_is_fetched_and_little_else_is_kept() {
    let mut list = loaded(5_000);
    assert!(list.row(0).is_some() && list.row(100).is_none());
    let mut most = 0;
    for row in [900, 2_350, 4_990, 40, 1_000, 1_500, 2_000, 2_500, 3_000, 3_500, 4_000, 4_500] {
        let mut effects = scroll(&mut list, row);
        while let Some(skip) = skip_of(&effects) {
            effects = list.arrived(child(), turn_of(&effects, Lane::List), Ok(block(skip, 5_000)));
        }
        assert_eq!(list.row(row).map(|item| item.id), Some(recording(row as u64).id));
        most = most.max(list.blocks.len());
    }
    assert!(most <= BLOCKS, "{most}");
}

#[test]
fn a_call_is_given_up_for_another_only_once_scrolling_rests() {
    let mut list = loaded(5_000);
    let first = scroll(&mut list, 1_000);
    assert_eq!(skip_of(&first), Some(1_000));
    let Effect::Wait(_, Msg::List(early)) = scroll(&mut list, 2_000).remove(0) else { panic!() };
    let Effect::Wait(_, Msg::List(rested)) = scroll(&mut list, 3_000).remove(0) else { panic!() };
    assert!(list.update(child(), early).is_empty());
    let second = list.update(child(), rested);
    assert_eq!(skip_of(&second), Some(3_000));
    list.arrived(child(), turn_of(&first, Lane::List), Ok(block(1_000, 5_000)));
    assert!(list.row(1_000).is_none(), "it came late");
}

#[test]
fn the_row_with_the_focus_stays_though_it_is_out_of_sight() {
    let mut list = loaded(5_000);
    let mut effects = list.update(child(), ListMsg::Seen(at_row(&list, 3_000, Some(3))));
    while let Some(skip) = skip_of(&effects) {
        effects = list.arrived(child(), turn_of(&effects, Lane::List), Ok(block(skip, 5_000)));
    }
    for row in (0..5_000).step_by(250) {
        let mut effects = list.update(child(), ListMsg::Seen(at_row(&list, row, Some(3))));
        while let Some(skip) = skip_of(&effects) {
            effects = list.arrived(child(), turn_of(&effects, Lane::List), Ok(block(skip, 5_000)));
        }
        assert!(list.window.each().any(|row| row == 3) && list.row(3).is_some(), "at {row}");
    }
}

#[test]
fn rows_that_do_not_fit_their_days_are_asked_for_once_more_and_no_more() {
    let mut list = loaded(500);
    let effects = scroll(&mut list, 200);
    // One more came: every row has moved on by one.
    let moved = page(199..299, None);
    let again = list.arrived(child(), turn_of(&effects, Lane::List), Ok(moved.clone()));
    assert_eq!(skip_of(&again), Some(200));
    list.arrived(child(), turn_of(&again, Lane::List), Ok(moved));
    list.counted(child(), turn_of(&again, Lane::Timeline), Ok(timeline(0..500)));
    assert_eq!(list.row(200).map(|item| item.id), Some(recording(199).id), "the rows are right, and shown");
    assert!(!list.is_dimmed() && list.failed().is_none());
}

#[test]
fn a_block_that_failed_is_asked_for_again_and_what_is_there_stays() {
    let mut list = loaded(500);
    let effects = scroll(&mut list, 200);
    list.arrived(child(), turn_of(&effects, Lane::List), Err(Failure::NoAnswer));
    assert_eq!(list.failed(), Some(&Failure::NoAnswer));
    assert!(list.row(0).is_some());
    assert_eq!(skip_of(&list.retry(child())), Some(200));
}

#[test]
fn looking_for_something_else_unticks_everything() {
    let mut list = loaded(3);
    tick(&mut list, 0, false);
    assert_eq!(list.selection.count(), 1);
    words(&mut list, "nuts");
    assert_eq!(list.selection.count(), 0);
}

#[test]
fn all_waits_for_the_number_and_then_says_it() {
    let mut list = List::default();
    let effects = list.load(child());
    list.update_later(child(), ListMsg::All);
    assert_eq!(list.selection.count(), 0);
    fill(&mut list, &effects, 412);
    list.update_later(child(), ListMsg::All);
    assert_eq!(list.selection.count(), 412);
}

#[test]
fn shift_takes_the_whole_range_in_either_direction() {
    let mut list = loaded(10);
    tick(&mut list, 7, false);
    tick(&mut list, 2, true);
    assert_eq!(list.selection.count(), 6);
    tick(&mut list, 4, true);
    assert_eq!(list.selection.count(), 3, "a range can be unticked too");
}

#[test]
fn a_range_over_rows_that_are_not_there_is_those_rows_exactly() {
    let mut list = loaded(1_000);
    tick(&mut list, 5, false);
    let effects = scroll(&mut list, 700);
    list.arrived(child(), turn_of(&effects, Lane::List), Ok(block(700, 1_000)));
    let effects = tick(&mut list, 705, true);
    assert_eq!(list.selection.count(), 1, "nothing is ticked before it is known");
    let Some(Effect::Call(turn, Call::Ids { filter, cursor: None, .. })) = effects.first() else {
        panic!("{effects:?}")
    };
    assert_eq!(filter.from, Some(recording(705).captured_at));
    assert_eq!(filter.to.map(|to| to.ms()), Some(recording(5).captured_at.ms() + 1));
    // Others of the very same moment, before and after.
    let (more, ask) = list.gathered(child(), *turn, Ok(page(4..204, Some("c"))));
    assert!(!ask && matches!(&more[0], Effect::Call(_, Call::Ids { cursor: Some(c), .. }) if c == "c"));
    list.gathered(child(), turn_of(&more, Lane::Ids), Ok(page(204..707, None)));
    assert_eq!(list.selection.count(), 701);
    assert!(!list.selection.has(recording(4).id) && !list.selection.has(recording(706).id));
}

#[test]
fn what_is_ticked_while_a_range_is_on_its_way_comes_after_it() {
    let mut list = loaded(1_000);
    tick(&mut list, 5, false);
    let effects = scroll(&mut list, 700);
    list.arrived(child(), turn_of(&effects, Lane::List), Ok(block(700, 1_000)));
    let effects = tick(&mut list, 705, true);
    assert!(tick(&mut list, 703, false).is_empty() && tick(&mut list, 720, false).is_empty());
    list.gathered(child(), turn_of(&effects, Lane::Ids), Ok(page(4..707, None)));
    let has = |n| list.selection.has(recording(n).id);
    assert!(has(6) && has(705) && has(720), "the range is ticked, and what came after it");
    assert!(!has(703), "it was one of the range, and then unticked");
    assert_eq!(list.selection.count(), 701);
}

#[test]
fn a_second_range_waits_for_the_first_and_one_that_failed_is_given_up() {
    let mut list = loaded(1_000);
    let days = list.days.clone().unwrap();
    let [one, other] = [days.days[10], days.days[20]];
    let ids = |day: crate::state::days::Day| page(day.first as u64..(day.first + day.rows) as u64, None);
    let first = list.update_later(child(), ListMsg::Day(one.date));
    assert!(list.update_later(child(), ListMsg::Day(other.date)).is_empty());
    let (second, _) = list.gathered(child(), turn_of(&first, Lane::Ids), Ok(ids(one)));
    list.gathered(child(), turn_of(&second, Lane::Ids), Ok(ids(other)));
    assert_eq!(list.selection.count(), (one.rows + other.rows) as u64);

    let effects = list.update_later(child(), ListMsg::Day(days.days[30].date));
    tick(&mut list, 2, false);
    list.gathered(child(), turn_of(&effects, Lane::Ids), Err(Failure::NoAnswer));
    tick(&mut list, 0, false);
    tick(&mut list, 1, false);
    assert_eq!(list.selection.count(), (one.rows + other.rows + 3) as u64);
}

#[test]
fn while_a_period_ends_before_it_begins_nobody_deletes_all() {
    let mut list = loaded(3);
    list.form.from = edge(2_000);
    list.update_later(child(), ListMsg::All);
    assert!(list.scope().is_some());
    list.form.to = edge(1_000);
    assert_eq!((list.can_be_all(), list.scope(), list.unnamed()), (None, None, None));
    list.update_later(child(), ListMsg::None);
    list.update_later(child(), ListMsg::All);
    assert_eq!(list.selection.count(), 0);
}

#[test]
fn a_day_is_ticked_and_unticked_as_a_whole() {
    let mut list = loaded(500);
    let days = list.days.clone().unwrap();
    let (first, last) = (days.days[1], days.days[days.days.len() - 1]);
    list.update_later(child(), ListMsg::Day(first.date));
    assert_eq!(list.selection.count(), first.rows as u64);
    list.update_later(child(), ListMsg::Day(first.date));
    assert_eq!(list.selection.count(), 0);
    let effects = list.update_later(child(), ListMsg::Day(last.date));
    let Some(Effect::Call(turn, Call::Ids { filter, .. })) = effects.first() else { panic!("{effects:?}") };
    assert_eq!((filter.from, filter.to), (Some(last.date.start()), Some(last.date.plus_days(1).start())));
    let end = (last.first + last.rows) as u64;
    list.gathered(child(), *turn, Ok(page(last.first as u64..end, None)));
    assert_eq!(list.selection.of_day(last.date, last.rows), Ticked::All);
}

#[test]
fn all_but_one_is_named_one_by_one_before_it_is_deleted() {
    let mut list = loaded(300);
    list.update_later(child(), ListMsg::All);
    tick(&mut list, 7, false);
    assert_eq!((list.selection.count(), list.scope(), list.unnamed()), (299, None, Some(true)));
    let effects = list.update_later(child(), ListMsg::Name);
    let (_, ask) = list.gathered(child(), turn_of(&effects, Lane::Ids), Ok(page(0..300, None)));
    assert!(ask);
    let Some(Scope::Items { recordings }) = list.scope() else { panic!("{:?}", list.scope()) };
    assert!(recordings.len() == 299 && !recordings.contains(&recording(7).id));
}

#[test]
fn all_but_one_of_very_many_cannot_be_named_and_says_so() {
    let mut list = loaded(10_002);
    list.update_later(child(), ListMsg::All);
    tick(&mut list, 7, false);
    assert_eq!((list.scope(), list.unnamed()), (None, Some(false)));
    tick(&mut list, 8, false);
    assert_eq!(list.unnamed(), Some(true));
}

#[test]
fn what_was_unticked_among_all_does_not_count_among_what_is_named() {
    let mut list = loaded(10_050);
    list.update_later(child(), ListMsg::All);
    for n in 0..60 {
        tick(&mut list, n, false);
    }
    assert_eq!((list.selection.count(), list.unnamed()), (9_990, Some(true)));
    let mut effects = list.update_later(child(), ListMsg::Name);
    let mut ask = false;
    for first in (0..10_050).step_by(201) {
        let next = (first + 201 < 10_050).then_some("c");
        let answer = page(first..first + 201, next);
        (effects, ask) = list.gathered(child(), turn_of(&effects, Lane::Ids), Ok(answer));
    }
    assert!(ask && !list.too_many);
    let Some(Scope::Items { recordings }) = list.scope() else { panic!("{:?}", list.scope()) };
    assert!(recordings.len() == 9_990 && !recordings.contains(&recording(59).id));
}

#[test]
fn all_is_said_of_a_number_and_not_of_another() {
    let mut list = loaded(25);
    list.update_later(child(), ListMsg::All);
    let effects = list.load(child());
    fill(&mut list, &effects, 25);
    assert_eq!(list.selection.count(), 25, "nothing has changed");
    let effects = list.load(child());
    fill(&mut list, &effects, 26);
    assert_eq!((list.selection.count(), list.scope()), (0, None));
}

#[test]
fn what_is_ticked_becomes_the_narrowest_scope() {
    let mut list = loaded(2);
    assert_eq!(list.scope(), None);
    tick(&mut list, 1, false);
    assert_eq!(list.scope(), Some(Scope::Items { recordings: vec![recording(1).id] }));
    list.update_later(child(), ListMsg::All);
    assert_eq!(list.scope(), Some(Scope::Range { from: Timestamp::MIN, to: Timestamp::MAX }));
    list.form.from = edge(1_000);
    list.form.to = edge(2_000);
    let (from, to) = (Timestamp::from_ms(1_000), Timestamp::from_ms(2_000));
    assert_eq!(list.scope(), Some(Scope::Range { from, to }));
    list.form.words = "nuts".into();
    assert!(matches!(list.scope(), Some(Scope::Search { filter }) if filter.from == Some(from)));
}

#[test]
fn a_period_is_chosen_from_the_picture() {
    let mut list = loaded(24 * 5);
    let last = list.bars.as_ref().unwrap().1.len() - 1;
    assert_eq!(list.period(), [0, last]);
    list.update_later(child(), ListMsg::Slide(End::First, 2));
    assert_eq!(list.period(), [2, last]);
    list.update_later(child(), ListMsg::Slide(End::Last, 1));
    assert_eq!(list.period(), [1, 1], "one end pushes the other");
    let bar = list.bars.as_ref().unwrap().1[1];
    let filter = list.form.filter();
    assert_eq!((filter.from, filter.to), (Some(bar.first.start()), Some(bar.last.plus_days(1).start())));
    list.update_later(child(), ListMsg::Slide(End::First, 0));
    list.update_later(child(), ListMsg::Slide(End::Last, last));
    assert!(list.form.filter().is_empty(), "all of it is no condition");
}

#[test]
fn words_without_a_letter_look_for_nothing() {
    let form = Form { words: " ...! ".into(), ..Form::default() };
    assert!(form.filter().is_empty());
}

#[test]
fn a_period_that_ends_before_it_begins_is_never_asked_for() {
    let form = Form { from: edge(2_000), to: edge(1_000), ..Form::default() };
    assert!(form.is_backwards());
    assert!(form.filter().check().is_ok());
}

#[test]
fn the_neighbours_of_a_recording_are_those_of_the_list_and_fetched_where_they_are_not_there() {
    let mut list = loaded(250);
    let id = |n| recording(n).id;
    assert_eq!(list.neighbour(id(1), 1), Some(id(2)));
    assert_eq!(list.neighbour(id(0), -1), None);
    assert_eq!(list.neighbour(id(99), 1), None);
    let effects = list.opened(child(), id(99));
    list.arrived(child(), turn_of(&effects, Lane::List), Ok(block(100, 250)));
    assert_eq!(list.neighbour(id(99), 1), Some(id(100)));
}

/// She may press a row before it is known what is in sight, and come back to it.
#[test]
fn a_row_that_is_about_to_have_the_focus_is_drawn_wherever_it_is() {
    let mut list = loaded(1_000);
    let far = list.row(90).unwrap().id;
    assert!(list.window.each().all(|row| row != 90));
    assert!(list.hold(far));
    assert!(list.window.each().any(|row| row == 90));
    assert!(!list.hold(recording(5_000).id));
    assert!(list.window.each().any(|row| row == 90), "what is not there takes nothing away");
}
