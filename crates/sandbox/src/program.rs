//! A list of system calls as a program of the kernel's packet filter.
//!
//! The program searches by halves: the kernel runs it for each call that there is when it is
//! put up, and the straight way through a list takes most of a millisecond for that.

use seccompiler::{BpfProgram, sock_filter};

/// What is checked of a call's parameters, of which only the lower 32 bits count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Check {
    /// Nothing: the call is allowed.
    Nothing,
    /// That a parameter is one of these.
    OneOf(u8, Vec<u32>),
    /// That a parameter is none of these.
    NoneOf(u8, Vec<u32>),
}

/// What is done with the numbers from one on.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Leaf {
    Refuse,
    Allow(Check),
}

// Operations of the packet filter.
const LOAD: u16 = 0x20;
const JUMP: u16 = 0x05;
const JUMP_IF_EQUAL: u16 = 0x15;
const JUMP_IF_NOT_LESS: u16 = 0x35;
const RETURN: u16 = 0x06;

// Where what is asked about has its parts.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const PARAMETERS: u32 = 16;

// Answers.
const ALLOW: u32 = 0x7fff_0000;
const FAIL_WITH: u32 = 0x0005_0000;
const KILL: u32 = 0x8000_0000;

#[cfg(target_arch = "x86_64")]
const OURS: Option<u32> = Some(0xc000_003e);
#[cfg(target_arch = "aarch64")]
const OURS: Option<u32> = Some(0xc000_00b7);
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const OURS: Option<u32> = None;

fn operation(code: u16, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

/// The program that allows these calls; none for processors whose numbers are not known here.
pub(super) fn assemble(allowed: &[(u32, Check)]) -> Option<BpfProgram> {
    let mut program = vec![
        operation(LOAD, 0, 0, ARCHITECTURE),
        operation(JUMP_IF_EQUAL, 1, 0, OURS?),
        // The calls of another architecture have other numbers.
        operation(RETURN, 0, 0, KILL),
        operation(LOAD, 0, 0, NUMBER),
    ];
    program.extend(search(&intervals(allowed)));
    Some(program)
}

/// From which number on what is done, in order, from 0 on.
fn intervals(allowed: &[(u32, Check)]) -> Vec<(u32, Leaf)> {
    let mut sorted = allowed.to_vec();
    sorted.sort_by_key(|(number, _)| *number);
    sorted.dedup_by_key(|(number, _)| *number);
    let mut intervals = vec![(0, Leaf::Refuse)];
    let mut begin = |from: u32, leaf: Leaf| {
        if intervals.last().is_some_and(|(last, _)| *last == from) {
            intervals.pop();
        }
        if intervals.last().is_none_or(|(_, last)| *last != leaf) {
            intervals.push((from, leaf));
        }
    };
    for (number, check) in sorted {
        begin(number, Leaf::Allow(check));
        begin(number + 1, Leaf::Refuse);
    }
    intervals
}

/// What finds the interval of a number, with the number loaded.
fn search(intervals: &[(u32, Leaf)]) -> Vec<sock_filter> {
    let (lower, upper) = intervals.split_at(intervals.len() / 2);
    let Some((first, leaf)) = upper.first() else {
        return Vec::new();
    };
    if lower.is_empty() {
        return answer(leaf);
    }
    let (below, above) = (search(lower), search(upper));
    let mut program = match u8::try_from(below.len()) {
        Ok(over) => vec![operation(JUMP_IF_NOT_LESS, over, 0, *first)],
        // Further than a condition jumps; no program is longer than 4096 operations.
        Err(_) => vec![
            operation(JUMP_IF_NOT_LESS, 0, 1, *first),
            operation(JUMP, 0, 0, below.len() as u32),
        ],
    };
    program.extend(below);
    program.extend(above);
    program
}

fn answer(leaf: &Leaf) -> Vec<sock_filter> {
    let refuse = FAIL_WITH | libc::EPERM as u32;
    let (parameter, values, equal, other) = match leaf {
        Leaf::Refuse => return vec![operation(RETURN, 0, 0, refuse)],
        Leaf::Allow(Check::Nothing) => return vec![operation(RETURN, 0, 0, ALLOW)],
        Leaf::Allow(Check::OneOf(parameter, values)) => (*parameter, values, ALLOW, refuse),
        Leaf::Allow(Check::NoneOf(parameter, values)) => (*parameter, values, refuse, ALLOW),
    };
    let place = PARAMETERS + 8 * u32::from(parameter);
    let mut program = vec![operation(LOAD, 0, 0, place)];
    for value in values {
        program.push(operation(JUMP_IF_EQUAL, 0, 1, *value));
        program.push(operation(RETURN, 0, 0, equal));
    }
    program.push(operation(RETURN, 0, 0, other));
    program
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Does what the kernel does with a program.
    fn run(program: &[sock_filter], number: u32, parameters: [u32; 2]) -> u32 {
        let (mut at, mut value) = (0, 0);
        loop {
            let operation = &program[at];
            at += 1;
            let holds = match operation.code {
                LOAD => {
                    value = match operation.k {
                        NUMBER => number,
                        ARCHITECTURE => OURS.unwrap(),
                        place => parameters[(place as usize - 16) / 8],
                    };
                    continue;
                }
                RETURN => return operation.k,
                JUMP => {
                    at += operation.k as usize;
                    continue;
                }
                JUMP_IF_EQUAL => value == operation.k,
                JUMP_IF_NOT_LESS => value >= operation.k,
                code => panic!("{code}"),
            };
            at += usize::from(if holds { operation.jt } else { operation.jf });
        }
    }

    fn allows(program: &[sock_filter], number: u32, parameters: [u32; 2]) -> bool {
        match run(program, number, parameters) {
            ALLOW => true,
            refused => {
                assert_eq!(refused, FAIL_WITH | 1);
                false
            }
        }
    }

    #[test]
    fn every_number_is_found() {
        for step in [1, 2, 3, 7] {
            let numbers: Vec<u32> = (5..800).filter(|number| number % step == 0).collect();
            let allowed: Vec<_> = numbers.iter().map(|n| (*n, Check::Nothing)).collect();
            let program = assemble(&allowed).unwrap();
            assert!(program.len() < 4096);
            for number in (0..1000).chain([0x4000_0000, u32::MAX]) {
                let expected = numbers.contains(&number);
                assert_eq!(allows(&program, number, [0; 2]), expected, "{number}");
            }
        }
    }

    #[test]
    fn parameters_are_checked() {
        let allowed = [
            (8, Check::OneOf(0, vec![1, 2])),
            (7, Check::Nothing),
            (9, Check::NoneOf(1, vec![3, 4])),
        ];
        let program = assemble(&allowed).unwrap();
        assert!(allows(&program, 7, [9, 9]));
        assert!(allows(&program, 8, [2, 9]) && !allows(&program, 8, [3, 1]));
        assert!(allows(&program, 9, [3, 1]) && !allows(&program, 9, [1, 4]));
        assert!(!allows(&program, 10, [1, 1]) && !allows(&program, 0, [1, 1]));
    }
}
