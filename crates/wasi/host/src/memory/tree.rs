//! The nodes of a tree, their names, and what they cost.
//!
//! Every change first checks everything that can fail and then happens whole.
//! Nodes live while they have a name or an open handle.

use crate::{Clocks, Device, Error, FileType, Metadata, Quotas, Result, SetTime, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Identifies a node of one tree; never used again for another.
pub(super) type Inode = u64;

/// The root directory, which has no name.
pub(super) const ROOT: Inode = 1;

/// Bytes of the longest name, as on most hosts.
const NAME_BYTES_MAX: usize = 255;

/// What a node costs beside its contents, so that empty files count too.
const NODE_BYTES: u64 = 256;

/// Tells the trees of one process apart.
static NEXT_DEVICE: AtomicU64 = AtomicU64::new(0x7369_6c69_6361_0000);

#[derive(Debug)]
pub(super) struct Tree {
    nodes: HashMap<Inode, NodeData>,
    next_inode: Inode,
    device: u64,
    bytes: u64,
    bytes_max: u64,
    nodes_max: usize,
    clocks: Clocks,
    /// Names and times can no longer change.
    frozen: bool,
}

#[derive(Debug)]
struct NodeData {
    content: Content,
    links: u64,
    handles: u64,
    accessed: Timestamp,
    modified: Timestamp,
    changed: Timestamp,
}

#[derive(Debug)]
pub(super) enum Content {
    File(Vec<u8>),
    Link(String),
    Directory(Names),
    Device(Device),
}

/// The names in a directory, in the order of their making, which cookies follow.
#[derive(Debug, Default)]
pub(super) struct Names {
    parent: Inode,
    by_name: HashMap<Arc<str>, (u64, Inode)>,
    by_cookie: BTreeMap<u64, Arc<str>>,
}

/// The cookie after `..`; that after `.` is one less.
const COOKIE_AFTER_DOTS: u64 = 2;

impl Names {
    fn add(&mut self, name: &str, inode: Inode) {
        let last = self.by_cookie.last_key_value();
        let cookie = last.map_or(COOKIE_AFTER_DOTS, |(cookie, _)| *cookie) + 1;
        let name: Arc<str> = name.into();
        self.by_cookie.insert(cookie, name.clone());
        self.by_name.insert(name, (cookie, inode));
    }

    fn remove(&mut self, name: &str) {
        if let Some((cookie, _)) = self.by_name.remove(name) {
            self.by_cookie.remove(&cookie);
        }
    }
}

impl Tree {
    pub(super) fn new(quotas: &Quotas, clocks: Clocks) -> Self {
        let mut tree = Self {
            nodes: HashMap::new(),
            next_inode: ROOT,
            device: NEXT_DEVICE.fetch_add(1, Ordering::Relaxed),
            bytes: 0,
            bytes_max: quotas.memory_bytes_max,
            nodes_max: quotas.memory_nodes_max,
            clocks,
            frozen: false,
        };
        let names = Names {
            parent: ROOT,
            ..Names::default()
        };
        tree.insert(Content::Directory(names));
        tree
    }

    /// From now on only the contents of files change.
    pub(super) fn freeze(&mut self) {
        self.frozen = true;
    }

    fn check_not_frozen(&self) -> Result<()> {
        if self.frozen {
            Err(Error::ReadOnlyFileSystem)
        } else {
            Ok(())
        }
    }

    pub(super) fn bytes_used(&self) -> u64 {
        self.bytes
    }

    fn node(&self, inode: Inode) -> Result<&NodeData> {
        self.nodes.get(&inode).ok_or(Error::NoEntry)
    }

    fn node_mut(&mut self, inode: Inode) -> Result<&mut NodeData> {
        self.nodes.get_mut(&inode).ok_or(Error::NoEntry)
    }

    pub(super) fn content(&self, inode: Inode) -> Result<&Content> {
        Ok(&self.node(inode)?.content)
    }

    fn names(&self, directory: Inode) -> Result<&Names> {
        match self.content(directory)? {
            Content::Directory(names) => Ok(names),
            Content::File(_) | Content::Link(_) | Content::Device(_) => Err(Error::NotDirectory),
        }
    }

    fn names_mut(&mut self, directory: Inode) -> Result<&mut Names> {
        match &mut self.node_mut(directory)?.content {
            Content::Directory(names) => Ok(names),
            Content::File(_) | Content::Link(_) | Content::Device(_) => Err(Error::NotDirectory),
        }
    }

    /// What `name` is in `directory`.
    pub(super) fn look_up(&self, directory: Inode, name: &str) -> Result<Option<Inode>> {
        if name.len() > NAME_BYTES_MAX {
            return Err(Error::NameTooLong);
        }
        let found = self.names(directory)?.by_name.get(name);
        Ok(found.map(|(_, inode)| *inode))
    }

    pub(super) fn is_directory(&self, inode: Inode) -> bool {
        self.names(inode).is_ok()
    }

    /// Counts an open handle, which keeps the node.
    pub(super) fn open(&mut self, inode: Inode) {
        if let Some(node) = self.nodes.get_mut(&inode) {
            node.handles += 1;
        }
    }

    /// Undoes [`open`](Self::open).
    pub(super) fn close(&mut self, inode: Inode) {
        if let Some(node) = self.nodes.get_mut(&inode) {
            node.handles = node.handles.saturating_sub(1);
        }
        self.reap(inode);
    }

    /// Drops a node with neither name nor handle.
    fn reap(&mut self, inode: Inode) {
        let unused = self
            .nodes
            .get(&inode)
            .is_some_and(|node| node.links == 0 && node.handles == 0);
        if unused && inode != ROOT {
            // It was there just now.
            if let Some(node) = self.nodes.remove(&inode) {
                self.bytes -= node.content.bytes() + NODE_BYTES;
            }
        }
    }

    /// Fails where `bytes` more would exceed the quota.
    fn reserve(&self, bytes: u64) -> Result<()> {
        match self.bytes.checked_add(bytes) {
            Some(total) if total <= self.bytes_max => Ok(()),
            Some(_) | None => Err(Error::QuotaExceeded),
        }
    }

    fn insert(&mut self, content: Content) -> Inode {
        let inode = self.next_inode;
        self.next_inode += 1;
        self.bytes += content.bytes() + NODE_BYTES;
        let now = self.clocks.realtime();
        let node = NodeData {
            content,
            links: 0,
            handles: 0,
            accessed: now,
            modified: now,
            changed: now,
        };
        self.nodes.insert(inode, node);
        inode
    }

    /// Makes a node and names it.
    pub(super) fn create(&mut self, parent: Inode, name: &str, content: Content) -> Result<Inode> {
        self.check_not_frozen()?;
        self.check_new_name(parent, name)?;
        if self.nodes.len() >= self.nodes_max {
            return Err(Error::QuotaExceeded);
        }
        self.reserve(content.bytes() + NODE_BYTES + name_bytes(name))?;
        let inode = self.insert(content);
        if let Ok(names) = self.names_mut(inode) {
            names.parent = parent;
        }
        self.add_name(parent, name, inode)?;
        Ok(inode)
    }

    /// A directory with no name left takes no new ones.
    fn check_new_name(&self, parent: Inode, name: &str) -> Result<()> {
        if parent != ROOT && self.node(parent)?.links == 0 {
            return Err(Error::NoEntry);
        }
        match self.look_up(parent, name)? {
            Some(_) => Err(Error::Exists),
            None => Ok(()),
        }
    }

    fn add_name(&mut self, parent: Inode, name: &str, inode: Inode) -> Result<()> {
        self.names_mut(parent)?.add(name, inode);
        self.bytes += name_bytes(name);
        self.node_mut(inode)?.links += 1;
        self.touch(parent);
        Ok(())
    }

    fn remove_name(&mut self, parent: Inode, name: &str, inode: Inode) -> Result<()> {
        self.names_mut(parent)?.remove(name);
        self.bytes -= name_bytes(name);
        let node = self.node_mut(inode)?;
        node.links -= 1;
        self.touch(parent);
        self.reap(inode);
        Ok(())
    }

    /// Gives a file or link another name.
    pub(super) fn link(&mut self, inode: Inode, parent: Inode, name: &str) -> Result<()> {
        self.check_not_frozen()?;
        if self.is_directory(inode) {
            return Err(Error::NotPermitted);
        }
        self.check_new_name(parent, name)?;
        self.reserve(name_bytes(name))?;
        self.add_name(parent, name, inode)
    }

    pub(super) fn unlink_file(&mut self, parent: Inode, name: &str, inode: Inode) -> Result<()> {
        self.check_not_frozen()?;
        if self.is_directory(inode) {
            return Err(Error::IsDirectory);
        }
        self.remove_name(parent, name, inode)
    }

    pub(super) fn remove_directory(
        &mut self,
        parent: Inode,
        name: &str,
        inode: Inode,
    ) -> Result<()> {
        self.check_not_frozen()?;
        if !self.names(inode)?.by_name.is_empty() {
            return Err(Error::NotEmpty);
        }
        self.remove_name(parent, name, inode)
    }

    /// Moves a name, replacing `replaced` where that is allowed.
    pub(super) fn rename(
        &mut self,
        (from, name): (Inode, &str),
        inode: Inode,
        (to, new_name): (Inode, &str),
        replaced: Option<Inode>,
    ) -> Result<()> {
        self.check_not_frozen()?;
        if replaced == Some(inode) {
            return Ok(());
        }
        if self.is_directory(inode) && self.is_below(to, inode) {
            return Err(Error::Invalid);
        }
        match replaced {
            Some(replaced) => self.check_replace(inode, replaced)?,
            None => self.check_new_name(to, new_name)?,
        }
        self.reserve(name_bytes(new_name))?;
        if let Some(replaced) = replaced {
            self.remove_name(to, new_name, replaced)?;
        }
        // The new name first, so that the node is never without one.
        self.add_name(to, new_name, inode)?;
        self.remove_name(from, name, inode)?;
        if let Ok(names) = self.names_mut(inode) {
            names.parent = to;
        }
        Ok(())
    }

    fn check_replace(&self, inode: Inode, replaced: Inode) -> Result<()> {
        match (self.is_directory(inode), self.names(replaced)) {
            (true, Ok(names)) if !names.by_name.is_empty() => Err(Error::NotEmpty),
            (true, Ok(_)) | (false, Err(_)) => Ok(()),
            (true, Err(_)) => Err(Error::NotDirectory),
            (false, Ok(_)) => Err(Error::IsDirectory),
        }
    }

    /// Whether `inode` is `ancestor` or somewhere below it.
    fn is_below(&self, mut inode: Inode, ancestor: Inode) -> bool {
        loop {
            if inode == ancestor {
                return true;
            }
            match self.names(inode) {
                Ok(names) if inode != ROOT => inode = names.parent,
                Ok(_) | Err(_) => return false,
            }
        }
    }

    pub(super) fn metadata(&self, inode: Inode) -> Result<Metadata> {
        let node = self.node(inode)?;
        let (file_type, size) = match &node.content {
            Content::File(bytes) => (FileType::RegularFile, bytes.len()),
            Content::Link(target) => (FileType::SymbolicLink, target.len()),
            Content::Directory(_) => (FileType::Directory, 0),
            Content::Device(_) => (FileType::CharacterDevice, 0),
        };
        Ok(Metadata {
            device: self.device,
            inode,
            file_type,
            links: node.links.max(u64::from(inode == ROOT)),
            size: size as u64,
            accessed: node.accessed,
            modified: node.modified,
            changed: node.changed,
        })
    }

    pub(super) fn set_times(
        &mut self,
        inode: Inode,
        accessed: SetTime,
        modified: SetTime,
    ) -> Result<()> {
        self.check_not_frozen()?;
        let now = self.clocks.realtime();
        let choose = |time, old| match time {
            SetTime::Keep => old,
            SetTime::Now => now,
            SetTime::At(at) => at,
        };
        let node = self.node_mut(inode)?;
        node.accessed = choose(accessed, node.accessed);
        node.modified = choose(modified, node.modified);
        node.changed = now;
        Ok(())
    }

    fn touch(&mut self, inode: Inode) {
        let now = self.clocks.realtime();
        if let Some(node) = self.nodes.get_mut(&inode) {
            node.modified = now;
            node.changed = now;
        }
    }

    /// The contents of a file.
    pub(super) fn file(&self, inode: Inode) -> Result<&[u8]> {
        match self.content(inode)? {
            Content::File(bytes) => Ok(bytes),
            Content::Directory(_) => Err(Error::IsDirectory),
            Content::Link(_) => Err(Error::Loop),
            Content::Device(_) => Err(Error::Invalid),
        }
    }

    /// Makes a file `size` bytes long, with zeros where it grows.
    pub(super) fn resize(&mut self, inode: Inode, size: u64) -> Result<()> {
        let old = self.file(inode)?.len() as u64;
        self.reserve(size.saturating_sub(old))?;
        let length = usize::try_from(size).map_err(|_| Error::FileTooLarge)?;
        if let Content::File(bytes) = &mut self.node_mut(inode)?.content {
            let added = length.saturating_sub(bytes.len());
            bytes.try_reserve(added).map_err(|_| Error::NoSpace)?;
            bytes.resize(length, 0);
            if length < bytes.capacity() / 2 {
                bytes.shrink_to_fit();
            }
        }
        self.bytes = self.bytes - old + size;
        self.touch(inode);
        Ok(())
    }

    /// Writes at `offset`, and returns how many bytes there was room for.
    pub(super) fn write(&mut self, inode: Inode, offset: u64, buffer: &[u8]) -> Result<usize> {
        let end = offset
            .checked_add(buffer.len() as u64)
            .ok_or(Error::FileTooLarge)?;
        if buffer.is_empty() {
            return Ok(0);
        }
        if end > self.file(inode)?.len() as u64 {
            self.resize(inode, end)?;
        } else {
            self.touch(inode);
        }
        if let Content::File(bytes) = &mut self.node_mut(inode)?.content {
            // The file reaches up to `end`, which `usize` can hold.
            let start = offset as usize;
            bytes[start..start + buffer.len()].copy_from_slice(buffer);
        }
        Ok(buffer.len())
    }

    /// Calls `visit` with the names after `cookie`, their nodes and next cookies.
    pub(super) fn list(
        &self,
        directory: Inode,
        cookie: u64,
        visit: &mut dyn FnMut(&str, Inode, u64) -> bool,
    ) -> Result<()> {
        let names = self.names(directory)?;
        for (next, dots) in [(1, "."), (COOKIE_AFTER_DOTS, "..")] {
            // The parent is not told: it may be outside what is granted.
            if cookie < next && !visit(dots, directory, next) {
                return Ok(());
            }
        }
        let after = (
            std::ops::Bound::Excluded(cookie.max(COOKIE_AFTER_DOTS)),
            std::ops::Bound::Unbounded,
        );
        for (next, name) in names.by_cookie.range(after) {
            // Both maps hold the same names.
            let inode = names.by_name.get(name).map_or(0, |(_, inode)| *inode);
            if !visit(name, inode, *next) {
                break;
            }
        }
        Ok(())
    }
}

impl Content {
    fn bytes(&self) -> u64 {
        match self {
            Self::File(bytes) => bytes.len() as u64,
            Self::Link(target) => target.len() as u64,
            Self::Directory(_) | Self::Device(_) => 0,
        }
    }
}

/// What a name costs, in both maps.
fn name_bytes(name: &str) -> u64 {
    name.len() as u64 + 128
}
