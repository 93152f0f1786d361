//! Types as a person writes them: `(i32, i64) -> f32`, `memory of 1 to 10 pages`.

use std::fmt::{Display, Formatter, Result};

use crate::{
    EntityType, FunctionType, GlobalType, HeapType, IndexType, MemoryType, Module, RefType,
    TableType, ValueType,
};

impl Display for ValueType {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            ValueType::I32 => f.write_str("i32"),
            ValueType::I64 => f.write_str("i64"),
            ValueType::F32 => f.write_str("f32"),
            ValueType::F64 => f.write_str("f64"),
            ValueType::V128 => f.write_str("v128"),
            ValueType::Ref(ty) => ty.fmt(f),
        }
    }
}

impl Display for RefType {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if !self.nullable {
            return write!(f, "(ref {})", self.heap);
        }
        let short = match self.heap {
            HeapType::Func => "funcref",
            HeapType::NoFunc => "nullfuncref",
            HeapType::Extern => "externref",
            HeapType::NoExtern => "nullexternref",
            HeapType::Any => "anyref",
            HeapType::Eq => "eqref",
            HeapType::I31 => "i31ref",
            HeapType::Struct => "structref",
            HeapType::Array => "arrayref",
            HeapType::None => "nullref",
            HeapType::Exn => "exnref",
            HeapType::NoExn => "nullexnref",
            HeapType::Cont => "contref",
            HeapType::NoCont => "nullcontref",
            HeapType::Concrete { .. } => return write!(f, "(ref null {})", self.heap),
        };
        f.write_str(short)
    }
}

impl Display for HeapType {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            HeapType::Func => "func",
            HeapType::NoFunc => "nofunc",
            HeapType::Extern => "extern",
            HeapType::NoExtern => "noextern",
            HeapType::Any => "any",
            HeapType::Eq => "eq",
            HeapType::I31 => "i31",
            HeapType::Struct => "struct",
            HeapType::Array => "array",
            HeapType::None => "none",
            HeapType::Exn => "exn",
            HeapType::NoExn => "noexn",
            HeapType::Cont => "cont",
            HeapType::NoCont => "nocont",
            HeapType::Concrete {
                index, exact: true, ..
            } => return write!(f, "(exact {index})"),
            HeapType::Concrete { index, .. } => return write!(f, "{index}"),
        })
    }
}

impl Display for FunctionType {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        list(f, &self.params)?;
        f.write_str(" -> ")?;
        match &*self.results {
            [one] => one.fmt(f),
            several => list(f, several),
        }
    }
}

fn list(f: &mut Formatter<'_>, types: &[ValueType]) -> Result {
    f.write_str("(")?;
    for (i, ty) in types.iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        ty.fmt(f)?;
    }
    f.write_str(")")
}

impl Display for GlobalType {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let mutable = if self.mutable { "mutable " } else { "" };
        write!(f, "{mutable}global {}", self.value)
    }
}

impl Display for MemoryType {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let shared = if self.shared { "shared " } else { "" };
        write!(f, "{shared}memory of {}", size(self.min, self.max))?;
        match self.page_size_log2 {
            16 => f.write_str(" pages")?,
            log2 => write!(f, " pages of {} bytes", 1_u64 << log2.min(63))?,
        }
        wide(f, self.index)
    }
}

impl Display for TableType {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let size = size(self.min, self.max);
        write!(f, "table of {size} {}", self.element)?;
        wide(f, self.index)
    }
}

fn wide(f: &mut Formatter<'_>, index: IndexType) -> Result {
    match index {
        IndexType::I32 => Ok(()),
        IndexType::I64 => f.write_str(", 64-bit"),
    }
}

fn size(min: u64, max: Option<u64>) -> String {
    match max {
        None => format!("{min} or more"),
        Some(max) if max == min => min.to_string(),
        Some(max) => format!("{min} to {max}"),
    }
}

impl EntityType {
    /// What kind of thing it is: `function`, `table`, `memory`, `global` or `tag`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            EntityType::Function(_) => "function",
            EntityType::Table(_) => "table",
            EntityType::Memory(_) => "memory",
            EntityType::Global(_) => "global",
            EntityType::Tag(_) => "tag",
        }
    }
}

impl Module {
    /// An import's or an export's type for a message: ``function `(i32) -> i32` ``.
    #[must_use]
    pub fn describe_entity(&self, entity: &EntityType) -> String {
        match entity {
            EntityType::Function(index) => match self.function_type(*index) {
                Some(ty) => format!("function `{ty}`"),
                None => "function".to_owned(),
            },
            EntityType::Table(ty) => ty.to_string(),
            EntityType::Memory(ty) => ty.to_string(),
            EntityType::Global(ty) => ty.to_string(),
            EntityType::Tag(tag) => match self.function_type(tag.function) {
                Some(ty) => format!("tag `{ty}`"),
                None => "tag".to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_read_well() {
        let ty = FunctionType {
            params: Box::new([ValueType::I32, ValueType::Ref(RefType::FUNCREF)]),
            results: Box::new([ValueType::F64]),
        };
        assert_eq!(ty.to_string(), "(i32, funcref) -> f64");
        let memory = MemoryType {
            index: IndexType::I64,
            min: 1,
            max: Some(9),
            shared: true,
            page_size_log2: 0,
        };
        let text = "shared memory of 1 to 9 pages of 1 bytes, 64-bit";
        assert_eq!(memory.to_string(), text);
    }
}
