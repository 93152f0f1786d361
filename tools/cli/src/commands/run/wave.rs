//! Values of components as text, in the notation called WAVE: `greet("world", {count: 2, tags: [red, blue]})`.
//!
//! What a word means depends on the type that is expected, so values are read by their types.

use silica::component::Val;
use silica::component::describe::{Case, DefinedType, Field, FunctionType, Types, ValueType};

/// Errors say what is wrong with the text, in words.
type Result<T> = std::result::Result<T, String>;

/// `name(…)`, taken apart. The name ends at the first parenthesis.
pub(super) fn call(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_once('(')?;
    let arguments = rest.trim_end().strip_suffix(')')?;
    Some((name.trim(), arguments))
}

/// The arguments of a call, by the types of the function's parameters.
pub(super) fn arguments(text: &str, ty: &FunctionType, types: &Types) -> Result<Vec<Val>> {
    let mut reader = Reader { rest: text, types };
    let mut values = Vec::with_capacity(ty.params.len());
    for (index, param) in ty.params.iter().enumerate() {
        if index > 0 {
            reader.expect(",")?;
        }
        let value = reader.value(param.ty);
        values.push(value.map_err(|error| format!("argument `{}`: {error}", param.name))?);
    }
    reader.take(",");
    reader.end()?;
    Ok(values)
}

struct Reader<'a> {
    rest: &'a str,
    types: &'a Types,
}

impl<'a> Reader<'a> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, token: &str) -> bool {
        self.skip();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn found(&self) -> String {
        match self.rest.chars().next() {
            Some(_) => {
                let shown: String = self.rest.chars().take(20).collect();
                format!("`{shown}`")
            }
            None => "the end".to_owned(),
        }
    }

    fn expect(&mut self, token: &str) -> Result<()> {
        if self.take(token) {
            return Ok(());
        }
        Err(format!("expected `{token}`, found {}", self.found()))
    }

    fn end(&mut self) -> Result<()> {
        self.skip();
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(format!("more than is needed: {}", self.found()))
    }

    /// A name or a number.
    fn word(&mut self) -> Result<&'a str> {
        self.skip();
        let rest = self.rest.strip_prefix('%').unwrap_or(self.rest);
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-+._".contains(c);
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        if end == 0 {
            return Err(format!("expected a value, found {}", self.found()));
        }
        let (word, rest) = rest.split_at(end);
        self.rest = rest;
        Ok(word)
    }

    fn value(&mut self, ty: ValueType) -> Result<Val> {
        match ty {
            ValueType::Defined(index) => {
                let types = self.types;
                self.defined(types.defined(index))
            }
            ValueType::String => self.quoted('"').map(Val::String),
            ValueType::Char => {
                let text = self.quoted('\'')?;
                let mut chars = text.chars();
                match (chars.next(), chars.next()) {
                    (Some(c), None) => Ok(Val::Char(c)),
                    _ => Err("expected one character".to_owned()),
                }
            }
            number => {
                let word = self.word()?;
                self.number(number, word)
                    .ok_or_else(|| format!("`{word}` is no {}", name(number)))
            }
        }
    }

    fn number(&self, ty: ValueType, word: &str) -> Option<Val> {
        Some(match ty {
            ValueType::Bool => Val::Bool(word.parse().ok()?),
            ValueType::S8 => Val::S8(word.parse().ok()?),
            ValueType::U8 => Val::U8(word.parse().ok()?),
            ValueType::S16 => Val::S16(word.parse().ok()?),
            ValueType::U16 => Val::U16(word.parse().ok()?),
            ValueType::S32 => Val::S32(word.parse().ok()?),
            ValueType::U32 => Val::U32(word.parse().ok()?),
            ValueType::S64 => Val::S64(word.parse().ok()?),
            ValueType::U64 => Val::U64(word.parse().ok()?),
            ValueType::F32 => Val::Float32(word.parse().ok()?),
            ValueType::F64 => Val::Float64(word.parse().ok()?),
            ValueType::Char
            | ValueType::String
            | ValueType::ErrorContext
            | ValueType::Defined(_) => return None,
        })
    }

    /// Text between two `quote`s.
    fn quoted(&mut self, quote: char) -> Result<String> {
        self.skip();
        let mut chars = self
            .rest
            .strip_prefix(quote)
            .ok_or_else(|| format!("expected `{quote}`, found {}", self.found()))?
            .chars();
        let mut text = String::new();
        loop {
            match chars.next() {
                None => return Err(format!("`{quote}` is missing")),
                Some(c) if c == quote => break,
                Some('\\') => text.push(escape(&mut chars)?),
                Some(c) => text.push(c),
            }
        }
        self.rest = chars.as_str();
        Ok(text)
    }

    /// What stands between `open` and `close`, with commas between.
    fn list<T>(
        &mut self,
        (open, close): (&str, &str),
        mut item: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.expect(open)?;
        let mut items = Vec::new();
        while !self.take(close) {
            if !items.is_empty() {
                self.expect(",")?;
                if self.take(close) {
                    break;
                }
            }
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn defined(&mut self, ty: &DefinedType) -> Result<Val> {
        match ty {
            DefinedType::Record(fields) => self.record(fields).map(Val::Record),
            DefinedType::Variant(cases) => self.variant(cases),
            DefinedType::Enum(names) => {
                let word = self.word()?;
                known(names, word)?;
                Ok(Val::Enum(word.to_owned()))
            }
            DefinedType::Flags(names) => {
                let set = self.list(("{", "}"), |reader| {
                    let word = reader.word()?;
                    known(names, word)?;
                    Ok(word.to_owned())
                })?;
                Ok(Val::Flags(set))
            }
            DefinedType::Tuple(types) => {
                let mut types = types.iter();
                let values = self.list(("(", ")"), |reader| match types.next() {
                    Some(ty) => reader.value(*ty),
                    None => Err("the tuple has fewer values".to_owned()),
                })?;
                match types.next() {
                    None => Ok(Val::Tuple(values)),
                    Some(_) => Err("the tuple has more values".to_owned()),
                }
            }
            DefinedType::List(ty) | DefinedType::FixedLengthList(ty, _) => {
                let values = self.list(("[", "]"), |reader| reader.value(*ty))?;
                Ok(Val::List(values))
            }
            DefinedType::Map(key, value) => {
                let entries = self.list(("{", "}"), |reader| {
                    let key = reader.value(*key)?;
                    reader.expect(":")?;
                    Ok((key, reader.value(*value)?))
                })?;
                Ok(Val::Map(entries))
            }
            DefinedType::Option(ty) => match self.word()? {
                "none" => Ok(Val::Option(None)),
                "some" => Ok(Val::Option(self.payload(Some(*ty))?)),
                word => Err(format!("expected `some(…)` or `none`, found `{word}`")),
            },
            DefinedType::Result { ok, err } => match self.word()? {
                "ok" => Ok(Val::Result(Ok(self.payload(*ok)?))),
                "err" => Ok(Val::Result(Err(self.payload(*err)?))),
                word => Err(format!("expected `ok(…)` or `err(…)`, found `{word}`")),
            },
            DefinedType::Own(_)
            | DefinedType::Borrow(_)
            | DefinedType::Future(_)
            | DefinedType::Stream(_) => Err("resources cannot be written".to_owned()),
        }
    }

    fn payload(&mut self, ty: Option<ValueType>) -> Result<Option<Box<Val>>> {
        let Some(ty) = ty else { return Ok(None) };
        self.expect("(")?;
        let value = self.value(ty)?;
        self.expect(")")?;
        Ok(Some(Box::new(value)))
    }

    fn variant(&mut self, cases: &[Case]) -> Result<Val> {
        let word = self.word()?;
        match cases.iter().find(|case| *case.name == *word) {
            Some(case) => Ok(Val::Variant(word.to_owned(), self.payload(case.ty)?)),
            None => Err(format!("there is no case `{word}`")),
        }
    }

    fn record(&mut self, fields: &[Field]) -> Result<Vec<(String, Val)>> {
        let mut given = self.list(("{", "}"), |reader| {
            let word = reader.word()?;
            let field = fields.iter().find(|field| *field.name == *word);
            let field = field.ok_or_else(|| format!("there is no field `{word}`"))?;
            reader.expect(":")?;
            Ok((word.to_owned(), reader.value(field.ty)?))
        })?;
        let mut values = Vec::with_capacity(fields.len());
        for field in fields {
            let at = given.iter().position(|(name, _)| **name == *field.name);
            match at {
                Some(at) => values.push(given.swap_remove(at)),
                None => return Err(format!("the field `{}` is missing", field.name)),
            }
        }
        match given.first() {
            None => Ok(values),
            Some((name, _)) => Err(format!("the field `{name}` is there twice")),
        }
    }
}

fn known(names: &[Box<str>], word: &str) -> Result<()> {
    if names.iter().any(|name| **name == *word) {
        return Ok(());
    }
    Err(format!("`{word}` is none of {}", names.join(", ")))
}

fn escape(chars: &mut std::str::Chars<'_>) -> Result<char> {
    match chars.next() {
        Some('n') => Ok('\n'),
        Some('t') => Ok('\t'),
        Some('r') => Ok('\r'),
        Some(c @ ('\\' | '\'' | '"')) => Ok(c),
        Some('u') => {
            let rest = chars.as_str();
            let digits = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            let (digits, after) = digits.ok_or("expected `\\u{…}`")?;
            *chars = after.chars();
            let number = u32::from_str_radix(digits, 16).ok();
            number
                .and_then(char::from_u32)
                .ok_or_else(|| format!("`{digits}` is no character"))
        }
        _ => Err("an escape that there is not".to_owned()),
    }
}

fn name(ty: ValueType) -> String {
    format!("{ty:?}").to_ascii_lowercase()
}

/// A value as it could be read again.
pub(super) fn show(value: &Val) -> String {
    let all = |values: &[Val]| values.iter().map(show).collect::<Vec<_>>().join(", ");
    let with = |name: &str, payload: &Option<Box<Val>>| match payload {
        Some(value) => format!("{name}({})", show(value)),
        None => name.to_owned(),
    };
    match value {
        Val::Bool(v) => v.to_string(),
        Val::S8(v) => v.to_string(),
        Val::U8(v) => v.to_string(),
        Val::S16(v) => v.to_string(),
        Val::U16(v) => v.to_string(),
        Val::S32(v) => v.to_string(),
        Val::U32(v) => v.to_string(),
        Val::S64(v) => v.to_string(),
        Val::U64(v) => v.to_string(),
        Val::Float32(v) => v.to_string().to_ascii_lowercase(),
        Val::Float64(v) => v.to_string().to_ascii_lowercase(),
        Val::Char(v) => format!("'{}'", v.escape_debug()),
        Val::String(v) => format!("\"{}\"", v.escape_debug()),
        Val::List(values) => format!("[{}]", all(values)),
        Val::Tuple(values) => format!("({})", all(values)),
        Val::Map(entries) => {
            let entries = entries
                .iter()
                .map(|(k, v)| format!("{}: {}", show(k), show(v)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Val::Record(fields) => {
            let fields = fields
                .iter()
                .map(|(name, v)| format!("{name}: {}", show(v)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Val::Variant(name, payload) => with(name, payload),
        Val::Enum(name) => name.clone(),
        Val::Option(None) => "none".to_owned(),
        Val::Option(some) => with("some", some),
        Val::Result(Ok(payload)) => with("ok", payload),
        Val::Result(Err(payload)) => with("err", payload),
        Val::Flags(names) => format!("{{{}}}", names.join(", ")),
        Val::Resource(_) => "a resource".to_owned(),
    }
}
