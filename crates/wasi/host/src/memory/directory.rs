//! An open directory of a tree in memory. Permissions are not checked here:
//! `Directory` has done it.

use super::file::MemoryFile;
use super::shared::Shared;
use super::tree::{Content, Inode, Names, Tree};
use super::walk::{Place, walk};
use crate::{Device, Entry, Error, Metadata, OpenOptions, Result, SetTime};

/// What opening a path of a tree gives.
#[derive(Debug)]
pub(crate) enum Node {
    File(MemoryFile),
    Directory(MemoryDirectory),
    Device(Device),
}

#[derive(Debug)]
pub(crate) struct MemoryDirectory {
    tree: Shared,
    inode: Inode,
}

impl Drop for MemoryDirectory {
    fn drop(&mut self) {
        self.tree.lock().close(self.inode);
    }
}

impl MemoryDirectory {
    /// The handle on a node whose use `Tree::open` has counted.
    pub(super) fn counted(tree: Shared, inode: Inode) -> Self {
        Self { tree, inode }
    }

    pub(crate) fn open_at(&self, path: &str, options: &OpenOptions) -> Result<Node> {
        let mut tree = self.tree.lock();
        let inode = self.find_or_create(&mut tree, path, options)?;
        if tree.is_directory(inode) {
            if options.create || options.truncate || options.write {
                return Err(Error::IsDirectory);
            }
            tree.open(inode);
            return Ok(Node::Directory(Self::counted(self.tree.clone(), inode)));
        }
        if options.directory {
            return Err(Error::NotDirectory);
        }
        if let Content::Device(device) = tree.content(inode)? {
            return Ok(Node::Device(device.clone()));
        }
        if options.truncate {
            tree.resize(inode, 0)?;
        }
        tree.open(inode);
        let file = MemoryFile::counted(self.tree.clone(), inode, options.flags);
        Ok(Node::File(file))
    }

    fn find_or_create(&self, tree: &mut Tree, path: &str, options: &OpenOptions) -> Result<Inode> {
        let exclusive = options.create && options.exclusive;
        let place = walk(tree, self.inode, path, options.follow && !exclusive)?;
        match place.inode {
            Some(_) if exclusive => Err(Error::Exists),
            Some(inode) => match tree.content(inode)? {
                Content::Link(_) if options.directory => Err(Error::NotDirectory),
                Content::Link(_) => Err(Error::Loop),
                Content::File(_) | Content::Directory(_) | Content::Device(_) => Ok(inode),
            },
            None if !options.create => Err(Error::NoEntry),
            None if place.only_directory => Err(Error::IsDirectory),
            None => {
                let (parent, name) = place.named(Error::Exists)?;
                tree.create(parent, name, Content::File(Vec::new()))
            }
        }
    }

    pub(crate) fn metadata(&self) -> Result<Metadata> {
        self.tree.lock().metadata(self.inode)
    }

    pub(crate) fn metadata_at(&self, path: &str, follow: bool) -> Result<Metadata> {
        let tree = self.tree.lock();
        tree.metadata(walk(&tree, self.inode, path, follow)?.existing()?)
    }

    pub(crate) fn link_at(&self, path: &str, to: &Self, new_path: &str) -> Result<()> {
        self.check_same_tree(to)?;
        let mut tree = self.tree.lock();
        let inode = walk(&tree, self.inode, path, false)?.existing()?;
        let place = to.new_place(&tree, new_path)?;
        let (parent, name) = place.named(Error::Exists)?;
        tree.link(inode, parent, name)
    }

    pub(crate) fn rename_at(&self, path: &str, to: &Self, new_path: &str) -> Result<()> {
        self.check_same_tree(to)?;
        let mut tree = self.tree.lock();
        let from = walk(&tree, self.inode, path, false)?;
        let inode = from.existing()?;
        let place = walk(&tree, to.inode, new_path, false)?;
        if place.only_directory && !tree.is_directory(inode) {
            return Err(Error::NotDirectory);
        }
        tree.rename(
            from.named(Error::Busy)?,
            inode,
            place.named(Error::Busy)?,
            place.inode,
        )
    }

    fn check_same_tree(&self, other: &Self) -> Result<()> {
        if self.tree.is_same(&other.tree) {
            Ok(())
        } else {
            Err(Error::CrossesDevices)
        }
    }

    /// Where something that is no directory is about to be made.
    fn new_place(&self, tree: &Tree, path: &str) -> Result<Place> {
        let place = walk(tree, self.inode, path, false)?;
        match place.inode {
            Some(_) => Err(Error::Exists),
            None if place.only_directory => Err(Error::NoEntry),
            None => Ok(place),
        }
    }

    pub(crate) fn symlink_at(&self, target: &str, path: &str) -> Result<()> {
        let mut tree = self.tree.lock();
        let place = self.new_place(&tree, path)?;
        let (parent, name) = place.named(Error::Exists)?;
        let content = Content::Link(target.to_owned());
        tree.create(parent, name, content).map(drop)
    }

    pub(crate) fn read_link_at(&self, path: &str) -> Result<String> {
        let tree = self.tree.lock();
        let inode = walk(&tree, self.inode, path, false)?.existing()?;
        match tree.content(inode)? {
            Content::Link(target) => Ok(target.clone()),
            Content::File(_) | Content::Directory(_) | Content::Device(_) => Err(Error::Invalid),
        }
    }

    pub(crate) fn unlink_file_at(&self, path: &str) -> Result<()> {
        let mut tree = self.tree.lock();
        let place = walk(&tree, self.inode, path, false)?;
        let inode = place.existing()?;
        let (parent, name) = place.named(Error::IsDirectory)?;
        tree.unlink_file(parent, name, inode)
    }

    pub(crate) fn remove_directory_at(&self, path: &str) -> Result<()> {
        let mut tree = self.tree.lock();
        let place = walk(&tree, self.inode, path, false)?;
        let inode = place.existing()?;
        let (parent, name) = place.named(Error::Invalid)?;
        tree.remove_directory(parent, name, inode)
    }

    pub(crate) fn create_directory_at(&self, path: &str) -> Result<()> {
        let mut tree = self.tree.lock();
        let place = walk(&tree, self.inode, path, false)?;
        if place.inode.is_some() {
            return Err(Error::Exists);
        }
        let (parent, name) = place.named(Error::Exists)?;
        let content = Content::Directory(Names::default());
        tree.create(parent, name, content).map(drop)
    }

    pub(crate) fn set_times_at(
        &self,
        path: &str,
        follow: bool,
        accessed: SetTime,
        modified: SetTime,
    ) -> Result<()> {
        let mut tree = self.tree.lock();
        let inode = walk(&tree, self.inode, path, follow)?.existing()?;
        tree.set_times(inode, accessed, modified)
    }

    pub(crate) fn set_times(&self, accessed: SetTime, modified: SetTime) -> Result<()> {
        self.tree.lock().set_times(self.inode, accessed, modified)
    }

    pub(crate) fn read_entries(
        &self,
        cookie: u64,
        visit: &mut dyn FnMut(Entry<'_>) -> bool,
    ) -> Result<()> {
        let tree = self.tree.lock();
        let mut failure = None;
        tree.list(
            self.inode,
            cookie,
            &mut |name, inode, next| match tree.metadata(inode) {
                Ok(metadata) => visit(Entry {
                    name: name.as_bytes(),
                    inode,
                    file_type: metadata.file_type,
                    next,
                }),
                Err(error) => {
                    failure = Some(error);
                    false
                }
            },
        )?;
        failure.map_or(Ok(()), Err)
    }
}
