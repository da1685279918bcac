//! The service asks witnesses, and hands out only receipts that its own policy believes.

use std::{path::Path, sync::Arc};

use proof::{
    Policy,
    note::Note,
    verify::{Known, Outcome, What, verify, witnessed},
};
use reqwest::Method;
use rules::{
    ErasureId, Scope,
    contract::{Erasure, NewErasure},
    problem::ProblemType,
};
use serde_json::json;
use service::{
    clock::{Clock, ManualClock},
    core::{Core, Policy as Deciding},
    erasure::{accept, engine},
    ledger::{self, Witnesses, receipt},
};

use crate::{
    common::{Answer, Family, Service},
    household::{Household, canary},
    stand::Stand,
};

/// A household whose ledger asks the witnesses of a policy.
async fn household(policy: &str) -> Household {
    over(Household::new().await, policy).await
}

/// The same household after a start with another policy.
async fn over(mut home: Household, policy: &str) -> Household {
    home.core.db.close().await;
    ledger::policy::set(home.folder.path(), policy).unwrap();
    let clock: Arc<dyn Clock> = home.clock.clone();
    let core = Core::open_with(home.folder.path(), Deciding::default(), clock).await.unwrap();
    home.core = core;
    home
}

/// Deletes everything of the child, and publishes that.
async fn erase(home: &Household) -> ErasureId {
    let request = NewErasure {
        child: Some(home.child),
        scope: Scope::Child {},
        include_kept: false,
        waive_undo: true,
        as_of: None,
    };
    let (erasure, _) = accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
    engine::tick(&home.core).await.unwrap();
    ledger::sequence(&home.core).await.unwrap();
    erasure.id
}

async fn round(home: &Household) -> bool {
    Witnesses::of(&home.core).await.unwrap().round(&home.core).await.unwrap()
}

async fn stand(state: &Path, name: &str, core: &Core, clock: Arc<ManualClock>) -> Stand {
    Stand::new(state, name, &format!("log {}\n", core.ledger.key().text()), clock).await
}

#[tokio::test]
async fn a_receipt_waits_until_enough_witnesses_have_seen_it() {
    let states = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let home = Household::new().await;
    let own = stand(states[0].path(), "forget-me-not.invalid/own", &home.core, home.clock.clone()).await;
    let other = stand(states[1].path(), "watch.example/w1", &home.core, home.clock.clone()).await;
    let policy =
        format!("# Both.\n{}{}group both all own w1\nquorum both\n", own.line("own"), other.line("w1"));
    let home = over(home, &policy).await;
    home.record(0, &canary(0), true).await;
    let erasure = erase(&home).await;

    assert_eq!(home.core.ledger.checkpoint().unwrap(), None, "nothing that nobody has seen is shown");
    let early = receipt::of_erasure(&home.core, &home.asker, erasure, None).await.unwrap_err();
    assert!(early.to_string().contains("no witness has seen it yet"), "{early}");
    assert!(early.to_string().contains("since 2026-11-21T14:00:00Z"), "{early}");

    // One of them does not answer.
    own.end().await;
    let mut witnesses = Witnesses::of(&home.core).await.unwrap();
    assert!(!witnesses.round(&home.core).await.unwrap());
    assert!(receipt::of_erasure(&home.core, &home.asker, erasure, None).await.is_err());
    // It comes again, elsewhere: the policy says where.
    let own = stand(states[0].path(), "forget-me-not.invalid/own", &home.core, home.clock.clone()).await;
    let policy = format!("{}{}group both all own w1\nquorum both\n", own.line("own"), other.line("w1"));
    let home = over(home, &policy).await;
    assert!(round(&home).await);

    let receipt = receipt::of_erasure(&home.core, &home.asker, erasure, None).await.unwrap();
    let inventory = receipt::of_inventory(&home.core, 1).await.unwrap();
    let served = Policy::parse(&home.core.ledger.policy()).unwrap();
    let known = Known { inventory: Some(&inventory), ..Known::default() };
    let report = verify(&receipt, &served, &known);
    assert!(!report.failed(), "{}", report.text());
    for what in [What::Witness, What::Times, What::Published] {
        assert_eq!(report.outcome(what), &Outcome::Proved, "{what:?}");
    }
    let names: Vec<(&str, bool)> = report.witnesses.iter().map(|it| (it.name.as_str(), it.own)).collect();
    assert_eq!(names, [("forget-me-not.invalid/own", true), ("watch.example/w1", false)]);
    // In a ledger of 10,000,000 entries the path has 24 steps of 45 bytes, and two numbers are longer.
    let path = proof::receipt::Receipt::parse(&receipt).unwrap().path.len();
    let long = receipt.len() + (24 - path) * 45 + 2 * "10000000".len();
    assert!(long <= 4096, "{long} bytes");
    assert_eq!(ledger::fsck(home.folder.path()).await.unwrap(), [""; 0]);

    // The ledger grows, and what was shown stays until the witnesses have seen the new one.
    let shown = home.core.ledger.checkpoint().unwrap().unwrap();
    home.clock.advance(60);
    home.record(1, &canary(1), true).await;
    ledger::sequence(&home.core).await.unwrap();
    assert_eq!(home.core.ledger.checkpoint().unwrap().unwrap(), shown);
    receipt::of_erasure(&home.core, &home.asker, erasure, None).await.unwrap();
    assert_eq!(ledger::fsck(home.folder.path()).await.unwrap(), [""; 0]);
    assert!(round(&home).await);
    assert_ne!(home.core.ledger.checkpoint().unwrap().unwrap(), shown);
    own.end().await;
    other.end().await;
}

#[tokio::test]
async fn what_a_witness_has_seen_is_asked_of_it_where_we_do_not_know() {
    let state = tempfile::tempdir().unwrap();
    let home = Household::new().await;
    let witness = stand(state.path(), "watch.example/w1", &home.core, home.clock.clone()).await;
    let home = over(home, &format!("{}quorum w\n", witness.line("w"))).await;
    home.record(0, &canary(0), true).await;
    ledger::sequence(&home.core).await.unwrap();
    assert!(round(&home).await);
    for (n, forget) in [(1, "DELETE FROM ledger_witness"), (2, "UPDATE ledger_witness SET size = 1")] {
        sqlx::query(forget).execute(&mut *home.core.db.write().await.unwrap()).await.unwrap();
        home.record(n, &canary(n), true).await;
        ledger::sequence(&home.core).await.unwrap();
        assert!(round(&home).await, "{forget}");
    }
    // Asked again by a process that knows nothing of what came back, it signs the same again.
    std::fs::remove_file(home.core.ledger.folder().join("checkpoint.cosigned")).unwrap();
    assert!(round(&home).await);
    witness.end().await;
}

#[tokio::test]
async fn a_witness_that_nobody_needs_is_asked_all_the_same() {
    let state = tempfile::tempdir().unwrap();
    let home = Household::new().await;
    let witness = stand(state.path(), "watch.example/w1", &home.core, home.clock.clone()).await;
    let home = over(home, &format!("{}quorum none\n", witness.line("w"))).await;
    home.record(0, &canary(0), true).await;
    let erasure = erase(&home).await;
    let before = home.core.ledger.checkpoint().unwrap().unwrap();
    receipt::of_erasure(&home.core, &home.asker, erasure, None).await.unwrap();
    assert!(round(&home).await);
    let after = home.core.ledger.checkpoint().unwrap().unwrap();
    assert!(after.len() > before.len() && after.starts_with(&before));
    let policy = Policy::parse(&home.core.ledger.policy()).unwrap();
    assert_eq!(witnessed(&policy, &Note::parse(&after).unwrap(), None).unwrap().len(), 1);
    witness.end().await;
}

/// How many entries the checkpoint that is shown has; 0 where none is.
fn shown(home: &Household) -> u64 {
    let shown = home.core.ledger.checkpoint().unwrap();
    shown.map_or(0, |text| text.lines().nth(1).unwrap().parse().unwrap())
}

#[tokio::test]
async fn whatever_the_policy_becomes_what_is_shown_is_never_older_than_what_was() {
    for first in ["none", "w"] {
        let state = tempfile::tempdir().unwrap();
        let home = Household::new().await;
        let witness = stand(state.path(), "watch.example/w1", &home.core, home.clock.clone()).await;
        let policy = |quorum: &str| format!("{}quorum {quorum}\n", witness.line("w"));
        let home = over(home, &policy(first)).await;
        home.record(0, &canary(0), true).await;
        ledger::sequence(&home.core).await.unwrap();
        assert!(round(&home).await);
        let seen = shown(&home);
        assert!(seen > 0);

        // It does not answer, and nobody is waited for.
        let home = over(home, &policy("none")).await;
        home.record(1, &canary(1), true).await;
        ledger::sequence(&home.core).await.unwrap();
        let newest = shown(&home);
        assert!(newest > seen);
        // Then it is waited for again.
        let home = over(home, &policy("w")).await;
        assert_eq!(shown(&home), 0, "nothing is shown before it has seen what was shown: {first}");
        assert_eq!(ledger::fsck(home.folder.path()).await.unwrap(), [""; 0]);
        assert!(round(&home).await);
        assert_eq!(shown(&home), newest);
        // What it has seen stays, whatever comes later.
        let home = over(home, &policy("none")).await;
        let home = over(home, &policy("w")).await;
        assert_eq!(shown(&home), newest);
        witness.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_keep_coming_keep_nothing_from_being_published_and_seen() {
    let state = tempfile::tempdir().unwrap();
    let home = Household::new().await;
    let witness = stand(state.path(), "watch.example/w1", &home.core, home.clock.clone()).await;
    let home = over(home, &format!("{}quorum w\n", witness.line("w"))).await;
    let (core, child) = (home.core.clone(), home.number);
    let entering = tokio::spawn(async move {
        loop {
            let mut tx = core.db.write().await.unwrap();
            let body = |_: &proof::child::ChildKey| "somebody listened\n".to_owned();
            ledger::enter(&mut tx, &core, child, proof::leaf::Kind::Access, body).await.unwrap();
            tx.commit().await.unwrap();
        }
    });
    let patience = std::time::Duration::from_secs(120);
    let sequenced = tokio::time::timeout(patience, ledger::sequence(&home.core)).await;
    assert!(sequenced.expect("it ends although more comes").unwrap() > 0);
    let core = home.core.clone();
    let sequencing = tokio::spawn(async move {
        loop {
            ledger::sequence(&core).await.unwrap();
        }
    });
    let mut witnesses = Witnesses::of(&home.core).await.unwrap();
    let met = tokio::time::timeout(patience, witnesses.round(&home.core)).await;
    assert!(met.expect("a round ends although entries are added").unwrap());
    assert!(shown(&home) > 0);
    assert!(!entering.is_finished() && !sequencing.is_finished());
    sequencing.abort();
    entering.abort();
    witness.end().await;
}

#[tokio::test]
async fn a_signature_that_would_make_a_receipt_contradict_itself_is_not_taken() {
    let state = tempfile::tempdir().unwrap();
    let home = Household::new().await;
    let slow = Arc::new(ManualClock::at(home.clock.now().plus_seconds(-600)));
    let witness = stand(state.path(), "watch.example/w1", &home.core, slow.clone()).await;
    let home = over(home, &format!("{}quorum w\n", witness.line("w"))).await;
    home.record(0, &canary(0), true).await;
    ledger::sequence(&home.core).await.unwrap();
    assert!(!round(&home).await);
    slow.advance(599);
    assert!(round(&home).await);
    witness.end().await;
}

#[tokio::test]
async fn only_a_policy_that_can_be_followed_is_taken() {
    let home = household("quorum none\n").await;
    let key = proof::note::Signer::new("watch.example/w1", proof::note::Role::Witness, &[3; 32]).unwrap();
    let key = key.key().text();
    let set = |text: &str| ledger::policy::set(home.folder.path(), text);
    let refused = |text: &str| set(text).unwrap_err().to_string();
    assert!(refused("witness w x\n").contains("line 1"));
    assert!(refused(&format!("witness w {key}\nquorum w\n")).contains("no address"));
    let open = format!("witness w {key} http://watch.example/\nquorum w\n");
    assert!(refused(&open).contains("https"));
    let many = |count: u8| -> String {
        let witness = |n| {
            let name = format!("watch.example/w{n}");
            let key = proof::note::Signer::new(&name, proof::note::Role::Witness, &[n; 32]).unwrap();
            format!("witness w{n} {} https://watch.example/w{n}\n", key.key().text())
        };
        (1..=count).map(witness).collect::<String>() + "quorum w1\n"
    };
    assert!(refused(&many(64)).contains("more than 63 witnesses"), "no note has so many signatures");
    set(&many(63)).unwrap();
    set("quorum none\n").unwrap();
    let other = proof::note::Signer::new("other.example/log", proof::note::Role::Log, &[3; 32]).unwrap();
    let other = format!("log {}\nquorum none\n", other.key().text());
    assert!(refused(&other).contains(&home.core.ledger.key().text()));
    assert_eq!(home.core.ledger.policy(), format!("log {}\nquorum none\n", home.core.ledger.key().text()));
    // Its own, as it is served, is one.
    let whole = format!(
        "# Ours.\nlog {}\n\twitness  w {key} https://watch.example/w1\nquorum w\n",
        home.core.ledger.key().text()
    );
    set(&whole).unwrap();
    let home = over(home, &whole).await;
    let served = home.core.ledger.policy();
    assert!(served.ends_with(&format!("\nwitness w {key} https://watch.example/w1\nquorum w\n")), "{served}");
    assert!(Policy::parse(&served).unwrap().asks_for_witnesses());
}

#[tokio::test]
async fn over_http_the_answer_says_what_is_waited_for_and_then_the_receipt_comes() {
    let state = tempfile::tempdir().unwrap();
    let service = Service::start().await;
    let clock = service.clock.clone();
    let witness = stand(state.path(), "watch.example/w1", &service.core, clock.clone()).await;
    // Nobody listens there yet.
    let line = witness.line("w1");
    let url = witness.url.clone();
    witness.end().await;
    ledger::policy::set(service.folder.path(), &format!("{line}quorum w1\n")).unwrap();
    let service = service.restart().await;
    let family = service.family("parent").await;
    service.record(&family, "2026-11-20T08:00:00Z", "walnut").await;
    let erasure = service.erase(&family, json!({ "type": "child" })).await;
    service.advance(4 * 86_400);
    let family = Family { token: service.session("parent", &[]).await, ..family };
    let path = format!("/v1/erasures/{}/receipt", erasure.id);
    let waiting = loop {
        let answer = service.get(&family.token, &path).await;
        assert_eq!(answer.status, 409);
        if answer.json()["type"] == ProblemType::NotWitnessed.slug() {
            break answer.refused(ProblemType::NotWitnessed).detail.unwrap();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert!(waiting.contains("no witness has seen it yet"), "{waiting}");
    let done: Erasure = service.get(&family.token, &format!("/v1/erasures/{}", erasure.id)).await.ok();
    assert_eq!(done.state, rules::ErasureState::Deleted);
    let checkpoint = Answer::to(service.ask(Method::GET, "/ledger/checkpoint")).await;
    assert_eq!(checkpoint.status, 404);
    let metrics = Answer::to(service.vendor(Method::GET, "/metrics")).await.text();
    let figure = |name: &str| {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim().parse::<u64>().unwrap()
    };
    assert!(figure("fmn_ledger_entries ") > 0 && figure("fmn_ledger_shown_entries ") == 0, "{metrics}");

    // It comes back where it was.
    let listener = tokio::net::TcpListener::bind(url.trim_start_matches("http://").trim_end_matches('/'));
    let listener = listener.await.unwrap();
    let logs = format!("log {}\nquorum none\n", service.core.ledger.key().text());
    let again = service::witness::Witness::open(state.path(), None, Policy::parse(&logs).unwrap(), clock);
    let routes = service::witness::router(Arc::new(again.unwrap()));
    let running = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    let receipt = loop {
        let answer = service.get(&family.token, &path).await;
        if answer.status == 200 {
            break answer.text();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    let policy = Answer::to(service.ask(Method::GET, "/ledger/policy")).await.text();
    let report = verify(&receipt, &Policy::parse(&policy).unwrap(), &Known::default());
    assert!(!report.failed(), "{}", report.text());
    assert_eq!(report.outcome(What::Witness), &Outcome::Proved);
    running.abort();
}
