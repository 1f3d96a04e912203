//! The contract as types: whether a function that a component exports is really `detect`, `diagnose` or `propose`.
//!
//! Names prove nothing, so the function's type is written out, with every named type replaced by what it is, and
//! compared with the same text of `wit/0.1.0/plugin.wit`. A test makes components from that file and so keeps the texts
//! below true to it.

use wasmparser::component_types::{ComponentDefinedType, ComponentEntityType, ComponentFuncTypeId, ComponentValType};
use wasmparser::types::TypesRef;

use crate::model::Export;

/// The package every interface of the contract lies in.
pub(super) const PACKAGE: &str = "thymus:plugin/";

/// A written-out type of the contract is about 1.5 KiB. Types may share parts, so writing a hostile one out could take
/// exponential time; it stops here instead.
const LONGEST: usize = 16 << 10;
const DEEPEST: u32 = 32;

macro_rules! location {
    () => {
        "record{path:string,start-line:u32,start-column:u32,end-line:u32,end-column:u32,}"
    };
}
macro_rules! finding {
    () => {
        concat!(
            "record{capability:enum{performance,behavior,coverage,error,state,dependency,documentation,},rule:string,",
            "title:string,subject:record{handler:string,path:option<string>,line:option<u32>,},",
            "severity:enum{info,low,medium,high,critical,},confidence:f64,evidence:list<record{statement:string,",
            "measures:list<record{name:string,value:f64,unit:string,}>,trace-ids:list<string>,}>,",
            "fingerprint:string,notes:string,}"
        )
    };
}
macro_rules! diagnosis {
    () => {
        concat!(
            "record{location:",
            location!(),
            ",explanation:string,confidence:f64,related:list<",
            location!(),
            ">,notes:string,}"
        )
    };
}
macro_rules! proposal {
    () => {
        concat!(
            "record{title:string,explanation:string,changes:list<variant{",
            "create(record{path:string,content:string,role:enum{source,test,docs,},}),",
            "edit(record{path:string,base-sha256:string,edits:list<record{start:u64,end:u64,replacement:string,}>,role:enum{source,test,docs,},}),",
            "rename(record{from:string,to:string,base-sha256:string,role:enum{source,test,docs,},}),",
            "delete(record{path:string,base-sha256:string,role:enum{source,test,docs,},}),}>,",
            "expects:list<variant{tests-turn-green,tests-cover(string),faster(record{handler:string,percent:f64,}),docs-agree,}>,",
            "confidence:f64,}"
        )
    };
}
macro_rules! failure {
    () => {
        "variant{unsupported(string),bad-input(string),failed(string),}"
    };
}

const DETECT: &str = concat!("func()->result<list<", finding!(), ">,", failure!(), ">");
const DIAGNOSE: &str = concat!("func(finding:", finding!(), ",)->result<option<", diagnosis!(), ">,", failure!(), ">");
const PROPOSE: &str = concat!(
    "func(finding:",
    finding!(),
    ",diagnosis:",
    diagnosis!(),
    ",)->result<list<",
    proposal!(),
    ">,",
    failure!(),
    ">"
);

/// What an exported interface is, by its full name as in `thymus:plugin/detector@0.1.0`, and in which version.
pub(super) fn interface(name: &str) -> Option<(Export, &str)> {
    let (interface, version) = name.strip_prefix(PACKAGE)?.split_once('@')?;
    let export = match interface {
        "detector" => Export::Detect,
        "diagnoser" => Export::Diagnose,
        "fixer" => Export::Propose,
        _ => return None,
    };
    is_known(version).then_some((export, version))
}

/// Within 0.1 nothing is removed or changes its meaning; a later patch of it is the same contract.
pub(super) fn is_known(version: &str) -> bool {
    version
        .strip_prefix("0.1.")
        .is_some_and(|patch| !patch.is_empty() && patch.len() <= 4 && patch.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether an exported instance holds the function, and in the contract's type.
pub(super) fn agrees(entity: ComponentEntityType, export: Export, types: TypesRef<'_>) -> bool {
    let ComponentEntityType::Instance(instance) = entity else { return false };
    let Some(item) = types[instance].exports.get(export.as_str()) else { return false };
    let ComponentEntityType::Func(function) = item.ty else { return false };
    let expected = match export {
        Export::Detect => DETECT,
        Export::Diagnose => DIAGNOSE,
        Export::Propose => PROPOSE,
    };
    write_out(function, types).is_some_and(|text| text == expected)
}

fn write_out(function: ComponentFuncTypeId, types: TypesRef<'_>) -> Option<String> {
    let function = &types[function];
    if function.async_ {
        return None;
    }
    let mut writer = Writer { types, text: "func(".to_owned() };
    for (name, ty) in &function.params {
        writer.field(name.as_str(), *ty, 0)?;
    }
    writer.put(")->")?;
    writer.value(function.result?, 0)?;
    Some(writer.text)
}

struct Writer<'a> {
    types: TypesRef<'a>,
    text: String,
}

impl Writer<'_> {
    fn put(&mut self, text: &str) -> Option<()> {
        if self.text.len() + text.len() > LONGEST {
            return None;
        }
        self.text.push_str(text);
        Some(())
    }

    fn field(&mut self, name: &str, ty: ComponentValType, depth: u32) -> Option<()> {
        self.put(name)?;
        self.put(":")?;
        self.value(ty, depth)?;
        self.put(",")
    }

    fn wrapped(&mut self, open: &str, ty: ComponentValType, close: &str, depth: u32) -> Option<()> {
        self.put(open)?;
        self.value(ty, depth)?;
        self.put(close)
    }

    /// `None` for a type too long, too deep, or of a kind the contract has no use for.
    fn value(&mut self, ty: ComponentValType, depth: u32) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        let depth = depth + 1;
        let id = match ty {
            ComponentValType::Primitive(primitive) => return self.put(&primitive.to_string()),
            ComponentValType::Type(id) => id,
        };
        let types = self.types;
        match &types[id] {
            ComponentDefinedType::Primitive(primitive) => self.put(&primitive.to_string()),
            ComponentDefinedType::Record(record) => {
                self.put("record{")?;
                for (name, ty) in &record.fields {
                    self.field(name.as_str(), *ty, depth)?;
                }
                self.put("}")
            }
            ComponentDefinedType::Variant(variant) => {
                self.put("variant{")?;
                for (name, case) in &variant.cases {
                    self.put(name.as_str())?;
                    if let Some(ty) = case.ty {
                        self.wrapped("(", ty, ")", depth)?;
                    }
                    self.put(",")?;
                }
                self.put("}")
            }
            ComponentDefinedType::Enum(names) => {
                self.put("enum{")?;
                for name in names {
                    self.put(name.as_str())?;
                    self.put(",")?;
                }
                self.put("}")
            }
            ComponentDefinedType::List { element, .. } => self.wrapped("list<", *element, ">", depth),
            ComponentDefinedType::Option { ty, .. } => self.wrapped("option<", *ty, ">", depth),
            ComponentDefinedType::Result { ok: Some(ok), err: Some(err), .. } => {
                self.wrapped("result<", *ok, ",", depth)?;
                self.wrapped("", *err, ">", depth)
            }
            _ => None,
        }
    }
}
