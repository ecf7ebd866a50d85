//! Why a call has failed, from what the SDK says about it.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ssm::config::http::HttpResponse;
use aws_sdk_ssm::error::{ProvideErrorMetadata, SdkError};

use crate::calls::Operation;
use crate::error::{Failure, Reason};

/// Codes of a call that AWS refuses for who makes it: not allowed, or with credentials that are no longer good. S3 and
/// SSM call the same thing by different names, and SSM answers 400 to all of them.
const DENIED: [&str; 12] = [
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// The longest message of AWS that is logged, in characters.
const MAX_MESSAGE: usize = 300;

pub(super) fn classify<E>(operation: Operation, error: &SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let (reason, cause) = match error {
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            let (code, message) = (service.err().code().unwrap_or("no code"), service.err().message());
            let message: String = message.unwrap_or_default().chars().take(MAX_MESSAGE).collect();
            (of_answer(operation, code, status), format!("{code} (HTTP {status}): {message}"))
        }
        // A proxy on the way, say, with a page of its own: the status is all there is.
        SdkError::ResponseError(response) => {
            (of_answer(operation, "", response.raw().status().as_u16()), chain(error))
        }
        SdkError::TimeoutError(_) => (Reason::Timeout, chain(error)),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => (Reason::Timeout, chain(error)),
        SdkError::DispatchFailure(_) if has_no_credentials(error) => (Reason::NoCredentials, chain(error)),
        SdkError::DispatchFailure(_) => (Reason::Unreachable, chain(error)),
        _ => (Reason::Failed, chain(error)),
    };
    Failure { operation, reason, cause }
}

/// For an answer that says 200 and holds nothing.
pub(super) fn empty(operation: Operation) -> Failure {
    Failure { operation, reason: Reason::Failed, cause: "an empty answer".to_owned() }
}

fn of_answer(operation: Operation, code: &str, status: u16) -> Reason {
    match (code, status) {
        // A bare 404 is no word on the parameter: it is an endpoint that is none of AWS.
        ("ParameterNotFound" | "ParameterVersionNotFound", _) if operation == Operation::GetParameter => {
            Reason::NotFound
        }
        (code, _) if aws_runtime::retries::classifiers::THROTTLING_ERRORS.contains(&code) => {
            Reason::Throttled
        }
        (_, 429) => Reason::Throttled,
        (code, _) if DENIED.contains(&code) => Reason::Denied,
        (_, 401 | 403) => Reason::Denied,
        _ => Reason::Failed,
    }
}

fn sources<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn has_no_credentials(error: &(dyn Error + 'static)) -> bool {
    sources(error).any(<dyn Error>::is::<CredentialsError>)
}

/// An error and its causes in their own words. Never their `Debug`, which holds whole requests and answers.
fn chain(error: &(dyn Error + 'static)) -> String {
    sources(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_decides_before_the_status() {
        let of = |code, status| of_answer(Operation::GetParameter, code, status);
        assert_eq!(of("ParameterNotFound", 400), Reason::NotFound);
        assert_eq!(of("ThrottlingException", 400), Reason::Throttled);
        assert_eq!(of("SlowDown", 503), Reason::Throttled);
        assert_eq!(of("ExpiredTokenException", 400), Reason::Denied);
        assert_eq!(of("AccessDenied", 403), Reason::Denied);
        assert_eq!(of("InternalServerError", 500), Reason::Failed);
    }

    #[test]
    fn a_status_decides_where_there_is_no_code() {
        let of = |status| of_answer(Operation::ListBuckets, "", status);
        assert_eq!((of(403), of(429)), (Reason::Denied, Reason::Throttled));
        assert_eq!((of(404), of(500)), (Reason::Failed, Reason::Failed));
    }
}
