//! The receipt of a finished erasure: one sentence on what the browser has found, then the three rungs, each
//! by itself; what went wrong, what that means and what to do; and all of it to take along.

use proof::{
    statement::{Answer, By, Ended, Statement, When},
    verify::What,
};
use rules::{
    ChildId,
    problem::{Problem, ProblemType},
};
use yew::prelude::{AttrValue, Html};

use super::{Cx, heading};
use crate::{
    locale::{Format, Key},
    parts::{Weight, awaited, button, el, group, h3, maybe, p, press, screen, span, text, trouble, ul, with},
    state::{
        Failure, Lane, Msg, Reached, ReceiptMsg, Receipts, Verified,
        receipt::File,
        report::{Check, Outcome, Rung, day, moment},
    },
    words,
};

/// The receipts of an erasure.
pub fn view(cx: &Cx) -> Html {
    let Some(receipts) = &cx.state.receipts else { return heading(cx.text(Key::ReceiptTitle)) };
    let back = button(cx, Weight::Quiet, cx.text(Key::ReceiptBack), Msg::Watch(receipts.of.id));
    let several = receipts.of.children.len() > 1;
    screen(vec![
        el("p", "steps", vec![back]),
        heading(cx.text(Key::ReceiptTitle)),
        maybe(several.then_some(()), |()| choices(cx, receipts)),
        maybe(receipts.shown(), |shown| match (&shown.value, &shown.failed) {
            (Some(verified), _) => body(cx, verified, receipts.of.children[receipts.at]),
            (None, Some(failure)) => without(cx, failure, false),
            (None, None) => {
                let came = receipts.reached.filter(|_| receipts.is_awaited(receipts.at));
                group(vec![
                    p("", cx.text(Key::ReceiptChecking)),
                    maybe(came, |came| reached(cx, came)),
                    awaited(cx, shown.slow, Lane::Receipt),
                ])
            }
        }),
    ])
}

/// Whether what is said beside "Deleted" was checked, and the way to the receipt.
pub fn beside(cx: &Cx, receipts: Option<&Receipts>, open: Msg) -> Html {
    let found = receipts.map(|receipts| (receipts.hold(), receipts.each.iter().any(|one| one.busy)));
    let said = match found {
        Some((Some(true), _)) => p("checked", cx.text(Key::ReceiptGood)),
        Some((Some(false), _)) => {
            let about = vec!["trouble".into(), "trouble".into(), "alert".into()];
            with("div", &["class", "part", "role"], about, vec![p("lead", cx.text(Key::ReceiptBad))])
        }
        Some((None, true)) => p("quiet", cx.text(Key::ReceiptChecking)),
        _ => maybe(receipts, |receipts| {
            maybe(receipts.failed(), |failure| without(cx, failure, receipts.are_any()))
        }),
    };
    group(vec![said, el("p", "decide", vec![button(cx, Weight::Plain, cx.text(Key::ReceiptOpen), open)])])
}

/// Each child has a receipt of its own, which says nothing of the others.
fn choices(cx: &Cx, receipts: &Receipts) -> Html {
    let choice = |(at, child): (usize, &ChildId)| {
        let label = cx.texts.fill(Key::ReceiptOf, &[("child", cx.state.name_of(*child))]);
        let here = if at == receipts.at { "true" } else { "false" };
        let about = vec!["button".into(), "button".into(), "button".into(), here.into()];
        let then = cx.press(Msg::Receipt(ReceiptMsg::Child(at)));
        press(&["type", "class", "part", "aria-current"], about, then, vec![text(label)])
    };
    el("p", "decide", receipts.of.children.iter().enumerate().map(choice).collect())
}

/// There is none, or none yet, or it could not be checked: perhaps others were.
fn without(cx: &Cx, failure: &Failure, others: bool) -> Html {
    match failure {
        Failure::Refused(Problem { kind: ProblemType::NoReceipt, .. }) => {
            group(vec![p("lead", cx.text(Key::ReceiptNone)), p("", cx.text(Key::ReceiptNoneAbout))])
        }
        Failure::Refused(Problem { kind: ProblemType::NotWitnessed, .. }) => group(vec![
            p("lead", cx.text(Key::ReceiptUnseen)),
            p("", cx.text(Key::ReceiptUnseenAbout)),
            button(cx, Weight::Plain, cx.text(Key::Retry), Msg::Retry(Lane::Receipt)),
        ]),
        Failure::Refused(Problem { kind: ProblemType::Conflict, .. }) => group(vec![
            p("lead", cx.text(Key::ReceiptEarly)),
            button(cx, Weight::Plain, cx.text(Key::Retry), Msg::Retry(Lane::Receipt)),
        ]),
        failure if others => trouble(cx, failure, Lane::Receipt),
        failure => unchecked(cx, failure, Lane::Receipt),
    }
}

/// It could not be checked, and what that means.
pub fn unchecked(cx: &Cx, failure: &Failure, lane: Lane) -> Html {
    group(vec![trouble(cx, failure, lane), p("", cx.text(Key::ReceiptUnchecked))])
}

fn body(cx: &Cx, verified: &Verified, child: ChildId) -> Html {
    let statement = verified.report.statement();
    let name = cx.state.name_of(child);
    let origin = verified.report.origin();
    let operator = if origin.is_empty() { cx.text(Key::Unknown) } else { origin.to_owned().into() };
    let signed = cx.texts.fill(Key::RungSigned, &[("operator", &operator)]);
    group(vec![
        verdict(cx, verified),
        maybe(statement.as_ref(), |statement| p("lead", summary(cx, verified, statement, name))),
        maybe(verified.caught.as_ref(), |_| caught(cx, |file| Msg::Receipt(ReceiptMsg::Save(file)))),
        rung(cx, cx.text(Key::RungChecked), Key::RungCheckedAbout, checks(cx, verified, name, What::ALL)),
        maybe(statement.as_ref(), |statement| {
            rung(cx, signed, Key::RungSignedAbout, told(cx, verified, statement))
        }),
        maybe(statement.as_ref(), |statement| {
            let date = cx.texts.date(day(statement.backups));
            let backups = line("", cx.texts.fill(Key::Backups, &[("date", &date)]), None, vec![]);
            let elsewhere = line("", cx.text(Key::Elsewhere), None, vec![]);
            rung(cx, cx.text(Key::RungPromised), Key::RungPromisedAbout, vec![backups, elsewhere])
        }),
        h3(cx.text(Key::WhomTitle)),
        p("", cx.text(if verified.pinned { Key::WhomSite } else { Key::WhomService })),
        files(cx, verified),
    ])
}

/// One sentence, and where it is bad, what is wrong and what to do.
fn verdict(cx: &Cx, verified: &Verified) -> Html {
    match verified.first_failure() {
        None if verified.holds() => {
            let about = vec!["verdict".into()];
            let inside = vec![p("lead", cx.text(Key::ReceiptGood)), p("", cx.text(Key::ReceiptGoodAbout))];
            with("div", &["class"], about, inside)
        }
        failure => {
            let about = vec!["trouble".into(), "trouble".into(), "alert".into()];
            let (code, what) = failure.unwrap_or_default();
            let inside = vec![
                p("lead", cx.text(Key::ReceiptBad)),
                p("", cx.texts.fill(words::flaw(code), &[("about", what)])),
                p("", cx.text(words::flaw_do(code))),
            ];
            with("div", &["class", "part", "role"], about, inside)
        }
    }
}

/// What it is of, and who asked for it when.
fn summary(cx: &Cx, verified: &Verified, statement: &Statement, child: &str) -> AttrValue {
    let who = match &statement.by {
        By::Rule => Key::RequesterRule,
        By::Guardian(name) if verified.you.as_deref() == Some(&proof::base64::encode(name)) => {
            Key::RequesterYou
        }
        By::Guardian(_) if verified.you.is_some() => Key::RequesterAnotherGuardian,
        By::Guardian(_) => Key::RequesterGuardian,
    };
    let (who, what) = (cx.text(who), cx.text(words::scope(&statement.scope)));
    let when = cx.texts.moment(Format::DayTime, moment(statement.asked));
    let values = [("child", child), ("who", &*who), ("when", &*when), ("what", &*what)];
    cx.texts.count(Key::RequestSummary, statement.recordings, &values)
}

/// Two states of one ledger that contradict each other are evidence.
pub fn caught(cx: &Cx, save: impl Fn(File) -> Msg) -> Html {
    let file = |key, file| button(cx, Weight::Plain, cx.text(key), save(file));
    let files = vec![file(Key::SaveSeen, File::Seen), file(Key::SaveShown, File::Shown)];
    group(vec![
        h3(cx.text(Key::CaughtTitle)),
        p("", cx.text(Key::CaughtAbout)),
        p("", cx.text(Key::CaughtDo)),
        el("p", "decide", files),
    ])
}

fn rung(cx: &Cx, title: AttrValue, about: Key, lines: Vec<Html>) -> Html {
    group(vec![h3(title), p("quiet", cx.text(about)), ul("steps-list", lines.into_iter())])
}

/// A line with a sign, what it says, how that stands, and more about it.
fn line(class: &'static str, name: AttrValue, stands: Option<AttrValue>, why: Vec<AttrValue>) -> Html {
    let mut inside = vec![span("name", name)];
    inside.extend(stands.map(|stands| span("stands", stands)));
    inside.extend(why.into_iter().map(|why| span("why", why)));
    el("li", class, inside)
}

/// How far a check has come that takes a while.
pub fn reached(cx: &Cx, reached: Reached) -> Html {
    let (n, all) = (cx.texts.number(reached.entries), cx.texts.number(reached.all));
    span("quiet", cx.texts.fill(Key::EntriesReached, &[("n", &n), ("all", &all)]))
}

/// The first rung: what was computed here, of what is worth saying.
pub fn checks(cx: &Cx, verified: &Verified, child: &str, of: &[What]) -> Vec<Html> {
    let of_rung = |check: &&Check| check.rung() == Rung::Checked && of.contains(&check.what);
    let worth_saying = |check: &&Check| check.what != What::Format || check.outcome != Outcome::Proved;
    let checks = verified.report.checks.iter().filter(of_rung).filter(worth_saying);
    checks.map(|check| checked(cx, verified, check, child)).collect()
}

fn checked(cx: &Cx, verified: &Verified, check: &Check, child: &str) -> Html {
    let name = cx.texts.fill(words::check(check.what), &[("child", child)]);
    let (class, stands) = match check.outcome {
        Outcome::Proved => ("absent", Key::OutcomeProved),
        Outcome::Failed(..) => ("retrying", Key::OutcomeFailed),
        Outcome::Open => ("", Key::OutcomeOpen),
        Outcome::Unchecked | Outcome::Signed | Outcome::Promised => ("", Key::OutcomeUnchecked),
    };
    let why = match &check.outcome {
        Outcome::Failed(code, about) => {
            vec![cx.texts.fill(words::flaw(code), &[("about", about)]), cx.text(words::flaw_do(code))]
        }
        _ => more(cx, verified, check),
    };
    line(class, name, Some(cx.text(stands)), why)
}

/// What goes with a check that did not fail.
fn more(cx: &Cx, verified: &Verified, check: &Check) -> Vec<AttrValue> {
    match (check.what, &check.outcome) {
        (What::Signature, Outcome::Proved) => vec![check.detail.clone().into()],
        (What::Witness, Outcome::Open) => vec![cx.text(Key::WitnessNone)],
        (What::Witness, Outcome::Proved) => {
            let mut why = Vec::new();
            for witness in verified.report.witnesses() {
                let at = cx.texts.moment(Format::DayTime, witness.at);
                let key = if witness.own { Key::WitnessOwn } else { Key::WitnessOther };
                why.push(cx.texts.fill(key, &[("name", &witness.name), ("at", &at)]));
            }
            why
        }
        (What::Chain, Outcome::Proved) => {
            vec![cx.texts.count(Key::ChainEntries, check.detail.parse().unwrap_or(0), &[])]
        }
        (What::Consistency, Outcome::Unchecked) => vec![cx.text(match verified.remembers {
            _ if !verified.report.proves(What::Signature) => Key::NotCompared,
            true => Key::FirstSeen,
            false => Key::CannotRemember,
        })],
        (What::Consistency, Outcome::Open) => {
            let names = [("before", &*check.detail), ("now", verified.report.origin())];
            vec![cx.texts.fill(Key::LedgerRenamed, &names)]
        }
        _ => Vec::new(),
    }
}

/// The second rung: what the operator has signed.
fn told(cx: &Cx, verified: &Verified, statement: &Statement) -> Vec<Html> {
    let texts = cx.texts;
    let mut lines = Vec::new();
    for store in &statement.stores {
        let at = texts.moment(Format::DayTime, moment(store.at));
        let at = [("at", &*at)];
        let (class, stands) = match store.ended {
            Ended::Absent => ("absent", texts.count(Key::EndedAbsent, store.copies, &at)),
            Ended::KeyDestroyed => ("absent", texts.count(Key::EndedKeyDestroyed, store.copies, &at)),
            Ended::None => ("absent", texts.fill(Key::EndedNone, &at)),
        };
        lines.push(line(class, words::store_named(cx.texts, &store.name), Some(stands), vec![]));
    }
    for model in &statement.models {
        let on = model.on.map_or_else(|| cx.text(Key::Unknown), |on| texts.date(day(on)).into());
        // By a day means that it is still in use.
        let class = if matches!(&*model.outcome, "retired" | "retrained") { "absent" } else { "" };
        let told = words::model_named(texts, &model.id, &model.outcome, &on, None);
        lines.push(line(class, told, None, vec![]));
    }
    if statement.models.is_empty() {
        lines.push(line("absent", cx.text(Key::ModelsNone), None, vec![]));
    }
    for processor in &statement.processors {
        let at = match processor.at {
            Some(When::Time(at)) => texts.moment(Format::DayTime, moment(at)),
            Some(When::Day(on)) => texts.date(day(on)),
            None => String::new(),
        };
        let (class, key) = match processor.answer {
            Answer::None => ("absent", Key::AnswerNone),
            Answer::Completed => ("absent", Key::AnswerCompleted),
            Answer::Acknowledged => ("", Key::AnswerAcknowledged),
            Answer::Silent => ("", Key::AnswerSilent),
            Answer::NotAsked => ("", Key::AnswerNotAsked),
            Answer::Asked => ("", Key::AnswerAsked),
            Answer::Contradicted => ("retrying", Key::AnswerContradicted),
        };
        let name = texts.fill(Key::ProcessorNamed, &[("name", &processor.name)]);
        lines.push(line(class, name, Some(texts.fill(key, &[("at", &at)])), vec![]));
    }
    let signed = |check: &&Check| check.rung() == Rung::Signed && check.outcome == Outcome::Signed;
    if let Some(times) = verified.report.check(What::Times).filter(signed) {
        lines.push(line("", cx.text(words::check(times.what)), Some(cx.text(Key::OutcomeSigned)), vec![]));
    }
    lines
}

/// All of it, to take along.
fn files(cx: &Cx, verified: &Verified) -> Html {
    let file = |weight, key, file| button(cx, weight, cx.text(key), Msg::Receipt(ReceiptMsg::Save(file)));
    let print = button(cx, Weight::Plain, cx.text(Key::ReceiptPrint), Msg::Receipt(ReceiptMsg::Print));
    let inventory = (!verified.inventory.is_empty()).then_some(());
    el(
        "div",
        "apart take",
        vec![
            h3(cx.text(Key::TakeTitle)),
            p("", cx.text(Key::TakeAbout)),
            el("p", "decide", vec![file(Weight::Main, Key::SaveReceipt, File::Receipt), print]),
            p("", cx.text(Key::TakeRest)),
            el(
                "p",
                "decide",
                vec![
                    file(Weight::Plain, Key::SavePolicy, File::Policy),
                    maybe(inventory, |()| file(Weight::Plain, Key::SaveInventory, File::Inventory)),
                ],
            ),
        ],
    )
}
