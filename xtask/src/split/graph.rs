//! What refers to what: functions and pieces of data.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use anyhow::{Context, Result, bail};
use wasm_encoder::reencode::{Error, Reencode};
use wasmparser::{KnownCustom, Linking, Parser, Payload, RelocSectionReader, RelocationType, SymbolInfo};

use super::module::Module;

/// A function by its index, or a piece of data by its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    Function(u32),
    Data(usize),
}

/// What refers to what.
#[derive(Default)]
pub struct Graph {
    from: BTreeMap<Node, BTreeSet<Node>>,
    /// Where the pieces of data are; some lie within others.
    pieces: Vec<Range<u32>>,
    /// What is referred to from somewhere unknown.
    known: BTreeSet<Node>,
}

/// What can be reached from somewhere.
#[derive(Default)]
pub struct Reached {
    pub functions: BTreeSet<u32>,
    pub data: BTreeSet<usize>,
}

/// The places of calls in the linked module.
struct Linked<'a> {
    module: Module<'a>,
    /// Where the contents of the sections for code and data begin.
    code: usize,
    data: usize,
    symbols: Vec<SymbolInfo<'a>>,
    relocations: Vec<RelocSectionReader<'a>>,
    code_section: u32,
    data_section: u32,
}

impl Graph {
    /// Reads the calls of `finished`, and who takes which address from the
    /// relocations of the module that it was made of.
    pub fn read(linked: &[u8], finished: &Module) -> Result<Self> {
        let linked = Linked::read(linked)?;
        let mut graph = Self::default();
        for function in finished.defined() {
            let called = calls_of(finished, function)?;
            graph.from.insert(Node::Function(function), called.into_iter().map(Node::Function).collect());
        }
        graph.take_addresses(&linked, finished)?;
        Ok(graph)
    }

    fn take_addresses(&mut self, linked: &Linked, finished: &Module) -> Result<()> {
        let by_name: BTreeMap<&str, u32> =
            finished.named().map(|(function, name)| (name, function)).collect();
        let in_table: BTreeMap<u32, u32> =
            linked.module.table.iter().map(|(place, of)| (*of, *place)).collect();
        // A piece of data for every symbol that has bytes.
        let mut piece_of = BTreeMap::new();
        for (symbol, info) in linked.symbols.iter().enumerate() {
            if let SymbolInfo::Data { symbol: Some(at), .. } = info
                && let Some((start, bytes)) = linked.module.data.get(at.index as usize)
                && at.size > 0
                && at.offset as usize + at.size as usize <= bytes.len()
            {
                piece_of.insert(u32::try_from(symbol)?, self.pieces.len());
                self.pieces.push(start + at.offset..start + at.offset + at.size);
            }
        }
        for section in &linked.relocations {
            let index = section.section_index();
            for entry in section.entries() {
                let entry = entry?;
                let to = match entry.ty {
                    RelocationType::TableIndexSleb | RelocationType::TableIndexI32 => {
                        let Some(SymbolInfo::Func { index, .. }) = linked.symbols.get(entry.index as usize)
                        else {
                            bail!("a function's address without a function");
                        };
                        let place = in_table.get(index).context("a function's address that no table has")?;
                        // What wasm-bindgen has put in its place counts.
                        finished.table.get(place).map(|function| Node::Function(*function))
                    }
                    RelocationType::MemoryAddrSleb
                    | RelocationType::MemoryAddrLeb
                    | RelocationType::MemoryAddrI32 => {
                        piece_of.get(&entry.index).map(|piece| Node::Data(*piece))
                    }
                    RelocationType::FunctionIndexLeb
                    | RelocationType::TypeIndexLeb
                    | RelocationType::GlobalIndexLeb => None,
                    RelocationType::TableNumberLeb => None,
                    other if index == linked.code_section || index == linked.data_section => {
                        bail!("a kind of relocation that is not known: {other:?}")
                    }
                    _ => None,
                };
                let Some(to) = to else { continue };
                if index == linked.code_section {
                    let name =
                        linked.function_at(entry.offset).context("a relocation outside of functions")?;
                    // One that is gone was only there for wasm-bindgen.
                    if let Some(function) = by_name.get(name) {
                        self.from.entry(Node::Function(*function)).or_default().insert(to);
                    }
                } else if index == linked.data_section {
                    let address = linked.address_at(entry.offset).context("a relocation outside of data")?;
                    let holders: Vec<_> = (0..self.pieces.len())
                        .filter(|piece| self.pieces[*piece].contains(&address))
                        .collect();
                    if holders.is_empty() {
                        self.known.insert(to);
                    }
                    for holder in holders {
                        self.from.entry(Node::Data(holder)).or_default().insert(to);
                    }
                }
            }
        }
        // Places of the table that the linker did not fill.
        for (place, function) in &finished.table {
            if !linked.module.table.contains_key(place) {
                self.known.insert(Node::Function(*function));
            }
        }
        Ok(())
    }

    /// Where everything begins that is not behind `doors`.
    pub fn roots(&self, module: &Module, doors: &[u32]) -> Vec<Node> {
        let entries =
            module.entries.iter().filter(|entry| !doors.contains(entry)).map(|entry| Node::Function(*entry));
        entries.chain(self.known.iter().copied()).collect()
    }

    /// What can be reached from `roots` without a call of one of `doors`.
    pub fn reached(&self, roots: Vec<Node>, doors: &[u32]) -> Reached {
        let mut reached = Reached::default();
        let mut left = roots;
        while let Some(node) = left.pop() {
            let new = match node {
                Node::Function(function) => reached.functions.insert(function),
                Node::Data(piece) => reached.data.insert(piece),
            };
            if new {
                let next = self.from.get(&node).into_iter().flatten();
                left.extend(
                    next.filter(|next| !matches!(next, Node::Function(function) if doors.contains(function))),
                );
            }
        }
        reached
    }

    /// The bytes of `pieces` that belong to no other piece than those.
    pub fn only_in(&self, wanted: &BTreeSet<usize>, stays: &BTreeSet<usize>) -> BTreeSet<u32> {
        let moves: BTreeSet<_> = wanted.difference(stays).copied().collect();
        let mut bytes: BTreeSet<u32> = moves.iter().flat_map(|piece| self.pieces[*piece].clone()).collect();
        for (piece, range) in self.pieces.iter().enumerate() {
            if !moves.contains(&piece) {
                for byte in range.clone() {
                    bytes.remove(&byte);
                }
            }
        }
        bytes
    }
}

impl<'a> Linked<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self> {
        let mut linked = Self {
            module: Module::read(bytes)?,
            code: 0,
            data: 0,
            symbols: Vec::new(),
            relocations: Vec::new(),
            code_section: u32::MAX,
            data_section: u32::MAX,
        };
        let mut section = 0;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload?;
            match &payload {
                Payload::CodeSectionStart { range, .. } => {
                    (linked.code, linked.code_section) = (range.start, section)
                }
                Payload::DataSection(data) => {
                    (linked.data, linked.data_section) = (data.range().start, section)
                }
                Payload::CustomSection(custom) => match custom.as_known() {
                    KnownCustom::Linking(parts) => {
                        for part in parts {
                            if let Linking::SymbolTable(symbols) = part? {
                                linked.symbols = symbols.into_iter().collect::<Result<_, _>>()?;
                            }
                        }
                    }
                    KnownCustom::Reloc(relocations) => linked.relocations.push(relocations),
                    _ => {}
                },
                _ => {}
            }
            if payload.as_section().is_some() {
                section += 1;
            }
        }
        if linked.relocations.is_empty() || linked.symbols.is_empty() {
            bail!("the linker wrote no relocations");
        }
        Ok(linked)
    }

    fn function_at(&self, offset: u32) -> Option<&'a str> {
        let at = self.code + offset as usize;
        let after = self.module.bodies.partition_point(|body| body.range().start <= at);
        let body = after.checked_sub(1)?;
        self.module.bodies.get(body)?.range().contains(&at).then_some(())?;
        Some(self.module.name(self.module.imported + u32::try_from(body).ok()?))
    }

    fn address_at(&self, offset: u32) -> Option<u32> {
        let at = self.data + offset as usize;
        let base = self.module.bytes.as_ptr() as usize;
        self.module.data.iter().find_map(|(address, bytes)| {
            let start = bytes.as_ptr() as usize - base;
            (start..start + bytes.len())
                .contains(&at)
                .then(|| address + u32::try_from(at - start).unwrap_or(0))
        })
    }
}

/// The functions that a function names.
fn calls_of(module: &Module, function: u32) -> Result<BTreeSet<u32>> {
    let mut seen = Seen::default();
    if let Some(body) = module.body(function) {
        seen.look_through(body)?;
    }
    Ok(seen.functions)
}

/// Writes nothing: notes what code refers to.
#[derive(Default)]
pub struct Seen {
    pub functions: BTreeSet<u32>,
    pub globals: BTreeSet<u32>,
}

impl Seen {
    /// Notes what a body refers to.
    pub fn look_through(&mut self, body: &wasmparser::FunctionBody) -> Result<()> {
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            self.parse_instruction(&mut reader).map_err(|error| anyhow::anyhow!("{error}"))?;
        }
        Ok(())
    }
}

impl Reencode for Seen {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Self::Error>> {
        self.functions.insert(function);
        Ok(function)
    }

    fn global_index(&mut self, global: u32) -> Result<u32, Error<Self::Error>> {
        self.globals.insert(global);
        Ok(global)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0 calls 1 and the door 2; 2 calls 1 and 3 and reads piece 0, which has the address of 4.
    fn graph() -> Graph {
        let node = |functions: &[u32], data: &[usize]| {
            let functions = functions.iter().map(|function| Node::Function(*function));
            functions.chain(data.iter().map(|piece| Node::Data(*piece))).collect()
        };
        Graph {
            from: BTreeMap::from([
                (Node::Function(0), node(&[1, 2], &[])),
                (Node::Function(2), node(&[1, 3], &[0, 1])),
                (Node::Data(0), node(&[4], &[])),
                (Node::Function(1), node(&[], &[1])),
            ]),
            pieces: vec![10..14, 12..16],
            known: BTreeSet::new(),
        }
    }

    #[test]
    fn only_what_a_door_alone_leads_to_moves() {
        let stays = graph().reached(vec![Node::Function(0)], &[2]);
        assert_eq!(stays.functions, BTreeSet::from([0, 1]));
        let wanted = graph().reached(vec![Node::Function(2)], &[]);
        assert_eq!(wanted.functions, BTreeSet::from([1, 2, 3, 4]), "addresses count, calls or not");
        assert_eq!(graph().only_in(&wanted.data, &stays.data), BTreeSet::from([10, 11]), "pieces overlap");
    }

    #[test]
    fn whose_address_is_known_elsewhere_stays() {
        let mut graph = graph();
        graph.known.insert(Node::Function(4));
        let stays = graph.reached(graph.known.iter().copied().collect(), &[2]);
        assert_eq!(stays.functions, BTreeSet::from([4]));
    }
}
