//! Every numeric operator as text, with its type.
//!
//! The names come from `wasmparser`'s own table, so no operator can be forgotten here; the types
//! follow from the names. A test assembles and validates each one.

use std::sync::LazyLock;

/// A type of values that numeric operators know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `i32`
    I32,
    /// `i64`
    I64,
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// `v128`
    V128,
}

impl Type {
    /// Every type.
    pub const ALL: [Type; 5] = [Type::I32, Type::I64, Type::F32, Type::F64, Type::V128];

    /// Its name in the text format.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Type::I32 => "i32",
            Type::I64 => "i64",
            Type::F32 => "f32",
            Type::F64 => "f64",
            Type::V128 => "v128",
        }
    }

    /// How many bits a value has.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Type::I32 | Type::F32 => 32,
            Type::I64 | Type::F64 => 64,
            Type::V128 => 128,
        }
    }

    /// The type of the text format's names for scalars, and of a vector's lanes.
    fn of_prefix(prefix: &str) -> Option<(Type, Option<u8>)> {
        Some(match prefix {
            "i32" => (Type::I32, None),
            "i64" => (Type::I64, None),
            "f32" => (Type::F32, None),
            "f64" => (Type::F64, None),
            "v128" => (Type::V128, Some(1)),
            "i8x16" => (Type::I32, Some(16)),
            "i16x8" => (Type::I32, Some(8)),
            "i32x4" => (Type::I32, Some(4)),
            "i64x2" => (Type::I64, Some(2)),
            "f32x4" => (Type::F32, Some(4)),
            "f64x2" => (Type::F64, Some(2)),
            _ => return None,
        })
    }
}

/// What must be written after an operator's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Immediate {
    /// Nothing.
    None,
    /// A lane, less than this.
    Lane(u8),
    /// Sixteen lanes, each less than 32.
    Shuffle,
}

/// A numeric operator.
#[derive(Clone, Debug)]
pub struct NumericOperator {
    /// Its name in the text format.
    pub name: String,
    /// What it takes.
    pub operands: Vec<Type>,
    /// What it gives; the operators of wide arithmetic give two of it.
    pub result: Type,
    /// How many of it.
    pub results: usize,
    /// What follows the name.
    pub immediate: Immediate,
    /// The lanes of its result whose NaNs it may choose: `f32`, `f64`, `f32x4` or `f64x2`.
    pub chooses_nan: Option<&'static str>,
    /// Whether its result may differ between processors.
    pub relaxed: bool,
}

/// All of them.
pub static NUMERIC_OPERATORS: LazyLock<Vec<NumericOperator>> = LazyLock::new(|| {
    VISITORS
        .iter()
        .filter_map(|(group, visitor, arity)| numeric(group, visitor, arity))
        .collect()
});

macro_rules! list_visitors {
    ($( @$group:ident $operator:ident $({ $($field:ident: $ty:ty),* })? => $visit:ident ($($arity:tt)*) )*) => {
        /// Group, visitor and arity of every operator of `wasmparser`.
        const VISITORS: &[(&str, &str, &str)] =
            &[$((stringify!($group), stringify!($visit), stringify!($($arity)*))),*];
    };
}

wasmparser::for_each_operator!(list_visitors);

fn numeric(group: &str, visitor: &str, arity: &str) -> Option<NumericOperator> {
    let numeric_groups = [
        "mvp",
        "sign_extension",
        "saturating_float_to_int",
        "simd",
        "relaxed_simd",
        "wide_arithmetic",
    ];
    let (prefix, rest) = visitor.strip_prefix("visit_")?.split_once('_')?;
    let (scalar, lanes) = Type::of_prefix(prefix)?;
    let touches_memory = rest.starts_with("load") || rest.starts_with("store");
    if !numeric_groups.contains(&group) || touches_memory || rest == "const" {
        return None;
    }
    let count = arity.split_whitespace().nth(1)?.parse().ok()?;
    let results = arity.split_whitespace().last()?.parse().ok()?;
    let (operands, result) = match lanes {
        None => scalar_type(rest, scalar, count),
        Some(_) => vector_type(rest, scalar, count),
    };
    let immediate = match rest {
        "shuffle" => Immediate::Shuffle,
        _ if rest.contains("_lane") && rest != "relaxed_laneselect" => Immediate::Lane(lanes?),
        _ => Immediate::None,
    };
    Some(NumericOperator {
        name: format!("{prefix}.{rest}"),
        operands,
        result,
        results,
        immediate,
        chooses_nan: chooses_nan(prefix, rest),
        relaxed: group == "relaxed_simd",
    })
}

const COMPARISONS: [&str; 14] = [
    "eq", "ne", "lt", "gt", "le", "ge", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s",
    "ge_u",
];

fn scalar_type(rest: &str, own: Type, count: usize) -> (Vec<Type>, Type) {
    if rest == "eqz" || COMPARISONS.contains(&rest) {
        return (vec![own; count], Type::I32);
    }
    let converts = [
        "wrap_",
        "extend_",
        "trunc_",
        "convert_",
        "demote_",
        "promote_",
        "reinterpret_",
    ];
    let from = rest.split('_').find_map(Type::of_prefix);
    match from {
        Some((from, _)) if converts.iter().any(|verb| rest.starts_with(verb)) => (vec![from], own),
        Some(_) | None => (vec![own; count], own),
    }
}

fn vector_type(rest: &str, scalar: Type, count: usize) -> (Vec<Type>, Type) {
    match rest {
        "splat" => (vec![scalar], Type::V128),
        "any_true" | "all_true" | "bitmask" => (vec![Type::V128], Type::I32),
        "shl" | "shr_s" | "shr_u" => (vec![Type::V128, Type::I32], Type::V128),
        "replace_lane" => (vec![Type::V128, scalar], Type::V128),
        _ if rest.starts_with("extract_lane") => (vec![Type::V128], scalar),
        _ => (vec![Type::V128; count], Type::V128),
    }
}

fn chooses_nan(prefix: &str, rest: &str) -> Option<&'static str> {
    let arithmetic = [
        "ceil",
        "floor",
        "trunc",
        "nearest",
        "sqrt",
        "add",
        "sub",
        "mul",
        "div",
        "min",
        "max",
        "relaxed_min",
        "relaxed_max",
        "relaxed_madd",
        "relaxed_nmadd",
    ];
    let converts = rest.starts_with("demote") || rest.starts_with("promote");
    let lanes = ["f32", "f64", "f32x4", "f64x2"]
        .into_iter()
        .find(|lanes| *lanes == prefix)?;
    (arithmetic.contains(&rest) || converts).then_some(lanes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module_of(operator: &NumericOperator) -> String {
        let immediate = match operator.immediate {
            Immediate::None => String::new(),
            Immediate::Lane(lanes) => (lanes - 1).to_string(),
            Immediate::Shuffle => "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31".to_owned(),
        };
        let operands: Vec<_> = operator.operands.iter().map(|ty| ty.name()).collect();
        let gets: String = (0..operands.len())
            .map(|i| format!("local.get {i} "))
            .collect();
        let results = [operator.result.name()].repeat(operator.results).join(" ");
        format!(
            "(module (func (param {}) (result {results}) {gets} {} {immediate}))",
            operands.join(" "),
            operator.name
        )
    }

    #[test]
    fn every_operator_has_the_type_that_its_name_says() {
        for operator in NUMERIC_OPERATORS.iter() {
            let text = module_of(operator);
            let bytes = wat::parse_str(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
            let features = silica_module::Features::default();
            let limits = silica_module::Limits::default();
            let module = silica_module::validate(&bytes, &features, &limits);
            assert!(module.is_ok(), "{text}: {:?}", module.err());
        }
    }

    #[test]
    fn no_operator_is_missing() {
        // MVP 123, sign extension 5, saturating 8, SIMD without memory and constants 213, relaxed 20, wide 4.
        assert_eq!(NUMERIC_OPERATORS.len(), 123 + 5 + 8 + 213 + 20 + 4);
    }
}
