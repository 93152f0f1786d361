//! The codes of failures that a guest gets.

use silica_wasi_p2::io::IoError;

use crate::bindings::wasi::http::types::{DnsErrorPayload, ErrorCode, TlsAlertReceivedPayload};
use crate::failure::Failure;

/// The code of a failure.
pub(super) fn of(failure: Failure) -> ErrorCode {
    match failure {
        Failure::NameTimeout => ErrorCode::DnsTimeout,
        Failure::NoSuchName => ErrorCode::DnsError(DnsErrorPayload {
            rcode: Some("NXDOMAIN".to_owned()),
            info_code: None,
        }),
        Failure::NotFound => ErrorCode::DestinationNotFound,
        Failure::AddressProhibited => ErrorCode::DestinationIpProhibited,
        Failure::AddressUnroutable => ErrorCode::DestinationIpUnroutable,
        Failure::ConnectionRefused => ErrorCode::ConnectionRefused,
        Failure::ConnectionTerminated => ErrorCode::ConnectionTerminated,
        Failure::ConnectionTimeout => ErrorCode::ConnectionTimeout,
        Failure::ReadTimeout => ErrorCode::ConnectionReadTimeout,
        Failure::LimitReached => ErrorCode::ConnectionLimitReached,
        Failure::TlsProtocol => ErrorCode::TlsProtocolError,
        Failure::TlsCertificate => ErrorCode::TlsCertificateError,
        Failure::TlsAlert(number, text) => ErrorCode::TlsAlertReceived(TlsAlertReceivedPayload {
            alert_id: Some(number),
            alert_message: Some(text),
        }),
        Failure::Denied => ErrorCode::HttpRequestDenied,
        Failure::MethodInvalid => ErrorCode::HttpRequestMethodInvalid,
        Failure::UriInvalid => ErrorCode::HttpRequestUriInvalid,
        Failure::BodySize(bytes) => ErrorCode::HttpRequestBodySize(Some(bytes)),
        Failure::ResponseIncomplete => ErrorCode::HttpResponseIncomplete,
        Failure::FieldsTooLong => ErrorCode::HttpResponseHeaderSectionSize(None),
        Failure::TrailersTooLong => ErrorCode::HttpResponseTrailerSectionSize(None),
        Failure::ResponseTimeout => ErrorCode::HttpResponseTimeout,
        Failure::Protocol => ErrorCode::HttpProtocolError,
        Failure::Configuration => ErrorCode::ConfigurationError,
        Failure::Internal(text) => ErrorCode::InternalError(Some(text)),
    }
}

/// The code of a stream's error, if it is one of a body's.
pub(super) fn of_stream(error: &IoError) -> Option<ErrorCode> {
    error.downcast_ref().cloned().map(of)
}
