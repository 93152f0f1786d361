//! The body of a request, as the guest calls for it.

use std::sync::Arc;

use silica_component::Resource;
use silica_engine::Result;
use silica_wasi_p2::io::OutputStream;

use crate::bindings::wasi::http::types::HostOutgoingBody;
use crate::body::{OutgoingBody, Sink};
use crate::context::HttpContextView;
use crate::error::HttpResult;
use crate::failure::Failure;
use crate::fields::Fields;

impl HostOutgoingBody for HttpContextView<'_> {
    fn write(
        &mut self,
        body: Resource<OutgoingBody>,
    ) -> Result<std::result::Result<Resource<OutputStream>, ()>> {
        let body = self.table.get_mut(&body)?;
        if std::mem::replace(&mut body.is_written, true) {
            return Ok(Err(()));
        }
        let stream = OutputStream::new(Arc::new(Sink(Arc::clone(&body.queue))));
        Ok(Ok(self.table.push(stream)?))
    }

    fn finish(
        &mut self,
        body: Resource<OutgoingBody>,
        trailers: Option<Resource<Fields>>,
    ) -> HttpResult<()> {
        let trailers = match trailers {
            Some(trailers) => Some(self.table.delete(trailers)?.map),
            None => None,
        };
        let mut body = self.table.delete(body)?;
        if let Some(written) = body.queue.broken_promise() {
            let failure = Failure::BodySize(written);
            body.queue.end(Err(failure.clone()));
            return Err(failure.into());
        }
        body.is_finished = true;
        body.queue
            .end(Ok(trailers.filter(|trailers| !trailers.is_empty())));
        Ok(())
    }

    fn drop(&mut self, body: Resource<OutgoingBody>) -> Result<()> {
        self.table.delete(body)?;
        Ok(())
    }
}
