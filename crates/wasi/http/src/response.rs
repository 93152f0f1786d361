//! Responses that a guest gets; those that it would give, which nothing takes here.

use std::sync::Arc;

use crate::answer::Answer;
use crate::fields::Fields;
use crate::received::Received;
use crate::task::Task;

/// The resource `wasi:http/types.incoming-response`.
#[derive(Debug)]
pub struct IncomingResponse {
    pub(crate) status: u16,
    pub(crate) fields: Fields,
    pub(crate) received: Option<Arc<Received>>,
    /// Receives the body; ends when nobody can read it any more.
    pub(crate) task: Arc<Task>,
}

/// The resource `wasi:http/types.future-incoming-response`.
#[derive(Debug)]
pub struct FutureIncomingResponse {
    pub(crate) answer: Arc<Answer>,
    pub(crate) task: Arc<Task>,
}

impl FutureIncomingResponse {
    pub(crate) fn new(answer: Arc<Answer>, task: Task) -> FutureIncomingResponse {
        FutureIncomingResponse {
            answer,
            task: Arc::new(task),
        }
    }
}

/// The resource `wasi:http/types.outgoing-response`: nothing takes one here.
#[derive(Debug)]
pub struct OutgoingResponse {
    pub(crate) status: u16,
    pub(crate) fields: Fields,
}

/// The resource `wasi:http/types.response-outparam`: nothing makes one here.
#[derive(Debug)]
pub enum ResponseOutparam {}
