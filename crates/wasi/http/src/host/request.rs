//! Requests and `outgoing-handler`, as the guest calls for them.

use std::str::FromStr;
use std::sync::Arc;

use http::uri::{Authority, PathAndQuery, Scheme as UriScheme};
use http::{HeaderMap, Uri};
use silica_component::Resource;
use silica_engine::Result;
use silica_wasi_p2::io::IoError;

use super::code;
use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{
    ErrorCode, Host, HostIncomingRequest, HostOutgoingRequest, HostRequestOptions, Method, Scheme,
};
use crate::body::OutgoingBody;
use crate::client::{Request, Times};
use crate::context::HttpContextView;
use crate::error::{HttpError, HttpResult};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::grant::default_port;
use crate::incoming::IncomingBody;
use crate::queue::{Queue, Source};
use crate::request::{IncomingRequest, OutgoingRequest, RequestOptions};
use crate::response::FutureIncomingResponse;

/// Bytes of a path with its query, and of a method or scheme.
const PATH_BYTES_MAX: usize = 16 << 10;
const WORD_BYTES_MAX: usize = 256;

impl Host for HttpContextView<'_> {
    fn convert_error_code(&mut self, error: HttpError) -> Result<ErrorCode> {
        match error {
            HttpError::Failed(failure) => Ok(code::of(failure)),
            HttpError::Trap(error) => Err(error),
        }
    }

    fn http_error_code(&mut self, error: Resource<IoError>) -> Result<Option<ErrorCode>> {
        Ok(code::of_stream(self.table.get(&error)?))
    }
}

impl HttpContextView<'_> {
    fn request(&self, request: &Resource<IncomingRequest>) -> Result<&IncomingRequest> {
        Ok(self.table.get(request)?)
    }
}

impl HostIncomingRequest for HttpContextView<'_> {
    fn method(&mut self, request: Resource<IncomingRequest>) -> Result<Method> {
        match *self.request(&request)? {}
    }

    fn path_with_query(&mut self, request: Resource<IncomingRequest>) -> Result<Option<String>> {
        match *self.request(&request)? {}
    }

    fn scheme(&mut self, request: Resource<IncomingRequest>) -> Result<Option<Scheme>> {
        match *self.request(&request)? {}
    }

    fn authority(&mut self, request: Resource<IncomingRequest>) -> Result<Option<String>> {
        match *self.request(&request)? {}
    }

    fn headers(&mut self, request: Resource<IncomingRequest>) -> Result<Resource<Fields>> {
        match *self.request(&request)? {}
    }

    fn consume(
        &mut self,
        request: Resource<IncomingRequest>,
    ) -> Result<std::result::Result<Resource<IncomingBody>, ()>> {
        match *self.request(&request)? {}
    }

    fn drop(&mut self, request: Resource<IncomingRequest>) -> Result<()> {
        self.table.delete(request)?;
        Ok(())
    }
}

/// Whether something could be set.
type Set = Result<std::result::Result<(), ()>>;

/// The method that a guest names.
fn method(method: &Method) -> std::result::Result<http::Method, ()> {
    Ok(match method {
        Method::Get => http::Method::GET,
        Method::Head => http::Method::HEAD,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Delete => http::Method::DELETE,
        Method::Connect => http::Method::CONNECT,
        Method::Options => http::Method::OPTIONS,
        Method::Trace => http::Method::TRACE,
        Method::Patch => http::Method::PATCH,
        Method::Other(other) if other.len() <= WORD_BYTES_MAX => {
            http::Method::from_str(other).map_err(|_| ())?
        }
        Method::Other(_) => return Err(()),
    })
}

/// A method, as a guest is told it.
fn told_method(method: &http::Method) -> Method {
    match *method {
        http::Method::GET => Method::Get,
        http::Method::HEAD => Method::Head,
        http::Method::POST => Method::Post,
        http::Method::PUT => Method::Put,
        http::Method::DELETE => Method::Delete,
        http::Method::CONNECT => Method::Connect,
        http::Method::OPTIONS => Method::Options,
        http::Method::TRACE => Method::Trace,
        http::Method::PATCH => Method::Patch,
        ref other => Method::Other(other.as_str().to_owned()),
    }
}

/// The length that fields promise for the body; an error for what is none, or more than one.
fn promised(fields: &HeaderMap) -> std::result::Result<Option<u64>, ()> {
    let mut lengths = fields.get_all(http::header::CONTENT_LENGTH).iter();
    match (lengths.next(), lengths.next()) {
        (None, _) => Ok(None),
        (Some(length), None) => {
            let length = length.to_str().map_err(|_| ())?;
            let is_number = length.bytes().all(|byte| byte.is_ascii_digit());
            let length = length.parse().map_err(|_| ())?;
            if is_number { Ok(Some(length)) } else { Err(()) }
        }
        (Some(_), Some(_)) => Err(()),
    }
}

/// A host, and a port if it is said; no user.
fn authority(text: &str) -> std::result::Result<Authority, ()> {
    let authority = Authority::from_str(text).map_err(|_| ())?;
    let host = authority.host();
    let is_port = |port: &str| {
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        digits && port.parse::<u16>().is_ok()
    };
    // A user would stand before the host. A port that is none would be taken for the usual one.
    let is_right = match text.strip_prefix(host) {
        Some("") => true,
        Some(rest) => rest.strip_prefix(':').is_some_and(is_port),
        None => false,
    };
    if is_right && !host.is_empty() {
        Ok(authority)
    } else {
        Err(())
    }
}

fn path(text: &str) -> std::result::Result<PathAndQuery, ()> {
    if text.len() > PATH_BYTES_MAX || !(text.is_empty() || text.starts_with(['/', '?', '*'])) {
        return Err(());
    }
    PathAndQuery::from_str(text).map_err(|_| ())
}

impl HostOutgoingRequest for HttpContextView<'_> {
    fn new(&mut self, headers: Resource<Fields>) -> Result<Resource<OutgoingRequest>> {
        let fields = Fields::immutable(self.table.delete(headers)?.map);
        let queue = Queue::new(self.context.limits.body_bytes_held_max)?;
        Ok(self.table.push(OutgoingRequest {
            method: http::Method::GET,
            scheme: None,
            authority: None,
            path: None,
            fields,
            queue,
            has_body: false,
        })?)
    }

    fn body(
        &mut self,
        request: Resource<OutgoingRequest>,
    ) -> Result<std::result::Result<Resource<OutgoingBody>, ()>> {
        let request = self.table.get_mut(&request)?;
        if std::mem::replace(&mut request.has_body, true) {
            return Ok(Err(()));
        }
        let Ok(length) = promised(&request.fields.map) else {
            return Ok(Err(()));
        };
        request.queue.promise(length);
        let body = OutgoingBody::new(Arc::clone(&request.queue));
        Ok(Ok(self.table.push(body)?))
    }

    fn method(&mut self, request: Resource<OutgoingRequest>) -> Result<Method> {
        Ok(told_method(&self.table.get(&request)?.method))
    }

    fn set_method(&mut self, request: Resource<OutgoingRequest>, told: Method) -> Set {
        let Ok(method) = method(&told) else {
            return Ok(Err(()));
        };
        self.table.get_mut(&request)?.method = method;
        Ok(Ok(()))
    }

    fn path_with_query(&mut self, request: Resource<OutgoingRequest>) -> Result<Option<String>> {
        Ok(self.table.get(&request)?.path.clone())
    }

    fn set_path_with_query(
        &mut self,
        request: Resource<OutgoingRequest>,
        told: Option<String>,
    ) -> Set {
        let checked = told.as_deref().map_or(Ok(()), |told| path(told).map(drop));
        if checked.is_ok() {
            self.table.get_mut(&request)?.path = told;
        }
        Ok(checked)
    }

    fn scheme(&mut self, request: Resource<OutgoingRequest>) -> Result<Option<Scheme>> {
        let scheme = self.table.get(&request)?.scheme.as_ref();
        Ok(scheme.map(|scheme| match scheme.as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            other => Scheme::Other(other.to_owned()),
        }))
    }

    fn set_scheme(&mut self, request: Resource<OutgoingRequest>, told: Option<Scheme>) -> Set {
        let scheme = match told {
            None => None,
            Some(Scheme::Http) => Some(UriScheme::HTTP),
            Some(Scheme::Https) => Some(UriScheme::HTTPS),
            Some(Scheme::Other(other)) if (1..=WORD_BYTES_MAX).contains(&other.len()) => {
                match UriScheme::from_str(&other) {
                    Ok(scheme) => Some(scheme),
                    Err(_) => return Ok(Err(())),
                }
            }
            Some(Scheme::Other(_)) => return Ok(Err(())),
        };
        self.table.get_mut(&request)?.scheme = scheme;
        Ok(Ok(()))
    }

    fn authority(&mut self, request: Resource<OutgoingRequest>) -> Result<Option<String>> {
        Ok(self.table.get(&request)?.authority.clone())
    }

    fn set_authority(&mut self, request: Resource<OutgoingRequest>, told: Option<String>) -> Set {
        let checked = told
            .as_deref()
            .map_or(Ok(()), |told| authority(told).map(drop));
        if checked.is_ok() {
            self.table.get_mut(&request)?.authority = told;
        }
        Ok(checked)
    }

    fn headers(&mut self, request: Resource<OutgoingRequest>) -> Result<Resource<Fields>> {
        let fields = self.table.get(&request)?.fields.clone();
        Ok(self.table.push(fields)?)
    }

    fn drop(&mut self, request: Resource<OutgoingRequest>) -> Result<()> {
        self.table.delete(request)?;
        Ok(())
    }
}

macro_rules! options {
    ($($get:ident $set:ident $field:ident;)*) => {
        impl HostRequestOptions for HttpContextView<'_> {
            fn new(&mut self) -> Result<Resource<RequestOptions>> {
                Ok(self.table.push(RequestOptions::default())?)
            }

            $(
                fn $get(&mut self, options: Resource<RequestOptions>) -> Result<Option<u64>> {
                    Ok(self.table.get(&options)?.$field)
                }

                fn $set(&mut self, options: Resource<RequestOptions>, time: Option<u64>) -> Set {
                    self.table.get_mut(&options)?.$field = time;
                    Ok(Ok(()))
                }
            )*

            fn drop(&mut self, options: Resource<RequestOptions>) -> Result<()> {
                self.table.delete(options)?;
                Ok(())
            }
        }
    };
}

options! {
    connect_timeout set_connect_timeout connect;
    first_byte_timeout set_first_byte_timeout first_byte;
    between_bytes_timeout set_between_bytes_timeout between_bytes;
}

impl outgoing_handler::Host for HttpContextView<'_> {
    fn handle(
        &mut self,
        request: Resource<OutgoingRequest>,
        options: Option<Resource<RequestOptions>>,
    ) -> HttpResult<Resource<FutureIncomingResponse>> {
        let options = match options {
            Some(options) => self.table.delete(options)?,
            None => RequestOptions::default(),
        };
        let request = self.table.delete(request)?;
        let request = self.resolve(request, options.times(self.context.limits.timeout))?;
        let (answer, task) = self.context.client.send(request, &self.context.limits)?;
        Ok(self.table.push(FutureIncomingResponse::new(answer, task))?)
    }
}

impl HttpContextView<'_> {
    /// What is to be sent where, if that is granted.
    fn resolve(&self, request: OutgoingRequest, times: Times) -> HttpResult<Request> {
        let secure = match request.scheme.as_ref().map_or("https", UriScheme::as_str) {
            "https" => true,
            "http" => false,
            _ => return Err(Failure::UriInvalid.into()),
        };
        let told = request.authority.ok_or(Failure::UriInvalid)?;
        let authority = authority(&told).map_err(|()| Failure::UriInvalid)?;
        let port = authority.port_u16().unwrap_or(default_port(secure));
        if !self.context.allows(secure, authority.host(), port) {
            return Err(Failure::Denied.into());
        }
        if request.method == http::Method::CONNECT {
            return Err(Failure::MethodInvalid.into());
        }
        let path = match request.path.as_deref() {
            None | Some("") => PathAndQuery::from_static("/"),
            Some(told) => path(told).map_err(|()| Failure::UriInvalid)?,
        };
        match promised(&request.fields.map) {
            Ok(None | Some(0)) => {}
            Ok(Some(_)) if request.has_body => {}
            // What follows on the connection must not be taken for the body.
            Ok(Some(_)) | Err(()) => return Err(Failure::BodySize(0).into()),
        }
        let scheme = if secure {
            UriScheme::HTTPS
        } else {
            UriScheme::HTTP
        };
        let uri = Uri::builder().scheme(scheme).authority(authority.clone());
        let uri = uri.path_and_query(path).build();
        let uri = uri.map_err(|_| Failure::UriInvalid)?;
        let mut whole = http::Request::new(request.has_body.then(|| Source(request.queue)));
        *whole.method_mut() = request.method;
        *whole.uri_mut() = uri;
        *whole.headers_mut() = request.fields.map;
        Ok(Request {
            whole,
            secure,
            host: authority.host().to_owned(),
            port,
            network: self.context.network.clone(),
            times,
        })
    }
}
