//! On the evaluator, which follows the lowering and makes no code.

use silica_contract::layout::Slot;
use silica_contract::settings::{Architecture, ProcessorFeatures, Settings};
use silica_module::{Decoded, Features, Limits};
use silica_translate::evaluator::{Evaluation, Evaluator, Outcome};
use silica_translate::{Environment, translate_function};
use wasmparser::{BinaryReader, FuncValidatorAllocations, FunctionBody};

use super::{Ran, assemble};
use crate::operators::Type;
use crate::straight_line::Program;

/// Runs the program on the evaluator.
///
/// # Panics
/// Where the evaluator does not know the result: a straight-line program is always constant.
#[must_use]
pub fn on_evaluator(program: &Program, canonical_nans: bool) -> Ran {
    let bytes = assemble(program);
    let settings = Settings::new(ProcessorFeatures::baseline(Architecture::HOST));
    let Decoded {
        module, mut bodies, ..
    } = decode(&bytes, program);
    let environment = Environment::new(&module, &settings);
    let mut evaluator = Evaluator::new(program.arguments.clone());
    if canonical_nans {
        evaluator = evaluator.with_canonical_nans();
    }
    let offsets: Vec<u32> = (0..program.globals.len() as u32)
        .map(|global| match environment.layout.global(global) {
            Slot::Inline(offset) => offset,
            Slot::Pointer(_) => panic!("the program's globals are its own"),
        })
        .collect();
    for (offset, bits) in offsets.iter().zip(&program.globals) {
        evaluator = evaluator.with_field(*offset, *bits);
    }
    let to_validate = bodies.swap_remove(0);
    let range = module.bodies[0].bytes;
    let reader = BinaryReader::new_features(
        &bytes[range.indices()],
        u64::from(range.start),
        to_validate.features,
    );
    let mut validator = to_validate.into_validator(FuncValidatorAllocations::default());
    let body = FunctionBody::new(reader);
    translate_function(&environment, &body, &mut validator, &mut evaluator)
        .unwrap_or_else(|e| panic!("{e}\n{}", program.text));
    let evaluation = evaluator
        .finish_evaluation()
        .unwrap_or_else(|e| panic!("{e}\n{}", program.text));
    ran_of(program, &offsets, evaluation)
}

fn ran_of(program: &Program, offsets: &[u32], evaluation: Evaluation) -> Ran {
    match evaluation.outcome {
        Outcome::Trapped(code) => Ran::Trapped(code.message().to_owned()),
        Outcome::Returned(results) => {
            let globals = (offsets.iter().zip(&program.globals))
                .map(|(offset, before)| *evaluation.written.get(offset).unwrap_or(before))
                .collect();
            let cut = |(bits, ty): (u128, &Type)| bits & (u128::MAX >> (128 - ty.bits()));
            let results = results.into_iter().zip(&program.results).map(cut).collect();
            Ran::Returned { results, globals }
        }
    }
}

fn decode(bytes: &[u8], program: &Program) -> Decoded {
    silica_module::decode(bytes, &Features::default(), &Limits::default())
        .unwrap_or_else(|e| panic!("{e}\n{}", program.text))
}
