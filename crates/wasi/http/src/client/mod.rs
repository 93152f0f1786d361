//! The other side: a thread that makes requests, started by the first of them.

mod connect;
mod request;

pub(crate) use request::{Request, Times};

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use rustls::pki_types::CertificateDer;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::answer::{Answer, Head};
use crate::failure::Failure;
use crate::limits::HttpLimits;
use crate::received::Received;
use crate::task::Task;

/// Makes requests.
#[derive(Debug, Default)]
pub(crate) struct Client {
    trusted: Vec<CertificateDer<'static>>,
    thread: Option<Thread>,
    under_way: Arc<()>,
}

/// The thread with tokio; it ends when this is dropped, and its requests with it.
struct Thread {
    handle: Handle,
    _end: oneshot::Sender<()>,
    tls: Arc<Mutex<Option<tokio_rustls::TlsConnector>>>,
}

impl std::fmt::Debug for Thread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Thread").finish_non_exhaustive()
    }
}

impl Thread {
    fn start() -> std::io::Result<Thread> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel();
        std::thread::Builder::new()
            .name("http".to_owned())
            .spawn(move || {
                // Either end of the channel's other side ends the thread.
                let _ = runtime.block_on(ended);
                runtime.shutdown_background();
            })?;
        Ok(Thread {
            handle,
            _end: end,
            tls: Arc::default(),
        })
    }
}

impl Client {
    /// Trusts a certificate, in DER.
    pub(crate) fn trust(&mut self, certificate: Vec<u8>) {
        self.trusted.push(CertificateDer::from(certificate));
    }

    /// Begins a request.
    pub(crate) fn send(
        &mut self,
        request: Request,
        limits: &HttpLimits,
    ) -> Result<(Arc<Answer>, Task), Failure> {
        // One is our own.
        if Arc::strong_count(&self.under_way) > limits.requests_max {
            return Err(Failure::LimitReached);
        }
        let thread = match &mut self.thread {
            Some(thread) => thread,
            none => {
                let started = Thread::start();
                let started = started.map_err(|error| Failure::Internal(error.to_string()))?;
                none.insert(started)
            }
        };
        let answer = Answer::new()?;
        let received = Received::new(limits.body_bytes_held_max)?;
        let told = Arc::clone(&answer);
        let tls = Arc::clone(&thread.tls);
        let trusted = self.trusted.clone();
        let header_bytes_max = limits.header_bytes_max;
        let task = thread.handle.spawn(async move {
            let secure = if request.secure {
                match connector(&tls, &trusted) {
                    Ok(connector) => Some(connector),
                    Err(failure) => return told.end(Err(failure)),
                }
            } else {
                None
            };
            if let Err(failure) =
                exchange(request, secure, header_bytes_max, &told, &received).await
            {
                // Whichever of both has not ended yet.
                told.end(Err(failure.clone()));
                received.end(Err(failure));
            }
        });
        let task = Task::new(task.abort_handle(), Arc::clone(&self.under_way));
        Ok((answer, task))
    }
}

/// What makes connections secure, made for the first of them.
fn connector(
    tls: &Mutex<Option<tokio_rustls::TlsConnector>>,
    trusted: &[CertificateDer<'static>],
) -> Result<tokio_rustls::TlsConnector, Failure> {
    let mut tls = tls.lock().unwrap_or_else(PoisonError::into_inner);
    match &*tls {
        Some(connector) => Ok(connector.clone()),
        None => Ok(tls.insert(connect::connector(trusted)?).clone()),
    }
}

/// Sends the request, and receives the response to its end.
async fn exchange(
    request: Request,
    tls: Option<tokio_rustls::TlsConnector>,
    header_bytes_max: usize,
    answer: &Answer,
    received: &Arc<Received>,
) -> Result<(), Failure> {
    let times = request.times;
    let connecting = connect::connect(&request, tls, header_bytes_max);
    let mut connection = tokio::time::timeout(times.connect, connecting)
        .await
        .map_err(|_| Failure::ConnectionTimeout)??;
    let (parts, body) = request.whole.into_parts();
    let body: request::Body = match body {
        Some(body) => body.boxed_unsync(),
        None => http_body_util::Empty::new()
            .map_err(|never| match never {})
            .boxed_unsync(),
    };
    let whole = http::Request::from_parts(parts, body);
    let response = tokio::time::timeout(times.first_byte, connection.send(whole))
        .await
        .map_err(|_| Failure::ReadTimeout)?
        .map_err(Failure::from)?;
    let (parts, body) = response.into_parts();
    if bytes_of(&parts.headers) > header_bytes_max {
        return Err(Failure::FieldsTooLong);
    }
    answer.end(Ok(Head {
        status: parts.status.as_u16(),
        fields: parts.headers,
        received: Arc::clone(received),
    }));
    receive(body, received, times.between_bytes, header_bytes_max).await
}

/// Receives a body to its end.
async fn receive(
    mut body: Incoming,
    received: &Received,
    between_bytes: Duration,
    header_bytes_max: usize,
) -> Result<(), Failure> {
    let mut trailers = None;
    loop {
        received.wait_for_room().await;
        let frame = tokio::time::timeout(between_bytes, body.frame())
            .await
            .map_err(|_| Failure::ReadTimeout)?;
        match frame {
            None => break,
            Some(Err(error)) => return Err(error.into()),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(piece) => received.push(piece),
                Err(other) => trailers = other.into_trailers().ok(),
            },
        }
    }
    if trailers.as_ref().map_or(0, bytes_of) > header_bytes_max {
        return Err(Failure::TrailersTooLong);
    }
    received.end(Ok(trailers));
    Ok(())
}

/// Bytes of fields, names and values together.
fn bytes_of(fields: &http::HeaderMap) -> usize {
    let each = fields.iter();
    each.map(|(name, value)| name.as_str().len() + value.len())
        .sum()
}
