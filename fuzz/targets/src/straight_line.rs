//! Random programs of numeric operators: no calls, no loops, no memory.
//!
//! The same program runs on the evaluator, on an interpreter that others wrote, and as compiled
//! code; all must agree on every bit. So each NaN that an operator may choose is replaced by the
//! canonical one in the program itself, unless it is the compiler's turn to do that.

use std::fmt::Write as _;

use arbitrary::{Result, Unstructured};

use crate::operators::{Immediate, NUMERIC_OPERATORS, NumericOperator, Type};

/// Nodes of all expressions of a program.
const NODES_MAX: usize = 300;
/// Depth of an expression.
const DEPTH_MAX: usize = 6;
/// Parameters, and globals, of each type.
pub const OF_EACH_TYPE: usize = 2;

/// What a program may hold.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether only our own engines will run it: with relaxed vector operators, whose results are
    /// each engine's choice, and without going around others' mistakes.
    pub ours_only: bool,
    /// Whether the program itself makes NaNs canonical.
    pub canonical_nans: bool,
}

/// A module that exports one function, `run`, and its globals `g0`, `g1`, …, and arguments for a call.
#[derive(Clone)]
pub struct Program {
    /// The module as text.
    pub text: String,
    /// Types of the parameters and, where there are globals, of these too.
    pub variables: Vec<Type>,
    /// Bits of the arguments.
    pub arguments: Vec<u128>,
    /// Bits that the globals begin with.
    pub globals: Vec<u128>,
    /// Types of the results.
    pub results: Vec<Type>,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, ";; arguments:")?;
        for (ty, bits) in self.variables.iter().zip(&self.arguments) {
            write!(f, " {}", constant(*ty, *bits))?;
        }
        write!(f, "\n{}", self.text)
    }
}

/// Makes a program of the bytes; the same for the same bytes.
///
/// # Errors
/// Where the bytes do not suffice even for the arguments.
pub fn generate(bytes: &mut Unstructured<'_>, options: Options) -> Result<Program> {
    let variables: Vec<Type> = Type::ALL
        .into_iter()
        .flat_map(|ty| [ty; OF_EACH_TYPE])
        .collect();
    let values = |bytes: &mut Unstructured<'_>| {
        variables
            .iter()
            .map(|ty| interesting(bytes, *ty))
            .collect::<Result<Vec<u128>>>()
    };
    let (arguments, globals) = (values(bytes)?, values(bytes)?);
    let results = (0..bytes.int_in_range(1..=4)?)
        .map(|_| bytes.choose(&Type::ALL).copied())
        .collect::<Result<Vec<Type>>>()?;
    let mut generator = Generator {
        bytes,
        options,
        nodes: 0,
        text: String::new(),
    };
    generator.header(&variables, &globals, &results);
    generator.body(&variables, &results)?;
    let text = generator.text;
    Ok(Program {
        text,
        variables,
        arguments,
        globals,
        results,
    })
}

/// Makes a program of this operator alone, on the parameters that come first.
///
/// # Errors
/// Where the bytes do not suffice.
pub fn single(
    bytes: &mut Unstructured<'_>,
    options: Options,
    operator: &NumericOperator,
) -> Result<Program> {
    let variables = operator.operands.clone();
    let arguments = variables
        .iter()
        .map(|ty| interesting(bytes, *ty))
        .collect::<Result<Vec<u128>>>()?;
    let results = vec![operator.result];
    let mut generator = Generator {
        bytes,
        options,
        nodes: 0,
        text: String::new(),
    };
    generator.header(&variables, &[], &results);
    generator.apply(operator, |generator, index, _| {
        generator.write(&format!("(local.get {index})"));
        Ok(())
    })?;
    generator.write("))");
    Ok(Program {
        text: generator.text,
        variables,
        arguments,
        globals: Vec::new(),
        results,
    })
}

struct Generator<'a, 'b> {
    bytes: &'a mut Unstructured<'b>,
    options: Options,
    nodes: usize,
    text: String,
}

impl Generator<'_, '_> {
    fn write(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn header(&mut self, variables: &[Type], globals: &[u128], results: &[Type]) {
        self.write("(module\n");
        for (index, (ty, bits)) in variables.iter().zip(globals).enumerate() {
            let value = constant(*ty, *bits);
            let name = ty.name();
            self.write(&format!(
                "  (global (export \"g{index}\") (mut {name}) {value})\n"
            ));
        }
        let names = |types: &[Type]| {
            types
                .iter()
                .map(|ty| ty.name())
                .collect::<Vec<_>>()
                .join(" ")
        };
        let header = format!(
            "  (func (export \"run\") (param {}) (result {})\n    \
             (local $f32 f32) (local $f64 f64) (local $f32x4 v128) (local $f64x2 v128)\n",
            names(variables),
            names(results)
        );
        self.write(&header);
    }

    fn body(&mut self, variables: &[Type], results: &[Type]) -> Result<()> {
        for _ in 0..self.bytes.int_in_range(0..=6)? {
            let variable = self.bytes.choose_index(variables.len())?;
            let verb = self.bytes.choose(&["local.set", "global.set"])?;
            self.write(&format!("    ({verb} {variable} "));
            self.expression(variables[variable], 0)?;
            self.write(")\n");
        }
        for result in results {
            self.write("    ");
            self.expression(*result, 0)?;
            self.write("\n");
        }
        self.write("  ))\n");
        Ok(())
    }

    fn expression(&mut self, ty: Type, depth: usize) -> Result<()> {
        self.nodes += 1;
        if depth >= DEPTH_MAX || self.nodes >= NODES_MAX || self.bytes.is_empty() {
            return self.leaf(ty);
        }
        match self.bytes.int_in_range(0..=19u8)? {
            0 => self.select(ty, depth),
            1 => self.branches(ty, depth),
            2 => self.early_exit(ty, depth),
            3 | 4 => self.leaf(ty),
            _ => self.operator(ty, depth),
        }
    }

    fn leaf(&mut self, ty: Type) -> Result<()> {
        let first = Type::ALL.iter().position(|other| *other == ty).unwrap_or(0) * OF_EACH_TYPE;
        let variable = first + self.bytes.choose_index(OF_EACH_TYPE)?;
        let leaf = match self.bytes.int_in_range(0..=3u8)? {
            0 => constant(ty, interesting(self.bytes, ty)?),
            1 => format!("(global.get {variable})"),
            _ => format!("(local.get {variable})"),
        };
        self.write(&leaf);
        Ok(())
    }

    /// wasmi 2.0.0 takes the wrong operand where the condition is an `i32.eqz`, so for it the condition
    /// goes through `i64`.
    fn select(&mut self, ty: Type, depth: usize) -> Result<()> {
        self.write("(select ");
        self.expression(ty, depth + 1)?;
        self.expression(ty, depth + 1)?;
        if !self.options.ours_only {
            self.write("(i32.wrap_i64 (i64.extend_i32_u ");
        }
        self.expression(Type::I32, depth + 1)?;
        self.write(if self.options.ours_only { ")" } else { ")))" });
        Ok(())
    }

    fn branches(&mut self, ty: Type, depth: usize) -> Result<()> {
        self.write(&format!("(if (result {}) ", ty.name()));
        self.expression(Type::I32, depth + 1)?;
        self.write(" (then ");
        self.expression(ty, depth + 1)?;
        self.write(") (else ");
        self.expression(ty, depth + 1)?;
        self.write("))");
        Ok(())
    }

    fn early_exit(&mut self, ty: Type, depth: usize) -> Result<()> {
        self.write(&format!("(block (result {}) (drop (br_if 0 ", ty.name()));
        self.expression(ty, depth + 1)?;
        self.expression(Type::I32, depth + 1)?;
        self.write("))");
        self.expression(ty, depth + 1)?;
        self.write(")");
        Ok(())
    }

    fn operator(&mut self, ty: Type, depth: usize) -> Result<()> {
        let relaxed = self.options.ours_only;
        let fitting: Vec<&NumericOperator> = NUMERIC_OPERATORS
            .iter()
            .filter(|operator| operator.result == ty && (relaxed || !operator.relaxed))
            .collect();
        let operator = *self.bytes.choose(&fitting)?;
        self.apply(operator, |generator, _, operand| {
            generator.expression(operand, depth + 1)
        })
    }

    /// Writes an operator with its operands, which are written by index and type.
    fn apply(
        &mut self,
        operator: &NumericOperator,
        mut operand: impl FnMut(&mut Self, usize, Type) -> Result<()>,
    ) -> Result<()> {
        if operator.results == 2 {
            self.write("(i64.xor ");
        }
        let canonical = operator.chooses_nan.filter(|_| self.options.canonical_nans);
        if let Some(lanes) = canonical {
            let select = if operator.result == Type::V128 {
                "v128.bitselect"
            } else {
                "select"
            };
            self.write(&format!("({select} (local.tee ${lanes} "));
        }
        self.write(&format!("({}", operator.name));
        self.immediate(operator.immediate)?;
        for (index, ty) in operator.operands.iter().enumerate() {
            self.write(" ");
            operand(self, index, *ty)?;
        }
        self.write(")");
        if let Some(lanes) = canonical {
            let nan = canonical_nan(lanes);
            let same = format!("({lanes}.eq (local.get ${lanes}) (local.get ${lanes}))");
            self.write(&format!(") {nan} {same})"));
        }
        if operator.results == 2 {
            self.write(")");
        }
        Ok(())
    }

    fn immediate(&mut self, immediate: Immediate) -> Result<()> {
        match immediate {
            Immediate::None => {}
            Immediate::Lane(lanes) => {
                let lane = self.bytes.int_in_range(0..=lanes - 1)?;
                self.write(&format!(" {lane}"));
            }
            Immediate::Shuffle => {
                for _ in 0..16 {
                    let lane = self.bytes.int_in_range(0..=31u8)?;
                    self.write(&format!(" {lane}"));
                }
            }
        }
        Ok(())
    }
}

fn canonical_nan(lanes: &str) -> &'static str {
    match lanes {
        "f32" => "(f32.const nan)",
        "f64" => "(f64.const nan)",
        "f32x4" => "(v128.const f32x4 nan nan nan nan)",
        _ => "(v128.const f64x2 nan nan)",
    }
}

/// A constant of the text format with just these bits.
#[must_use]
pub fn constant(ty: Type, bits: u128) -> String {
    match ty {
        Type::I32 => format!("(i32.const {})", bits as i32),
        Type::I64 => format!("(i64.const {})", bits as i64),
        Type::F32 => {
            let bits = bits as u32;
            float(
                "f32",
                f32::from_bits(bits).into(),
                bits >> 31 != 0,
                (bits & 0x7f_ffff).into(),
            )
        }
        Type::F64 => {
            let bits = bits as u64;
            float(
                "f64",
                f64::from_bits(bits),
                bits >> 63 != 0,
                bits & 0xf_ffff_ffff_ffff,
            )
        }
        Type::V128 => {
            format!("(v128.const i64x2 {} {})", bits as i64, (bits >> 64) as i64)
        }
    }
}

fn float(name: &str, value: f64, negative: bool, payload: u64) -> String {
    let mut text = format!("({name}.const {}", if negative { "-" } else { "" });
    // Writing to a string does not fail.
    let _ = if value.is_nan() {
        write!(text, "nan:{payload:#x})")
    } else {
        // The shortest decimal that reads back as the same `f64` is exact for an `f32` too.
        write!(text, "{:e})", value.abs())
    };
    text
}

/// Bits that are often at the edge of something.
fn interesting(bytes: &mut Unstructured<'_>, ty: Type) -> Result<u128> {
    if ty == Type::V128 {
        let lane = *bytes.choose(&[Type::I32, Type::I64, Type::F32, Type::F64])?;
        let lanes = 128 / lane.bits();
        return (0..lanes).try_fold(0, |vector, index| {
            Ok(vector | interesting(bytes, lane)? << (index * lane.bits()))
        });
    }
    let edges: &[u64] = match ty {
        Type::I32 | Type::I64 | Type::V128 => &INTEGER_EDGES,
        Type::F32 => &F32_EDGES,
        Type::F64 => &F64_EDGES,
    };
    let bits = match bytes.int_in_range(0..=3u8)? {
        0 => bytes.arbitrary::<u64>()?,
        1 => u64::from(bytes.arbitrary::<u8>()?),
        _ => *bytes.choose(edges)?,
    };
    Ok(u128::from(bits) & (u128::MAX >> (128 - ty.bits())))
}

const INTEGER_EDGES: [u64; 16] = [
    0,
    1,
    u64::MAX,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0x8080_8080_8080_8080,
];

const F32_EDGES: [u64; 16] = [
    0,
    0x8000_0000, // -0
    0x3f80_0000, // 1
    0xbf80_0000, // -1
    0x3f00_0000, // 0.5
    0x4020_0000, // 2.5
    0x7f80_0000, // infinity
    0xff80_0000, // -infinity
    0x7fc0_0000, // canonical NaN
    0xffa0_0001, // signaling NaN
    0x0000_0001, // least subnormal
    0x7f7f_ffff, // most
    0x4f00_0000, // 2^31
    0xcf00_0000, // -2^31
    0x4f80_0000, // 2^32
    0x5f00_0000, // 2^63
];

const F64_EDGES: [u64; 20] = [
    0,
    0x8000_0000_0000_0000, // -0
    0x3ff0_0000_0000_0000, // 1
    0xbff0_0000_0000_0000, // -1
    0x3fe0_0000_0000_0000, // 0.5
    0x4004_0000_0000_0000, // 2.5
    0x7ff0_0000_0000_0000, // infinity
    0xfff0_0000_0000_0000, // -infinity
    0x7ff8_0000_0000_0000, // canonical NaN
    0xfff4_0000_0000_0001, // signaling NaN
    0x0000_0000_0000_0001, // least subnormal
    0x7fef_ffff_ffff_ffff, // most
    0x41df_ffff_ffff_ffff, // just below 2^31
    0x41e0_0000_0000_0000, // 2^31
    0xc1e0_0000_0020_0000, // -2^31 - 1
    0x41ef_ffff_ffff_ffff, // just below 2^32
    0x43e0_0000_0000_0000, // 2^63
    0xc3e0_0000_0000_0000, // -2^63
    0x43f0_0000_0000_0000, // 2^64
    0x36a0_0000_0000_0000, // the least subnormal of f32
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_keep_their_bits() {
        for (ty, bits) in F32_EDGES
            .map(|bits| (Type::F32, bits))
            .into_iter()
            .chain(F64_EDGES.map(|bits| (Type::F64, bits)))
        {
            let name = ty.name();
            let text = format!("(module (global {name} {}))", constant(ty, bits.into()));
            let bytes = wat::parse_str(&text).expect("the constant is well-formed");
            let little_endian = bits.to_le_bytes();
            let wanted = &little_endian[..ty.bits() as usize / 8];
            assert!(
                bytes.windows(wanted.len()).any(|window| window == wanted),
                "{text}"
            );
        }
    }
}
