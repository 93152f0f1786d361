//! The types of an engine: equal types have one number, whichever module they come from.
//!
//! Types are equal when their rec groups are: a group is compared as a whole, with references inside it
//! relative and references out of it by canonical number. A type lives as long as somebody
//! holds a [`RegisteredType`] of its group; then its number may be given to another.

use std::{
    collections::HashMap,
    sync::{
        Arc, RwLock, Weak,
        atomic::{AtomicPtr, Ordering},
    },
};

use silica_contract::{abi::CallLayout, object::type_id, settings::Architecture};
use silica_module::{
    CompositeType, FieldType, FunctionType, HeapType, Module, RefType, StorageType, SubType,
    TypeKind, ValueType,
};

use crate::supertypes::SupertypeTables;

/// In a group's key, marks a reference to a type of the same group.
const WITHIN_GROUP: u32 = 1 << 31;

/// All types of an engine.
#[derive(Default)]
pub(crate) struct TypeRegistry {
    inner: RwLock<Inner>,
    /// The address of the table of supertypes that has all types.
    supertypes: AtomicPtr<u32>,
}

#[derive(Default)]
struct Inner {
    groups: HashMap<Arc<[SubType]>, Weak<Group>>,
    /// By canonical id ([`position`]): the group, and the place in it.
    by_id: Vec<Option<(Weak<Group>, u32)>>,
    free: Vec<u32>,
    supertypes: SupertypeTables,
}

/// Where a canonical id stands in a list with one entry for each; beyond its end if it is not of a declared type.
fn position(id: u32) -> usize {
    match id.checked_sub(type_id::FIRST) {
        Some(above) if above.is_multiple_of(type_id::STEP) => (above / type_id::STEP) as usize,
        Some(_) | None => usize::MAX,
    }
}

/// A rec group that somebody uses.
struct Group {
    registry: Weak<TypeRegistry>,
    key: Arc<[SubType]>,
    members: Box<[Member]>,
    /// Groups that this one refers to, kept alive.
    dependencies: Vec<Arc<Group>>,
}

struct Member {
    id: u32,
    /// With canonical ids as references.
    ty: SubType,
    /// The declared supertype's canonical id and those of its supertypes.
    supertypes: Box<[u32]>,
    layout: Option<CallLayout>,
}

/// A type of an engine, kept alive.
#[derive(Clone)]
pub struct RegisteredType {
    group: Arc<Group>,
    member: u32,
}

impl RegisteredType {
    #[inline]
    fn entry(&self) -> &Member {
        &self.group.members[self.member as usize]
    }

    /// Its canonical number.
    #[inline]
    #[must_use]
    pub fn id(&self) -> u32 {
        self.entry().id
    }

    /// What it is, with canonical ids as references.
    #[must_use]
    pub fn sub_type(&self) -> &SubType {
        &self.entry().ty
    }

    /// The function type that it is, with canonical ids as references.
    ///
    /// # Panics
    /// If it is no function type.
    #[inline]
    #[must_use]
    pub fn function(&self) -> &FunctionType {
        match &self.entry().ty.composite {
            CompositeType::Function(ty) => ty,
            CompositeType::Struct(_) | CompositeType::Array(_) | CompositeType::Continuation(_) => {
                panic!("the type is no function type")
            }
        }
    }

    /// The type behind a canonical id that this type mentions: of a parameter, a field, a supertype, itself.
    #[must_use]
    pub fn mentioned(&self, id: u32) -> Option<RegisteredType> {
        let groups = std::iter::once(&self.group).chain(&self.group.dependencies);
        groups.into_iter().find_map(|group| {
            let member = group.members.iter().position(|member| member.id == id)?;
            Some(RegisteredType {
                group: Arc::clone(group),
                member: member as u32,
            })
        })
    }

    /// Its declared supertype.
    #[must_use]
    pub fn supertype(&self) -> Option<RegisteredType> {
        self.mentioned(self.sub_type().supertype?)
    }

    pub(crate) fn is_of(&self, registry: &Arc<TypeRegistry>) -> bool {
        std::ptr::eq(self.group.registry.as_ptr(), Arc::as_ptr(registry))
    }

    /// Whether it is a function type.
    pub(crate) fn is_function(&self) -> bool {
        self.entry().layout.is_some()
    }

    /// How a call of a function of this type passes its values.
    #[inline]
    pub(crate) fn layout(&self) -> &CallLayout {
        self.entry()
            .layout
            .as_ref()
            .expect("function types have a call layout")
    }

    /// Whether a value of this type can be used where `other` is needed.
    #[must_use]
    pub fn is_subtype_of(&self, other: &RegisteredType) -> bool {
        self.is_subtype_of_id(other.id())
    }

    pub(crate) fn is_subtype_of_id(&self, other: u32) -> bool {
        self.id() == other || self.entry().supertypes.contains(&other)
    }
}

impl PartialEq for RegisteredType {
    fn eq(&self, other: &RegisteredType) -> bool {
        Arc::ptr_eq(&self.group, &other.group) && self.member == other.member
    }
}

impl Eq for RegisteredType {}

impl std::hash::Hash for RegisteredType {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (Arc::as_ptr(&self.group) as usize, self.member).hash(state);
    }
}

impl std::fmt::Debug for RegisteredType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RegisteredType")
            .field(&self.id())
            .field(self.sub_type())
            .finish()
    }
}

impl TypeRegistry {
    /// Registers all types of a module; the result has one entry for each.
    pub(crate) fn register_module(
        self: &Arc<TypeRegistry>,
        module: &Module,
    ) -> Box<[RegisteredType]> {
        let mut types: Vec<RegisteredType> = Vec::with_capacity(module.types.len());
        for group in &module.rec_groups {
            let range = group.first as usize..group.first as usize + group.count as usize;
            let key: Arc<[SubType]> = module.types[range]
                .iter()
                .map(|ty| {
                    map_sub_type(ty, &|index| match index.checked_sub(group.first) {
                        Some(within) if within < group.count => WITHIN_GROUP | within,
                        Some(_) | None => types[index as usize].id(),
                    })
                })
                .collect();
            let registered = self.register(key);
            types.extend((0..group.count).map(|member| RegisteredType {
                group: Arc::clone(&registered),
                member,
            }));
        }
        types.into()
    }

    /// Registers a group of one type that does not refer to itself.
    pub(crate) fn register_one(self: &Arc<TypeRegistry>, ty: SubType) -> RegisteredType {
        let group = self.register(Arc::new([ty]));
        RegisteredType { group, member: 0 }
    }

    /// The type with this canonical id, if it is alive.
    pub(crate) fn get(&self, id: u32) -> Option<RegisteredType> {
        let inner = self
            .inner
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let (group, member) = inner.by_id.get(position(id))?.as_ref()?;
        let group = group.upgrade()?;
        Some(RegisteredType {
            group,
            member: *member,
        })
    }

    /// The address of the table of supertypes, with all types that are registered now; valid as long as the registry.
    pub(crate) fn supertypes(&self) -> *const u32 {
        self.supertypes.load(Ordering::Acquire)
    }

    /// The type that a value's type mentions, to be kept alive by who keeps the value's type.
    pub(crate) fn mentioned(&self, ty: ValueType) -> Option<RegisteredType> {
        match ty {
            ValueType::Ref(RefType {
                heap: HeapType::Concrete { index, .. },
                ..
            }) => self.get(index),
            ValueType::I32
            | ValueType::I64
            | ValueType::F32
            | ValueType::F64
            | ValueType::V128
            | ValueType::Ref(_) => None,
        }
    }

    fn register(self: &Arc<TypeRegistry>, key: Arc<[SubType]>) -> Arc<Group> {
        // Held over the search and the insertion, so that a group never gets two numbers at a time.
        let mut inner = self
            .inner
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(group) = inner.groups.get(&key).and_then(Weak::upgrade) {
            return group;
        }
        let ids: Vec<u32> = key.iter().map(|_| inner.take_id()).collect();
        let dependencies = inner.dependencies(&key);
        let mut members: Vec<Member> = Vec::with_capacity(key.len());
        for (ty, id) in key.iter().zip(&ids) {
            let member = inner.member(ty, *id, &ids, &members);
            inner.note_supertypes(&member);
            members.push(member);
        }
        // Before anybody has the group: who makes something of its types finds them in the table.
        let supertypes = inner.supertypes.address();
        self.supertypes.store(supertypes, Ordering::Release);
        let group = Arc::new(Group {
            registry: Arc::downgrade(self),
            key: Arc::clone(&key),
            members: members.into(),
            dependencies,
        });
        for (member, id) in ids.iter().enumerate() {
            inner.by_id[position(*id)] = Some((Arc::downgrade(&group), member as u32));
        }
        inner.groups.insert(key, Arc::downgrade(&group));
        group
    }
}

impl Inner {
    fn take_id(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            let place = u32::try_from(self.by_id.len()).ok();
            let id = place.and_then(|place| place.checked_mul(type_id::STEP));
            let id = id.and_then(|id| id.checked_add(type_id::FIRST));
            let id = id.filter(|id| *id < WITHIN_GROUP);
            self.by_id.push(None);
            id.expect("so many types do not fit in memory")
        })
    }

    /// The groups outside that `key` refers to.
    fn dependencies(&self, key: &[SubType]) -> Vec<Arc<Group>> {
        let mut found: Vec<Arc<Group>> = Vec::new();
        let mut visit = |index: u32| {
            if index & WITHIN_GROUP == 0
                && let Some(Some((group, _))) = self.by_id.get(position(index))
                && let Some(group) = group.upgrade()
                && !found.iter().any(|g| Arc::ptr_eq(g, &group))
            {
                found.push(group);
            }
        };
        for ty in key {
            visit_references(ty, &mut visit);
        }
        found
    }

    /// A type of a group with these ids, of which `before` were made already.
    fn member(&self, in_key: &SubType, id: u32, ids: &[u32], before: &[Member]) -> Member {
        let canonical = |index: u32| {
            if index & WITHIN_GROUP == 0 {
                index
            } else {
                ids[(index & !WITHIN_GROUP) as usize]
            }
        };
        let ty = map_sub_type(in_key, &canonical);
        Member {
            id,
            supertypes: self.supertypes(in_key, before),
            layout: match &ty.composite {
                CompositeType::Function(function) => {
                    Some(CallLayout::new(Architecture::HOST, function))
                }
                CompositeType::Struct(_)
                | CompositeType::Array(_)
                | CompositeType::Continuation(_) => None,
            },
            ty,
        }
    }

    fn supertypes(&self, ty: &SubType, before: &[Member]) -> Box<[u32]> {
        let Some(parent) = ty.supertype else {
            return Box::new([]);
        };
        // A supertype comes before its subtypes, in the same group or in another.
        let above = if parent & WITHIN_GROUP != 0 {
            before
                .get((parent & !WITHIN_GROUP) as usize)
                .map(|member| (member.id, member.supertypes.clone()))
        } else {
            self.by_id.get(position(parent)).and_then(|entry| {
                let (group, member) = entry.as_ref()?;
                let group = group.upgrade()?;
                Some((parent, group.members[*member as usize].supertypes.clone()))
            })
        };
        let Some((parent, above)) = above else {
            return Box::new([]);
        };
        std::iter::once(parent).chain(above).collect()
    }

    /// Tells compiled code what is above a type.
    fn note_supertypes(&mut self, member: &Member) {
        let kind = match &member.ty.composite {
            CompositeType::Function(_) => type_id::FUNCTION,
            CompositeType::Struct(_) => type_id::STRUCT,
            CompositeType::Array(_) => type_id::ARRAY,
            CompositeType::Continuation(_) => type_id::CONTINUATION,
        };
        let declared = member.supertypes.iter().rev().copied();
        let from_top = std::iter::once(kind).chain(declared).chain([member.id]);
        self.supertypes.set(member.id, from_top);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.forget();
        // Chains of groups can be as long as a module: they are dropped in a loop, not by recursion.
        let mut pending = std::mem::take(&mut self.dependencies);
        while let Some(group) = pending.pop() {
            if let Some(mut group) = Arc::into_inner(group) {
                pending.append(&mut group.dependencies);
            }
        }
    }
}

impl Group {
    fn forget(&self) {
        let Some(registry) = self.registry.upgrade() else {
            return;
        };
        let mut inner = registry
            .inner
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        // Another group with this key may have been registered after the last handle to this one was gone.
        if inner
            .groups
            .get(&self.key)
            .is_some_and(|group| group.strong_count() == 0)
        {
            inner.groups.remove(&self.key);
        }
        for member in &self.members {
            inner.by_id[position(member.id)] = None;
            inner.free.push(member.id);
        }
    }
}

/// A type with every reference to a type replaced.
fn map_sub_type(ty: &SubType, map: &dyn Fn(u32) -> u32) -> SubType {
    let value = |ty: &ValueType| map_value_type(*ty, map);
    let field = |field: &FieldType| FieldType {
        mutable: field.mutable,
        storage: match field.storage {
            StorageType::I8 => StorageType::I8,
            StorageType::I16 => StorageType::I16,
            StorageType::Value(ty) => StorageType::Value(value(&ty)),
        },
    };
    SubType {
        is_final: ty.is_final,
        supertype: ty.supertype.map(map),
        descriptor: ty.descriptor.map(map),
        describes: ty.describes.map(map),
        composite: match &ty.composite {
            CompositeType::Function(ty) => CompositeType::Function(FunctionType {
                params: ty.params.iter().map(value).collect(),
                results: ty.results.iter().map(value).collect(),
            }),
            CompositeType::Struct(ty) => CompositeType::Struct(silica_module::StructType {
                fields: ty.fields.iter().map(field).collect(),
            }),
            CompositeType::Array(ty) => CompositeType::Array(silica_module::ArrayType {
                element: field(&ty.element),
            }),
            CompositeType::Continuation(ty) => {
                CompositeType::Continuation(silica_module::ContinuationType {
                    function: map(ty.function),
                })
            }
        },
    }
}

/// A value type with the reference to a type, if any, replaced.
pub(crate) fn map_value_type(ty: ValueType, map: &dyn Fn(u32) -> u32) -> ValueType {
    match ty {
        ValueType::Ref(reference) => ValueType::Ref(map_ref_type(reference, map)),
        ValueType::I32 | ValueType::I64 | ValueType::F32 | ValueType::F64 | ValueType::V128 => ty,
    }
}

/// A reference type with the reference to a type, if any, replaced.
pub(crate) fn map_ref_type(ty: RefType, map: &dyn Fn(u32) -> u32) -> RefType {
    let heap = match ty.heap {
        HeapType::Concrete { index, kind, exact } => HeapType::Concrete {
            index: map(index),
            kind,
            exact,
        },
        HeapType::Func
        | HeapType::NoFunc
        | HeapType::Extern
        | HeapType::NoExtern
        | HeapType::Any
        | HeapType::Eq
        | HeapType::I31
        | HeapType::Struct
        | HeapType::Array
        | HeapType::None
        | HeapType::Exn
        | HeapType::NoExn
        | HeapType::Cont
        | HeapType::NoCont => ty.heap,
    };
    RefType { heap, ..ty }
}

fn visit_references(ty: &SubType, visit: &mut dyn FnMut(u32)) {
    let seen = std::cell::RefCell::new(Vec::new());
    let _ = map_sub_type(ty, &|index| {
        seen.borrow_mut().push(index);
        index
    });
    seen.into_inner().into_iter().for_each(visit);
}

/// Whether a reference of type `sub` can be used where `sup` is needed. Concrete types are canonical ids.
pub(crate) fn is_ref_subtype(registry: &TypeRegistry, sub: RefType, sup: RefType) -> bool {
    (sup.nullable || !sub.nullable) && is_heap_subtype(registry, sub.heap, sup.heap)
}

/// Whether a value of type `sub` can be used where `sup` is needed. Concrete types are canonical ids.
pub(crate) fn is_value_subtype(registry: &TypeRegistry, sub: ValueType, sup: ValueType) -> bool {
    match (sub, sup) {
        (ValueType::Ref(sub), ValueType::Ref(sup)) => is_ref_subtype(registry, sub, sup),
        (sub, sup) => sub == sup,
    }
}

/// Whether a type made of `sub` can declare one made of `sup` as its supertype. Concrete types are canonical ids.
pub(crate) fn is_composite_subtype(
    registry: &TypeRegistry,
    sub: &CompositeType,
    sup: &CompositeType,
) -> bool {
    match (sub, sup) {
        (CompositeType::Function(sub), CompositeType::Function(sup)) => {
            let all = |sub: &[ValueType], sup: &[ValueType]| {
                sub.len() == sup.len()
                    && std::iter::zip(sub, sup).all(|(a, b)| is_value_subtype(registry, *a, *b))
            };
            all(&sup.params, &sub.params) && all(&sub.results, &sup.results)
        }
        (CompositeType::Struct(sub), CompositeType::Struct(sup)) => {
            sub.fields.len() >= sup.fields.len()
                && std::iter::zip(&sub.fields, &sup.fields)
                    .all(|(a, b)| is_field_subtype(registry, a, b))
        }
        (CompositeType::Array(sub), CompositeType::Array(sup)) => {
            is_field_subtype(registry, &sub.element, &sup.element)
        }
        (CompositeType::Continuation(sub), CompositeType::Continuation(sup)) => {
            is_declared_subtype(registry, sub.function, sup.function)
        }
        (
            CompositeType::Function(_)
            | CompositeType::Struct(_)
            | CompositeType::Array(_)
            | CompositeType::Continuation(_),
            _,
        ) => false,
    }
}

/// What is written must be what is read: a mutable field has exactly one type.
fn is_field_subtype(registry: &TypeRegistry, sub: &FieldType, sup: &FieldType) -> bool {
    if sub.mutable || sup.mutable {
        return sub == sup;
    }
    match (sub.storage, sup.storage) {
        (StorageType::Value(sub), StorageType::Value(sup)) => is_value_subtype(registry, sub, sup),
        (sub, sup) => sub == sup,
    }
}

fn is_heap_subtype(registry: &TypeRegistry, sub: HeapType, sup: HeapType) -> bool {
    if sub == sup {
        return true;
    }
    match sub {
        HeapType::Concrete {
            index: id,
            kind,
            exact,
        } => match sup {
            HeapType::Concrete {
                index: other,
                exact: true,
                ..
            } => exact && id == other,
            HeapType::Concrete { index: other, .. } => is_declared_subtype(registry, id, other),
            abstract_type => is_heap_subtype(registry, abstract_of(kind), abstract_type),
        },
        HeapType::NoFunc => family(sup) == HeapType::Func,
        HeapType::NoExtern => family(sup) == HeapType::Extern,
        HeapType::NoExn => family(sup) == HeapType::Exn,
        HeapType::NoCont => family(sup) == HeapType::Cont,
        HeapType::None => family(sup) == HeapType::Any,
        HeapType::I31 | HeapType::Struct | HeapType::Array => {
            matches!(sup, HeapType::Eq | HeapType::Any)
        }
        HeapType::Eq => sup == HeapType::Any,
        HeapType::Func | HeapType::Extern | HeapType::Any | HeapType::Exn | HeapType::Cont => false,
    }
}

/// Whether the type with the canonical id `sub` is the one with `sup`, or declares it above itself.
fn is_declared_subtype(registry: &TypeRegistry, sub: u32, sup: u32) -> bool {
    registry.get(sub).is_some_and(|ty| ty.is_subtype_of_id(sup))
}

/// The abstract type of all types of a kind.
fn abstract_of(kind: TypeKind) -> HeapType {
    match kind {
        TypeKind::Function => HeapType::Func,
        TypeKind::Struct => HeapType::Struct,
        TypeKind::Array => HeapType::Array,
        TypeKind::Continuation => HeapType::Cont,
    }
}

/// The heap type of the objects and functions whose own type has this canonical id, if the type is alive.
pub(crate) fn heap_type_of(registry: &TypeRegistry, id: u32) -> Option<HeapType> {
    let ty = registry.get(id)?;
    Some(HeapType::Concrete {
        index: id,
        kind: ty.sub_type().composite.kind(),
        exact: true,
    })
}

/// The top of the hierarchy that a heap type is in.
fn family(ty: HeapType) -> HeapType {
    match ty {
        HeapType::Func | HeapType::NoFunc => HeapType::Func,
        HeapType::Extern | HeapType::NoExtern => HeapType::Extern,
        HeapType::Exn | HeapType::NoExn => HeapType::Exn,
        HeapType::Cont | HeapType::NoCont => HeapType::Cont,
        HeapType::Any
        | HeapType::Eq
        | HeapType::I31
        | HeapType::Struct
        | HeapType::Array
        | HeapType::None => HeapType::Any,
        HeapType::Concrete { kind, .. } => family(abstract_of(kind)),
    }
}

#[cfg(test)]
mod tests {
    use silica_module::RecGroup;

    use super::*;

    fn function(params: &[ValueType]) -> SubType {
        SubType::from(CompositeType::Function(FunctionType {
            params: params.into(),
            results: Box::new([]),
        }))
    }

    fn reference(index: u32) -> ValueType {
        ValueType::Ref(RefType {
            nullable: true,
            heap: HeapType::Concrete {
                index,
                kind: TypeKind::Function,
                exact: false,
            },
        })
    }

    fn module(types: Vec<SubType>, groups: &[(u32, u32)]) -> Module {
        Module {
            types,
            rec_groups: groups
                .iter()
                .map(|(first, count)| RecGroup {
                    first: *first,
                    count: *count,
                })
                .collect(),
            ..Module::default()
        }
    }

    #[test]
    fn equal_types_of_two_modules_are_one() {
        let registry = Arc::new(TypeRegistry::default());
        let a = registry.register_module(&module(
            vec![function(&[ValueType::I32]), function(&[reference(0)])],
            &[(0, 1), (1, 1)],
        ));
        let b = registry.register_module(&module(
            vec![
                function(&[ValueType::I64]),
                function(&[ValueType::I32]),
                function(&[reference(1)]),
            ],
            &[(0, 1), (1, 1), (2, 1)],
        ));
        assert_eq!(a[0], b[1]);
        assert_eq!(a[1].id(), b[2].id());
        assert_ne!(a[0].id(), b[0].id());
    }

    #[test]
    fn mentioned_types_are_found() {
        let registry = Arc::new(TypeRegistry::default());
        let sub = SubType {
            is_final: true,
            supertype: Some(0),
            ..function(&[reference(1)])
        };
        let open = SubType {
            is_final: false,
            ..function(&[reference(1)])
        };
        let types = vec![open, function(&[]), sub];
        let all = registry.register_module(&module(types, &[(0, 2), (2, 1)]));
        let (first, second, third) = (all[0].clone(), all[1].clone(), all[2].clone());
        drop(all);
        assert_eq!(third.supertype(), Some(first.clone()));
        assert_eq!(third.mentioned(second.id()), Some(second.clone()));
        assert_eq!(first.mentioned(third.id()), None);
        assert!(third.is_subtype_of(&first) && !first.is_subtype_of(&third));
    }

    #[test]
    fn a_recursive_type_is_not_its_unrolling() {
        let registry = Arc::new(TypeRegistry::default());
        let a = registry.register_module(&module(vec![function(&[reference(0)])], &[(0, 1)]));
        let b = registry.register_module(&module(
            vec![function(&[reference(1)]), function(&[reference(0)])],
            &[(0, 2)],
        ));
        assert_ne!(a[0].id(), b[0].id());
    }

    #[test]
    fn types_go_when_nobody_uses_them() {
        let registry = Arc::new(TypeRegistry::default());
        let ty = registry.register_one(function(&[]));
        let id = ty.id();
        drop(ty);
        assert!(registry.get(id).is_none());
        assert!(registry.inner.read().unwrap().groups.is_empty());
        assert_eq!(registry.register_one(function(&[ValueType::F32])).id(), id);
    }

    /// Regression class: dropping deeply nested types overflowed the stack.
    #[test]
    fn long_chains_of_types_are_dropped_without_recursion() {
        let registry = Arc::new(TypeRegistry::default());
        let count = 100_000;
        let types = (0..count)
            .map(|i| {
                if i == 0 {
                    function(&[])
                } else {
                    function(&[reference(i - 1)])
                }
            })
            .collect();
        let groups: Vec<_> = (0..count).map(|i| (i, 1)).collect();
        let registered = registry.register_module(&module(types, &groups));
        let last = registered.last().unwrap().clone();
        drop(registered);
        drop(last);
        assert!(registry.inner.read().unwrap().groups.is_empty());
    }

    /// Regression class: the supertypes of a type whose supertype is of the same group.
    #[test]
    fn supertypes_within_a_group_are_known() {
        let registry = Arc::new(TypeRegistry::default());
        let below = |index| SubType {
            is_final: false,
            supertype: Some(index),
            ..function(&[])
        };
        let root = SubType {
            is_final: false,
            ..function(&[])
        };
        let types = vec![root, below(0), below(1)];
        let types = registry.register_module(&module(types, &[(0, 3)]));
        assert!(types[2].is_subtype_of(&types[1]) && types[2].is_subtype_of(&types[0]));
        assert!(!types[0].is_subtype_of(&types[2]));
    }

    /// Regression class: a race in the registry gave one type two numbers.
    #[test]
    fn threads_agree_on_numbers() {
        let registry = Arc::new(TypeRegistry::default());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for round in 0..2_000 {
                        let ty = function(if round % 2 == 0 {
                            &[ValueType::I32]
                        } else {
                            &[ValueType::I64]
                        });
                        let a = registry.register_one(ty.clone());
                        let b = registry.register_one(ty);
                        assert_eq!(a.id(), b.id());
                        assert_eq!(registry.get(a.id()), Some(b));
                    }
                });
            }
        });
        assert!(registry.inner.read().unwrap().groups.is_empty());
    }
}
