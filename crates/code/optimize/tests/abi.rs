//! Holds [`CallLayout`] against what Cranelift does, by reading the instructions of small functions.
//!
//! A parameter's place is where a function that returns it reads it; a result's place is where a caller that returns
//! only it reads it after the call.

#![forbid(unsafe_code)]

use std::convert::Infallible;

use silica_contract::{
    abi::{CallLayout, Location},
    settings::{Architecture, ProcessorFeatures, Settings},
};
use silica_module::{FunctionType, RefType, ValueType};
use silica_optimize::{CraneliftBackend, FunctionInput, Target, Workspace};
use silica_translate::{Backend, CallTarget};

const INPUT: FunctionInput = FunctionInput {
    function: 0,
    body_bytes: 10,
    entrance: None,
};

/// A xorshift generator, so that a failure can be had again.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn types(&mut self, most: u64) -> Box<[ValueType]> {
        let all = [
            ValueType::I32,
            ValueType::I64,
            ValueType::F32,
            ValueType::F64,
            ValueType::V128,
            ValueType::Ref(RefType::FUNCREF),
            ValueType::Ref(RefType::EXTERNREF),
        ];
        let count = self.below(most + 1);
        (0..count).map(|_| all[self.below(7) as usize]).collect()
    }
}

fn target(architecture: Architecture) -> Target {
    Target::new(&Settings::new(ProcessorFeatures::baseline(architecture))).unwrap()
}

fn assembly(target: &Target, body: impl Fn(&mut CraneliftBackend<'_>)) -> String {
    let mut workspace = Workspace::new();
    let listing = workspace.list(target, INPUT, None, |backend| {
        body(backend);
        backend.finish();
        Ok::<(), Infallible>(())
    });
    listing.unwrap().assembly
}

/// Where the returned value was read from: the source of the last instruction that writes the
/// first result register, or that register itself.
fn source_of_result(architecture: Architecture, assembly: &str, ty: ValueType) -> String {
    let integer = ty.machine().is_integer_class();
    match architecture {
        Architecture::X86_64 => {
            let register = if integer { "%rax" } else { "%xmm0" };
            let narrow = register.replace("%rax", "%eax");
            (assembly.lines().rev())
                .filter(|line| line.trim_start().starts_with("mov"))
                .filter_map(|line| line.trim().split_once(' ')?.1.rsplit_once(", "))
                .find(|(_, to)| *to == register || *to == narrow)
                .map_or(register.to_owned(), |(from, _)| from.to_owned())
        }
        Architecture::Aarch64 => {
            let names = if integer { ["x2", "w2"] } else { ["v0", "q0"] };
            let is_first = |to: &str| {
                let to = to.split('.').next().unwrap_or_default();
                names.contains(&to) || (!integer && ["s0", "d0"].contains(&to))
            };
            (assembly.lines().rev())
                .filter(|line| {
                    ["mov ", "ldr "]
                        .iter()
                        .any(|m| line.trim_start().starts_with(m))
                })
                .filter_map(|line| line.trim().split_once(' ')?.1.split_once(", "))
                .find(|(to, _)| is_first(to))
                .map_or(names[0].to_owned(), |(_, from)| from.to_owned())
        }
    }
}

/// What an operand of the listing is called as a location. On x86-64, places of arguments on
/// the stack are counted down from the end of all arguments.
fn location(architecture: Architecture, operand: &str, stack_bytes: i64) -> Option<Location> {
    let number = |text: &str| -> Option<i64> {
        match text.strip_prefix("0x") {
            Some(digits) => i64::from_str_radix(digits, 16).ok(),
            None if text.is_empty() => Some(0),
            None => text.parse().ok(),
        }
    };
    match architecture {
        Architecture::X86_64 => {
            if let Some(offset) = operand.strip_prefix("<offset:0>+-") {
                let offset = number(offset.strip_suffix("(%rbp)")?)?;
                return Some(Location::Stack((stack_bytes - offset) as u32));
            }
            if let Some(index) = operand.strip_prefix("%xmm") {
                return Some(Location::Float(index.parse().ok()?));
            }
            let order = ["%rdi", "%rsi", "%rdx", "%rcx", "%r8", "%r9"];
            let index = order.iter().position(|r| *r == operand)?;
            Some(Location::Integer(index as u8))
        }
        Architecture::Aarch64 => {
            // These functions have no frame but the saved frame pointer and return address.
            if let Some(offset) = operand.strip_prefix("[sp, #") {
                let offset = number(offset.strip_suffix(']')?)?;
                return Some(Location::Stack(offset as u32 - 16));
            }
            let (class, rest) = operand.split_at(1);
            let index: u8 = rest.split('.').next()?.parse().ok()?;
            match class {
                // The convention's first integer register is `x2`.
                "x" | "w" => Some(Location::Integer(index - 2)),
                _ => Some(Location::Float(index)),
            }
        }
    }
}

#[test]
fn parameters_are_where_the_layout_says() {
    for architecture in [Architecture::X86_64, Architecture::Aarch64] {
        let target = target(architecture);
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        for _ in 0..60 {
            let params = random.types(20);
            for (index, param) in params.iter().enumerate() {
                let ty = FunctionType {
                    params: params.clone(),
                    results: Box::new([*param]),
                };
                let layout = CallLayout::new(architecture, &ty);
                let expected = layout.params[index];
                let text = assembly(&target, |backend| {
                    backend.begin(&ty, &[], 0);
                    let value = backend.local_get(index as u32);
                    backend.return_(vec![value]);
                });
                let source = source_of_result(architecture, &text, *param);
                let found = location(architecture, &source, layout.stack_bytes.into());
                assert_eq!(found, Some(expected), "{params:?} [{index}]\n{text}");
            }
        }
    }
}

#[test]
fn the_area_pointer_is_the_third_argument() {
    for architecture in [Architecture::X86_64, Architecture::Aarch64] {
        let ty = FunctionType {
            params: Box::new([ValueType::I64]),
            results: vec![ValueType::I64; 9].into(),
        };
        assert_eq!(
            CallLayout::new(architecture, &ty).params,
            [Location::Integer(3)]
        );
        let text = assembly(&target(architecture), |backend| {
            backend.begin(&ty, &[], 0);
            let values = (0..9).map(|_| backend.local_get(0)).collect();
            backend.return_(values);
        });
        // The last of nine slots of sixteen bytes.
        let store = match architecture {
            Architecture::X86_64 => "movq %rcx, 0x80(%rdx)",
            Architecture::Aarch64 => "str x5, [x4, #128]",
        };
        assert!(text.contains(store), "{text}");
    }
}

#[test]
fn results_are_where_the_layout_says() {
    let order = ["%rax", "%rcx", "%rdx", "%rsi", "%rdi", "%r8", "%r9", "%r10"];
    let architecture = Architecture::X86_64;
    let target = target(architecture);
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for _ in 0..60 {
        let results = random.types(12);
        let callee = FunctionType {
            params: Box::new([]),
            results: results.clone(),
        };
        let layout = CallLayout::new(architecture, &callee);
        for (index, result) in results.iter().enumerate() {
            let caller = FunctionType {
                params: Box::new([]),
                results: Box::new([*result]),
            };
            let text = assembly(&target, |backend| {
                backend.begin(&caller, &[], 0);
                let (code, context) = (backend.context(), backend.context());
                let values =
                    backend.call(CallTarget::Pointer { code, context }, &callee, vec![], None);
                backend.return_(vec![values[index]]);
            });
            let after = text.split("call ").nth(1).unwrap_or_default();
            let source = source_of_result(architecture, after, *result);
            let expected = match layout.results[index] {
                Location::Integer(register) => order[register as usize].to_owned(),
                Location::Float(register) => format!("%xmm{register}"),
                Location::Area(0) => "(%rsp)".to_owned(),
                Location::Area(offset) if offset < 10 => format!("{offset}(%rsp)"),
                Location::Area(offset) => format!("{offset:#x}(%rsp)"),
                Location::Stack(_) => unreachable!("no result is on the stack"),
            };
            let source = source.replace("<offset:1>+", "");
            assert_eq!(source, expected, "{results:?} [{index}]\n{text}");
        }
    }
}
