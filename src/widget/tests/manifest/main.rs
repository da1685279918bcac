//! What an integrator reads about the element has one source, static/npm/custom-elements.json. The
//! types and the tables in docs/embed.md are written from it, and it says what the code has: no
//! attribute, member, event, slot or property more, and none less. (That no other part is
//! drawn is seen in tests/hosts.)
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod write;

use std::{collections::BTreeSet, fs, path::PathBuf};

use serde_json::Value;

const SHIM: &str = include_str!("../../../../static/forget-me-not.js");
const STYLES: &str = include_str!("../../../../static/forget-me-not.css");

fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The declaration of the element.
fn element() -> Value {
    let text = fs::read_to_string(project().join("static/npm/custom-elements.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["modules"][0]["declarations"][0].clone()
}

fn names(of: &str) -> BTreeSet<String> {
    let element = element();
    let list = element[of].as_array().unwrap();
    let names: BTreeSet<_> = list.iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names.len(), list.len(), "{of}: a name stands there twice");
    names
}

/// The widget's own code, without its tests.
fn code() -> String {
    fn add(folder: PathBuf, code: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") {
                add(path, code);
            } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("tests.rs") {
                code.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut code = String::new();
    add(PathBuf::from(env!("CARGO_MANIFEST_DIR")), &mut code);
    code
}

/// What follows each `before` up to the next character that is not part of a name.
fn after(text: &str, before: &str) -> BTreeSet<String> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    text.split(before).skip(1).map(|rest| rest.chars().take_while(|it| is_name(*it)).collect()).collect()
}

#[test]
fn attributes_are_those_of_the_script_and_the_page_reads_no_other() {
    let (_, list) = SHIM.split_once("const attributes = [").unwrap();
    let (list, _) = list.split_once(']').unwrap();
    let observed: BTreeSet<_> = list.split(", ").map(|name| name.trim_matches('\'').to_owned()).collect();
    assert_eq!(observed, names("attributes"));
    for read in after(&code(), "host.get_attribute(\"") {
        assert!(observed.contains(&read), "the page reads {read}, which is not described");
    }
}

#[test]
fn members_are_those_of_the_script() {
    // In the class, two spaces in, and no name of the platform's.
    let platform = ["connectedCallback", "disconnectedCallback", "attributeChangedCallback"];
    let members: BTreeSet<String> = SHIM
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| {
            line.starts_with(|first: char| first.is_ascii_alphabetic()) && line.ends_with(['}', '{'])
        })
        .filter_map(|line| line.split_once('('))
        .map(|(head, _)| head.rsplit(' ').next().unwrap().to_owned())
        .filter(|name| !platform.contains(&name.as_str()) && name.chars().all(char::is_alphanumeric))
        .filter(|name| name != "if")
        .collect();
    assert_eq!(members, names("members"));
}

#[test]
fn events_are_those_that_are_dispatched() {
    let shim: BTreeSet<_> = after(SHIM, "#tell('").iter().map(|name| format!("fmn-{name}")).collect();
    let page = after(&code(), "\"fmn-").iter().map(|name| format!("fmn-{name}")).collect();
    assert_eq!(&shim | &page, names("events"));
}

#[test]
fn properties_are_those_of_the_style_sheet() {
    let used = after(STYLES, "var(--fmn-").iter().map(|name| format!("--fmn-{name}")).collect();
    assert_eq!(names("cssProperties"), used);
}

#[test]
fn slots_are_those_of_the_page() {
    let page = after(&code(), " slot(\"");
    // The one without a name is the browser's own: the element's content before there is a page.
    let described: BTreeSet<_> = names("slots").into_iter().filter(|name| !name.is_empty()).collect();
    assert_eq!(described, page);
}

#[test]
fn parts_are_those_that_the_page_names() {
    let code = code();
    let (_, list) = code.split_once("pub const PARTS").unwrap();
    let (_, list) = list.split_once("= [").unwrap();
    let (list, _) = list.split_once(']').unwrap();
    let parts: BTreeSet<_> = list.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert_eq!(names("cssParts"), parts);
}

#[test]
fn everything_is_explained_in_whole_sentences() {
    let element = element();
    for of in ["attributes", "members", "events", "slots", "cssParts", "cssProperties"] {
        for it in element[of].as_array().unwrap() {
            let text = it["description"].as_str().unwrap_or_default();
            assert!(text.ends_with('.') && text.len() > 4, "{of}: {}", it["name"]);
            let typed = ["slots", "cssParts", "cssProperties"].contains(&of);
            assert!(
                typed || it["type"]["text"].is_string() || it["kind"] == "method",
                "{of}: {}",
                it["name"]
            );
        }
    }
}

#[test]
fn the_policy_of_the_document_is_the_one_that_hosts_are_tested_under() {
    let document = fs::read_to_string(project().join("docs/embed.md")).unwrap();
    let tested = fs::read_to_string(project().join("tests/hosts/serve.mjs")).unwrap();
    let (_, policy) = document.split_once("```\ndefault-src").unwrap();
    let (policy, _) = policy.split_once("```").unwrap();
    assert!(policy.lines().count() > 5);
    for line in policy.lines().skip(1) {
        let line = line.replace("https://api.example", "${service}");
        assert!(tested.contains(&line), "{line}");
    }
}

/// The files that are written from the manifest. `FMN_WRITE=1` writes them.
#[test]
fn types_and_tables_are_those_of_the_manifest() {
    let element = element();
    let embed = project().join("docs/embed.md");
    let text = fs::read_to_string(&embed).unwrap();
    let types = project().join("static/npm");
    let wanted = [
        (types.join("forget-me-not.d.ts"), write::types(&element)),
        (types.join("react.d.ts"), write::react(&element)),
        (types.join("vue.d.ts"), write::vue(&element)),
        (types.join("svelte.d.ts"), write::svelte(&element)),
        (embed, write::tables(&text, &element)),
    ];
    for (path, wanted) in wanted {
        if std::env::var_os("FMN_WRITE").is_some() {
            fs::write(&path, &wanted).unwrap();
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == wanted,
            "{} is out of date: FMN_WRITE=1 cargo test -p widget --test manifest",
            path.display()
        );
    }
}
