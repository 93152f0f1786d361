//! Each `unsafe` block, `unsafe impl` and `unsafe extern` has a `// SAFETY:` comment right above the statement or item
//! that it is in. (`unsafe fn` has its `# Safety` section, which clippy asks for.)

use super::finding::Finding;
use super::lexer::{Kind, Token};
use super::workspace::Workspace;

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in workspace.rust_files() {
        for (index, token) in file.tokens.iter().enumerate() {
            if token.is_word("unsafe")
                && needs_comment(&file.tokens[index + 1..])
                && !has_comment(&file.tokens[..index])
            {
                let remedy = "say above it why it is sound, in words that can be checked by reading this file";
                findings.push(Finding::new(
                    &file.path,
                    token.line,
                    "`unsafe` without a `// SAFETY:` comment",
                    remedy,
                ));
            }
        }
    }
    findings
}

fn needs_comment(after: &[Token]) -> bool {
    let mut code = after.iter().filter(|token| token.kind != Kind::Comment);
    let Some(next) = code.next() else {
        return false;
    };
    let block_follows = || {
        let mut rest = code.clone().skip_while(|token| token.kind == Kind::Literal);
        rest.next().is_some_and(|token| token.is_sign('{'))
    };
    next.is_sign('{') || next.is_word("impl") || (next.is_word("extern") && block_follows())
}

/// Whether a `SAFETY:` comment stands between the start of the statement and its `unsafe`, or right before that start.
fn has_comment(before: &[Token]) -> bool {
    let mut depth = 0;
    for token in before.iter().rev() {
        match token.kind {
            Kind::Comment if token.text.contains("SAFETY:") => return true,
            Kind::Comment | Kind::Literal | Kind::Lifetime => {}
            Kind::Word if token.text == "unsafe" => return false,
            Kind::Word => {}
            Kind::Sign if token.is_sign('}') || token.is_sign(';') => {
                if depth == 0 {
                    return false;
                }
            }
            Kind::Sign if token.is_sign(')') || token.is_sign(']') => depth += 1,
            Kind::Sign if token.is_sign('(') || token.is_sign('[') => depth -= 1,
            Kind::Sign if token.is_sign('{') && depth <= 0 => return false,
            Kind::Sign => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(source: &str) -> usize {
        check(&Workspace::sample(&[("a.rs", source)])).len()
    }

    #[test]
    fn a_comment_above_the_statement_is_enough() {
        assert_eq!(
            count(
                "fn a() {\n // SAFETY: `x` was checked above.\n let y = f(1, unsafe { x.read() });\n}"
            ),
            0
        );
        assert_eq!(
            count("// SAFETY: it holds no pointer.\n#[cfg(unix)]\nunsafe impl Send for A {}"),
            0
        );
        assert_eq!(
            count("// SAFETY: as the C library says.\nunsafe extern \"C\" { fn f(); }"),
            0
        );
        assert_eq!(
            count("match a {\n // SAFETY: checked.\n A => unsafe { f() },\n}"),
            0
        );
    }

    #[test]
    fn what_has_no_comment_is_found() {
        assert_eq!(count("fn a() { unsafe { x.read() } }"), 1);
        assert_eq!(count("unsafe impl Send for A {}"), 1);
        assert_eq!(
            count("fn a() {\n // SAFETY: for the first.\n unsafe { f() };\n unsafe { g() };\n}"),
            1
        );
        assert_eq!(
            count("// SAFETY: of another function.\nfn a() {}\nfn b() { unsafe { f() } }"),
            1
        );
    }

    #[test]
    fn declarations_and_pointer_types_need_none() {
        assert_eq!(
            count("/// # Safety\npub unsafe fn a(f: unsafe extern \"C\" fn(i32)) {}"),
            0
        );
        assert_eq!(count("#[unsafe(no_mangle)] pub extern \"C\" fn a() {}"), 0);
    }
}
