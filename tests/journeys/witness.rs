//! A witness that somebody else runs: the program itself, as a process of its own.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use super::world::{CLIPS, Setting, World};

/// A running witness, killed when it goes out of scope.
struct Witness(Child);

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The service's program, which `cargo xtask test journeys` builds.
fn program() -> PathBuf {
    let journeys = std::env::current_exe().unwrap();
    let program = journeys.ancestors().nth(2).unwrap().join("forget-me-not");
    assert!(program.is_file(), "build it first: cargo xtask test journeys does");
    program
}

/// Starts a witness of the ledger with this key; with the line that it prints for a policy.
fn start(state: &Path, port: u16, log: &str) -> (Witness, String) {
    let mut process = Command::new(program())
        .args(["witness", "--name", "watch.example/w1", "--log", log, "--state"])
        .arg(state)
        .args(["--listen", &format!("127.0.0.1:{port}")])
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (Witness(process), line)
}

/// Tries for a good while until something is so: the page itself asks again and again for twelve seconds before it
/// says that there is no witness, and the one that comes back is asked by the service when its turn comes.
async fn in_time(world: &World, what: &str, mut so: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    panic!("tried in vain until {what}; the page shows:\n{}", world.text().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_witnessed_is_named_and_without_a_witness_there_is_no_receipt_yet() {
    let state = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (told, heard) = std::sync::mpsc::channel();
    let folder = state.path().to_owned();
    let witnesses = Box::new(move |key: &str| {
        let (witness, line) = start(&folder, port, key);
        told.send((witness, key.to_owned())).unwrap();
        format!("{line}quorum watch.example/w1\n")
    });
    let world = World::set(Setting { witnesses: Some(witnesses), ..Setting::default() }, |_| {}).await;
    let (witness, key) = heard.recv().unwrap();
    let host = world.host().await;
    world.page.goto(&host).await.unwrap();
    world.until_rows(CLIPS.len()).await;

    // Seen by an outsider, and no more is said of it than that.
    world.find("button.open", "sky blue").await.click().await.unwrap();
    world.delete_opened().await;
    world.until_shown("Your browser has checked the receipt, and it adds up.").await;
    world.press("See the receipt").await;
    world.until_shown("watch.example/w1 saw it on").await;
    let text = world.text().await;
    for unsaid in ["Nobody outside", "so it is no outsider", "Not so"] {
        assert!(!text.contains(unsaid), "{unsaid}: {text}");
    }
    world.press("History").await;
    world.press("Check that none is missing").await;
    world.until_shown("none missing up to").await;
    world.until_shown("watch.example/w1 saw it on").await;

    // The outsider is away: deleted it is, and nobody vouches for it.
    drop(witness);
    world.press("Recordings").await;
    world.until_rows(CLIPS.len() - 1).await;
    world.find("button.open", "pesto").await.click().await.unwrap();
    world.delete_opened().await;
    world.until_shown("Every place was read again and holds nothing of it").await;
    let unseen = async || world.text().await.contains("No witness has seen it yet.");
    in_time(&world, "it is said beside the deletion", &unseen).await;
    assert!(!world.text().await.contains("it adds up"));
    world.press("See the receipt").await;
    world.until_shown("Back to the request").await;
    in_time(&world, "it is said in the place of the receipt", &unseen).await;

    // It comes back, and with it the receipt.
    let (_witness, _) = start(state.path(), port, &key);
    in_time(&world, "there is a receipt", async || {
        if unseen().await {
            world.press("Try again").await;
        }
        world.text().await.contains("it adds up")
    })
    .await;
    world.until_shown("it adds up").await;
    world.until_shown("watch.example/w1 saw it on").await;
    world.end().await;
}
