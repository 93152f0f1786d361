//! The body of a response, as the guest calls for it.

use std::sync::Arc;

use silica_component::Resource;
use silica_engine::Result;
use silica_wasi_p2::io::{InputStream, Pollable};

use super::code;
use crate::bindings::wasi::http::types::{ErrorCode, HostFutureTrailers, HostIncomingBody};
use crate::context::HttpContextView;
use crate::fields::Fields;
use crate::incoming::{Ended, FutureTrailers, IncomingBody, Source};

impl HostIncomingBody for HttpContextView<'_> {
    fn stream(
        &mut self,
        body: Resource<IncomingBody>,
    ) -> Result<std::result::Result<Resource<InputStream>, ()>> {
        let body = self.table.get_mut(&body)?;
        if std::mem::replace(&mut body.is_read, true) {
            return Ok(Err(()));
        }
        let source = Source::new(Arc::clone(&body.received), Arc::clone(&body.task));
        let stream = InputStream::new(Arc::new(source));
        Ok(Ok(self.table.push(stream)?))
    }

    fn finish(&mut self, body: Resource<IncomingBody>) -> Result<Resource<FutureTrailers>> {
        let body = self.table.delete(body)?;
        if !body.is_read {
            body.received.skip();
        }
        Ok(self.table.push(FutureTrailers {
            received: body.received,
            task: body.task,
            is_told: false,
        })?)
    }

    fn drop(&mut self, body: Resource<IncomingBody>) -> Result<()> {
        self.table.delete(body)?;
        Ok(())
    }
}

/// What a guest gets of trailers: nothing yet; once, what there is; an error of its own after that.
type Trailers =
    Option<std::result::Result<std::result::Result<Option<Resource<Fields>>, ErrorCode>, ()>>;

impl HostFutureTrailers for HttpContextView<'_> {
    fn subscribe(&mut self, trailers: Resource<FutureTrailers>) -> Result<Resource<Pollable>> {
        let received = Arc::clone(&self.table.get(&trailers)?.received);
        Ok(self.table.push(Pollable::new(Arc::new(Ended(received))))?)
    }

    fn get(&mut self, trailers: Resource<FutureTrailers>) -> Result<Trailers> {
        let trailers = self.table.get_mut(&trailers)?;
        let Some(end) = trailers.received.ended_how() else {
            return Ok(None);
        };
        if std::mem::replace(&mut trailers.is_told, true) {
            return Ok(Some(Err(())));
        }
        Ok(Some(Ok(match end {
            Ok(Some(map)) => Ok(Some(self.table.push(Fields::received(map))?)),
            Ok(None) => Ok(None),
            Err(failure) => Err(code::of(failure)),
        })))
    }

    fn drop(&mut self, trailers: Resource<FutureTrailers>) -> Result<()> {
        self.table.delete(trailers)?;
        Ok(())
    }
}
