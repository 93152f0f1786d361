//! All types of a plan, each once: equal types have equal indices, so comparing them is comparing numbers.

use std::collections::HashMap;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};
use silica_module::{DecodeError, Limits};

use crate::layout::{self, Flat, FlatType, Layout};
use crate::limits::ComponentLimits;
use crate::types::{DefinedType, FunctionType, ValueType};

/// All types of a plan.
#[derive(Debug, Default)]
pub struct Types {
    defined: Vec<(DefinedType, Layout, u32)>,
    functions: Vec<FunctionType>,
    index: HashMap<DefinedType, u32>,
    function_index: HashMap<FunctionType, u32>,
}

/// Kept are the types alone: what else is known of them follows from them.
impl Serialize for Types {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let defined: Vec<&DefinedType> = self.defined.iter().map(|(ty, ..)| ty).collect();
        (defined, &self.functions).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Types {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Types, D::Error> {
        let (defined, functions) = Deserialize::deserialize(from)?;
        let types = Types::of(defined, functions);
        types.ok_or_else(|| D::Error::custom("types that are made of none"))
    }
}

impl Types {
    /// All types as they were, if each is made of earlier ones, and is there once.
    fn of(defined: Vec<DefinedType>, functions: Vec<FunctionType>) -> Option<Types> {
        let mut types = Types::default();
        let limits = ComponentLimits::default();
        for (index, ty) in defined.into_iter().enumerate() {
            let mut known = true;
            layout::for_each_part(&ty, |part| known &= types.has(part));
            known.then_some(())?;
            let place = types.intern(ty, &limits).ok()?;
            (place == ValueType::Defined(index as u32)).then_some(())?;
        }
        for (index, ty) in functions.into_iter().enumerate() {
            let mut parts = ty.params.iter().map(|param| param.ty).chain(ty.result);
            let known = parts.all(|part| types.has(part));
            (known && types.intern_function(ty) == index as u32).then_some(())?;
        }
        let has_entries = types.defined.iter().all(|(ty, ..)| match ty {
            DefinedType::Map(key, value) => {
                let pair = DefinedType::Tuple(Box::new([*key, *value]));
                types.index.contains_key(&pair)
            }
            _ => true,
        });
        has_entries.then_some(types)
    }

    /// Whether it is one of these types.
    pub(crate) fn has(&self, ty: ValueType) -> bool {
        match ty {
            ValueType::Defined(index) => (index as usize) < self.defined.len(),
            _ => true,
        }
    }

    /// Whether there is a function's type with this number.
    pub(crate) fn has_function(&self, index: u32) -> bool {
        (index as usize) < self.functions.len()
    }

    /// The resource types that handles are of.
    pub(crate) fn resources(&self) -> impl Iterator<Item = u32> {
        self.defined.iter().filter_map(|(ty, ..)| match ty {
            DefinedType::Own(resource) | DefinedType::Borrow(resource) => Some(*resource),
            _ => None,
        })
    }

    /// An entry.
    ///
    /// # Panics
    /// If `index` is not of these types.
    #[inline]
    #[must_use]
    pub fn defined(&self, index: u32) -> &DefinedType {
        &self.defined[index as usize].0
    }

    /// A function's type.
    ///
    /// # Panics
    /// If `index` is not of these types.
    #[inline]
    #[must_use]
    pub fn function(&self, index: u32) -> &FunctionType {
        &self.functions[index as usize]
    }

    /// How values of `ty` lie in a memory, and what they are in registers.
    ///
    /// # Panics
    /// If `ty` is not of these types.
    #[must_use]
    pub fn layout(&self, ty: ValueType) -> Layout {
        match ty {
            ValueType::Defined(index) => self.defined[index as usize].1,
            primitive => layout::of_primitive(primitive),
        }
    }

    fn depth(&self, ty: ValueType) -> u32 {
        match ty {
            ValueType::Defined(index) => self.defined[index as usize].2,
            _ => 0,
        }
    }

    /// The index of `ty`, which is added unless it is there.
    pub(crate) fn intern(
        &mut self,
        ty: DefinedType,
        limits: &ComponentLimits,
    ) -> Result<ValueType, DecodeError> {
        if let Some(&index) = self.index.get(&ty) {
            return Ok(ValueType::Defined(index));
        }
        let mut depth = 0;
        layout::for_each_part(&ty, |part| depth = depth.max(self.depth(part)));
        let depth = depth + 1;
        Limits::check(
            "depth of a value's type",
            depth.into(),
            limits.type_depth,
            0,
        )?;
        let layout = layout::of_defined(&ty, &|part| self.layout(part));
        Limits::check("bytes of a value", layout.size, MOST_BYTES, 0)?;
        let index = self.defined.len() as u32;
        self.defined.push((ty.clone(), layout, depth));
        self.index.insert(ty, index);
        Ok(ValueType::Defined(index))
    }

    /// The index of a function's type, which is added unless it is there.
    pub(crate) fn intern_function(&mut self, ty: FunctionType) -> u32 {
        if let Some(&index) = self.function_index.get(&ty) {
            return index;
        }
        let index = self.functions.len() as u32;
        self.functions.push(ty.clone());
        self.function_index.insert(ty, index);
        index
    }

    /// Adds the list of pairs that each map is in a memory.
    pub(crate) fn entries_of_map(
        &mut self,
        key: ValueType,
        value: ValueType,
        limits: &ComponentLimits,
    ) -> Result<ValueType, DecodeError> {
        self.intern(DefinedType::Tuple(Box::new([key, value])), limits)
    }

    /// The pair that an entry of a map is in a memory.
    ///
    /// # Panics
    /// If no map of these types has such entries.
    #[must_use]
    pub fn entry(&self, key: ValueType, value: ValueType) -> ValueType {
        let pair = DefinedType::Tuple(Box::new([key, value]));
        ValueType::Defined(self.index[&pair])
    }
}

/// The specification's `MAX_VALUE_SIZE` is smaller than what addresses could reach, and so is this.
const MOST_BYTES: u64 = 1 << 28;

/// What a function is as a core function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Parameters.
    pub params: Vec<FlatType>,
    /// Results.
    pub results: Vec<FlatType>,
    /// Whether parameters are one pointer to a memory that has them.
    pub params_in_memory: bool,
    /// Whether the result is in a memory: a lifted function returns a pointer to it, a lowered one takes one.
    pub result_in_memory: bool,
}

impl Types {
    /// How the parameters of a function lie in a memory, which is as a tuple does.
    #[must_use]
    pub fn parameters_layout(&self, ty: &FunctionType) -> Layout {
        layout::of_sequence(ty.params.iter().map(|param| param.ty), &|part| {
            self.layout(part)
        })
    }

    /// The types that one is directly made of, in order.
    #[must_use]
    pub fn parts(&self, ty: &DefinedType) -> Vec<ValueType> {
        let mut parts = Vec::new();
        layout::for_each_part(ty, |part| parts.push(part));
        parts
    }

    /// How many cases a type has: 0 if it is not one of cases.
    #[must_use]
    pub fn cases(&self, ty: &DefinedType) -> usize {
        match ty {
            DefinedType::Variant(cases) => cases.len(),
            DefinedType::Enum(names) => names.len(),
            DefinedType::Option(_) | DefinedType::Result { .. } => 2,
            _ => 0,
        }
    }

    /// To what the payloads of a type's cases are aligned in memory.
    #[must_use]
    pub fn payload_align(&self, ty: &DefinedType) -> u32 {
        let mut align = 1;
        layout::for_each_part(ty, |part| align = align.max(self.layout(part).align));
        align
    }

    fn signature(&self, ty: &FunctionType) -> Signature {
        let parameters = self.parameters_layout(ty).flat;
        let (params, params_in_memory) = match parameters.types() {
            Some(types) => (types.to_vec(), false),
            None => (vec![FlatType::I32], true),
        };
        let result = ty.result.map(|ty| self.layout(ty).flat);
        let (results, result_in_memory) = match result.as_ref().map(Flat::types) {
            None => (Vec::new(), false),
            Some(Some(types)) if types.len() <= 1 => (types.to_vec(), false),
            Some(_) => (vec![FlatType::I32], true),
        };
        Signature {
            params,
            results,
            params_in_memory,
            result_in_memory,
        }
    }

    /// What a core function must be to be lifted to `ty`.
    #[must_use]
    pub fn lifted_signature(&self, ty: &FunctionType) -> Signature {
        self.signature(ty)
    }

    /// What `ty` is when it is lowered.
    #[must_use]
    pub fn lowered_signature(&self, ty: &FunctionType) -> Signature {
        let mut signature = self.signature(ty);
        if signature.result_in_memory {
            signature.params.append(&mut signature.results);
        }
        signature
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Case, Field};

    fn variant(types: &mut Types, payloads: &[Option<ValueType>]) -> ValueType {
        let cases = payloads.iter().enumerate().map(|(index, &ty)| Case {
            name: format!("c{index}").into(),
            ty,
        });
        let ty = DefinedType::Variant(cases.collect());
        types.intern(ty, &ComponentLimits::default()).unwrap()
    }

    #[test]
    fn payloads_share_registers() {
        let mut types = Types::default();
        let ty = variant(
            &mut types,
            &[Some(ValueType::F32), Some(ValueType::U64), None],
        );
        let layout = types.layout(ty);
        assert_eq!((layout.size, layout.align), (16, 8));
        let flat = [FlatType::I32, FlatType::I64];
        assert_eq!(layout.flat.types(), Some(&flat[..]));
    }

    #[test]
    fn many_cases_have_wide_discriminants() {
        let mut types = Types::default();
        let ty = variant(&mut types, &vec![None; 257]);
        assert_eq!(types.layout(ty).size, 2);
        let ty = variant(&mut types, &vec![None; 256]);
        assert_eq!(types.layout(ty).size, 1);
    }

    #[test]
    fn what_is_too_much_for_registers_goes_through_a_memory() {
        let mut types = Types::default();
        let limits = ComponentLimits::default();
        for (count, in_memory) in [(8, false), (9, true)] {
            let tuple = DefinedType::Tuple(vec![ValueType::String; count].into());
            let ty = types.intern(tuple, &limits).unwrap();
            let function = FunctionType {
                params: Box::new([Field {
                    name: "p".into(),
                    ty,
                }]),
                result: Some(ValueType::U8),
                is_async: false,
            };
            let signature = types.lowered_signature(&function);
            assert_eq!(signature.params_in_memory, in_memory);
            assert_eq!(signature.params.len(), if in_memory { 1 } else { 16 });
        }
    }
}
