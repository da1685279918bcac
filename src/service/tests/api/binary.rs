//! The binary itself.

use std::{
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use serde_json::Value;
use service::outbound::{self, Reach};

use crate::{
    common::{Answer, sound},
    process::{Running, on as command},
};

fn output(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// The one line a command fails with.
fn complaint(command: &mut Command) -> String {
    let output = output(command);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("forget-me-not: ")).collect();
    assert_eq!(lines.len(), 1, "{said}");
    assert_eq!(said.lines().last(), Some(lines[0]), "nothing comes after it: {said}");
    lines[0].to_owned()
}

#[tokio::test]
async fn it_serves_and_ends_cleanly_and_its_log_tells_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let running = Running::start(&data, &[]);
    let key = std::fs::read_to_string(data.join("vendor.key")).unwrap();
    let key = key.trim();
    let url = |path: &str| format!("http://{}{path}", running.address);
    let client = outbound::builder(Reach::ThisMachine).build().unwrap();
    let post = |path: &str, key: &str| client.post(url(path)).bearer_auth(key);

    let body = serde_json::json!({ "guardian": "guardian", "name": "Zqxname" });
    let child = Answer::to(post("/v1/children", key).json(&body)).await.json()["id"].clone();
    let about = serde_json::json!({ "child": child, "captured_at": "2025-11-20T08:00:00Z",
        "device": "Zqxdevice", "transcript": { "text": "zqxwords", "language": "en" } });
    let form = reqwest::multipart::Form::new()
        .part("recording", reqwest::multipart::Part::text(about.to_string()))
        .part("media", reqwest::multipart::Part::bytes(sound::wav(8000, b"la")).file_name("zqxfile.wav"));
    let created = Answer::to(post("/v1/recordings", key).multipart(form)).await.json();

    // The command mints a session that the running service knows.
    let minted = output(command(&data).arg("session"));
    let session: Value = serde_json::from_slice(&minted.stdout).unwrap_or_else(|_| panic!("{minted:?}"));
    let token = session["client_secret"].as_str().unwrap();
    let get = |path: String| Answer::to(client.get(url(&path)).bearer_auth(token));
    let list = format!("/v1/children/{}/recordings?q=zqxwords", child.as_str().unwrap());
    assert_eq!(get(list).await.json()["items"].as_array().unwrap().len(), 1);
    let path = format!("/v1/recordings/{}/playback", created["id"].as_str().unwrap());
    let playback = Answer::to(post(&path, token)).await.json();
    let ticket = playback["url"].as_str().unwrap();
    assert_eq!(Answer::to(client.get(url(ticket))).await.status, 200);
    get("/v1/children?zqxquery=1".into()).await;

    let (code, log) = running.end("-TERM");
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("/v1/media/{ticket}") && log.contains("\"message\":\"ended\""), "{log}");
    let secrets = [key, token, ticket.strip_prefix("/v1/media/").unwrap()];
    for told in secrets.into_iter().chain(["Zqx", "zqx"]) {
        assert!(!log.contains(told), "{told} is in {log}");
    }
}

#[cfg(unix)]
#[test]
fn the_vendor_key_is_made_once_for_this_user_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let read = || {
        let (code, _) = Running::start(&data, &[]).end("-INT");
        assert_eq!(code, Some(0));
        std::fs::read_to_string(data.join("vendor.key")).unwrap()
    };
    let key = read();
    assert_eq!(read(), key);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&data.join("vendor.key")), mode(&data)), (0o600, 0o700));
}

#[test]
fn one_service_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let first = Running::start(folder.path(), &[]);
    let second = complaint(command(folder.path()).args(["serve", "--listen", "127.0.0.1:0"]));
    assert!(second.contains("another service runs on") && second.contains("--data"), "{second}");
    drop(first);
    // However it ended, the next one starts.
    Running::start(folder.path(), &[]);
}

#[test]
fn an_upload_that_a_crash_left_behind_is_gone_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let left = folder.path().join("uploads/0123");
    std::fs::create_dir(folder.path().join("uploads")).unwrap();
    std::fs::write(&left, sound::wav(8000, b"a child's voice")).unwrap();
    Running::start(folder.path(), &[]);
    assert!(!left.exists());
}

#[test]
fn what_stands_in_the_way_is_one_line_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file");
    std::fs::write(&file, "").unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let data = folder.path().join("data");
    let serve = |data: &Path, arguments: &[&str]| complaint(command(data).arg("serve").args(arguments));
    for (said, remedy) in [
        (serve(&data, &["--listen", &taken]), "--listen 127.0.0.1:"),
        (serve(&file, &["--listen", "127.0.0.1:0"]), "--data DIR"),
        (serve(&data, &["--listen", "0.0.0.0:0", "--demo"]), "--listen 127.0.0.1:"),
        (serve(&data, &["--listen", "127.0.0.1:0", "--assets", "nowhere"]), "cargo xtask dist"),
        (
            serve(&data, &["--listen", "127.0.0.1:0", "--vendor-key-file", file.to_str().unwrap()]),
            "32 characters",
        ),
        (complaint(command(&folder.path().join("empty")).arg("session")), "--data DIR"),
    ] {
        assert!(said.contains(remedy), "{said}");
    }
    let no_such = output(command(&data).args(["serve", "--undo-window", "for ever"]));
    assert!(String::from_utf8_lossy(&no_such.stderr).contains("72h"), "{no_such:?}");
}

#[test]
fn it_prints_the_document() {
    let output = output(command(Path::new("unused")).arg("openapi"));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), service::api::document::text().unwrap());
}

#[test]
fn a_key_that_is_given_is_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "a-key-of-the-vendors-own-choosing-0123\n").unwrap();
    let running = Running::start(&folder.path().join("data"), &["--vendor-key-file", file.to_str().unwrap()]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let answer = runtime.block_on(async {
        let client = outbound::builder(Reach::ThisMachine).timeout(Duration::from_secs(30)).build().unwrap();
        let request = client.get(format!("http://{}/metrics", running.address));
        Answer::to(request.bearer_auth("a-key-of-the-vendors-own-choosing-0123")).await
    });
    assert_eq!(answer.status, 200);
    assert!(!folder.path().join("data/vendor.key").exists());
}

#[test]
fn a_folder_goes_in_and_what_cannot_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let (data, files) = (folder.path().join("data"), folder.path().join("files"));
    std::fs::create_dir(&files).unwrap();
    std::fs::write(files.join("hello.wav"), sound::wav(8000, b"hello")).unwrap();
    std::fs::write(files.join("notes.txt"), "no sound at all").unwrap();
    let import = || output(command(&data).args(["import", "--child", "Mia", "--device", "Toy"]).arg(&files));
    for said in ["1 added, 0 already there, 1 refused", "0 added, 1 already there, 1 refused"] {
        let output = import();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).starts_with(said), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("notes.txt: "), "{output:?}");
    }
    std::fs::remove_file(files.join("hello.wav")).unwrap();
    assert_eq!(import().status.code(), Some(1), "nothing in it could be read");
    let nowhere = complaint(command(&data).args(["import", "--child", "Mia", "nowhere"]));
    assert!(nowhere.contains("nowhere"), "{nowhere}");
}
