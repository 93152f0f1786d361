//! Unpacking the data files that some npm packages keep as string literals of a generated script: one line for each file
//! or folder, strings in JSON's syntax, large files beside it.
//!
//! This reads that generator's layout and nothing else: a line of another shape is a panic, since the input is pinned.

use crate::Skipped;
use std::fs;
use std::path::Path;

/// One line of the script's tree.
#[derive(Debug, PartialEq)]
enum Line<'a> {
    Folder(&'a str),
    Text(&'a str, String),
    Beside(&'a str, &'a str),
    End,
}

/// Writes the tree called `root` of `generated/script` into `folder`.
pub(crate) fn unpack(
    generated: &Path,
    script: &str,
    root: &str,
    folder: &Path,
) -> Result<(), Skipped> {
    let path = generated.join(script);
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let opening = format!("    {root}: {{");
    let mut place = folder.to_path_buf();
    done(fs::create_dir_all(&place), &place);
    for line in text.lines().skip_while(|line| *line != opening).skip(1) {
        match parse(line.trim()) {
            Line::Folder(name) => {
                place.push(name);
                done(fs::create_dir_all(&place), &place);
            }
            Line::Text(name, content) => done(fs::write(place.join(name), content), &place),
            Line::Beside(name, from) => {
                done(
                    fs::copy(generated.join(from), place.join(name)).map(|_| ()),
                    &place,
                );
            }
            Line::End if place == folder => return Ok(()),
            Line::End => {
                place.pop();
            }
        }
    }
    panic!("{}: no complete tree `{root}`", path.display());
}

fn parse(line: &str) -> Line<'_> {
    let line = line.strip_suffix(',').unwrap_or(line);
    if line == "}" {
        return Line::End;
    }
    let parts = line
        .strip_prefix('"')
        .and_then(|rest| rest.split_once("\": "));
    let (name, value) = parts.unwrap_or_else(|| panic!("not a line of a resource script: {line}"));
    assert!(
        !name.contains('/') && name != "..",
        "a name that is a path: {name}"
    );
    if value == "{" {
        return Line::Folder(name);
    }
    match value
        .strip_prefix("new URL(\"./")
        .and_then(|rest| rest.strip_suffix("\", import.meta.url)"))
    {
        Some(path) => Line::Beside(name, path),
        None => Line::Text(
            name,
            serde_json::from_str(value).unwrap_or_else(|error| panic!("{name}: {error}")),
        ),
    }
}

fn done(result: std::io::Result<()>, path: &Path) {
    if let Err(error) = result {
        panic!("{}: {error}", path.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_line_is_read() {
        assert_eq!(parse("\"ice40\": {"), Line::Folder("ice40"));
        assert_eq!(
            parse("\"a.v\": \"x\\n\\\"y\\\"\","),
            Line::Text("a.v", "x\n\"y\"".to_owned())
        );
        assert_eq!(
            parse("\"b.v\": new URL(\"./share/b.v\", import.meta.url),"),
            Line::Beside("b.v", "share/b.v")
        );
        assert_eq!(parse("},"), Line::End);
    }

    #[test]
    #[should_panic(expected = "a name that is a path")]
    fn a_name_cannot_leave_the_folder() {
        parse("\"../x\": \"\"");
    }
}
