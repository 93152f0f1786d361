//! Responses, as the guest calls for them.

use std::sync::Arc;

use silica_component::Resource;
use silica_engine::{Error, Result};
use silica_wasi_p2::io::Pollable;

use super::code;
use crate::bindings::wasi::http::types::{
    ErrorCode, HostFutureIncomingResponse, HostIncomingResponse, HostOutgoingResponse,
    HostResponseOutparam,
};
use crate::body::OutgoingBody;
use crate::context::HttpContextView;
use crate::fields::Fields;
use crate::incoming::IncomingBody;
use crate::response::{
    FutureIncomingResponse, IncomingResponse, OutgoingResponse, ResponseOutparam,
};

/// What a guest gets of a response: nothing yet; once, the response; an error of its own after that.
type Got =
    Option<std::result::Result<std::result::Result<Resource<IncomingResponse>, ErrorCode>, ()>>;

impl HostFutureIncomingResponse for HttpContextView<'_> {
    fn subscribe(
        &mut self,
        response: Resource<FutureIncomingResponse>,
    ) -> Result<Resource<Pollable>> {
        let answer = Arc::clone(&self.table.get(&response)?.answer);
        Ok(self.table.push(Pollable::new(answer))?)
    }

    fn get(&mut self, response: Resource<FutureIncomingResponse>) -> Result<Got> {
        let response = self.table.get(&response)?;
        let task = Arc::clone(&response.task);
        let ended = match response.answer.take() {
            None => return Ok(None),
            Some(None) => return Ok(Some(Err(()))),
            Some(Some(ended)) => ended,
        };
        Ok(Some(Ok(match ended {
            Err(failure) => Err(code::of(failure)),
            Ok(head) => Ok(self.table.push(IncomingResponse {
                status: head.status,
                fields: Fields::received(head.fields),
                received: Some(head.received),
                task,
            })?),
        })))
    }

    fn drop(&mut self, response: Resource<FutureIncomingResponse>) -> Result<()> {
        self.table.delete(response)?;
        Ok(())
    }
}

impl HostIncomingResponse for HttpContextView<'_> {
    fn status(&mut self, response: Resource<IncomingResponse>) -> Result<u16> {
        Ok(self.table.get(&response)?.status)
    }

    fn headers(&mut self, response: Resource<IncomingResponse>) -> Result<Resource<Fields>> {
        let fields = self.table.get(&response)?.fields.clone();
        Ok(self.table.push(fields)?)
    }

    fn consume(
        &mut self,
        response: Resource<IncomingResponse>,
    ) -> Result<std::result::Result<Resource<IncomingBody>, ()>> {
        let response = self.table.get_mut(&response)?;
        let Some(received) = response.received.take() else {
            return Ok(Err(()));
        };
        let body = IncomingBody::new(received, Arc::clone(&response.task));
        Ok(Ok(self.table.push(body)?))
    }

    fn drop(&mut self, response: Resource<IncomingResponse>) -> Result<()> {
        self.table.delete(response)?;
        Ok(())
    }
}

impl HostOutgoingResponse for HttpContextView<'_> {
    fn new(&mut self, headers: Resource<Fields>) -> Result<Resource<OutgoingResponse>> {
        let fields = Fields::immutable(self.table.delete(headers)?.map);
        Ok(self.table.push(OutgoingResponse {
            status: 200,
            fields,
        })?)
    }

    fn status_code(&mut self, response: Resource<OutgoingResponse>) -> Result<u16> {
        Ok(self.table.get(&response)?.status)
    }

    fn set_status_code(
        &mut self,
        response: Resource<OutgoingResponse>,
        status: u16,
    ) -> Result<std::result::Result<(), ()>> {
        if !(100..1000).contains(&status) {
            return Ok(Err(()));
        }
        self.table.get_mut(&response)?.status = status;
        Ok(Ok(()))
    }

    fn headers(&mut self, response: Resource<OutgoingResponse>) -> Result<Resource<Fields>> {
        let fields = self.table.get(&response)?.fields.clone();
        Ok(self.table.push(fields)?)
    }

    fn body(
        &mut self,
        response: Resource<OutgoingResponse>,
    ) -> Result<std::result::Result<Resource<OutgoingBody>, ()>> {
        self.table.get(&response)?;
        // Nobody would read it.
        Ok(Err(()))
    }

    fn drop(&mut self, response: Resource<OutgoingResponse>) -> Result<()> {
        self.table.delete(response)?;
        Ok(())
    }
}

impl HostResponseOutparam for HttpContextView<'_> {
    fn set(
        &mut self,
        param: Resource<ResponseOutparam>,
        _response: std::result::Result<Resource<OutgoingResponse>, ErrorCode>,
    ) -> Result<()> {
        match self.table.delete(param) {
            Ok(never) => match never {},
            Err(error) => Err(Error::from(error)),
        }
    }

    fn drop(&mut self, param: Resource<ResponseOutparam>) -> Result<()> {
        self.table.delete(param)?;
        Ok(())
    }
}
