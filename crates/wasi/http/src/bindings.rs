//! What `bindgen!` makes of the interfaces.

#![allow(
    missing_docs,
    reason = "what is here is described in the WIT that it is made of"
)]

silica_component::bindgen!({
    path: [
        "../../../wit/0.2.12/io.wit",
        "../../../wit/0.2.12/clocks.wit",
        "../../../wit/0.2.12/random.wit",
        "../../../wit/0.2.12/filesystem.wit",
        "../../../wit/0.2.12/sockets.wit",
        "../../../wit/0.2.12/cli.wit",
        "../../../wit/0.2.12/http.wit",
    ],
    inline: "
        package silica:http;
        world client {
            import wasi:http/types@0.2.12;
            import wasi:http/outgoing-handler@0.2.12;
        }
    ",
    world: "silica:http/client",
    imports: { default: trappable },
    with: {
        "wasi:io/error/error": silica_wasi_p2::io::IoError,
        "wasi:io/poll/pollable": silica_wasi_p2::io::Pollable,
        "wasi:io/streams/input-stream": silica_wasi_p2::io::InputStream,
        "wasi:io/streams/output-stream": silica_wasi_p2::io::OutputStream,
        "wasi:http/types/fields": crate::Fields,
        "wasi:http/types/incoming-request": crate::IncomingRequest,
        "wasi:http/types/outgoing-request": crate::OutgoingRequest,
        "wasi:http/types/request-options": crate::RequestOptions,
        "wasi:http/types/response-outparam": crate::ResponseOutparam,
        "wasi:http/types/incoming-response": crate::IncomingResponse,
        "wasi:http/types/incoming-body": crate::IncomingBody,
        "wasi:http/types/future-trailers": crate::FutureTrailers,
        "wasi:http/types/outgoing-response": crate::OutgoingResponse,
        "wasi:http/types/outgoing-body": crate::OutgoingBody,
        "wasi:http/types/future-incoming-response": crate::FutureIncomingResponse,
    },
    trappable_error_type: {
        "wasi:http/types/error-code" => crate::HttpError,
    },
    component_crate: silica_component,
});
