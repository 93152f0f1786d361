//! WIT's types as Rust's.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Lifetime, Result};
use wit_parser::{Function, Handle, Type, TypeDefKind, TypeId, TypeOwner};

use super::generator::Generator;
use super::place::{Direction, Place};
use crate::options::here;

/// Whether a Rust type owns what it has.
#[derive(Clone)]
pub(super) enum Mode {
    Owned,
    /// Strings and lists are borrowed, for so long.
    Borrowed(Option<Lifetime>),
}

/// What a type has in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// Strings or lists.
    pub(super) lists: bool,
    /// Resources of the host's, which are not cloned.
    pub(super) resources: bool,
    /// Floating-point numbers, of which not all are equal to themselves.
    pub(super) floats: bool,
}

impl Contents {
    fn and(self, other: Contents) -> Contents {
        Contents {
            lists: self.lists | other.lists,
            resources: self.resources | other.resources,
            floats: self.floats | other.floats,
        }
    }
}

impl Generator<'_> {
    /// The type that an alias is of, in the end.
    pub(super) fn target(&self, mut id: TypeId) -> TypeId {
        while let TypeDefKind::Type(Type::Id(next)) = self.resolve.types[id].kind {
            id = next;
        }
        id
    }

    /// What a function gives, if that is a result.
    pub(super) fn result_of(&self, function: &Function) -> Option<(Option<Type>, Option<Type>)> {
        let Some(Type::Id(id)) = function.result else {
            return None;
        };
        match &self.resolve.types[self.target(id)].kind {
            TypeDefKind::Result(result) => Some((result.ok, result.err)),
            _ => None,
        }
    }

    /// What is in a type, as seen from `place`.
    pub(super) fn contents(&self, ty: &Type, place: Place) -> Contents {
        match ty {
            Type::String => Contents {
                lists: true,
                ..Contents::default()
            },
            Type::F32 | Type::F64 => Contents {
                floats: true,
                ..Contents::default()
            },
            Type::Id(id) => self.contents_of(*id, place),
            _ => Contents::default(),
        }
    }

    fn contents_of(&self, id: TypeId, place: Place) -> Contents {
        let all = |types: &mut dyn Iterator<Item = Type>| {
            types.fold(Contents::default(), |all, ty| {
                all.and(self.contents(&ty, place))
            })
        };
        match &self.resolve.types[id].kind {
            TypeDefKind::Record(record) => all(&mut record.fields.iter().map(|field| field.ty)),
            TypeDefKind::Variant(variant) => {
                all(&mut variant.cases.iter().filter_map(|case| case.ty))
            }
            TypeDefKind::Tuple(tuple) => all(&mut tuple.types.iter().copied()),
            TypeDefKind::Option(ty)
            | TypeDefKind::Type(ty)
            | TypeDefKind::FixedLengthList(ty, _) => self.contents(ty, place),
            TypeDefKind::Result(result) => all(&mut [result.ok, result.err].into_iter().flatten()),
            TypeDefKind::List(ty) => Contents {
                lists: true,
                ..self.contents(ty, place)
            },
            TypeDefKind::Map(key, value) => Contents {
                lists: true,
                ..all(&mut [*key, *value].into_iter())
            },
            TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)) => Contents {
                resources: !self.is_guests(*id, place),
                ..Contents::default()
            },
            TypeDefKind::Resource
            | TypeDefKind::Flags(_)
            | TypeDefKind::Enum(_)
            | TypeDefKind::Future(_)
            | TypeDefKind::Stream(_)
            | TypeDefKind::Unknown => Contents::default(),
        }
    }

    /// Whether a resource is of a type that the guest defines.
    pub(super) fn is_guests(&self, id: TypeId, place: Place) -> bool {
        let ty = &self.resolve.types[id];
        let direction = match ty.owner {
            TypeOwner::Interface(interface) => self.direction_of(interface, place),
            TypeOwner::World(_) | TypeOwner::None => Direction::Import,
        };
        match (direction, &ty.kind) {
            (Direction::Import, _) => false,
            (Direction::Export, TypeDefKind::Type(Type::Id(next))) => self.is_guests(*next, place),
            (Direction::Export, _) => true,
        }
    }

    /// A type in Rust.
    pub(super) fn rust(&self, ty: &Type, mode: &Mode, place: Place) -> Result<TokenStream> {
        Ok(match ty {
            Type::Bool => quote!(bool),
            Type::U8 => quote!(u8),
            Type::U16 => quote!(u16),
            Type::U32 => quote!(u32),
            Type::U64 => quote!(u64),
            Type::S8 => quote!(i8),
            Type::S16 => quote!(i16),
            Type::S32 => quote!(i32),
            Type::S64 => quote!(i64),
            Type::F32 => quote!(f32),
            Type::F64 => quote!(f64),
            Type::Char => quote!(char),
            Type::String => match mode {
                Mode::Owned => quote!(::std::string::String),
                Mode::Borrowed(lifetime) => quote!(&#lifetime str),
            },
            Type::ErrorContext => return Err(self.no_rust(ty, None)),
            Type::Id(id) => self.rust_of(*id, mode, place)?,
        })
    }

    fn rust_of(&self, id: TypeId, mode: &Mode, place: Place) -> Result<TokenStream> {
        let ty = &self.resolve.types[id];
        if ty.name.is_none() {
            return self.rust_structure(id, mode, place);
        }
        // An alias of a string or a list is borrowed as such.
        if let (Mode::Borrowed(lifetime), TypeDefKind::Type(_) | TypeDefKind::List(_)) =
            (mode, &self.resolve.types[self.target(id)].kind)
        {
            let _ = lifetime;
            return self.rust_structure(self.target(id), mode, place);
        }
        let path = self.type_path(id, place);
        match mode {
            Mode::Borrowed(lifetime) if self.contents_of(id, place).lists => {
                Ok(quote!(&#lifetime #path))
            }
            Mode::Borrowed(_) | Mode::Owned => Ok(path),
        }
    }

    /// A type in Rust, whatever it is called.
    pub(super) fn rust_structure(
        &self,
        id: TypeId,
        mode: &Mode,
        place: Place,
    ) -> Result<TokenStream> {
        let root = &self.root;
        let owned = Mode::Owned;
        let optional = |ty: &Option<Type>| match ty {
            Some(ty) => self.rust(ty, mode, place),
            None => Ok(quote!(())),
        };
        Ok(match &self.resolve.types[id].kind {
            TypeDefKind::Type(ty) => self.rust(ty, mode, place)?,
            TypeDefKind::Option(ty) => {
                let ty = self.rust(ty, mode, place)?;
                quote!(::core::option::Option<#ty>)
            }
            TypeDefKind::Result(result) => {
                let (ok, err) = (optional(&result.ok)?, optional(&result.err)?);
                quote!(::core::result::Result<#ok, #err>)
            }
            TypeDefKind::Tuple(tuple) => {
                let types: Result<Vec<_>> = tuple
                    .types
                    .iter()
                    .map(|ty| self.rust(ty, mode, place))
                    .collect();
                let types = types?;
                quote!((#(#types,)*))
            }
            TypeDefKind::List(ty) => {
                let ty = self.rust(ty, &owned, place)?;
                match mode {
                    Mode::Owned => quote!(::std::vec::Vec<#ty>),
                    Mode::Borrowed(lifetime) => quote!(&#lifetime [#ty]),
                }
            }
            TypeDefKind::Map(key, value) => {
                let (key, value) = (
                    self.rust(key, &owned, place)?,
                    self.rust(value, &owned, place)?,
                );
                match mode {
                    Mode::Owned => quote!(::std::vec::Vec<(#key, #value)>),
                    Mode::Borrowed(lifetime) => quote!(&#lifetime [(#key, #value)]),
                }
            }
            TypeDefKind::FixedLengthList(ty, length) => {
                let (ty, length) = (self.rust(ty, &owned, place)?, *length as usize);
                quote!([#ty; #length])
            }
            TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)) => {
                if self.is_guests(*id, place) {
                    quote!(#root::ResourceAny)
                } else {
                    let path = self.type_path(*id, place);
                    quote!(#root::Resource<#path>)
                }
            }
            TypeDefKind::Record(_)
            | TypeDefKind::Variant(_)
            | TypeDefKind::Enum(_)
            | TypeDefKind::Flags(_)
            | TypeDefKind::Resource => self.type_path(id, place),
            TypeDefKind::Future(_) | TypeDefKind::Stream(_) | TypeDefKind::Unknown => {
                return Err(self.no_rust(&Type::Id(id), Some(id)));
            }
        })
    }

    /// The error of a type that nothing stands for.
    fn no_rust(&self, ty: &Type, id: Option<TypeId>) -> Error {
        let what = match ty {
            Type::Id(id) => self.resolve.types[*id].kind.as_str(),
            _ => "error-context",
        };
        let place = id.map(|id| self.resolve.render_location(self.resolve.types[id].span));
        let place = place.map_or_else(String::new, |place| format!(" ({place})"));
        let message = format!("no Rust type stands for `{what}`, which is asynchronous{place}");
        Error::new(here(), message)
    }
}
