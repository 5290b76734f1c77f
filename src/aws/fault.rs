//! Every way a call can fail, as one of a few classes, in words for the person on call.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::ask::Circle;
use super::login::Login;
use super::mfa::NeedsCode;
use super::profiles::shared_files;
use crate::domain::text::Text;
use crate::world::port::{CloudError, FaultClass};

/// The services' own codes by class; they differ by protocol and age.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>, and the common errors of each service.
const THROTTLED: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "LimitExceededException",
    "EC2ThrottledException",
    "SlowDown",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "BandwidthLimitExceeded",
];
const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "UnauthorizedOperation",
    "NotAuthorized",
    "UnauthorizedException",
];
const EXPIRED: &[&str] = &["ExpiredToken", "ExpiredTokenException", "RequestExpired"];
/// Credentials that are wrong rather than old.
const UNKNOWN_KEY: &[&str] = &[
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "InvalidToken",
    "AuthFailure",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
];
const IS_THE_CLOCK: &[&str] = &["RequestTimeTooSkewed", "RequestInTheFuture"];
const UNSUPPORTED: &[&str] = &[
    "UnknownOperationException",
    "UnsupportedOperation",
    "UnsupportedOperationException",
    "InvalidAction",
    "NotImplemented",
    "NotImplementedError",
    "OptInRequired",
    "SubscriptionRequiredException",
    "DataUnavailableException",
];
const INTERNAL: &[&str] = &[
    "InternalFailure",
    "InternalError",
    "InternalServerError",
    "InternalServerException",
    "InternalServiceError",
    "InternalServiceException",
    "ServerException",
    "ServiceException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "Unavailable",
];
/// Longest answer of a service quoted.
const LONGEST: usize = 300;

/// Who cannot take on a role lacks this, whatever was asked.
const ASSUME_ROLE: &str = "sts:AssumeRole";

pub(super) fn of<E>(operation: &str, error: &SdkError<E, HttpResponse>, login: &Login) -> CloudError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let (class, message) = told(error, login);
    let missing = (class == FaultClass::Denied).then(|| {
        let action = if role(error).is_some() { ASSUME_ROLE } else { operation };
        Text::new(missing_action(&message).unwrap_or(action))
    });
    CloudError { class, operation: operation.into(), message: Text::cut_to(&message, LONGEST), missing }
}

fn told<E>(error: &SdkError<E, HttpResponse>, login: &Login) -> (FaultClass, String)
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match error {
        SdkError::TimeoutError(_) => (FaultClass::Timeout, "no answer in time".to_owned()),
        SdkError::ConstructionFailure(_) | SdkError::DispatchFailure(_) => unsent(error, login),
        SdkError::ResponseError(answer) => unreadable(error, answer.raw(), login),
        // What was no answer of this protocol is taken for an error, whatever its status.
        SdkError::ServiceError(answer) if answer.raw().status().is_success() => unreadable(error, answer.raw(), login),
        SdkError::ServiceError(answer) => served(answer.err(), answer.raw(), login),
        _ => (FaultClass::Malformed, innermost(error)),
    }
}

/// What is neither an answer nor an error of the service: cut short, or not from the service at all.
fn unreadable<E>(error: &SdkError<E, HttpResponse>, raw: &HttpResponse, login: &Login) -> (FaultClass, String)
where
    E: Error + Send + Sync + 'static,
{
    if let Some(page) = page(raw, login) {
        return page;
    }
    let words = innermost(error);
    if words.contains("end of file before message length reached") {
        return (FaultClass::Transport, "the connection ended in the middle of the answer".to_owned());
    }
    let length = raw.body().bytes().map_or(0, <[u8]>::len);
    let kind = raw.headers().get("content-type").unwrap_or("no content type");
    let status = raw.status().as_u16();
    let class = match status {
        429 => FaultClass::Throttled,
        500.. => FaultClass::Internal,
        _ => FaultClass::Malformed,
    };
    (class, format!("an answer that cannot be read ({status}, {length} bytes, {kind}): {words}"))
}

/// What the service says of itself.
fn served<E: ProvideErrorMetadata>(error: &E, raw: &HttpResponse, login: &Login) -> (FaultClass, String) {
    let code = error.code().unwrap_or("");
    let status = raw.status().as_u16();
    let words = error.message().filter(|message| !message.is_empty()).unwrap_or(code).to_owned();
    let has = |codes: &[&str]| codes.contains(&code);
    if has(THROTTLED) || status == 429 {
        (FaultClass::Throttled, words)
    } else if has(EXPIRED) {
        (FaultClass::Expired, format!("credentials expired: {}", sign_in(login)))
    } else if has(UNKNOWN_KEY) || has(IS_THE_CLOCK) {
        let may_be_the_clock = code.contains("Signature") || IS_THE_CLOCK.contains(&code);
        let hint = if may_be_the_clock { "; a clock that is wrong does this too" } else { "" };
        (FaultClass::Expired, format!("credentials not accepted ({code}): {}{hint}", sign_in(login)))
    } else if has(DENIED) || (status == 403 && !code.is_empty()) {
        (FaultClass::Denied, short_of_encoding(&words))
    } else if has(UNSUPPORTED) || status == 501 {
        (FaultClass::Unsupported, format!("{code} {words}").trim().to_owned())
    } else if let Some(page) = page(raw, login).filter(|_| code.is_empty()) {
        page
    } else if has(INTERNAL) || status >= 500 {
        (FaultClass::Internal, format!("AWS answered {status} {code} {words}").trim().to_owned())
    } else if code.contains("NotFound")
        || code.contains("NonExistent")
        || code.contains("DoesNotExist")
        || code == "NoSuchEntity"
        || status == 404
    {
        (FaultClass::NotFound, format!("{code}: {words}"))
    } else if code.is_empty() {
        (FaultClass::Malformed, format!("AWS answered {status}: {words}"))
    } else {
        // It was understood and is refused: nothing between here and there changed it.
        (FaultClass::Unsupported, format!("AWS answered {status} {code}: {words}"))
    }
}

/// A page for people where an answer should be: a proxy, a captive portal, or an endpoint that does not know the call.
fn page(raw: &HttpResponse, login: &Login) -> Option<(FaultClass, String)> {
    let kind = raw.headers().get("content-type").unwrap_or("");
    let start = raw.body().bytes().map_or(&b""[..], |body| &body[..body.len().min(64)]);
    let looks_like_html =
        String::from_utf8_lossy(start).trim_start().to_ascii_lowercase().starts_with("<!doctype html");
    if !kind.starts_with("text/html") && !looks_like_html {
        return None;
    }
    let status = raw.status().as_u16();
    Some(if login.endpoint.is_custom() {
        (
            FaultClass::Unsupported,
            format!("the endpoint in use answered {status} with an HTML page: it does not know this call"),
        )
    } else {
        (
            FaultClass::Malformed,
            format!("an HTML page ({status}) instead of an answer: a proxy or a captive portal is in the way"),
        )
    })
}

/// What never reached the service: no credentials, no route, no name, no trust.
fn unsent<E>(error: &SdkError<E, HttpResponse>, login: &Login) -> (FaultClass, String)
where
    E: Error + Send + Sync + 'static,
{
    if chain(error).find_map(<dyn Error>::downcast_ref::<Circle>).is_some() {
        return (FaultClass::Malformed, Circle.to_string());
    }
    // Before what it kept from being done: taking on a role.
    if let Some(NeedsCode(device)) = chain(error).find_map(|error| error.downcast_ref()) {
        let waiting = CloudError::needs_code("", device);
        return (waiting.class, waiting.message.to_string());
    }
    if let Some(error) = role(error) {
        let (class, words) = told(error, login);
        return (class, format!("the role cannot be assumed: {words}"));
    }
    if let Some(error) = chain(error).find_map(|error| error.downcast_ref::<CredentialsError>()) {
        return credentials(error, login);
    }
    let words = innermost(error);
    if matches!(error, SdkError::ConstructionFailure(_)) {
        return (FaultClass::Malformed, format!("the question cannot be put: {words}"));
    }
    let is_timeout = matches!(error, SdkError::DispatchFailure(failure) if failure.is_timeout());
    if is_timeout {
        return (FaultClass::Timeout, format!("no connection in time: {words}"));
    }
    let all: String = chain(error).map(|error| error.to_string().to_ascii_lowercase()).collect::<Vec<_>>().join(": ");
    if all.contains("identity resolver timed out") {
        return (FaultClass::Timeout, "the credentials did not come in time".to_owned());
    }
    let message = if all.contains("dns") || all.contains("lookup") || all.contains("name resolution") {
        format!("the name of the service cannot be resolved (DNS): {words}")
    } else if all.contains("certificate") || all.contains("tls") {
        format!("no trusted connection (TLS): {words}")
    } else if all.contains("refused") {
        format!("connection refused: {words}")
    } else if all.contains("proxy") {
        format!("the proxy failed: {words}")
    } else {
        words
    };
    (FaultClass::Transport, message)
}

/// What STS answered to taking on a role, where that is what failed.
fn role<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a SdkError<AssumeRoleError, HttpResponse>> {
    chain(error).skip(1).find_map(|error| error.downcast_ref())
}

fn credentials(error: &CredentialsError, login: &Login) -> (FaultClass, String) {
    let words = innermost(error);
    match chain(error).find_map(|error| error.downcast_ref::<ConnectorError>()) {
        Some(error) if error.is_timeout() => {
            return (FaultClass::Timeout, format!("the credentials did not come in time: {words}"));
        }
        Some(error) if error.is_io() => {
            return (FaultClass::Transport, format!("the credentials did not come: {words}"));
        }
        _ => {}
    }
    match error {
        CredentialsError::CredentialsNotLoaded(_) => {
            let message = if let Some(profile) = login.origin.signs_in_with() {
                format!("profile {profile} has no credentials: {}", sign_in(login))
            } else {
                // The SDK's own words name every provider it asked and why each declined: a page nobody reads at night.
                let [config, credentials] = shared_files();
                format!(
                    "nobody is signed in: no credentials in the environment, {} or {}, nor from a container or an \
                     instance; {}",
                    config.display(),
                    credentials.display(),
                    sign_in(login)
                )
            };
            (FaultClass::Expired, message)
        }
        CredentialsError::ProviderTimedOut(_) => {
            (FaultClass::Timeout, format!("the credentials did not come in time: {words}"))
        }
        CredentialsError::InvalidConfiguration(_) => {
            (FaultClass::Expired, format!("the AWS configuration is wrong: {words}"))
        }
        _ => (FaultClass::Expired, format!("no credentials: {} ({words})", sign_in(login))),
    }
}

/// The command that helps, for the profile it is about.
fn sign_in(login: &Login) -> String {
    if let Some((device, _)) = &login.code {
        return format!("the command sign-in asks for a code of {}", device.serial);
    }
    login.origin.signs_in_with().map_or_else(
        || "run `aws sso login` or set AWS_PROFILE".to_owned(),
        |profile| format!("run `aws sso login --profile {profile}`"),
    )
}

/// `cloudwatch:DescribeAlarms` of "User: arn is not authorized to perform: cloudwatch:DescribeAlarms on resource: ...".
fn missing_action(message: &str) -> Option<&str> {
    let rest = message.split("not authorized to perform: ").nth(1)?;
    rest.split([' ', ',']).next().filter(|action| action.contains(':'))
}

/// EC2 appends a kilobyte that only `sts:DecodeAuthorizationMessage` can read.
fn short_of_encoding(message: &str) -> String {
    message.split(" Encoded authorization failure message").next().unwrap_or(message).to_owned()
}

pub(super) fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map_or_else(|| "unknown".into(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_missing_action_is_the_one_aws_names() {
        let message =
            "User: arn:aws:iam::1:user/a is not authorized to perform: rds:DescribeDBInstances on resource: x";
        assert_eq!(missing_action(message), Some("rds:DescribeDBInstances"));
        assert_eq!(missing_action("no"), None);
        assert_eq!(short_of_encoding("No. Encoded authorization failure message: AbC"), "No.");
    }
}
