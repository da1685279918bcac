//! Splits the page's module in two: what the first view needs, and what is
//! fetched when somebody first asks for more.
//!
//! The widget names the functions that lead to the second part (its module
//! `doors`). What can be reached from them alone, calls, function pointers and
//! data, moves. The linker's relocations say exactly what refers to what, so
//! that nothing that stays can ever reach what has moved but through them.

mod emit;
mod graph;
mod module;

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use graph::Graph;
use module::Module;

/// The two halves.
pub struct Halves {
    /// What is loaded at once.
    pub first: Vec<u8>,
    /// What is loaded later, into the memory and the table of the first.
    pub later: Vec<u8>,
    /// What the first half imports from its script, by its old names; its new ones are the places here.
    pub imports: Vec<String>,
    /// What its script alone takes from it, by its old name and its new one.
    pub exports: Vec<(String, String)>,
    /// What was moved, for the line that is printed.
    pub moved: Moved,
}

/// How much was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Functions.
    pub functions: usize,
    /// Bytes of their code.
    pub code: usize,
    /// Bytes of data.
    pub data: usize,
    /// Functions of the first half that the second one calls.
    pub shared: usize,
}

/// Splits `finished`, which wasm-bindgen has made of `linked`. Both have their
/// names; `linked` has its relocations. A function leads to the second half if
/// `leads` says so of its name.
pub fn split(linked: &[u8], finished: &[u8], leads: impl Fn(&str) -> bool) -> Result<Halves> {
    let module = Module::read(finished)?;
    let doors: Vec<u32> =
        module.named().filter(|(_, name)| leads(name)).map(|(function, _)| function).collect();
    if doors.is_empty() {
        bail!("no function leads to the second half of the module");
    }
    let graph = Graph::read(linked, &module)?;
    let stays = graph.reached(graph.roots(&module, &doors), &doors);
    let wanted = graph.reached(doors.iter().map(|door| graph::Node::Function(*door)).collect(), &[]);
    // What is imported from JavaScript stays imported by the first half.
    let moves: BTreeSet<u32> = module
        .defined()
        .filter(|function| wanted.functions.contains(function) && !stays.functions.contains(function))
        .collect();
    if let Some(door) = doors.iter().find(|door| !moves.contains(door)) {
        bail!("{} is reached by its address, not only by calls", module.name(*door));
    }
    let dead: BTreeSet<u32> = module
        .defined()
        .filter(|function| !stays.functions.contains(function) && !moves.contains(function))
        .collect();
    let data = graph.only_in(&wanted.data, &stays.data);
    emit::emit(&module, &emit::Cut { doors, moves, dead, data })
}
