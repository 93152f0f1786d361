//! What derived types are compared with: records, variants, enums and flags, by their names.

use silica_component_describe::{Case, DefinedType, ValueType};
use silica_engine::Result;

use super::TypeCheck;
use crate::error::CanonicalTrap;

/// Compares a Rust type with a component's.
#[doc(hidden)]
pub type CheckType = fn(ValueType, &TypeCheck<'_>) -> Result<()>;

/// A guest gave a case that there is not.
#[doc(hidden)]
#[cold]
#[must_use]
pub fn invalid_discriminant() -> anyhow::Error {
    CanonicalTrap::InvalidDiscriminant.into()
}

impl TypeCheck<'_> {
    fn defined(&self, ty: ValueType) -> Option<&DefinedType> {
        match ty {
            ValueType::Defined(index) => Some(self.plan.types.defined(index)),
            _ => None,
        }
    }

    /// Compares with a record of these fields.
    #[doc(hidden)]
    pub fn record(&self, ty: ValueType, rust: &str, fields: &[(&str, CheckType)]) -> Result<()> {
        let Some(DefinedType::Record(there)) = self.defined(ty) else {
            return self.mismatch(ty, rust);
        };
        let names = there.iter().map(|field| &*field.name);
        if !names.eq(fields.iter().map(|(name, _)| *name)) {
            return self.mismatch(ty, &said(rust, fields.iter().map(|(name, _)| *name)));
        }
        for (field, (name, check)) in there.iter().zip(fields) {
            check(field.ty, self).map_err(|error| error.context(format!("field `{name}`")))?;
        }
        Ok(())
    }

    /// Compares with a variant of these cases.
    #[doc(hidden)]
    pub fn variant(
        &self,
        ty: ValueType,
        rust: &str,
        cases: &[(&str, Option<CheckType>)],
    ) -> Result<()> {
        let Some(DefinedType::Variant(there)) = self.defined(ty) else {
            return self.mismatch(ty, rust);
        };
        let same = |(there, (name, check)): (&Case, &(&str, Option<CheckType>))| {
            *there.name == **name && there.ty.is_some() == check.is_some()
        };
        if there.len() != cases.len() || !there.iter().zip(cases).all(same) {
            return self.mismatch(ty, &said(rust, cases.iter().map(|(name, _)| *name)));
        }
        for (case, (name, check)) in there.iter().zip(cases) {
            if let (Some(ty), Some(check)) = (case.ty, check) {
                check(ty, self).map_err(|error| error.context(format!("case `{name}`")))?;
            }
        }
        Ok(())
    }

    /// Compares with an enum of these names.
    #[doc(hidden)]
    pub fn enumeration(&self, ty: ValueType, rust: &str, names: &[&str]) -> Result<()> {
        match self.defined(ty) {
            Some(DefinedType::Enum(there)) => self.names(ty, rust, there, names),
            _ => self.mismatch(ty, rust),
        }
    }

    /// Compares with flags of these names.
    #[doc(hidden)]
    pub fn flags(&self, ty: ValueType, rust: &str, names: &[&str]) -> Result<()> {
        match self.defined(ty) {
            Some(DefinedType::Flags(there)) => self.names(ty, rust, there, names),
            _ => self.mismatch(ty, rust),
        }
    }

    fn names(&self, ty: ValueType, rust: &str, there: &[Box<str>], names: &[&str]) -> Result<()> {
        if there.iter().map(|name| &**name).eq(names.iter().copied()) {
            return Ok(());
        }
        self.mismatch(ty, &said(rust, names.iter().copied()))
    }
}

/// A Rust type with its names, for people.
fn said<'n>(rust: &str, names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.collect();
    format!("{rust} {{ {} }}", names.join(", "))
}
