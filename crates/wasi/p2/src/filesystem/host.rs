//! `wasi:filesystem/types`, as the guest calls it.

use std::sync::Arc;

use silica_component::Resource;
use silica_engine::Result;
use silica_wasi_host::{Access, DirPerms, Error, IoSlice, Opened};

use super::code::code;
use super::convert;
use super::descriptor::{Descriptor, Kind};
use super::entries::DirectoryEntryStream;
use super::error::{FsError, FsResult};
use super::stream::{FileSink, FileSource};
use crate::bindings::wasi::filesystem::types::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, ErrorCode, Host,
    HostDescriptor, HostDirectoryEntryStream, MetadataHashValue, NewTimestamp, OpenFlags,
    PathFlags,
};
use crate::io::input::READ_BYTES_MAX;
use crate::io::{InputStream, IoError, OutputStream};
use crate::view::WasiContextView;

impl Host for WasiContextView<'_> {
    fn convert_error_code(&mut self, error: FsError) -> Result<ErrorCode> {
        match error {
            FsError::Failed(error) => Ok(code(error)),
            FsError::Trap(error) => Err(error),
        }
    }

    fn filesystem_error_code(&mut self, error: Resource<IoError>) -> Result<Option<ErrorCode>> {
        let error = self.table.get(&error)?;
        Ok(error.downcast_ref().copied().map(code))
    }
}

impl WasiContextView<'_> {
    fn descriptor(&self, descriptor: &Resource<Descriptor>) -> FsResult<&Descriptor> {
        Ok(self.table.get(descriptor)?)
    }

    fn output(&mut self, sink: FileSink) -> FsResult<Resource<OutputStream>> {
        Ok(self.table.push(OutputStream::new(Arc::new(sink)))?)
    }
}

impl HostDescriptor for WasiContextView<'_> {
    fn read_via_stream(
        &mut self,
        descriptor: Resource<Descriptor>,
        offset: u64,
    ) -> FsResult<Resource<InputStream>> {
        let open = self.descriptor(&descriptor)?.open_file(Access::READ)?;
        let source = FileSource::new(Arc::clone(open), offset);
        Ok(self.table.push(InputStream::new(Arc::new(source)))?)
    }

    fn write_via_stream(
        &mut self,
        descriptor: Resource<Descriptor>,
        offset: u64,
    ) -> FsResult<Resource<OutputStream>> {
        let open = self.descriptor(&descriptor)?.open_file(Access::WRITE)?;
        let sink = FileSink::new(Arc::clone(open), offset);
        self.output(sink)
    }

    fn append_via_stream(
        &mut self,
        descriptor: Resource<Descriptor>,
    ) -> FsResult<Resource<OutputStream>> {
        let open = self.descriptor(&descriptor)?.open_file(Access::WRITE)?;
        let sink = FileSink::appending(Arc::clone(open));
        self.output(sink)
    }

    fn advise(
        &mut self,
        descriptor: Resource<Descriptor>,
        offset: u64,
        length: u64,
        advice: Advice,
    ) -> FsResult<()> {
        let file = self.descriptor(&descriptor)?.file(Access::empty())?;
        Ok(file.advise(offset, length, convert::advice(advice))?)
    }

    fn sync_data(&mut self, descriptor: Resource<Descriptor>) -> FsResult<()> {
        Ok(match self.descriptor(&descriptor)?.kind() {
            Kind::File(file) => file.sync_data(),
            Kind::Directory(directory) => directory.sync_data(),
        }?)
    }

    fn get_flags(&mut self, descriptor: Resource<Descriptor>) -> FsResult<DescriptorFlags> {
        Ok(match self.descriptor(&descriptor)?.kind() {
            Kind::File(file) => convert::file_flags(file.access(), file.flags()?),
            Kind::Directory(directory) => convert::directory_flags(directory.permissions()),
        })
    }

    fn get_type(&mut self, descriptor: Resource<Descriptor>) -> FsResult<DescriptorType> {
        match self.descriptor(&descriptor)?.kind() {
            Kind::File(file) => Ok(convert::descriptor_type(file.metadata()?.file_type)),
            Kind::Directory(_) => Ok(DescriptorType::Directory),
        }
    }

    fn set_size(&mut self, descriptor: Resource<Descriptor>, size: u64) -> FsResult<()> {
        let file = self.descriptor(&descriptor)?.file(Access::WRITE)?;
        Ok(file.set_size(size)?)
    }

    fn set_times(
        &mut self,
        descriptor: Resource<Descriptor>,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FsResult<()> {
        let accessed = convert::set_time(accessed)?;
        let modified = convert::set_time(modified)?;
        Ok(match self.descriptor(&descriptor)?.kind() {
            Kind::File(file) => file.set_times(accessed, modified),
            Kind::Directory(directory) => directory.set_times(accessed, modified),
        }?)
    }

    fn read(
        &mut self,
        descriptor: Resource<Descriptor>,
        length: u64,
        offset: u64,
    ) -> FsResult<(Vec<u8>, bool)> {
        let file = self.descriptor(&descriptor)?.file(Access::READ)?;
        // At most what one operation reads.
        let bytes_max = length.min(READ_BYTES_MAX as u64) as usize;
        let waiter = &self.context.waiter;
        let bytes = waiter.insist(|| file.read_bytes_at(offset, bytes_max))?;
        let at_end = bytes.is_empty() && bytes_max > 0;
        Ok((bytes, at_end))
    }

    fn write(
        &mut self,
        descriptor: Resource<Descriptor>,
        bytes: Vec<u8>,
        offset: u64,
    ) -> FsResult<u64> {
        let file = self.descriptor(&descriptor)?.file(Access::WRITE)?;
        let buffers = [IoSlice::new(&bytes)];
        let waiter = &self.context.waiter;
        Ok(waiter.insist(|| file.write_at(&buffers, offset))? as u64)
    }

    fn read_directory(
        &mut self,
        descriptor: Resource<Descriptor>,
    ) -> FsResult<Resource<DirectoryEntryStream>> {
        let descriptor = self.descriptor(&descriptor)?;
        let directory = descriptor.directory()?;
        directory.require(DirPerms::READ)?;
        let entries = DirectoryEntryStream::new(descriptor.clone());
        Ok(self.table.push(entries)?)
    }

    fn sync(&mut self, descriptor: Resource<Descriptor>) -> FsResult<()> {
        Ok(match self.descriptor(&descriptor)?.kind() {
            Kind::File(file) => file.sync(),
            Kind::Directory(directory) => directory.sync(),
        }?)
    }

    fn create_directory_at(
        &mut self,
        descriptor: Resource<Descriptor>,
        path: String,
    ) -> FsResult<()> {
        let directory = self.descriptor(&descriptor)?.directory()?;
        Ok(directory.create_directory_at(&path)?)
    }

    fn stat(&mut self, descriptor: Resource<Descriptor>) -> FsResult<DescriptorStat> {
        let metadata = self.descriptor(&descriptor)?.metadata()?;
        Ok(convert::stat(&metadata))
    }

    fn stat_at(
        &mut self,
        descriptor: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
    ) -> FsResult<DescriptorStat> {
        let directory = self.descriptor(&descriptor)?.directory()?;
        let metadata = directory.metadata_at(&path, convert::follows(flags))?;
        Ok(convert::stat(&metadata))
    }

    fn set_times_at(
        &mut self,
        descriptor: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FsResult<()> {
        let accessed = convert::set_time(accessed)?;
        let modified = convert::set_time(modified)?;
        let directory = self.descriptor(&descriptor)?.directory()?;
        Ok(directory.set_times_at(&path, convert::follows(flags), accessed, modified)?)
    }

    fn link_at(
        &mut self,
        descriptor: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
        new_descriptor: Resource<Descriptor>,
        new_path: String,
    ) -> FsResult<()> {
        // No host follows a link at the end safely.
        if convert::follows(flags) {
            return Err(Error::Invalid.into());
        }
        let from = self.descriptor(&descriptor)?.directory()?;
        let to = self.descriptor(&new_descriptor)?.directory()?;
        Ok(from.link_at(&path, to, &new_path)?)
    }

    fn open_at(
        &mut self,
        descriptor: Resource<Descriptor>,
        path_flags: PathFlags,
        path: String,
        open_flags: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Resource<Descriptor>> {
        let directory = self.descriptor(&descriptor)?.directory()?;
        if flags.contains(DescriptorFlags::MUTATE_DIRECTORY) {
            directory.require(DirPerms::MUTATE)?;
        }
        let place = self
            .context
            .descriptors
            .take()
            .ok_or(Error::QuotaExceeded)?;
        let options = convert::open_options(path_flags, open_flags, flags);
        let waiter = &self.context.waiter;
        let opened = waiter.insist(|| directory.open_at(&path, &options))?;
        let descriptor = match opened {
            Opened::File(file) => Descriptor::file_at(file, place),
            Opened::Directory(directory) => Descriptor::directory_at(directory, place),
        };
        Ok(self.table.push(descriptor)?)
    }

    fn readlink_at(&mut self, descriptor: Resource<Descriptor>, path: String) -> FsResult<String> {
        let directory = self.descriptor(&descriptor)?.directory()?;
        Ok(directory.read_link_at(&path)?)
    }

    fn remove_directory_at(
        &mut self,
        descriptor: Resource<Descriptor>,
        path: String,
    ) -> FsResult<()> {
        let directory = self.descriptor(&descriptor)?.directory()?;
        Ok(directory.remove_directory_at(&path)?)
    }

    fn rename_at(
        &mut self,
        descriptor: Resource<Descriptor>,
        path: String,
        new_descriptor: Resource<Descriptor>,
        new_path: String,
    ) -> FsResult<()> {
        let from = self.descriptor(&descriptor)?.directory()?;
        let to = self.descriptor(&new_descriptor)?.directory()?;
        Ok(from.rename_at(&path, to, &new_path)?)
    }

    fn symlink_at(
        &mut self,
        descriptor: Resource<Descriptor>,
        target: String,
        path: String,
    ) -> FsResult<()> {
        let directory = self.descriptor(&descriptor)?.directory()?;
        Ok(directory.symlink_at(&target, &path)?)
    }

    fn unlink_file_at(&mut self, descriptor: Resource<Descriptor>, path: String) -> FsResult<()> {
        let directory = self.descriptor(&descriptor)?.directory()?;
        Ok(directory.unlink_file_at(&path)?)
    }

    fn is_same_object(
        &mut self,
        descriptor: Resource<Descriptor>,
        other: Resource<Descriptor>,
    ) -> Result<bool> {
        let one = self.table.get(&descriptor)?.metadata();
        let other = self.table.get(&other)?.metadata();
        // What tells nothing of itself is the same as nothing.
        Ok(match (one, other) {
            (Ok(one), Ok(other)) => (one.device, one.inode) == (other.device, other.inode),
            (Err(_), _) | (_, Err(_)) => false,
        })
    }

    fn metadata_hash(&mut self, descriptor: Resource<Descriptor>) -> FsResult<MetadataHashValue> {
        let metadata = self.descriptor(&descriptor)?.metadata()?;
        Ok(convert::metadata_hash(&metadata))
    }

    fn metadata_hash_at(
        &mut self,
        descriptor: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
    ) -> FsResult<MetadataHashValue> {
        let directory = self.descriptor(&descriptor)?.directory()?;
        let metadata = directory.metadata_at(&path, convert::follows(flags))?;
        Ok(convert::metadata_hash(&metadata))
    }

    fn drop(&mut self, descriptor: Resource<Descriptor>) -> Result<()> {
        self.table.delete(descriptor)?;
        Ok(())
    }
}

impl HostDirectoryEntryStream for WasiContextView<'_> {
    fn read_directory_entry(
        &mut self,
        stream: Resource<DirectoryEntryStream>,
    ) -> FsResult<Option<DirectoryEntry>> {
        let next = self.table.get_mut(&stream)?.next()?;
        Ok(next.map(convert::entry))
    }

    fn drop(&mut self, stream: Resource<DirectoryEntryStream>) -> Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}
