//! What a receipt says of processors.

use proof::{
    Policy,
    statement::{Answer, Statement},
    verify::{Known, verify},
};
use rules::Scope;
use service::{
    erasure::engine,
    ledger::{self, receipt},
    processors::run,
};

use crate::{
    fake::{Fake, parse},
    household::{Household, canary},
    world::{give, start, wait_for_turns},
};

#[tokio::test]
async fn the_statement_says_what_each_had_answered_and_leaves_none_out() {
    let (speech, mail) = (Fake::start().await, Fake::start().await);
    let entries = [speech.settings("speech"), mail.settings("mail")].concat();
    let home = Household::giving_to(start(), parse(&entries)).await;
    let first = home.record(0, &canary(0), true).await;
    give(&home, &[first]).await;
    let erasure = home.ask(Scope::Items { recordings: vec![first] }, true).await;
    engine::tick(&home.core).await.unwrap();
    ledger::sequence(&home.core).await.unwrap();
    let text = receipt::of_erasure(&home.core, &home.asker, erasure.id, None).await.unwrap();
    let inventory = receipt::of_inventory(&home.core, 1).await.unwrap();
    let policy = Policy::parse(&home.core.ledger.policy()).unwrap();
    let report = verify(&text, &policy, &Known { inventory: Some(&inventory), ..Known::default() });
    assert!(!report.failed(), "{}", report.text());
    let said = |statement: &Statement| -> Vec<(String, Answer)> {
        statement.processors.iter().map(|it| (it.name.clone(), it.answer)).collect()
    };
    let statement = report.statement.as_ref().unwrap();
    assert_eq!(said(statement), [("mail".into(), Answer::None), ("speech".into(), Answer::NotAsked)]);
    assert!(report.text().contains("mail none speech not-asked\n"), "{}", report.text());

    // Asked before our own stores are done, its answer is in the statement.
    let second = home.record(1, &canary(1), true).await;
    give(&home, &[second]).await;
    let erasure = home.ask(Scope::Items { recordings: vec![second] }, true).await;
    let mut tx = home.core.db.write().await.unwrap();
    sqlx::query("UPDATE erasure SET state = 'erasing' WHERE finished_at IS NULL")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    wait_for_turns(&home);
    run::tick(&home.core).await.unwrap();
    engine::tick(&home.core).await.unwrap();
    ledger::sequence(&home.core).await.unwrap();
    let text = receipt::of_erasure(&home.core, &home.asker, erasure.id, None).await.unwrap();
    let inventory = receipt::of_inventory(&home.core, 1).await.unwrap();
    let report = verify(&text, &policy, &Known { inventory: Some(&inventory), ..Known::default() });
    assert!(!report.failed(), "{}", report.text());
    let statement = report.statement.unwrap();
    assert_eq!(said(&statement), [("mail".into(), Answer::None), ("speech".into(), Answer::Acknowledged)]);
}
