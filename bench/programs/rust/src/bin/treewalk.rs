//! An interpreter that walks a syntax tree: parsed from text, closures of boxes, environments.

use programs::run;

enum Expression {
    Number(i64),
    Variable(usize),
    Operation(Operator, Box<(Expression, Expression)>),
    If(Box<(Expression, Expression, Expression)>),
    Let(usize, Box<(Expression, Expression)>),
    Call(usize, Vec<Expression>),
}

#[derive(Clone, Copy)]
enum Operator {
    Add,
    Subtract,
    Multiply,
    Remainder,
    Less,
}

struct Program {
    functions: Vec<Expression>,
}

/// Prefix notation: `+ a b`, `? condition then else`, `= name value body`, `@function (arguments)`.
struct Parser<'a> {
    tokens: std::str::SplitWhitespace<'a>,
}

impl Parser<'_> {
    fn pair(&mut self) -> Box<(Expression, Expression)> {
        Box::new((self.expression(), self.expression()))
    }

    fn variable(name: &str) -> usize {
        usize::from(name.as_bytes()[0] - b'a')
    }

    fn expression(&mut self) -> Expression {
        let token = self.tokens.next().expect("the program is complete");
        let operator = match token {
            "+" => Operator::Add,
            "-" => Operator::Subtract,
            "*" => Operator::Multiply,
            "%" => Operator::Remainder,
            "<" => Operator::Less,
            "?" => {
                return Expression::If(Box::new((
                    self.expression(),
                    self.expression(),
                    self.expression(),
                )));
            }
            "=" => {
                let name = self.tokens.next().expect("a name follows");
                return Expression::Let(Self::variable(name), self.pair());
            }
            call if call.starts_with('@') => {
                let (function, count) = call[1..].split_once('/').expect("a call has a count");
                let number = |text: &str| text.parse::<usize>().expect("digits");
                let arguments = (0..number(count)).map(|_| self.expression()).collect();
                return Expression::Call(number(function), arguments);
            }
            other => {
                return other.parse().map_or_else(
                    |_| Expression::Variable(Self::variable(other)),
                    Expression::Number,
                );
            }
        };
        Expression::Operation(operator, self.pair())
    }
}

fn apply(operator: Operator, a: i64, b: i64) -> i64 {
    match operator {
        Operator::Add => a.wrapping_add(b),
        Operator::Subtract => a.wrapping_sub(b),
        Operator::Multiply => a.wrapping_mul(b),
        Operator::Remainder => a.checked_rem(b).unwrap_or(0),
        Operator::Less => i64::from(a < b),
    }
}

fn evaluate(program: &Program, environment: &mut [i64; 8], expression: &Expression) -> i64 {
    match expression {
        Expression::Number(value) => *value,
        Expression::Variable(index) => environment[*index],
        Expression::Operation(operator, operands) => {
            let a = evaluate(program, environment, &operands.0);
            let b = evaluate(program, environment, &operands.1);
            apply(*operator, a, b)
        }
        Expression::If(parts) => {
            let branch = if evaluate(program, environment, &parts.0) != 0 {
                &parts.1
            } else {
                &parts.2
            };
            evaluate(program, environment, branch)
        }
        Expression::Let(index, parts) => {
            environment[*index] = evaluate(program, environment, &parts.0);
            evaluate(program, environment, &parts.1)
        }
        Expression::Call(function, arguments) => {
            let mut inner = [0; 8];
            for (place, argument) in inner.iter_mut().zip(arguments) {
                *place = evaluate(program, environment, argument);
            }
            evaluate(program, &mut inner, &program.functions[*function])
        }
    }
}

fn setup() -> Program {
    let sources = [
        // 0: Fibonacci.
        "? < a 2 a + @0/1 - a 1 @0/1 - a 2",
        // 1: the greatest common divisor.
        "? b @1/2 b % a b a",
        // 2: a sum of divisors of a, counted from b with the sum in c.
        "? < a b c @2/3 a + b 1 ? % a b c + c b",
        // 3: mixes the others.
        "= b @0/1 % a 12 = c @2/3 + a 60 1 0 + * b c @1/2 * a 36 * b 24",
    ];
    let functions = sources
        .iter()
        .map(|source| {
            Parser {
                tokens: source.split_whitespace(),
            }
            .expression()
        })
        .collect();
    Program { functions }
}

#[inline(never)]
fn round(program: &mut Program, index: u32) -> u64 {
    let mut sum = 0i64;
    for i in 0..50 {
        let mut environment = [i64::from(index) + i, 0, 0, 0, 0, 0, 0, 0];
        sum = sum.wrapping_mul(31) + evaluate(program, &mut environment, &program.functions[3]);
    }
    sum as u64
}

fn main() {
    run("treewalk", 750, setup, round);
}
