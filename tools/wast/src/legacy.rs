//! Scripts with exceptions as they were first shipped: their folded text, which the parser does not know, unfolded.
//!
//! `(try (do A) (catch $e B))` becomes `try A catch $e B end`, and `(try (do A) (delegate 0))` becomes `try A delegate 0`.
//! Every character stays in its line, so that places in messages remain true but for a few columns.

use std::borrow::Cow;

/// What an open parenthesis begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// Something that stays folded.
    Kept,
    /// A `try`, which ends in `end` unless it delegates.
    Try { delegates: bool },
    /// A clause of one.
    Clause,
}

/// The text of a script with every `try` unfolded; the same text if there is none.
pub(crate) fn unfold(text: &str) -> Cow<'_, str> {
    if !text
        .match_indices("(try")
        .any(|(at, _)| keyword(&text[at + 1..]) == "try")
    {
        return Cow::Borrowed(text);
    }
    let mut unfolded = String::with_capacity(text.len() + text.len() / 16);
    let mut open = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(piece_length(rest));
        rest = after;
        match piece {
            "(" => rest = begin(rest, &mut open, &mut unfolded),
            ")" => unfolded.push_str(match open.pop() {
                Some(Open::Kept) | None => ")",
                Some(Open::Try { delegates: false }) => " end",
                Some(Open::Try { delegates: true } | Open::Clause) => " ",
            }),
            other => unfolded.push_str(other),
        }
    }
    Cow::Owned(unfolded)
}

/// Writes what an open parenthesis becomes; gives the text after it and a keyword that is gone with it.
fn begin<'a>(rest: &'a str, open: &mut Vec<Open>, unfolded: &mut String) -> &'a str {
    let word = keyword(rest);
    let of_try = open
        .iter_mut()
        .last()
        .filter(|around| matches!(around, Open::Try { .. }));
    let what = match (word, of_try) {
        ("try", _) => Open::Try { delegates: false },
        ("do", Some(_)) => {
            unfolded.push(' ');
            open.push(Open::Clause);
            return &rest[word.len()..];
        }
        ("delegate", Some(around)) => {
            *around = Open::Try { delegates: true };
            Open::Clause
        }
        ("catch" | "catch_all", Some(_)) => Open::Clause,
        _ => Open::Kept,
    };
    unfolded.push(if what == Open::Kept { '(' } else { ' ' });
    open.push(what);
    rest
}

/// The word at the start of a text.
fn keyword(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "_.$!".contains(c)));
    &text[..end.unwrap_or(text.len())]
}

/// Bytes of a parenthesis, a string, a comment, or of everything up to one of these.
fn piece_length(text: &str) -> usize {
    let until = |end: &str| {
        text[2..]
            .find(end)
            .map_or(text.len(), |at| 2 + at + end.len())
    };
    if let Some(string) = text.strip_prefix('"') {
        let mut escaped = false;
        let closing = string.find(|c| {
            let closes = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        });
        return closing.map_or(text.len(), |at| at + 2);
    }
    if text.starts_with(";;") {
        return until("\n");
    }
    if text.starts_with("(;") {
        return until(";)");
    }
    if text.starts_with(['(', ')', ';']) {
        return 1;
    }
    text.find(['(', ')', '"', ';']).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let text = unfold(text);
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn clauses_are_unfolded() {
        let folded = "(func (try $l (result i32) (do (f) (g)) (catch $e (drop)) (catch_all (h))))";
        let unfolded = "(func try $l (result i32) (f) (g) catch $e (drop) catch_all (h) end)";
        assert_eq!(words(folded), words(unfolded));
        let folded = "(try (do (try (do (f)) (delegate 0))) (catch 0))";
        assert_eq!(words(folded), words(" try  try (f) delegate 0 catch 0 end"));
    }

    #[test]
    fn everything_else_stays() {
        for text in [
            "(try_table (catch $e 0) (f))",
            "(do (catch $e))",
            ";; (try\n(f)",
            "(; (try (do) ;)",
            "\"\\\"(try (do))\" (f)",
        ] {
            assert_eq!(unfold(text), text);
        }
    }

    #[test]
    fn lines_stay() {
        let folded = "(try\n (do\n (f))\n (catch $e\n (g)))\n(h)";
        assert_eq!(unfold(folded).lines().nth(5), Some("(h)"));
    }
}
