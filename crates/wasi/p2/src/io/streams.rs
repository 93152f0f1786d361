//! `wasi:io/streams` and `wasi:io/error`, as the guest calls them.

use silica_component::Resource;
use silica_engine::Result;

use super::error::{IoError, StreamError, StreamResult};
use super::input::InputStream;
use super::output::OutputStream;
use super::pollable::Pollable;
use crate::bindings::wasi::io::{error, streams};
use crate::view::WasiContextView;

impl error::Host for WasiContextView<'_> {}

impl error::HostError for WasiContextView<'_> {
    fn to_debug_string(&mut self, error: Resource<IoError>) -> Result<String> {
        Ok(self.table.get(&error)?.to_string())
    }

    fn drop(&mut self, error: Resource<IoError>) -> Result<()> {
        self.table.delete(error)?;
        Ok(())
    }
}

impl streams::Host for WasiContextView<'_> {
    fn convert_stream_error(&mut self, error: StreamError) -> Result<streams::StreamError> {
        match error {
            StreamError::Closed => Ok(streams::StreamError::Closed),
            StreamError::Failed(error) => {
                let error = self.table.push(error)?;
                Ok(streams::StreamError::LastOperationFailed(error))
            }
            StreamError::Trap(error) => Err(error),
        }
    }
}

impl From<silica_component::ResourceTableError> for StreamError {
    fn from(error: silica_component::ResourceTableError) -> Self {
        StreamError::Trap(error.into())
    }
}

impl streams::HostInputStream for WasiContextView<'_> {
    fn read(&mut self, stream: Resource<InputStream>, length: u64) -> StreamResult<Vec<u8>> {
        self.table.get(&stream)?.read(length, &self.context.waiter)
    }

    fn blocking_read(
        &mut self,
        stream: Resource<InputStream>,
        length: u64,
    ) -> StreamResult<Vec<u8>> {
        let stream = self.table.get(&stream)?;
        stream.blocking_read(length, &self.context.waiter)
    }

    fn skip(&mut self, stream: Resource<InputStream>, length: u64) -> StreamResult<u64> {
        Ok(self.read(stream, length)?.len() as u64)
    }

    fn blocking_skip(&mut self, stream: Resource<InputStream>, length: u64) -> StreamResult<u64> {
        Ok(self.blocking_read(stream, length)?.len() as u64)
    }

    fn subscribe(&mut self, stream: Resource<InputStream>) -> Result<Resource<Pollable>> {
        let source = self.table.get(&stream)?.source();
        Ok(self.table.push(Pollable::new(source))?)
    }

    fn drop(&mut self, stream: Resource<InputStream>) -> Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}

impl streams::HostOutputStream for WasiContextView<'_> {
    fn check_write(&mut self, stream: Resource<OutputStream>) -> StreamResult<u64> {
        let stream = self.table.get_mut(&stream)?;
        stream.check_write(&self.context.waiter)
    }

    fn write(&mut self, stream: Resource<OutputStream>, bytes: Vec<u8>) -> StreamResult<()> {
        let stream = self.table.get_mut(&stream)?;
        stream.write(&bytes, &self.context.waiter)
    }

    fn blocking_write_and_flush(
        &mut self,
        stream: Resource<OutputStream>,
        bytes: Vec<u8>,
    ) -> StreamResult<()> {
        let stream = self.table.get_mut(&stream)?;
        stream.blocking_write_and_flush(&bytes, &self.context.waiter)
    }

    fn flush(&mut self, stream: Resource<OutputStream>) -> StreamResult<()> {
        self.table.get_mut(&stream)?.flush(&self.context.waiter)
    }

    fn blocking_flush(&mut self, stream: Resource<OutputStream>) -> StreamResult<()> {
        let stream = self.table.get_mut(&stream)?;
        stream.blocking_flush(&self.context.waiter)
    }

    fn subscribe(&mut self, stream: Resource<OutputStream>) -> Result<Resource<Pollable>> {
        let sink = self.table.get(&stream)?.sink();
        Ok(self.table.push(Pollable::new(sink))?)
    }

    fn write_zeroes(&mut self, stream: Resource<OutputStream>, count: u64) -> StreamResult<()> {
        let stream = self.table.get_mut(&stream)?;
        stream.write_zeroes(count, &self.context.waiter)
    }

    fn blocking_write_zeroes_and_flush(
        &mut self,
        stream: Resource<OutputStream>,
        count: u64,
    ) -> StreamResult<()> {
        let stream = self.table.get_mut(&stream)?;
        stream.blocking_write_zeroes_and_flush(count, &self.context.waiter)
    }

    fn splice(
        &mut self,
        stream: Resource<OutputStream>,
        from: Resource<InputStream>,
        length: u64,
    ) -> StreamResult<u64> {
        let waiter = &self.context.waiter;
        let permit = self.table.get_mut(&stream)?.check_write(waiter)?;
        let bytes = self.table.get(&from)?.read(length.min(permit), waiter)?;
        self.table.get_mut(&stream)?.write(&bytes, waiter)?;
        Ok(bytes.len() as u64)
    }

    fn blocking_splice(
        &mut self,
        stream: Resource<OutputStream>,
        from: Resource<InputStream>,
        length: u64,
    ) -> StreamResult<u64> {
        let waiter = &self.context.waiter;
        let permit = self.table.get_mut(&stream)?.blocking_check_write(waiter)?;
        let from = self.table.get(&from)?;
        let bytes = from.blocking_read(length.min(permit), waiter)?;
        self.table.get_mut(&stream)?.write(&bytes, waiter)?;
        Ok(bytes.len() as u64)
    }

    fn drop(&mut self, stream: Resource<OutputStream>) -> Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}
