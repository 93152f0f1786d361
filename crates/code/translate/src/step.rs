//! One operator: read, validated and lowered in one go.
//!
//! The reader calls one method here for each operator, which knows its operands already: so an operator is told apart once for
//! reading and validating it. All that is lowered sees it as an [`Operator`] again.

use wasmparser::{
    BinaryReader, FrameKind, FrameStack, FuncValidator, Operator, ValidatorResources,
    VisitOperator, VisitSimdOperator,
};

use crate::TranslateError;

/// What lowers operators that are valid.
pub(crate) trait Lower<'r> {
    /// Looks at what is known before an operator is validated.
    fn prepare(&mut self, operator: &Operator<'r>, validator: &FuncValidator<ValidatorResources>);
    /// Lowers the operator at this place of the module.
    fn lower(&mut self, operator: &Operator<'r>, offset: u64) -> Result<(), TranslateError>;
    /// Lowers a `loop`, after which these operators come.
    fn lower_loop(
        &mut self,
        operator: &Operator<'r>,
        offset: u64,
        rest: BinaryReader<'r>,
    ) -> Result<(), TranslateError>;
}

/// Reads, validates and lowers all operators.
pub(crate) fn step_through<'r>(
    mut reader: BinaryReader<'r>,
    validator: &mut FuncValidator<ValidatorResources>,
    lower: &mut dyn Lower<'r>,
) -> Result<(), TranslateError> {
    let mut step = Step {
        validator,
        lower,
        offset: 0,
        opened: None,
    };
    while !reader.eof() {
        step.offset = reader.original_position();
        reader.visit_operator(&mut step)??;
        if let Some(operator) = step.opened.take() {
            let rest = reader.clone();
            step.lower.lower_loop(&operator, step.offset, rest)?;
        }
    }
    reader.finish_expression(&step)?;
    Ok(())
}

/// What is done with each operator.
struct Step<'v, 'r> {
    validator: &'v mut FuncValidator<ValidatorResources>,
    lower: &'v mut dyn Lower<'r>,
    offset: u64,
    /// A `loop` that waits for what comes after it.
    opened: Option<Operator<'r>>,
}

impl<'r> Step<'_, 'r> {
    #[inline(always)]
    fn valid(&mut self, operator: Operator<'r>) -> Result<(), TranslateError> {
        if matches!(operator, Operator::Loop { .. }) {
            self.opened = Some(operator);
            return Ok(());
        }
        self.lower.lower(&operator, self.offset)
    }

    /// An operator of which there are not enough to care.
    fn rare(&mut self, operator: &Operator<'r>) -> Result<(), TranslateError> {
        self.validator.op(self.offset, operator)?;
        self.lower.lower(operator, self.offset)
    }
}

impl FrameStack for Step<'_, '_> {
    #[inline]
    fn current_frame(&self) -> Option<FrameKind> {
        self.validator.get_control_frame(0).map(|frame| frame.kind)
    }
}

/// Whether an operator asks something of its operand's type, which the validator forgets.
macro_rules! asks {
    (RefTestNonNull) => {
        true
    };
    (RefTestNullable) => {
        true
    };
    (RefCastNonNull) => {
        true
    };
    (RefCastNullable) => {
        true
    };
    (BrOnCast) => {
        true
    };
    (BrOnCastFail) => {
        true
    };
    ($other:ident) => {
        false
    };
}

macro_rules! visit {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        $(
            fn $visit(&mut self $($(, $arg: $argty)*)?) -> Self::Output {
                let operator = Operator::$op $({ $($arg: $arg.clone()),* })?;
                if asks!($op) {
                    self.lower.prepare(&operator, self.validator);
                }
                self.validator.visitor(self.offset).$visit($($($arg),*)?)?;
                self.valid(operator)
            }
        )*
    };
}

macro_rules! visit_simd {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        $(
            fn $visit(&mut self $($(, $arg: $argty)*)?) -> Self::Output {
                self.rare(&Operator::$op $({ $($arg),* })?)
            }
        )*
    };
}

impl<'a> VisitOperator<'a> for Step<'_, 'a> {
    type Output = Result<(), TranslateError>;

    fn simd_visitor(&mut self) -> Option<&mut dyn VisitSimdOperator<'a, Output = Self::Output>> {
        Some(self)
    }

    wasmparser::for_each_visit_operator!(visit);
}

impl<'a> VisitSimdOperator<'a> for Step<'_, 'a> {
    wasmparser::for_each_visit_simd_operator!(visit_simd);
}
