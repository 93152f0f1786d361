//! Finding a node of a tree by its path, links included, without ever leaving
//! the directory that the walk starts from.

use super::tree::{Content, Inode, Tree};
use crate::{Error, Result};

/// Links that one walk follows, as on Linux.
const LINKS_MAX: usize = 40;

/// Where a path leads.
#[derive(Debug)]
pub(super) struct Place {
    /// The directory that holds the last name, and that name. None where the path
    /// ends in `.` or `..`, which are no names that can be given or taken.
    pub(super) name: Option<(Inode, String)>,
    /// What is there.
    pub(super) inode: Option<Inode>,
    /// The path ends in a slash, so that only a directory will do.
    pub(super) only_directory: bool,
}

impl Place {
    /// What is there, or [`Error::NoEntry`].
    pub(super) fn existing(&self) -> Result<Inode> {
        self.inode.ok_or(Error::NoEntry)
    }

    /// The directory and name, where the path ends in one; else `error`.
    pub(super) fn named(&self, error: Error) -> Result<(Inode, &str)> {
        match &self.name {
            Some((parent, name)) => Ok((*parent, name)),
            None => Err(error),
        }
    }
}

/// Walks `path` from `start`; `follow` says what to do with a link at its end.
pub(super) fn walk(tree: &Tree, start: Inode, path: &str, follow: bool) -> Result<Place> {
    // The directories passed through, so that `..` goes back and never above.
    let mut passed = vec![start];
    let mut rest = Vec::new();
    push_components(&mut rest, path);
    let mut only_directory = path.ends_with('/');
    let mut links = 0;
    let mut name = None;
    while let Some(component) = rest.pop() {
        // Never empty: `..` checks before it takes the last one.
        let directory = *passed.last().ok_or(Error::NotCapable)?;
        let is_last = rest.is_empty();
        name = None;
        match component.as_str() {
            "." => continue,
            ".." if passed.len() == 1 => return Err(Error::NotCapable),
            ".." => {
                passed.pop();
                continue;
            }
            _ => {}
        }
        let Some(inode) = tree.look_up(directory, &component)? else {
            if !is_last {
                return Err(Error::NoEntry);
            }
            return Ok(Place {
                name: Some((directory, component)),
                inode: None,
                only_directory,
            });
        };
        match tree.content(inode)? {
            Content::Link(target) if !is_last || follow || only_directory => {
                links += 1;
                if links > LINKS_MAX {
                    return Err(Error::Loop);
                }
                if target.starts_with('/') {
                    return Err(Error::NotCapable);
                }
                only_directory |= is_last && target.ends_with('/');
                push_components(&mut rest, target);
            }
            Content::Directory(_) => {
                passed.push(inode);
                name = Some((directory, component));
            }
            Content::File(_) | Content::Link(_) | Content::Device(_)
                if is_last && !only_directory =>
            {
                return Ok(Place {
                    name: Some((directory, component)),
                    inode: Some(inode),
                    only_directory,
                });
            }
            Content::File(_) | Content::Link(_) | Content::Device(_) => {
                return Err(Error::NotDirectory);
            }
        }
    }
    Ok(Place {
        name,
        inode: passed.last().copied(),
        only_directory,
    })
}

/// Pushes the components so that the first one is popped first.
fn push_components(rest: &mut Vec<String>, path: &str) {
    let components = path.split('/').filter(|component| !component.is_empty());
    rest.extend(components.rev().map(str::to_owned));
}
