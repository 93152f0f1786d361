//! Interpreters: loops that begin by choosing where to go, whose branches back choose on their own. What is chosen, what
//! fuel is counted and where traps are told must be as if they had jumped to the loop's start.

#![forbid(unsafe_code)]

use silica_engine::{Config, Engine, Module, Store, Trap};
use silica_tests_regress::{engines, function, instance, trap_of};

/// A stack machine of one register: at address `p` are operations of one byte; a zero byte ends it.
/// 1 adds one, 2 doubles, 3 negates, 4 jumps back six bytes while the counter (which it decrements) is not zero,
/// 5 traps, all else is skipped. Operations above 200 end it with -1, before they are looked up.
const MACHINE: &str = r#"(module
  (memory (export "memory") 1)
  (data (i32.const 0) "\01\02\09\01\03\04\00")
  (data (i32.const 16) "\01\02\c9\00")
  (data (i32.const 32) "\01\05\00")
  (func (export "run") (param $p i32) (param $counter i32) (result i32)
    (local $a i32) (local $op i32)
    (block $bad
      (loop $next
        (local.set $op (i32.load8_u (local.get $p)))
        (local.set $p (i32.add (local.get $p) (i32.const 1)))
        (block $end
          (block $other
            (block $trap
              (br_if $bad (i32.gt_u (local.get $op) (i32.const 200)))
              (block $back
                (block $negate
                  (block $double
                    (block $increment
                      (br_table $end $increment $double $negate $back $trap $next (local.get $op)))
                    (local.set $a (i32.add (local.get $a) (i32.const 1)))
                    (br $next))
                  (local.set $a (i32.mul (local.get $a) (i32.const 2)))
                  (br $next))
                (local.set $a (i32.sub (i32.const 0) (local.get $a)))
                (br $next))
              (br_if $next (i32.eqz (local.get $counter)))
              (local.set $counter (i32.sub (local.get $counter) (i32.const 1)))
              (local.set $p (i32.sub (local.get $p) (i32.const 6)))
              (br $next))
            (unreachable))
          (br $next))
        (return (local.get $a))))
    (i32.const -1)))"#;

fn expected(turns: i32) -> i32 {
    (0..=turns).fold(0i32, |a, _| {
        a.wrapping_add(1)
            .wrapping_mul(2)
            .wrapping_add(1)
            .wrapping_neg()
    })
}

#[test]
fn every_operation_is_found() {
    for (name, engine) in engines() {
        let (mut store, instance) = instance(&engine, MACHINE);
        let run = function::<(i32, i32), i32>(&mut store, &instance, "run");
        for turns in [0, 1, 2, 7, 100] {
            assert_eq!(
                run.call(&mut store, (0, turns)).unwrap(),
                expected(turns),
                "{name}"
            );
        }
        assert_eq!(run.call(&mut store, (16, 0)).unwrap(), -1, "{name}");
        let trap = trap_of(run.call(&mut store, (32, 0)));
        assert_eq!(trap, Trap::UnreachableCodeReached, "{name}");
    }
}

#[test]
fn fuel_is_what_each_operator_costs() {
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let module = Module::new(&engine, MACHINE).unwrap();
    let spent = |turns: i32| {
        let mut store = Store::new(&engine, ());
        store.set_fuel(100_000).unwrap();
        let instance = silica_engine::Instance::new(&mut store, &module, &[]).unwrap();
        let run = function::<(i32, i32), i32>(&mut store, &instance, "run");
        run.call(&mut store, (0, turns)).unwrap();
        100_000 - store.get_fuel().unwrap()
    };
    // Each turn of the machine's program costs the same, and what is spent is known to the operator.
    let turn = spent(1) - spent(0);
    // Six times choosing: 3 + 4 + 4 + 2 operators. The work: twice 5, 5, 0 (by the default), 5, and 3 + 4 + 4 + 1.
    assert_eq!(turn, 6 * 13 + 10 + 5 + 5 + 12);
    assert_eq!(spent(10) - spent(9), turn);
}

#[test]
fn a_load_that_chooses_traps_where_it_stands() {
    // Reading past the memory's end, the second time: by the repetition.
    let text = r#"(module (memory 1)
      (func (export "f") (param $p i32) (result i32)
        (loop $next
          (block $a
            (block $b (br_table $a $b (i32.load8_u (local.get $p))))
            (return (i32.const 7)))
          (local.set $p (i32.const 65536))
          (br $next))
        (unreachable)))"#;
    for (name, engine) in engines() {
        let (mut store, instance) = instance(&engine, text);
        let f = function::<i32, i32>(&mut store, &instance, "f");
        let trap = trap_of(f.call(&mut store, 0));
        assert_eq!(trap, Trap::MemoryOutOfBounds, "{name}");
    }
}

#[test]
fn one_interpreter_within_another() {
    let text = r#"(module
      (func (export "f") (param $n i32) (result i32) (local $i i32) (local $sum i32)
        (loop $outer
          (block $done
            (block $work
              (br_table $done $work (i32.ne (local.get $n) (i32.const 0))))
            (local.set $i (local.get $n))
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (loop $inner
              (block $stop
                (block $add
                  (br_table $stop $add $outer (local.get $i)))
                (local.set $sum (i32.add (local.get $sum) (i32.const 100)))
                (local.set $i (i32.const 0))
                (br $inner))
              (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
              (br $outer))
            (unreachable))
          (return (local.get $sum)))
        (unreachable)))"#;
    for (name, engine) in engines() {
        let (mut store, instance) = instance(&engine, text);
        let f = function::<i32, i32>(&mut store, &instance, "f");
        assert_eq!(f.call(&mut store, 0).unwrap(), 0, "{name}");
        assert_eq!(f.call(&mut store, 1).unwrap(), 101, "{name}");
        assert_eq!(f.call(&mut store, 5).unwrap(), 101, "{name}");
    }
}

#[test]
fn an_operand_beneath_the_blocks_is_that_of_this_turn() {
    // The first turn's operand is 1000, the second's 7.
    let text = r#"(module
      (func (export "f") (param $n i32) (result i32) (local $turn i32)
        (local.set $turn (i32.const 1000))
        (loop $next (result i32)
          (local.get $turn)
          (block $stop
            (block $again (br_table $again $stop (local.get $n)))
            (local.set $n (i32.const 1))
            (local.set $turn (i32.const 7))
            (br $next)))))"#;
    for (name, engine) in engines() {
        let (mut store, instance) = instance(&engine, text);
        let f = function::<i32, i32>(&mut store, &instance, "f");
        assert_eq!(f.call(&mut store, 1).unwrap(), 1000, "{name}");
        assert_eq!(f.call(&mut store, 0).unwrap(), 7, "{name}");
    }
}
