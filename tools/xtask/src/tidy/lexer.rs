//! Rust source to tokens: enough of a lexer that no rule is fooled by a string, a comment or a lifetime.
//!
//! It knows no grammar. What it cannot make sense of becomes a punctuation token, never an error: the compiler is what
//! refuses bad source.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word: an identifier or a keyword.
    Word,
    /// A lifetime or a loop label.
    Lifetime,
    /// A string, character, byte or number.
    Literal,
    /// A comment of either form, documentation included.
    Comment,
    /// One character of anything else.
    Sign,
}

/// A piece of source, with the line (from 1) that it starts on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) text: String,
    pub(crate) line: usize,
}

impl Token {
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text == word
    }

    pub(crate) fn is_sign(&self, sign: char) -> bool {
        self.kind == Kind::Sign && self.text.starts_with(sign)
    }

    /// The line that the token ends on.
    pub(crate) fn last_line(&self) -> usize {
        self.line + self.text.matches('\n').count()
    }
}

/// All tokens of a source, comments included.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut lexer = Lexer {
        rest: source,
        line: 1,
        tokens: Vec::new(),
    };
    lexer.run();
    lexer.tokens
}

/// The tokens that are code.
pub(crate) fn code(tokens: &[Token]) -> Vec<&Token> {
    tokens
        .iter()
        .filter(|token| token.kind != Kind::Comment)
        .collect()
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn run(&mut self) {
        while let Some(first) = self.rest.chars().next() {
            if first.is_whitespace() {
                self.skip(first.len_utf8());
                continue;
            }
            let (kind, length) = self.measure(first);
            self.push(kind, length);
        }
    }

    /// The kind and the length in bytes of the token that starts here.
    fn measure(&self, first: char) -> (Kind, usize) {
        let rest = self.rest;
        if rest.starts_with("//") {
            return (Kind::Comment, rest.find('\n').unwrap_or(rest.len()));
        }
        if rest.starts_with("/*") {
            return (Kind::Comment, block_comment(rest));
        }
        if let Some(length) = prefixed_literal(rest) {
            return (Kind::Literal, length);
        }
        match first {
            '"' => (Kind::Literal, quoted(rest, '"')),
            '\'' => quote_or_lifetime(rest),
            _ if first.is_ascii_digit() => (Kind::Literal, number(rest)),
            _ if is_word(first) => (Kind::Word, word(rest)),
            _ => (Kind::Sign, first.len_utf8()),
        }
    }

    fn push(&mut self, kind: Kind, length: usize) {
        let text = self.rest[..length].to_owned();
        let line = self.line;
        self.skip(length);
        self.tokens.push(Token { kind, text, line });
    }

    fn skip(&mut self, length: usize) {
        self.line += self.rest[..length].matches('\n').count();
        self.rest = &self.rest[length..];
    }
}

fn is_word(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

fn word(rest: &str) -> usize {
    rest.find(|character| !is_word(character))
        .unwrap_or(rest.len())
}

/// Digits with suffix, fraction and exponent; `1..2` and `1.max(2)` end at the first dot.
fn number(rest: &str) -> usize {
    let whole = word(rest);
    let after = &rest[whole..];
    let fraction = after
        .strip_prefix('.')
        .filter(|digits| digits.starts_with(|digit: char| digit.is_ascii_digit()));
    let mut length = match fraction {
        Some(digits) => whole + 1 + word(digits),
        None => whole,
    };
    let exponent = rest[..length].ends_with(['e', 'E']) && !rest.starts_with("0x");
    if exponent && rest[length..].starts_with(['-', '+']) {
        length += 1 + word(&rest[length + 1..]);
    }
    length
}

/// A quoted literal with escapes, from its opening to its closing quote.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return index + 1,
            _ => {}
        }
    }
    rest.len()
}

fn quote_or_lifetime(rest: &str) -> (Kind, usize) {
    let mut characters = rest.chars().skip(1);
    let second = characters.next();
    let third = characters.next();
    let lifetime = second.is_some_and(is_word) && third != Some('\'');
    match lifetime {
        true => (Kind::Lifetime, 1 + word(&rest[1..])),
        false => (Kind::Literal, quoted(rest, '\'')),
    }
}

/// A literal with a prefix: raw, byte and C strings, and byte characters.
fn prefixed_literal(rest: &str) -> Option<usize> {
    for prefix in ["br", "cr", "r"] {
        let Some(after) = rest.strip_prefix(prefix) else {
            continue;
        };
        let hashes = after.len() - after.trim_start_matches('#').len();
        if after[hashes..].starts_with('"') {
            let closing = format!("\"{}", "#".repeat(hashes));
            let start = prefix.len() + hashes + 1;
            return Some(
                rest[start..]
                    .find(&closing)
                    .map_or(rest.len(), |end| start + end + closing.len()),
            );
        }
    }
    for (prefix, quote) in [("b\"", '"'), ("c\"", '"'), ("b'", '\'')] {
        if rest.starts_with(prefix) {
            return Some(1 + quoted(&rest[1..], quote));
        }
    }
    None
}

/// A block comment with the ones nested in it.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut index = 0;
    while index < rest.len() {
        if rest[index..].starts_with("/*") {
            depth += 1;
            index += 2;
        } else if rest[index..].starts_with("*/") {
            depth -= 1;
            index += 2;
            if depth == 0 {
                return index;
            }
        } else {
            index += rest[index..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str, kind: Kind) -> Vec<String> {
        tokens(source)
            .into_iter()
            .filter(|token| token.kind == kind)
            .map(|token| token.text)
            .collect()
    }

    #[test]
    fn words_in_strings_and_comments_are_not_words() {
        let source = "let a = \"unsafe \\\" {\"; // unsafe\n/* unsafe /* nested */ unsafe */ b";
        assert_eq!(texts(source, Kind::Word), ["let", "a", "b"]);
    }

    #[test]
    fn raw_byte_and_c_strings_end_where_they_end() {
        let source = r###"r#"a " b"# br"x" c"y" b'\'' r"""###;
        assert_eq!(
            texts(source, Kind::Literal),
            [r##"r#"a " b"#"##, "br\"x\"", "c\"y\"", "b'\\''", "r\"\""]
        );
    }

    #[test]
    fn a_lifetime_is_not_a_character() {
        assert_eq!(
            texts("&'a str 'b' '\\n' 'é' 'outer: loop", Kind::Lifetime),
            ["'a", "'outer"]
        );
        assert_eq!(
            texts("&'a str 'b' '\\n' 'é'", Kind::Literal),
            ["'b'", "'\\n'", "'é'"]
        );
    }

    #[test]
    fn numbers_leave_ranges_and_methods_alone() {
        assert_eq!(
            texts("0..10 1.5e-3 0xff_u8 1.max(2) x.0", Kind::Literal),
            ["0", "10", "1.5e-3", "0xff_u8", "1", "2", "0"]
        );
    }

    #[test]
    fn lines_are_counted_through_every_kind() {
        let lines: Vec<_> = tokens("a\n\"x\ny\" b\n/* 1\n2 */ c")
            .into_iter()
            .map(|token| token.line)
            .collect();
        assert_eq!(lines, [1, 2, 3, 4, 5]);
    }
}
