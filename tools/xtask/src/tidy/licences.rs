//! Everything that the project is built upon has a licence that `deny.toml` allows: the same list that cargo-deny reads, held
//! also where that tool is not installed.

use super::finding::Finding;
use super::workspace::Workspace;

const LIST: &str = "deny.toml";

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let Some(list) = workspace.file(LIST) else {
        return vec![Finding::new(
            LIST,
            0,
            "is missing",
            "restore the list of licences",
        )];
    };
    let allowed = allowed(&list.text);
    let mut findings = Vec::new();
    for (package, licence) in &workspace.licences {
        if !permits(licence, &allowed) {
            let what = format!("{package} is under `{licence}`, which is not allowed");
            findings.push(Finding::new(
                LIST,
                0,
                what,
                "use another crate; a new licence is a decision",
            ));
        }
    }
    findings
}

/// The strings of the `allow` list.
fn allowed(text: &str) -> Vec<&str> {
    let lines = text
        .lines()
        .skip_while(|line| !line.starts_with("allow = ["));
    let rows = lines.skip(1).take_while(|line| !line.starts_with(']'));
    rows.filter_map(|row| row.trim().strip_prefix('"')?.strip_suffix("\","))
        .collect()
}

/// Whether one of the alternatives of an SPDX expression is allowed in all its parts.
fn permits(expression: &str, allowed: &[&str]) -> bool {
    let mut words = Words::of(expression);
    words.any(allowed) && words.rest.is_empty()
}

/// A reader of SPDX expressions: `OR` binds less than `AND`, and `WITH` belongs to the name before it.
struct Words {
    rest: Vec<String>,
}

impl Words {
    fn of(expression: &str) -> Self {
        // An old form writes `MIT/Apache-2.0`.
        let spaced = expression
            .replace('/', " OR ")
            .replace('(', " ( ")
            .replace(')', " ) ");
        let mut rest: Vec<String> = spaced.split_whitespace().map(str::to_owned).collect();
        rest.reverse();
        Self { rest }
    }

    fn accept(&mut self, word: &str) -> bool {
        let found = self.rest.last().is_some_and(|next| next == word);
        if found {
            self.rest.pop();
        }
        found
    }

    fn any(&mut self, allowed: &[&str]) -> bool {
        let mut found = self.all(allowed);
        while self.accept("OR") {
            found |= self.all(allowed);
        }
        found
    }

    fn all(&mut self, allowed: &[&str]) -> bool {
        let mut found = self.one(allowed);
        while self.accept("AND") {
            found &= self.one(allowed);
        }
        found
    }

    fn one(&mut self, allowed: &[&str]) -> bool {
        if self.accept("(") {
            let found = self.any(allowed);
            return self.accept(")") && found;
        }
        let mut name = self.rest.pop().unwrap_or_default();
        if self.accept("WITH") {
            name = format!("{name} WITH {}", self.rest.pop().unwrap_or_default());
        }
        allowed.contains(&name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_spdx_means_them() {
        let allowed = ["MIT", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"];
        assert!(permits("MIT", &allowed));
        assert!(permits("GPL-3.0 OR MIT", &allowed));
        assert!(permits("GPL-3.0/MIT", &allowed));
        assert!(permits("(MIT OR Apache-2.0) AND Unicode-3.0", &allowed));
        assert!(permits(
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
            &allowed
        ));
        assert!(!permits("Apache-2.0", &allowed));
        assert!(!permits("MIT AND GPL-3.0", &allowed));
        assert!(!permits("", &allowed));
    }

    #[test]
    fn a_crate_under_another_licence_is_found() {
        let list = "[licenses]\nallow = [\n    \"MIT\",\n]\n";
        let mut workspace = Workspace::sample(&[(LIST, list)]);
        workspace.licences = vec![
            ("fine".to_owned(), "MIT OR Apache-2.0".to_owned()),
            ("strict".to_owned(), "AGPL-3.0".to_owned()),
        ];
        let found: Vec<_> = check(&workspace)
            .into_iter()
            .map(|finding| finding.what)
            .collect();
        assert_eq!(found, ["strict is under `AGPL-3.0`, which is not allowed"]);
    }
}
