//! A finished module, read as far as splitting needs it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use wasmparser::{
    ConstExpr, DataKind, ElementItems, ElementKind, ExternalKind, FunctionBody, KnownCustom, Name, Operator,
    Parser, Payload, TypeRef,
};

/// A finished module.
pub struct Module<'a> {
    /// All of it.
    pub bytes: &'a [u8],
    /// The names of what is imported.
    pub imports: Vec<String>,
    /// How many functions are imported; they come first.
    pub imported: u32,
    /// The type of every function.
    pub types: Vec<u32>,
    /// The bodies of those that are not imported.
    pub bodies: Vec<FunctionBody<'a>>,
    /// The functions that are exported or run at the start.
    pub entries: Vec<u32>,
    /// Names of exported things by kind and index.
    pub exports: BTreeMap<(u8, u32), String>,
    /// What the table of functions holds at its places.
    pub table: BTreeMap<u32, u32>,
    /// How many tables there are; the first is of functions.
    pub tables: u32,
    /// How many places that table has.
    pub places: u32,
    /// Data by their address.
    pub data: Vec<(u32, &'a [u8])>,
    names: BTreeMap<u32, &'a str>,
}

impl<'a> Module<'a> {
    /// Reads it.
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        let mut module = Self {
            bytes,
            imports: Vec::new(),
            imported: 0,
            types: Vec::new(),
            bodies: Vec::new(),
            entries: Vec::new(),
            exports: BTreeMap::new(),
            table: BTreeMap::new(),
            tables: 0,
            places: 0,
            data: Vec::new(),
            names: BTreeMap::new(),
        };
        for payload in Parser::new(0).parse_all(bytes) {
            module.take_in(payload?)?;
        }
        Ok(module)
    }

    fn take_in(&mut self, payload: Payload<'a>) -> Result<()> {
        match payload {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    self.imports.push(import.name.to_owned());
                    if let TypeRef::Func(kind) = import.ty {
                        self.imported += 1;
                        self.types.push(kind);
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for kind in section {
                    self.types.push(kind?);
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    let table = table?.ty;
                    if self.tables == 0 {
                        self.places = u32::try_from(table.initial)?;
                    }
                    self.tables += 1;
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        self.entries.push(export.index);
                    }
                    self.exports.insert((export.kind as u8, export.index), export.name.to_owned());
                }
            }
            Payload::StartSection { func, .. } => self.entries.push(func),
            Payload::ElementSection(section) => {
                for element in section {
                    let element = element?;
                    let ElementItems::Functions(functions) = element.items else {
                        bail!("a table is filled by expressions");
                    };
                    match element.kind {
                        ElementKind::Active { table_index, offset_expr } if table_index.unwrap_or(0) == 0 => {
                            let first = constant(&offset_expr)?;
                            for (place, function) in (first..).zip(functions) {
                                self.table.insert(place, function?);
                            }
                        }
                        // Their addresses are taken.
                        _ => {
                            for function in functions {
                                self.entries.push(function?);
                            }
                        }
                    }
                }
            }
            Payload::CodeSectionEntry(body) => self.bodies.push(body),
            Payload::DataSection(section) => {
                for data in section {
                    let data = data?;
                    let DataKind::Active { memory_index: 0, offset_expr } = data.kind else {
                        bail!("data that is not put into memory at once");
                    };
                    self.data.push((constant(&offset_expr)?, data.data));
                }
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(section) = section.as_known() {
                    for part in section {
                        if let Name::Function(names) = part? {
                            for naming in names {
                                let naming = naming?;
                                self.names.insert(naming.index, naming.name);
                            }
                        }
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Every function that has a name.
    pub fn named(&self) -> impl Iterator<Item = (u32, &'a str)> {
        self.names.iter().map(|(function, name)| (*function, *name))
    }

    /// What a function is called.
    pub fn name(&self, function: u32) -> &'a str {
        self.names.get(&function).copied().unwrap_or("a function without a name")
    }

    /// The functions that are not imported.
    pub fn defined(&self) -> impl Iterator<Item = u32> + use<> {
        self.imported..self.imported + u32::try_from(self.bodies.len()).unwrap_or(u32::MAX)
    }

    /// The body of a function; `None` where it is imported.
    pub fn body(&self, function: u32) -> Option<&FunctionBody<'a>> {
        self.bodies.get(function.checked_sub(self.imported)? as usize)
    }
}

/// The value of an expression that is one number.
pub fn constant(expression: &ConstExpr) -> Result<u32> {
    match expression.get_operators_reader().read().context("an empty expression")? {
        Operator::I32Const { value } => Ok(value.cast_unsigned()),
        other => bail!("not a number: {other:?}"),
    }
}
