//! What the collector has to know of each type: how long an object is, and where in it references are.

use silica_contract::object::{ArrayLayout, StructLayout, type_id};
use silica_module::{CompositeType, StorageType, ValueType};
use silica_operator::MachineType;

use super::owner::Damaged;
use crate::types::{RegisteredType, TypeRegistry};

/// What an object of a type is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Not yet looked up.
    Unknown,
    /// A struct, an exception or a value of the host: so many bytes, with references to objects at the offsets that [`Shapes::offset`] has for this range.
    Fixed { bytes: u32, offsets: (u32, u32) },
    /// A continuation, whose references are the store's business.
    Continuation,
    /// An array.
    Array { layout: ArrayLayout, objects: bool },
}

/// The shapes of the types whose objects a store has, or had. Keeps the types, so that their numbers stay theirs.
pub(super) struct Shapes {
    /// By canonical id.
    by_id: Vec<Shape>,
    /// Offsets of references, of all types.
    offsets: Vec<u32>,
    kept: Vec<RegisteredType>,
}

impl Shapes {
    pub(super) fn new() -> Shapes {
        let mut by_id = vec![Shape::Unknown; (type_id::FIRST / type_id::STEP) as usize];
        by_id[(type_id::HOST / type_id::STEP) as usize] = Shape::Fixed {
            bytes: silica_contract::object::HOST_BYTES,
            offsets: (0, 0),
        };
        by_id[(type_id::CONTINUATION / type_id::STEP) as usize] = Shape::Continuation;
        Shapes {
            by_id,
            offsets: Vec::new(),
            kept: Vec::new(),
        }
    }

    /// The shape of objects with this header.
    #[inline(always)]
    pub(super) fn get(&mut self, types: &TypeRegistry, header: u32) -> Result<Shape, Damaged> {
        if !header.is_multiple_of(type_id::STEP) {
            return Err(Damaged);
        }
        match self.by_id.get((header / type_id::STEP) as usize) {
            Some(Shape::Unknown) | None => self.look_up(types, header),
            Some(shape) => Ok(*shape),
        }
    }

    /// Where a reference is in an object of a shape that has this index among its offsets.
    #[inline(always)]
    pub(super) fn offset(&self, index: u32) -> u32 {
        self.offsets[index as usize]
    }

    #[cold]
    fn look_up(&mut self, types: &TypeRegistry, id: u32) -> Result<Shape, Damaged> {
        let ty = types.get(id).ok_or(Damaged)?;
        let is_object =
            |storage: StorageType| matches!(storage, StorageType::Value(value) if is_object(value));
        let shape = match &ty.sub_type().composite {
            CompositeType::Struct(ty) => {
                let layout = StructLayout::new(&ty.fields);
                self.fixed(
                    &layout,
                    ty.fields.iter().map(|field| is_object(field.storage)),
                )
            }
            CompositeType::Array(ty) => Shape::Array {
                layout: ArrayLayout::new(ty.element.storage),
                objects: is_object(ty.element.storage),
            },
            CompositeType::Function(ty) => {
                let layout = StructLayout::exception(&ty.params);
                let params = ty.params.iter();
                self.fixed(&layout, params.map(|ty| is_object(StorageType::Value(*ty))))
            }
            // No object has such a type as its header.
            CompositeType::Continuation(_) => return Err(Damaged),
        };
        let place = (id / type_id::STEP) as usize;
        if place >= self.by_id.len() {
            self.by_id.resize(place + 1, Shape::Unknown);
        }
        self.by_id[place] = shape;
        self.kept.push(ty);
        Ok(shape)
    }

    fn fixed(&mut self, layout: &StructLayout, objects: impl Iterator<Item = bool>) -> Shape {
        let start = self.offsets.len() as u32;
        let fields = layout.offsets.iter().zip(objects);
        self.offsets.extend(
            fields
                .filter(|(_, object)| *object)
                .map(|(offset, _)| *offset),
        );
        Shape::Fixed {
            bytes: layout.bytes,
            offsets: (start, self.offsets.len() as u32),
        }
    }
}

/// Whether values of a type are references to objects.
pub(crate) fn is_object(ty: ValueType) -> bool {
    ty.machine() == MachineType::Object
}
