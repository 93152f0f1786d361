//! Values of a guest's in text, much as WAVE writes them.
//!
//! Nothing is lifted: no handle changes hands, and of what is long only the beginning is read. What cannot be read is
//! `?`; the call itself says why.

use std::fmt::Write as _;

use silica_component_describe::{
    DefinedType, Encoding, Plan, ValueType, align_to, discriminant_bytes,
};
use silica_engine::{Result, StoreContextMut};

use crate::context::{FlatValues, LiftContext};
use crate::error::CanonicalTrap;
use crate::state::{Options, state};
use crate::strings::UTF16_TAG;

/// Bytes of text after which no more is told.
const TEXT_BYTES_MAX: usize = 1 << 10;

/// Bytes of one string, or of one list of bytes, that are told.
const STRING_BYTES_MAX: u32 = 64;

/// Elements of one list that are told.
const ELEMENTS_MAX: u32 = 8;

/// Bytes of one name that are told.
const NAME_BYTES_MAX: usize = 64;

/// Where a value is.
enum Place<'a> {
    Registers(&'a mut FlatValues),
    Memory(u32),
}

impl Place<'_> {
    fn again(&mut self) -> Place<'_> {
        match self {
            Place::Registers(values) => Place::Registers(values),
            Place::Memory(pointer) => Place::Memory(*pointer),
        }
    }

    /// The same place; in a memory, so many bytes on.
    fn at(&mut self, offset: u64) -> Place<'_> {
        match self {
            Place::Registers(values) => Place::Registers(values),
            Place::Memory(pointer) => Place::Memory(pointer.wrapping_add(offset as u32)),
        }
    }
}

/// Text that is being made of values.
pub(super) struct Shown<'a, T: 'static> {
    cx: LiftContext<'a, T>,
    text: String,
}

impl<'a, T: 'static> Shown<'a, T> {
    pub(super) fn new(store: StoreContextMut<'a, T>, options: &'a Options, plan: &'a Plan) -> Self {
        Shown {
            cx: LiftContext::new(store, options, plan),
            text: String::new(),
        }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Tells arguments, which are in registers, or where the first of them says.
    pub(super) fn arguments(
        &mut self,
        types: &[ValueType],
        in_memory: bool,
        registers: &mut FlatValues,
    ) {
        let mut place = if in_memory {
            Place::Memory(registers.take() as u32)
        } else {
            Place::Registers(registers)
        };
        let parts = types.iter().map(|ty| ("", *ty));
        self.or_unknown(|shown| shown.parts(parts, &mut place));
    }

    /// Tells a result, at `pointer` if there is one.
    pub(super) fn result(&mut self, ty: ValueType, pointer: Option<u32>, mut output: FlatValues) {
        let place = match pointer {
            Some(pointer) => Place::Memory(pointer),
            None => Place::Registers(&mut output),
        };
        self.or_unknown(|shown| shown.value(ty, place));
    }

    fn or_unknown(&mut self, tell: impl FnOnce(&mut Self) -> Result<()>) {
        if tell(self).is_err() {
            self.text.push('?');
        }
    }

    /// Whether there is enough; the text says so once.
    fn is_full(&mut self) -> bool {
        let full = self.text.len() >= TEXT_BYTES_MAX;
        if full && !self.text.ends_with("...") {
            self.text.push_str("...");
        }
        full
    }

    /// Values one after the other, with their names.
    fn parts<'n>(
        &mut self,
        parts: impl Iterator<Item = (&'n str, ValueType)>,
        place: &mut Place<'_>,
    ) -> Result<()> {
        let mut offset = 0;
        for (index, (name, ty)) in parts.enumerate() {
            if self.is_full() {
                return Ok(());
            }
            if index > 0 {
                self.text.push_str(", ");
            }
            if !name.is_empty() {
                self.name(name);
                self.text.push_str(": ");
            }
            let layout = self.cx.plan.types.layout(ty);
            offset = align_to(offset, layout.align);
            self.value(ty, place.at(offset))?;
            offset += layout.size;
        }
        Ok(())
    }

    fn value(&mut self, ty: ValueType, mut place: Place<'_>) -> Result<()> {
        if self.is_full() {
            return Ok(());
        }
        let ValueType::Defined(index) = ty else {
            return self.primitive(ty, place);
        };
        let plan = self.cx.plan;
        match plan.types.defined(index) {
            DefinedType::Record(fields) => {
                let fields = fields.iter().map(|field| (&*field.name, field.ty));
                self.between('{', '}', |shown| shown.parts(fields, &mut place))
            }
            DefinedType::Tuple(types) => {
                let types = types.iter().map(|ty| ("", *ty));
                self.between('(', ')', |shown| shown.parts(types, &mut place))
            }
            DefinedType::FixedLengthList(ty, count) => {
                let types = (0..*count).map(|_| ("", *ty));
                self.between('[', ']', |shown| shown.parts(types, &mut place))
            }
            DefinedType::List(ValueType::U8) => {
                let (pointer, length) = self.pair(&mut place)?;
                let bytes = self
                    .cx
                    .bytes(pointer, length.min(STRING_BYTES_MAX).into())?;
                let bytes = bytes.to_vec();
                self.quoted(&bytes, length > STRING_BYTES_MAX);
                Ok(())
            }
            DefinedType::List(ty) => self.list(*ty, &mut place),
            DefinedType::Map(key, value) => self.list(plan.types.entry(*key, *value), &mut place),
            defined @ (DefinedType::Variant(_)
            | DefinedType::Enum(_)
            | DefinedType::Option(_)
            | DefinedType::Result { .. }) => self.case(ty, defined, place),
            DefinedType::Flags(names) => {
                let bits = self.bits(&mut place, plan.types.layout(ty).size)?;
                let set = names
                    .iter()
                    .enumerate()
                    .filter(|(index, _)| bits >> index & 1 == 1);
                self.between('{', '}', |shown| {
                    for (place, (_, name)) in set.enumerate() {
                        if shown.is_full() {
                            break;
                        }
                        if place > 0 {
                            shown.text.push_str(", ");
                        }
                        shown.name(name);
                    }
                    Ok(())
                })
            }
            DefinedType::Own(resource) | DefinedType::Borrow(resource) => {
                let handle = self.bits(&mut place, 4)? as u32;
                self.handle(*resource, handle)
            }
            DefinedType::Future(_) | DefinedType::Stream(_) => {
                let number = self.bits(&mut place, 4)?;
                self.push(number)
            }
        }
    }

    fn between(
        &mut self,
        open: char,
        close: char,
        tell: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        self.text.push(open);
        tell(self)?;
        self.text.push(close);
        Ok(())
    }

    fn list(&mut self, ty: ValueType, place: &mut Place<'_>) -> Result<()> {
        let (pointer, length) = self.pair(place)?;
        let shown = length.min(ELEMENTS_MAX);
        let types = (0..shown).map(|_| ("", ty));
        self.text.push('[');
        self.parts(types, &mut Place::Memory(pointer))?;
        self.text
            .push_str(if length > shown { ", ...]" } else { "]" });
        Ok(())
    }

    fn case(&mut self, ty: ValueType, defined: &DefinedType, mut place: Place<'_>) -> Result<()> {
        let plan = self.cx.plan;
        let bytes = discriminant_bytes(plan.types.cases(defined));
        let taken = match &place {
            Place::Registers(values) => values.taken(),
            Place::Memory(_) => 0,
        };
        let number = self.bits(&mut place, bytes.into())? as u32 as usize;
        let (name, payload) = match (defined, number) {
            (DefinedType::Variant(cases), _) => {
                let case = cases.get(number);
                let case = case.ok_or(CanonicalTrap::InvalidDiscriminant)?;
                (&*case.name, case.ty)
            }
            (DefinedType::Enum(names), _) => {
                let name = names.get(number);
                (&**name.ok_or(CanonicalTrap::InvalidDiscriminant)?, None)
            }
            (DefinedType::Option(_), 0) => ("none", None),
            (DefinedType::Option(ty), 1) => ("some", Some(*ty)),
            (DefinedType::Result { ok, .. }, 0) => ("ok", *ok),
            (DefinedType::Result { err, .. }, 1) => ("err", *err),
            _ => return Err(CanonicalTrap::InvalidDiscriminant.into()),
        };
        self.name(name);
        if let Some(payload) = payload {
            let offset = align_to(bytes.into(), plan.types.payload_align(defined));
            self.between('(', ')', |shown| shown.value(payload, place.at(offset)))?;
        }
        if let Place::Registers(values) = place {
            // Registers are those of the case with the most.
            let count = plan.types.layout(ty).flat.types().map_or(0, <[_]>::len);
            values.skip_to(taken + count);
        }
        Ok(())
    }

    fn primitive(&mut self, ty: ValueType, mut place: Place<'_>) -> Result<()> {
        if ty == ValueType::String {
            let (pointer, length) = self.pair(&mut place)?;
            return self.string(pointer, length);
        }
        let bits = self.bits(&mut place, self.cx.plan.types.layout(ty).size)?;
        match ty {
            ValueType::Bool => self.push(bits as u32 != 0),
            ValueType::S8 => self.push(bits as i8),
            ValueType::U8 => self.push(bits as u8),
            ValueType::S16 => self.push(bits as i16),
            ValueType::U16 => self.push(bits as u16),
            ValueType::S32 => self.push(bits as i32),
            ValueType::U32 | ValueType::ErrorContext => self.push(bits as u32),
            ValueType::S64 => self.push(bits as i64),
            ValueType::U64 => self.push(bits),
            ValueType::F32 => self.push(f32::from_bits(bits as u32)),
            ValueType::F64 => self.push(f64::from_bits(bits)),
            ValueType::Char => {
                let c = char::from_u32(bits as u32).ok_or(CanonicalTrap::InvalidChar)?;
                self.push(format_args!("'{}'", c.escape_debug()))
            }
            ValueType::String | ValueType::Defined(_) => unreachable!("these are no numbers"),
        }
    }

    fn push(&mut self, value: impl std::fmt::Display) -> Result<()> {
        Ok(write!(self.text, "{value}")?)
    }

    /// The number of what a handle stands for, as its resource's owner has it.
    fn handle(&mut self, resource: u32, handle: u32) -> Result<()> {
        let guest = self.cx.options.guest;
        let state = state(&mut self.cx.store);
        let resource = state.root(guest.root).resources[resource as usize];
        let number = state.guest(guest).handles.get(handle, resource)?;
        let number = number.representation;
        self.push(format_args!("#{number}"))
    }

    fn string(&mut self, pointer: u32, length: u32) -> Result<()> {
        let (wide, units) = match self.cx.options.encoding {
            Encoding::Utf8 => {
                let shown = length.min(STRING_BYTES_MAX);
                let bytes = self.cx.bytes(pointer, shown.into())?.to_vec();
                self.quoted(&bytes, length > shown);
                return Ok(());
            }
            Encoding::Utf16 => (true, length),
            Encoding::CompactUtf16 => (length & UTF16_TAG != 0, length & !UTF16_TAG),
        };
        let shown = units.min(STRING_BYTES_MAX);
        let bytes = self
            .cx
            .bytes(pointer, u64::from(shown) << u32::from(wide))?;
        let text: String = if wide {
            let (units, _) = bytes.as_chunks::<2>();
            let units = units.iter().map(|unit| u16::from_le_bytes(*unit));
            char::decode_utf16(units)
                .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        } else {
            bytes.iter().map(|byte| char::from(*byte)).collect()
        };
        self.quoted(text.as_bytes(), units > shown);
        Ok(())
    }

    /// Bytes as a literal: printable ones as they are, others escaped.
    fn quoted(&mut self, bytes: &[u8], cut: bool) {
        self.text.push('"');
        match std::str::from_utf8(bytes) {
            Ok(text) => self.text.extend(text.escape_debug()),
            // A letter that is cut in two is left out.
            Err(error) if cut && error.error_len().is_none() => {
                let whole = bytes[..error.valid_up_to()].utf8_chunks();
                whole.for_each(|chunk| self.text.extend(chunk.valid().escape_debug()));
            }
            Err(_) => self.text.push_str(&bytes.escape_ascii().to_string()),
        }
        self.text.push_str(if cut { "\"..." } else { "\"" });
    }

    fn name(&mut self, name: &str) {
        let end = name.floor_char_boundary(NAME_BYTES_MAX);
        self.text.push_str(&name[..end]);
        if end < name.len() {
            self.text.push_str("...");
        }
    }

    /// A number of so many bytes, or of one register.
    fn bits(&mut self, place: &mut Place<'_>, bytes: u64) -> Result<u64> {
        match place.again() {
            Place::Registers(values) => Ok(values.take()),
            Place::Memory(pointer) => {
                let mut little = [0; 8];
                little[..bytes as usize].copy_from_slice(self.cx.bytes(pointer, bytes)?);
                Ok(u64::from_le_bytes(little))
            }
        }
    }

    /// A pointer and a length.
    fn pair(&mut self, place: &mut Place<'_>) -> Result<(u32, u32)> {
        match place.again() {
            Place::Registers(values) => Ok((values.take() as u32, values.take() as u32)),
            Place::Memory(pointer) => {
                let both = u64::from_le_bytes(self.cx.read(pointer)?);
                Ok((both as u32, (both >> 32) as u32))
            }
        }
    }
}
