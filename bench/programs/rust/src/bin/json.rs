//! JSON: a document parsed into a tree, changed, and printed again.

use programs::{Digest, Random, run};
use std::collections::BTreeMap;
use std::fmt::Write;

enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Array(Vec<Value>),
    Object(BTreeMap<String, Value>),
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
}

type Result<T> = std::result::Result<T, usize>;

impl Parser<'_> {
    fn space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<()> {
        self.space();
        if self.bytes.get(self.at) != Some(&byte) {
            return Err(self.at);
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.at);
        }
        self.at += word.len();
        Ok(value)
    }

    fn value(&mut self) -> Result<Value> {
        self.space();
        match self.bytes.get(self.at).copied().ok_or(self.at)? {
            b'n' => self.word("null", Value::Null),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'"' => self.text().map(Value::Text),
            b'[' => self.array(),
            b'{' => self.object(),
            _ => self.number(),
        }
    }

    fn number(&mut self) -> Result<Value> {
        let start = self.at;
        while matches!(
            self.bytes.get(self.at),
            Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
        ) {
            self.at += 1;
        }
        let text = std::str::from_utf8(&self.bytes[start..self.at]).map_err(|_| start)?;
        text.parse().map(Value::Number).map_err(|_| start)
    }

    fn text(&mut self) -> Result<String> {
        self.expect(b'"')?;
        let mut text = String::new();
        loop {
            let start = self.at;
            while !matches!(self.bytes.get(self.at), None | Some(b'"' | b'\\')) {
                self.at += 1;
            }
            text.push_str(std::str::from_utf8(&self.bytes[start..self.at]).map_err(|_| start)?);
            if self.bytes.get(self.at) == Some(&b'"') {
                self.at += 1;
                return Ok(text);
            }
            text.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char> {
        let letter = *self.bytes.get(self.at + 1).ok_or(self.at)?;
        self.at += 2;
        match letter {
            b'n' => Ok('\n'),
            b't' => Ok('\t'),
            b'u' => {
                let digits = self.bytes.get(self.at..self.at + 4).ok_or(self.at)?;
                let digits = std::str::from_utf8(digits).map_err(|_| self.at)?;
                let code = u32::from_str_radix(digits, 16).map_err(|_| self.at)?;
                self.at += 4;
                char::from_u32(code).ok_or(self.at)
            }
            other => Ok(char::from(other)),
        }
    }

    fn array(&mut self) -> Result<Value> {
        self.expect(b'[')?;
        let mut items = Vec::new();
        self.space();
        if self.expect(b']').is_ok() {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value()?);
            if self.expect(b',').is_err() {
                return self.expect(b']').map(|()| Value::Array(items));
            }
        }
    }

    fn object(&mut self) -> Result<Value> {
        self.expect(b'{')?;
        let mut members = BTreeMap::new();
        loop {
            self.space();
            let name = self.text()?;
            self.expect(b':')?;
            members.insert(name, self.value()?);
            if self.expect(b',').is_err() {
                return self.expect(b'}').map(|()| Value::Object(members));
            }
        }
    }
}

fn print_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if (c as u32) < 32 => write!(out, "\\u{:04x}", c as u32).expect("strings grow"),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn print(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(value) => write!(out, "{value}").expect("strings grow"),
        Value::Text(text) => print_text(text, out),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                out.push(if i == 0 { '[' } else { ',' });
                print(item, out);
            }
            out.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        Value::Object(members) => {
            for (i, (name, value)) in members.iter().enumerate() {
                out.push(if i == 0 { '{' } else { ',' });
                print_text(name, out);
                out.push(':');
                print(value, out);
            }
            out.push('}');
        }
    }
}

fn change(value: &mut Value, index: u32) {
    match value {
        Value::Number(n) => *n = (*n * 1.5 + f64::from(index)) % 1e6,
        Value::Bool(b) => *b = !*b,
        Value::Array(items) => items.iter_mut().for_each(|item| change(item, index)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|member| change(member, index)),
        Value::Null | Value::Text(_) => {}
    }
}

fn setup() -> String {
    let mut random = Random::new(22);
    let mut text = String::from("[");
    for id in 0..400 {
        let separator = if id == 0 { "" } else { ",\n " };
        let price = f64::from(random.below(100_000)) / 100.0;
        let tags = ["red", "blue \\\"deep\\\"", "gr\\u00fcn", "\u{4e2d}\\n"];
        let tag = tags[random.below(4) as usize];
        write!(
            text,
            "{separator}{{\"id\": {id}, \"name\": \"item number {id}\", \"price\": {price}, \"stock\": \
             [{}, {}, {}], \"open\": {}, \"tag\": \"{tag}\", \"parent\": null, \"size\": {{\"w\": {:.4}, \"h\": 1e2}}}}",
            random.below(100), random.below(1000), random.below(10), id % 3 == 0, random.unit()
        )
        .expect("strings grow");
    }
    text + "]"
}

#[inline(never)]
fn round(document: &mut String, index: u32) -> u64 {
    let mut parser = Parser {
        bytes: document.as_bytes(),
        at: 0,
    };
    let mut value = parser.value().expect("the document is well formed");
    change(&mut value, index);
    let mut out = String::new();
    print(&value, &mut out);
    let mut sum = Digest::new();
    sum.add_bytes(out.as_bytes());
    sum.get()
}

fn main() {
    run("json", 440, setup, round);
}
