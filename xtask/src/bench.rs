//! `cargo xtask bench`: the figures of this commit on this machine.

use std::path::Path;

use anyhow::{Context, Result};

use crate::cli::{Bench, Part};
use crate::measure::{self, Measured};
use crate::page::{self, Flavour};
use crate::report::{json_string, table};
use crate::tools::{TRUNK, Toolbox, WASM_BINDGEN, cargo};
use crate::{dist, machine, paths, peers, run, say};

/// Payload, the service's own figures, and what machine they are of.
pub fn bench(options: &Bench) -> Result<()> {
    if let Some(runs) = options.peers {
        return beside_peers(runs, options.only, options.json.as_deref());
    }
    machine::c_compiler()?;
    let toolbox = Toolbox::with(&[TRUNK, WASM_BINDGEN])?.and_wasm_opt()?.and_esbuild()?;
    let mut payload = Vec::new();
    for flavour in [Flavour::Plain, Flavour::Shipped] {
        let page = page::build(&toolbox, flavour)?;
        payload.push((flavour, measure::folder(&page)?));
    }
    let facts = machine::facts();

    the_machine(&facts);
    for (flavour, files) in &payload {
        say::heading(&format!("what a page loads, {} build", flavour.name()));
        println!("{}", dist::sizes(files));
    }
    if let Some(path) = &options.json {
        std::fs::write(path, json(&facts, &payload))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    if options.payload_only {
        return Ok(());
    }
    service()
}

/// The page beside others; a browser measures them.
fn beside_peers(runs: u32, only: Option<Part>, json: Option<&Path>) -> Result<()> {
    let facts = machine::facts();
    let (figures, file) = peers::measure(runs, only)?;
    the_machine(&facts);
    say::heading("the page beside others");
    println!("{figures}");
    say::line(&format!("every run of it is in {}", file.display()));
    if let Some(path) = json {
        let every_run =
            std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let text = format!("{{\"machine\": {{{}}},\n\"peers\": {}}}\n", listed(&facts), every_run.trim_end());
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn the_machine(facts: &[(&str, String)]) {
    say::heading("the machine");
    let rows: Vec<_> = facts.iter().map(|(name, value)| vec![(*name).to_owned(), value.clone()]).collect();
    println!("{}", table(&["fact", "value"], &rows));
}

/// Facts as the inside of a JSON object.
fn listed(facts: &[(&str, String)]) -> String {
    let facts: Vec<_> =
        facts.iter().map(|(name, value)| format!("{}: {}", json_string(name), json_string(value))).collect();
    facts.join(", ")
}

/// The service measures itself; it knows what it stores and how.
fn service() -> Result<()> {
    say::heading("the service");
    let mut command = cargo();
    command.current_dir(paths::root()?).args(["bench", "--locked", "-p", "service", "--bench", "figures"]);
    run::step("measuring the service", command)
}

fn json(facts: &[(&str, String)], payload: &[(Flavour, Vec<Measured>)]) -> String {
    let facts = listed(facts);
    let builds: Vec<_> = payload
        .iter()
        .map(|(flavour, files)| {
            let files: Vec<_> = files
                .iter()
                .map(|file| {
                    let gzip = file.gzip.map_or_else(|| "null".to_owned(), |bytes| bytes.to_string());
                    format!(
                        "    {{\"path\": {}, \"first_view\": {}, \"raw\": {}, \"brotli\": {}, \"gzip\": {gzip}}}",
                        json_string(&file.name),
                        measure::is_first_view(&file.name),
                        file.raw,
                        file.brotli,
                    )
                })
                .collect();
            format!("  {}: [\n{}\n  ]", json_string(flavour.name()), files.join(",\n"))
        })
        .collect();
    format!("{{\"machine\": {{{}}},\n\"payload_bytes\": {{\n{}\n}}}}\n", facts, builds.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_has_every_file_of_both_builds() {
        let file = Measured {
            name: "index.html".to_owned(),
            raw: 10,
            brotli: 5,
            gzip: None,
            integrity: String::new(),
        };
        let payload = [(Flavour::Plain, vec![file.clone()]), (Flavour::Shipped, vec![file])];
        let text = json(&[("cores", "2".to_owned())], &payload);
        assert_eq!(
            text,
            "{\"machine\": {\"cores\": \"2\"},\n\"payload_bytes\": {\n  \"plain\": [\n    \
             {\"path\": \"index.html\", \"first_view\": true, \"raw\": 10, \"brotli\": 5, \"gzip\": null}\n  ],\n  \
             \"shipped\": [\n    \
             {\"path\": \"index.html\", \"first_view\": true, \"raw\": 10, \"brotli\": 5, \"gzip\": null}\n  ]\n}}\n"
        );
    }
}
