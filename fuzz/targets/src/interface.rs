//! Types of values that cross a component's interface, at random; values of theirs; and what the canonical ABI makes of
//! them, written down a second time, as short as it can be.

use std::fmt::Write as _;

use arbitrary::{Error, Result, Unstructured};
use silica_component::Val;

/// More core values than these are passed in a memory, and results if there are more than one.
pub const FLAT_MAX: usize = 16;

/// A type of values.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum Type {
    Primitive(Primitive),
    List(Box<Type>),
    /// Of one length.
    Fixed(Box<Type>, u32),
    Map(Primitive, Box<Type>),
    Tuple(Vec<Type>),
    Record(Vec<Type>),
    Variant(Vec<Option<Type>>),
    /// Of so many cases.
    Enum(u32),
    /// So many, 32 at most.
    Flags(u32),
    Option(Box<Type>),
    Result(Option<Box<Type>>, Option<Box<Type>>),
    /// An owned handle of the resource type `$r`.
    Own,
}

/// A type that contains no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum Primitive {
    Bool,
    S8,
    U8,
    S16,
    U16,
    S32,
    U32,
    S64,
    U64,
    F32,
    F64,
    Char,
    String,
}

/// What a value is in core code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum Core {
    I32,
    I64,
    F32,
    F64,
}

impl Core {
    /// As the text format has it.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Core::I32 => "i32",
            Core::I64 => "i64",
            Core::F32 => "f32",
            Core::F64 => "f64",
        }
    }

    /// What holds either.
    fn join(self, other: Core) -> Core {
        match (self, other) {
            (a, b) if a == b => a,
            (Core::I32, Core::F32) | (Core::F32, Core::I32) => Core::I32,
            _ => Core::I64,
        }
    }
}

use Primitive as P;

impl Primitive {
    const ALL: [(Primitive, &'static str); 13] = [
        (P::Bool, "bool"),
        (P::S8, "s8"),
        (P::U8, "u8"),
        (P::S16, "s16"),
        (P::U16, "u16"),
        (P::S32, "s32"),
        (P::U32, "u32"),
        (P::S64, "s64"),
        (P::U64, "u64"),
        (P::F32, "f32"),
        (P::F64, "f64"),
        (P::Char, "char"),
        (P::String, "string"),
    ];

    fn any(bytes: &mut Unstructured<'_>) -> Result<Primitive> {
        // Strings have the most to go wrong.
        Ok(if bytes.ratio(1, 4)? {
            P::String
        } else {
            bytes.choose(&Primitive::ALL)?.0
        })
    }

    /// One that keys of maps may be.
    fn key(bytes: &mut Unstructured<'_>) -> Result<Primitive> {
        Ok(match Primitive::any(bytes)? {
            P::F32 | P::F64 => P::String,
            other => other,
        })
    }

    fn text(self) -> &'static str {
        let named = Primitive::ALL
            .iter()
            .find(|(primitive, _)| *primitive == self);
        named.map_or("string", |(_, name)| name)
    }

    fn flat(self) -> &'static [Core] {
        match self {
            P::Bool | P::S8 | P::U8 | P::S16 | P::U16 | P::S32 | P::U32 | P::Char => &[Core::I32],
            P::S64 | P::U64 => &[Core::I64],
            P::F32 => &[Core::F32],
            P::F64 => &[Core::F64],
            P::String => &[Core::I32, Core::I32],
        }
    }

    fn value(self, bytes: &mut Unstructured<'_>) -> Result<Val> {
        Ok(match self {
            P::Bool => Val::Bool(bytes.arbitrary()?),
            P::S8 => Val::S8(bytes.arbitrary()?),
            P::U8 => Val::U8(bytes.arbitrary()?),
            P::S16 => Val::S16(bytes.arbitrary()?),
            P::U16 => Val::U16(bytes.arbitrary()?),
            P::S32 => Val::S32(bytes.arbitrary()?),
            P::U32 => Val::U32(bytes.arbitrary()?),
            P::S64 => Val::S64(bytes.arbitrary()?),
            P::U64 => Val::U64(bytes.arbitrary()?),
            P::F32 => Val::Float32(bytes.arbitrary()?),
            P::F64 => Val::Float64(bytes.arbitrary()?),
            P::Char => Val::Char(character(bytes)?),
            P::String => Val::String(string(bytes)?),
        })
    }
}

/// A character, of any of the ranges that encodings tell apart.
fn character(bytes: &mut Unstructured<'_>) -> Result<char> {
    let (from, to) = *bytes.choose(&[
        (0, 0x7f),
        (0x80, 0xff),
        (0x100, 0x7ff),
        (0x800, 0xd7ff),
        (0xe000, 0xffff),
        (0x1_0000, 0x10_ffff),
    ])?;
    let code = bytes.int_in_range(from..=to)?;
    Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// A string: a few characters, repeated, and maybe another at the end that changes how all of it is stored.
fn string(bytes: &mut Unstructured<'_>) -> Result<String> {
    let mut part = String::new();
    for _ in 0..bytes.int_in_range(0..=4)? {
        part.push(character(bytes)?);
    }
    let times = *bytes.choose(&[1, 1, 1, 2, 40, 300])?;
    let mut text = part.repeat(times);
    if bytes.arbitrary()? {
        text.push(character(bytes)?);
    }
    Ok(text)
}

impl Type {
    /// One that contains types up to so deep, handles among them or not.
    ///
    /// # Errors
    /// None: bytes that are missing are zeros.
    pub fn any(bytes: &mut Unstructured<'_>, depth: u32, handles: bool) -> Result<Type> {
        if handles && bytes.ratio(1, 5)? {
            return Ok(Type::Own);
        }
        let kinds = if depth == 0 { 2 } else { 12 };
        let inner =
            |bytes: &mut Unstructured<'_>| Type::any(bytes, depth.saturating_sub(1), handles);
        let boxed = |bytes: &mut Unstructured<'_>| inner(bytes).map(Box::new);
        let maybe = |bytes: &mut Unstructured<'_>| -> Result<Option<Type>> {
            if bytes.arbitrary()? {
                inner(bytes).map(Some)
            } else {
                Ok(None)
            }
        };
        let some = |bytes: &mut Unstructured<'_>| -> Result<Vec<Type>> {
            (0..bytes.int_in_range(1..=4)?)
                .map(|_| inner(bytes))
                .collect()
        };
        Ok(match bytes.int_in_range(0..=kinds)? {
            0 => Type::Primitive(Primitive::any(bytes)?),
            1 => Type::Enum(*bytes.choose(&[1, 2, 3, 256, 257])?),
            2 => Type::Flags(bytes.int_in_range(1..=32)?),
            3 | 4 => Type::List(boxed(bytes)?),
            5 => Type::Fixed(boxed(bytes)?, bytes.int_in_range(1..=5)?),
            // Handles have no place in maps.
            6 => Type::Map(
                Primitive::key(bytes)?,
                Box::new(Type::any(bytes, depth - 1, false)?),
            ),
            7 => Type::Tuple(some(bytes)?),
            8 => Type::Record(some(bytes)?),
            9 | 10 => {
                let cases = bytes.int_in_range(1..=4)?;
                Type::Variant((0..cases).map(|_| maybe(bytes)).collect::<Result<_>>()?)
            }
            11 => Type::Option(boxed(bytes)?),
            _ => Type::Result(maybe(bytes)?.map(Box::new), maybe(bytes)?.map(Box::new)),
        })
    }

    /// As the text format has it. Types that must have names are defined in `definitions`, as `$t0`, `$t1` and so on, those
    /// that others need first.
    pub fn text(&self, definitions: &mut Vec<String>) -> String {
        let mut named = |text: String| {
            definitions.push(text);
            format!("$t{}", definitions.len() - 1)
        };
        match self {
            Type::Primitive(primitive) => primitive.text().to_owned(),
            Type::Own => "(own $r)".to_owned(),
            Type::Enum(count) => named(labels("enum", *count)),
            Type::Flags(count) => named(labels("flags", *count)),
            Type::List(ty) => format!("(list {})", ty.text(definitions)),
            Type::Fixed(ty, length) => format!("(list {} {length})", ty.text(definitions)),
            Type::Map(key, value) => format!("(map {} {})", key.text(), value.text(definitions)),
            Type::Tuple(types) => {
                let mut text = "(tuple".to_owned();
                for ty in types {
                    let _ = write!(text, " {}", ty.text(definitions));
                }
                text + ")"
            }
            Type::Record(types) => {
                let mut text = "(record".to_owned();
                for (index, ty) in types.iter().enumerate() {
                    let _ = write!(text, " (field \"x{index}\" {})", ty.text(definitions));
                }
                definitions.push(text + ")");
                format!("$t{}", definitions.len() - 1)
            }
            Type::Variant(cases) => {
                let mut text = "(variant".to_owned();
                for (index, ty) in cases.iter().enumerate() {
                    let ty = ty.as_ref().map_or(String::new(), |ty| ty.text(definitions));
                    let _ = write!(text, " (case \"x{index}\" {ty})");
                }
                definitions.push(text + ")");
                format!("$t{}", definitions.len() - 1)
            }
            Type::Option(ty) => format!("(option {})", ty.text(definitions)),
            Type::Result(ok, error) => {
                let ok = ok.as_ref().map_or(String::new(), |ty| ty.text(definitions));
                let error = error.as_ref().map_or(String::new(), |ty| {
                    format!("(error {})", ty.text(definitions))
                });
                format!("(result {ok} {error})")
            }
        }
    }

    /// The core values that it is passed as, where there is room for them.
    #[must_use]
    pub fn flat(&self) -> Vec<Core> {
        match self {
            Type::Primitive(primitive) => primitive.flat().to_vec(),
            Type::Enum(_) | Type::Flags(_) | Type::Own => vec![Core::I32],
            Type::List(_) | Type::Map(..) => vec![Core::I32; 2],
            Type::Fixed(ty, length) => ty.flat().repeat(*length as usize),
            Type::Tuple(types) | Type::Record(types) => types.iter().flat_map(Type::flat).collect(),
            Type::Variant(cases) => flat_cases(&mut cases.iter().map(Option::as_ref)),
            Type::Option(ty) => flat_cases(&mut [None, Some(&**ty)].into_iter()),
            Type::Result(ok, error) => {
                flat_cases(&mut [ok.as_deref(), error.as_deref()].into_iter())
            }
        }
    }

    /// Bytes that are enough for it in a memory, though fewer may be.
    #[must_use]
    pub fn room(&self) -> u32 {
        let most =
            |types: &mut dyn Iterator<Item = &Type>| types.map(Type::room).max().unwrap_or(0);
        match self {
            Type::Primitive(_)
            | Type::Enum(_)
            | Type::Flags(_)
            | Type::List(_)
            | Type::Map(..)
            | Type::Own => 8,
            Type::Fixed(ty, length) => ty.room() * length,
            Type::Tuple(types) | Type::Record(types) => types.iter().map(Type::room).sum(),
            Type::Variant(cases) => 8 + most(&mut cases.iter().flatten()),
            Type::Option(ty) => 8 + ty.room(),
            Type::Result(ok, error) => {
                8 + most(&mut [ok, error].into_iter().flatten().map(|ty| &**ty))
            }
        }
    }

    /// A value of it.
    ///
    /// # Errors
    /// If it has a handle, which only a guest can give. Bytes that are missing are zeros.
    pub fn value(&self, bytes: &mut Unstructured<'_>) -> Result<Val> {
        let boxed = |ty: &Type, bytes: &mut Unstructured<'_>| ty.value(bytes).map(Box::new);
        let maybe = |ty: Option<&Type>, bytes: &mut Unstructured<'_>| {
            ty.map(|ty| boxed(ty, bytes)).transpose()
        };
        Ok(match self {
            Type::Primitive(primitive) => primitive.value(bytes)?,
            Type::Own => return Err(Error::IncorrectFormat),
            Type::Enum(count) => Val::Enum(format!("x{}", bytes.int_in_range(0..=count - 1)?)),
            Type::Flags(count) => {
                let bits: u32 = bytes.arbitrary()?;
                let set = (0..*count).filter(|bit| bits >> bit & 1 == 1);
                Val::Flags(set.map(|bit| format!("x{bit}")).collect())
            }
            Type::List(ty) => {
                let length = *bytes.choose(&[0, 1, 2, 3, 4, 17])?;
                let values = (0..length).map(|_| ty.value(bytes));
                Val::List(values.collect::<Result<_>>()?)
            }
            Type::Fixed(ty, length) => {
                let values = (0..*length).map(|_| ty.value(bytes));
                Val::List(values.collect::<Result<_>>()?)
            }
            Type::Map(key, value) => {
                let mut entries: Vec<(Val, Val)> = Vec::new();
                for _ in 0..bytes.int_in_range(0..=4)? {
                    let key = key.value(bytes)?;
                    if entries.iter().all(|(other, _)| *other != key) {
                        entries.push((key, value.value(bytes)?));
                    }
                }
                Val::Map(entries)
            }
            Type::Tuple(types) => {
                let values = types.iter().map(|ty| ty.value(bytes));
                Val::Tuple(values.collect::<Result<_>>()?)
            }
            Type::Record(types) => {
                let fields = types.iter().enumerate();
                let fields = fields.map(|(index, ty)| Ok((format!("x{index}"), ty.value(bytes)?)));
                Val::Record(fields.collect::<Result<_>>()?)
            }
            Type::Variant(cases) => {
                let case = bytes.choose_index(cases.len())?;
                Val::Variant(format!("x{case}"), maybe(cases[case].as_ref(), bytes)?)
            }
            Type::Option(ty) => Val::Option(match bytes.arbitrary()? {
                true => Some(boxed(ty, bytes)?),
                false => None,
            }),
            Type::Result(ok, error) => Val::Result(match bytes.arbitrary()? {
                true => Ok(maybe(ok.as_deref(), bytes)?),
                false => Err(maybe(error.as_deref(), bytes)?),
            }),
        })
    }
}

/// In the type of an instance: the types of [`Type::text`], and their names.
#[must_use]
pub fn declared(definitions: &[String]) -> String {
    let mut text = String::new();
    for (index, definition) in definitions.iter().enumerate() {
        let _ = write!(
            text,
            "(type $t{index}' {definition}) (export \"t{index}\" (type $t{index} (eq $t{index}')))\n    "
        );
    }
    text
}

fn labels(what: &str, count: u32) -> String {
    let mut text = format!("({what}");
    for index in 0..count {
        let _ = write!(text, " \"x{index}\"");
    }
    text + ")"
}

/// The number of the case, then what holds the values of any.
fn flat_cases(cases: &mut dyn Iterator<Item = Option<&Type>>) -> Vec<Core> {
    let mut joined: Vec<Core> = Vec::new();
    for ty in cases.flatten() {
        for (index, core) in ty.flat().into_iter().enumerate() {
            match joined.get_mut(index) {
                Some(place) => *place = place.join(core),
                None => joined.push(core),
            }
        }
    }
    joined.insert(0, Core::I32);
    joined
}
