//! The types of an engine: equal types have one number, whichever module they come from.
//!
//! Types are equal when their rec groups are: a group is compared as a whole, with references inside it
//! relative and references out of it by canonical number. A type lives as long as somebody
//! holds a [`RegisteredType`] of its group; then its number may be given to another.

use std::{
    collections::HashMap,
    sync::{Arc, RwLock, Weak},
};

use silica_contract::{abi::CallLayout, settings::Architecture};
use silica_module::{
    CompositeType, FieldType, FunctionType, HeapType, Module, RefType, StorageType, SubType,
    ValueType,
};

/// In a group's key, marks a reference to a type of the same group.
const WITHIN_GROUP: u32 = 1 << 31;

/// All types of an engine.
#[derive(Default)]
pub(crate) struct TypeRegistry {
    inner: RwLock<Inner>,
}

#[derive(Default)]
struct Inner {
    groups: HashMap<Arc<[SubType]>, Weak<Group>>,
    /// By canonical id: the group, and the place in it.
    by_id: Vec<Option<(Weak<Group>, u32)>>,
    free: Vec<u32>,
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
    fn entry(&self) -> &Member {
        &self.group.members[self.member as usize]
    }

    /// Its canonical number.
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
    #[must_use]
    pub fn function(&self) -> &FunctionType {
        match &self.entry().ty.composite {
            CompositeType::Function(ty) => ty,
            CompositeType::Struct(_) | CompositeType::Array(_) => {
                panic!("the type is no function type")
            }
        }
    }

    /// How a call of a function of this type passes its values.
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
        let (group, member) = inner.by_id.get(id as usize)?.as_ref()?;
        let group = group.upgrade()?;
        Some(RegisteredType {
            group,
            member: *member,
        })
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
        let members = key
            .iter()
            .zip(&ids)
            .map(|(ty, id)| inner.member(ty, *id, &ids))
            .collect();
        let group = Arc::new(Group {
            registry: Arc::downgrade(self),
            key: Arc::clone(&key),
            members,
            dependencies,
        });
        for (member, id) in ids.iter().enumerate() {
            inner.by_id[*id as usize] = Some((Arc::downgrade(&group), member as u32));
        }
        inner.groups.insert(key, Arc::downgrade(&group));
        group
    }
}

impl Inner {
    fn take_id(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.by_id.push(None);
            (self.by_id.len() - 1) as u32
        })
    }

    /// The groups outside that `key` refers to.
    fn dependencies(&self, key: &[SubType]) -> Vec<Arc<Group>> {
        let mut found: Vec<Arc<Group>> = Vec::new();
        let mut visit = |index: u32| {
            if index & WITHIN_GROUP == 0
                && let Some(Some((group, _))) = self.by_id.get(index as usize)
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

    fn member(&self, ty: &SubType, id: u32, ids: &[u32]) -> Member {
        let canonical = |index: u32| {
            if index & WITHIN_GROUP == 0 {
                index
            } else {
                ids[(index & !WITHIN_GROUP) as usize]
            }
        };
        let ty = map_sub_type(ty, &canonical);
        Member {
            id,
            supertypes: self.supertypes(&ty),
            layout: match &ty.composite {
                CompositeType::Function(function) => {
                    Some(CallLayout::new(Architecture::HOST, function))
                }
                CompositeType::Struct(_) | CompositeType::Array(_) => None,
            },
            ty,
        }
    }

    fn supertypes(&self, ty: &SubType) -> Box<[u32]> {
        let Some(parent) = ty.supertype else {
            return Box::new([]);
        };
        let above = self.by_id.get(parent as usize).and_then(Option::as_ref);
        let above = above.and_then(|(group, member)| Some((group.upgrade()?, *member)));
        let above = above.map(|(group, member)| group.members[member as usize].supertypes.clone());
        std::iter::once(parent)
            .chain(above.into_iter().flatten())
            .collect()
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
            inner.by_id[member.id as usize] = None;
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
        },
    }
}

/// A value type with the reference to a type, if any, replaced.
pub(crate) fn map_value_type(ty: ValueType, map: &dyn Fn(u32) -> u32) -> ValueType {
    match ty {
        ValueType::Ref(RefType {
            nullable,
            heap: HeapType::Concrete(index),
        }) => ValueType::Ref(RefType {
            nullable,
            heap: HeapType::Concrete(map(index)),
        }),
        ValueType::I32
        | ValueType::I64
        | ValueType::F32
        | ValueType::F64
        | ValueType::V128
        | ValueType::Ref(_) => ty,
    }
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

fn is_heap_subtype(registry: &TypeRegistry, sub: HeapType, sup: HeapType) -> bool {
    if sub == sup {
        return true;
    }
    match sub {
        HeapType::Concrete(id) => match sup {
            HeapType::Concrete(other) => registry
                .get(id)
                .is_some_and(|ty| ty.is_subtype_of_id(other)),
            abstract_type => is_heap_subtype(registry, kind_of(registry, id), abstract_type),
        },
        HeapType::NoFunc => family(registry, sup) == HeapType::Func,
        HeapType::NoExtern => family(registry, sup) == HeapType::Extern,
        HeapType::NoExn => family(registry, sup) == HeapType::Exn,
        HeapType::None => family(registry, sup) == HeapType::Any,
        HeapType::I31 | HeapType::Struct | HeapType::Array => {
            matches!(sup, HeapType::Eq | HeapType::Any)
        }
        HeapType::Eq => sup == HeapType::Any,
        HeapType::Func | HeapType::Extern | HeapType::Any | HeapType::Exn => false,
    }
}

fn kind_of(registry: &TypeRegistry, id: u32) -> HeapType {
    match registry.get(id).map(|ty| ty.sub_type().composite.clone()) {
        Some(CompositeType::Function(_)) | None => HeapType::Func,
        Some(CompositeType::Struct(_)) => HeapType::Struct,
        Some(CompositeType::Array(_)) => HeapType::Array,
    }
}

/// The top of the hierarchy that a heap type is in.
fn family(registry: &TypeRegistry, ty: HeapType) -> HeapType {
    match ty {
        HeapType::Func | HeapType::NoFunc => HeapType::Func,
        HeapType::Extern | HeapType::NoExtern => HeapType::Extern,
        HeapType::Exn | HeapType::NoExn => HeapType::Exn,
        HeapType::Any
        | HeapType::Eq
        | HeapType::I31
        | HeapType::Struct
        | HeapType::Array
        | HeapType::None => HeapType::Any,
        HeapType::Concrete(id) => family(registry, kind_of(registry, id)),
    }
}

#[cfg(test)]
mod tests {
    use silica_module::RecGroup;

    use super::*;

    fn function(params: &[ValueType]) -> SubType {
        SubType {
            is_final: true,
            supertype: None,
            composite: CompositeType::Function(FunctionType {
                params: params.into(),
                results: Box::new([]),
            }),
        }
    }

    fn reference(index: u32) -> ValueType {
        ValueType::Ref(RefType {
            nullable: true,
            heap: HeapType::Concrete(index),
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
