//! Writes the two halves.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, anyhow};
use sha2::{Digest, Sha256};
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, ElementSection, Elements, EntityType, ExportKind, ExportSection,
    FunctionSection, ImportSection, Instruction, TableSection, TableType, TypeSection,
};
use wasmparser::{Operator, Parser, Payload};

use super::graph::Seen;
use super::module::Module;
use super::{Halves, Moved};

/// What goes where.
pub struct Cut {
    /// The functions by which the first half calls the second.
    pub doors: Vec<u32>,
    /// All functions that move, the doors among them.
    pub moves: BTreeSet<u32>,
    /// Functions that nothing reaches.
    pub dead: BTreeSet<u32>,
    /// The addresses of data that moves.
    pub data: BTreeSet<u32>,
}

/// Under which name the second half asks for everything.
const FROM: &str = "m";
/// The name of the table, by which the page's script knows that there are two halves.
const TABLE: &str = "later";

/// Writes the two halves.
pub fn emit(module: &Module, cut: &Cut) -> Result<Halves> {
    let mut seen = Seen::default();
    let mut code = 0;
    for function in &cut.moves {
        if let Some(body) = module.body(*function) {
            code += body.range().len();
            seen.look_through(body)?;
        }
    }
    let shared: Vec<u32> = seen.functions.difference(&cut.moves).copied().collect();
    // The doors, then what the second half calls of the first, get places in the table.
    let mut places = BTreeMap::new();
    let mut in_table: BTreeMap<u32, u32> =
        module.table.iter().map(|(place, function)| (*function, *place)).collect();
    let mut next = module.places;
    for function in cut.doors.iter().chain(&shared) {
        let place = *in_table.entry(*function).or_insert_with(|| {
            next += 1;
            next - 1
        });
        places.insert(*function, place);
    }
    let table: BTreeMap<u32, u32> =
        in_table.iter().map(|(f, p)| (*p, *f)).chain(module.table.iter().map(|(p, f)| (*p, *f))).collect();
    // Both halves call the memory so: one of another build does not fit.
    let build = Sha256::digest(module.bytes).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let plan =
        Plan { build, module, cut, seen: &seen, shared: &shared, places: &places, table: &table, size: next };
    let first = plan.first()?;
    let later = plan.later()?;
    let moved = Moved { functions: cut.moves.len(), code, data: cut.data.len(), shared: shared.len() };
    let exports = plan.shortened().map(|(name, short)| (name.to_owned(), short)).collect();
    Ok(Halves { first, later, imports: module.imports.clone(), exports, moved })
}

struct Plan<'a> {
    build: String,
    module: &'a Module<'a>,
    cut: &'a Cut,
    seen: &'a Seen,
    shared: &'a [u32],
    places: &'a BTreeMap<u32, u32>,
    table: &'a BTreeMap<u32, u32>,
    size: u32,
}

impl Plan<'_> {
    fn first(&self) -> Result<Vec<u8>> {
        let gone = |function: &u32| self.cut.moves.contains(function) || self.cut.dead.contains(function);
        let mut index = BTreeMap::new();
        for function in
            (0..self.module.imported).chain(self.module.defined()).filter(|function| !gone(function))
        {
            index.insert(function, u32::try_from(index.len())?);
        }
        let mut first = First { plan: self, index };
        let mut out = wasm_encoder::Module::new();
        first.parse_core_module(&mut out, Parser::new(0), self.module.bytes).map_err(said)?;
        Ok(out.finish())
    }

    /// The name under which the first half exports something.
    fn export(&self, kind: ExportKind, index: u32) -> String {
        let known = self.module.exports.get(&(kind as u8, index));
        match kind {
            ExportKind::Memory => self.build.clone(),
            ExportKind::Table if index == 0 => TABLE.to_owned(),
            // Not a number alone: numbers are places in the table.
            _ => known.cloned().unwrap_or_else(|| format!("x{}_{index}", kind as u8)),
        }
    }

    /// The names that wasm-bindgen has made up for its own script's use, and shorter ones.
    fn shortened(&self) -> impl Iterator<Item = (&str, String)> {
        let functions = self.module.exports.iter().filter(|((kind, _), _)| *kind == ExportKind::Func as u8);
        let theirs = functions.map(|(_, name)| name.as_str()).filter(|name| name.starts_with('_'));
        theirs.enumerate().map(|(place, name)| (name, format!("e{place}")))
    }

    fn later(&self) -> Result<Vec<u8>> {
        let mut index = BTreeMap::new();
        for function in self.shared.iter().chain(&self.cut.moves) {
            index.insert(*function, u32::try_from(index.len())?);
        }
        let mut later = Later { index, globals: BTreeMap::new() };
        let mut types = TypeSection::new();
        let mut imports = ImportSection::new();
        let mut table_types = Vec::new();
        for payload in Parser::new(0).parse_all(self.module.bytes) {
            match payload? {
                Payload::TypeSection(section) => {
                    later.parse_type_section(&mut types, section).map_err(said)?
                }
                Payload::TableSection(section) => {
                    for table in section {
                        // The first half has more places, for the doors.
                        let kind = later.table_type(table?.ty).map_err(said)?;
                        table_types.push(TableType { maximum: None, ..kind });
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        let memory = later.memory_type(memory?).map_err(said)?;
                        imports.import(FROM, &self.export(ExportKind::Memory, 0), memory);
                    }
                }
                Payload::GlobalSection(section) => {
                    for (global, kind) in section.into_iter().enumerate() {
                        let global = u32::try_from(global)?;
                        if self.seen.globals.contains(&global) {
                            let kind = later.global_type(kind?.ty).map_err(said)?;
                            imports.import(FROM, &self.export(ExportKind::Global, global), kind);
                            later.globals.insert(global, u32::try_from(later.globals.len())?);
                        }
                    }
                }
                _ => {}
            }
        }
        for (table, kind) in table_types.into_iter().enumerate() {
            let table = u32::try_from(table)?;
            imports.import(FROM, &self.export(ExportKind::Table, table), kind);
        }
        for function in self.shared {
            imports.import(
                FROM,
                &self.places[function].to_string(),
                EntityType::Function(self.module.types[*function as usize]),
            );
        }
        let mut functions = FunctionSection::new();
        let mut code = CodeSection::new();
        for function in &self.cut.moves {
            functions.function(self.module.types[*function as usize]);
            if let Some(body) = self.module.body(*function) {
                later.parse_function_body(&mut code, body.clone()).map_err(said)?;
            }
        }
        let mut elements = ElementSection::new();
        self.fill(&mut elements, &later.index, |function| self.cut.moves.contains(&function));
        let mut data = DataSection::new();
        for (address, bytes) in runs(self.module, &self.cut.data) {
            data.active(0, &ConstExpr::i32_const(address.cast_signed()), bytes);
        }
        let mut out = wasm_encoder::Module::new();
        out.section(&types)
            .section(&imports)
            .section(&functions)
            .section(&elements)
            .section(&code)
            .section(&data);
        Ok(out.finish())
    }

    /// Puts those functions into the table that `whose` says, at their places.
    fn fill(&self, elements: &mut ElementSection, index: &BTreeMap<u32, u32>, whose: impl Fn(u32) -> bool) {
        let mut run: (u32, Vec<u32>) = (0, Vec::new());
        for (place, function) in self.table.iter().filter(|(_, function)| whose(**function)) {
            if run.0 + run.1.len() as u32 != *place {
                put(elements, &mut run);
                run.0 = *place;
            }
            run.1.push(index[function]);
        }
        put(elements, &mut run);
    }
}

fn put(elements: &mut ElementSection, run: &mut (u32, Vec<u32>)) {
    if !run.1.is_empty() {
        let functions = Elements::Functions(std::mem::take(&mut run.1).into());
        elements.active(None, &ConstExpr::i32_const(run.0.cast_signed()), functions);
    }
}

/// The bytes at these addresses, as runs.
fn runs(module: &Module, addresses: &BTreeSet<u32>) -> Vec<(u32, Vec<u8>)> {
    let mut runs: Vec<(u32, Vec<u8>)> = Vec::new();
    for address in addresses {
        let Some(byte) =
            module.data.iter().find_map(|(start, bytes)| bytes.get(address.checked_sub(*start)? as usize))
        else {
            continue;
        };
        match runs.last_mut() {
            Some((start, bytes)) if *start + bytes.len() as u32 == *address => bytes.push(*byte),
            _ => runs.push((*address, vec![*byte])),
        }
    }
    runs
}

fn said<E: std::fmt::Display>(error: Error<E>) -> anyhow::Error {
    anyhow!("{error}")
}

/// Writes the first half.
struct First<'a> {
    plan: &'a Plan<'a>,
    index: BTreeMap<u32, u32>,
}

impl First<'_> {
    fn stays(&self, function: u32) -> bool {
        self.index.contains_key(&function)
    }
}

impl Reencode for First<'_> {
    type Error = anyhow::Error;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Self::Error>> {
        let index = self.index.get(&function).copied();
        index.ok_or_else(|| {
            Error::UserError(anyhow!("{} is called and has moved", self.plan.module.name(function)))
        })
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        for import in section.into_imports() {
            let import = import?;
            let kind = self.entity_type(import.ty)?;
            // wasm-bindgen's names end in hashes, which no compression makes smaller.
            imports.import(import.module, &imports.len().to_string(), kind);
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        _: wasmparser::FunctionSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        for function in self.plan.module.defined().filter(|function| self.stays(*function)) {
            functions.function(self.plan.module.types[function as usize]);
        }
        Ok(())
    }

    fn parse_table(
        &mut self,
        tables: &mut TableSection,
        table: wasmparser::Table<'_>,
    ) -> Result<(), Error<Self::Error>> {
        let mut kind = self.table_type(table.ty)?;
        if table.ty.element_type.is_func_ref() {
            kind.minimum = u64::from(self.plan.size);
            kind.maximum = kind.maximum.map(|most| most.max(kind.minimum));
        }
        tables.table(kind);
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        let short: BTreeMap<_, _> = self.plan.shortened().collect();
        for export in section {
            let export = export?;
            let name = short.get(export.name).map_or(export.name, String::as_str);
            exports.export(
                name,
                self.export_kind(export.kind)?,
                self.external_index(export.kind, export.index)?,
            );
        }
        let seen = self.plan.seen;
        let ours = [(ExportKind::Memory, 0), (ExportKind::Table, 0)];
        let tables = (1..self.plan.module.tables).map(|table| (ExportKind::Table, table));
        let globals = seen.globals.iter().map(|global| (ExportKind::Global, *global));
        let theirs = tables.chain(globals);
        let missing =
            theirs.filter(|(kind, index)| !self.plan.module.exports.contains_key(&(*kind as u8, *index)));
        for (kind, index) in ours.into_iter().chain(missing) {
            exports.export(&self.plan.export(kind, index), kind, index);
        }
        Ok(())
    }

    fn parse_element_section(
        &mut self,
        elements: &mut ElementSection,
        _: wasmparser::ElementSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        self.plan.fill(elements, &self.index, |function| self.stays(function));
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        for (function, body) in (self.plan.module.imported..).zip(section) {
            if self.stays(function) {
                self.parse_function_body(code, body?)?;
            }
        }
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: wasmparser::FunctionBody<'_>,
    ) -> Result<(), Error<Self::Error>> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            let operator = reader.read()?;
            match operator {
                Operator::Call { function_index } if self.plan.cut.doors.contains(&function_index) => {
                    function
                        .instruction(&Instruction::I32Const(self.plan.places[&function_index].cast_signed()));
                    function.instruction(&Instruction::CallIndirect {
                        type_index: self.plan.module.types[function_index as usize],
                        table_index: 0,
                    });
                }
                operator => {
                    function.instruction(&self.instruction(operator)?);
                }
            }
        }
        code.function(&function);
        Ok(())
    }

    fn parse_data_section(
        &mut self,
        data: &mut DataSection,
        _: wasmparser::DataSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        for (start, bytes) in &self.plan.module.data {
            // Zeros in place of what has moved: wasm-opt leaves them out.
            let bytes: Vec<u8> = (*start..)
                .zip(*bytes)
                .map(|(address, byte)| if self.plan.cut.data.contains(&address) { 0 } else { *byte })
                .collect();
            data.active(0, &ConstExpr::i32_const(start.cast_signed()), bytes);
        }
        Ok(())
    }

    fn parse_custom_section(
        &mut self,
        _: &mut wasm_encoder::Module,
        _: wasmparser::CustomSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        Ok(())
    }
}

/// Writes the second half.
struct Later {
    index: BTreeMap<u32, u32>,
    globals: BTreeMap<u32, u32>,
}

impl Reencode for Later {
    type Error = anyhow::Error;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Self::Error>> {
        self.index
            .get(&function)
            .copied()
            .ok_or_else(|| Error::UserError(anyhow!("a function that is not there")))
    }

    fn global_index(&mut self, global: u32) -> Result<u32, Error<Self::Error>> {
        self.globals
            .get(&global)
            .copied()
            .ok_or_else(|| Error::UserError(anyhow!("a global that is not there")))
    }
}
