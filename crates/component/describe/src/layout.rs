//! The canonical ABI's arithmetic: sizes, alignments, offsets, and what values are in registers.
//!
//! Each rule is here once; the host's lifting and lowering and the adapters between components all ask.

use serde::{Deserialize, Serialize};

use crate::types::{DefinedType, ValueType};

/// Values in registers that parameters may become; more go through a memory.
pub const FLAT_PARAMETERS_MAX: usize = 16;

/// The alignments of pointers and lengths, and their size.
const POINTER: u32 = 4;

/// A core type that values are passed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum FlatType {
    I32,
    I64,
    F32,
    F64,
}

impl FlatType {
    /// The type that holds values of both.
    #[must_use]
    pub fn join(self, other: FlatType) -> FlatType {
        match (self, other) {
            (a, b) if a == b => a,
            (FlatType::I32, FlatType::F32) | (FlatType::F32, FlatType::I32) => FlatType::I32,
            _ => FlatType::I64,
        }
    }
}

/// What a value is in registers, or that it is too much for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flat {
    types: [FlatType; FLAT_PARAMETERS_MAX],
    /// More than there is room for means that it goes through a memory.
    count: u8,
}

impl Flat {
    pub(crate) const NONE: Flat = Flat {
        types: [FlatType::I32; FLAT_PARAMETERS_MAX],
        count: 0,
    };

    fn of(types: &[FlatType]) -> Flat {
        let mut flat = Flat::NONE;
        types.iter().for_each(|&ty| flat.push(ty));
        flat
    }

    fn push(&mut self, ty: FlatType) {
        if let Some(place) = self.types.get_mut(usize::from(self.count)) {
            *place = ty;
            self.count += 1;
        } else {
            self.count = u8::MAX;
        }
    }

    fn extend(&mut self, other: &Flat) {
        match other.types() {
            Some(types) => types.iter().for_each(|&ty| self.push(ty)),
            None => self.count = u8::MAX,
        }
    }

    /// The types, unless there are more than [`FLAT_PARAMETERS_MAX`].
    #[must_use]
    pub fn types(&self) -> Option<&[FlatType]> {
        self.types.get(..usize::from(self.count))
    }
}

/// How values of a type lie in a memory, and what they are in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Bytes.
    pub size: u64,
    /// 1, 2, 4 or 8.
    pub align: u32,
    /// In registers.
    pub flat: Flat,
    /// Whether there is a borrowed handle in it.
    pub has_borrow: bool,
}

impl Layout {
    fn scalar(bytes: u32, flat: FlatType) -> Layout {
        Layout {
            size: bytes.into(),
            align: bytes,
            flat: Flat::of(&[flat]),
            has_borrow: false,
        }
    }

    fn pointer_and_length() -> Layout {
        Layout {
            size: 2 * u64::from(POINTER),
            align: POINTER,
            flat: Flat::of(&[FlatType::I32, FlatType::I32]),
            has_borrow: false,
        }
    }
}

/// `offset` rounded up to a multiple of `align`, which is a power of two.
#[must_use]
pub const fn align_to(offset: u64, align: u32) -> u64 {
    let mask = align as u64 - 1;
    offset.saturating_add(mask) & !mask
}

pub(crate) fn of_primitive(ty: ValueType) -> Layout {
    match ty {
        ValueType::Bool | ValueType::S8 | ValueType::U8 => Layout::scalar(1, FlatType::I32),
        ValueType::S16 | ValueType::U16 => Layout::scalar(2, FlatType::I32),
        ValueType::S32 | ValueType::U32 | ValueType::Char | ValueType::ErrorContext => {
            Layout::scalar(4, FlatType::I32)
        }
        ValueType::S64 | ValueType::U64 => Layout::scalar(8, FlatType::I64),
        ValueType::F32 => Layout::scalar(4, FlatType::F32),
        ValueType::F64 => Layout::scalar(8, FlatType::F64),
        ValueType::String => Layout::pointer_and_length(),
        ValueType::Defined(_) => unreachable!("a defined type is no primitive"),
    }
}

/// Calls `see` with each type that `ty` is directly made of.
pub(crate) fn for_each_part(ty: &DefinedType, mut see: impl FnMut(ValueType)) {
    match ty {
        DefinedType::Record(fields) => fields.iter().for_each(|field| see(field.ty)),
        DefinedType::Variant(cases) => cases.iter().filter_map(|case| case.ty).for_each(see),
        DefinedType::Tuple(types) => types.iter().copied().for_each(see),
        DefinedType::List(ty) | DefinedType::FixedLengthList(ty, _) | DefinedType::Option(ty) => {
            see(*ty);
        }
        DefinedType::Map(key, value) => {
            see(*key);
            see(*value);
        }
        DefinedType::Result { ok, err } => [*ok, *err].into_iter().flatten().for_each(see),
        DefinedType::Future(ty) | DefinedType::Stream(ty) => ty.iter().copied().for_each(see),
        DefinedType::Enum(_)
        | DefinedType::Flags(_)
        | DefinedType::Own(_)
        | DefinedType::Borrow(_) => {}
    }
}

/// The layout of a type whose parts' layouts are known.
pub(crate) fn of_defined(ty: &DefinedType, layout_of: &impl Fn(ValueType) -> Layout) -> Layout {
    let mut layout = match ty {
        DefinedType::Record(fields) => of_sequence(fields.iter().map(|field| field.ty), layout_of),
        DefinedType::Tuple(parts) => of_sequence(parts.iter().copied(), layout_of),
        DefinedType::Variant(cases) => {
            of_cases(cases.len(), cases.iter().map(|case| case.ty), layout_of)
        }
        DefinedType::Enum(names) => of_cases(names.len(), std::iter::empty(), layout_of),
        DefinedType::Option(ty) => of_cases(2, [None, Some(*ty)].into_iter(), layout_of),
        DefinedType::Result { ok, err } => of_cases(2, [*ok, *err].into_iter(), layout_of),
        DefinedType::Flags(names) => Layout::scalar(flags_bytes(names.len()), FlatType::I32),
        DefinedType::List(_) | DefinedType::Map(_, _) => Layout::pointer_and_length(),
        DefinedType::FixedLengthList(ty, count) => of_repeated(*ty, *count, layout_of),
        DefinedType::Own(_)
        | DefinedType::Borrow(_)
        | DefinedType::Future(_)
        | DefinedType::Stream(_) => Layout::scalar(4, FlatType::I32),
    };
    layout.has_borrow = matches!(ty, DefinedType::Borrow(_));
    for_each_part(ty, |part| {
        layout.has_borrow |= layout_of(part).has_borrow;
    });
    layout
}

pub(crate) fn of_sequence(
    parts: impl Iterator<Item = ValueType>,
    layout: &impl Fn(ValueType) -> Layout,
) -> Layout {
    let (mut size, mut align, mut flat) = (0, 1, Flat::NONE);
    let mut has_borrow = false;
    for part in parts {
        let part = layout(part);
        has_borrow |= part.has_borrow;
        align = align.max(part.align);
        size = align_to(size, part.align).saturating_add(part.size);
        flat.extend(&part.flat);
    }
    Layout {
        size: align_to(size, align),
        align,
        flat,
        has_borrow,
    }
}

fn of_repeated(ty: ValueType, count: u32, layout: &impl Fn(ValueType) -> Layout) -> Layout {
    let part = layout(ty);
    let mut flat = Flat::NONE;
    // Whatever is beyond what fits changes nothing.
    for _ in 0..(count as usize).min(FLAT_PARAMETERS_MAX + 1) {
        flat.extend(&part.flat);
    }
    Layout {
        size: part.size.saturating_mul(count.into()),
        flat,
        ..part
    }
}

fn of_cases(
    count: usize,
    payloads: impl Iterator<Item = Option<ValueType>>,
    layout: &impl Fn(ValueType) -> Layout,
) -> Layout {
    let discriminant = discriminant_bytes(count);
    let (mut size, mut align) = (0_u64, discriminant);
    let mut joined: Vec<FlatType> = Vec::new();
    let mut fits = true;
    for payload in payloads.flatten() {
        let payload = layout(payload);
        size = size.max(payload.size);
        align = align.max(payload.align);
        let Some(flat) = payload.flat.types() else {
            fits = false;
            continue;
        };
        for (index, &ty) in flat.iter().enumerate() {
            match joined.get_mut(index) {
                Some(there) => *there = there.join(ty),
                None => joined.push(ty),
            }
        }
    }
    let mut flat = Flat::of(&[FlatType::I32]);
    if fits {
        joined.into_iter().for_each(|ty| flat.push(ty));
    } else {
        flat.count = u8::MAX;
    }
    let size = align_to(u64::from(discriminant), align).saturating_add(size);
    Layout {
        size: align_to(size, align),
        align,
        flat,
        has_borrow: false,
    }
}

/// Bytes of the number that says which of `count` cases there is.
#[must_use]
pub const fn discriminant_bytes(count: usize) -> u32 {
    match count {
        0..=0x100 => 1,
        0x101..=0x1_0000 => 2,
        _ => 4,
    }
}

/// Bytes of so many flags.
#[must_use]
pub const fn flags_bytes(count: usize) -> u32 {
    match count {
        0..=8 => 1,
        9..=16 => 2,
        _ => 4,
    }
}
