//! The second factor, which the SDK does not know: a device, and the session its code opens.
//!
//! The code buys the device's owner a session of their own (`GetSessionToken`), and the roles are assumed from that. One code
//! so opens every account behind the device, and the roles renew themselves for the rest of the session. With the code given
//! to `AssumeRole` itself each account would want a code of its own, every hour, and no code twice.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html>

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use jiff::{SignedDuration, Timestamp};

use super::Now;
use super::ask::malformed;
use super::fault;
use super::login::Login;
use crate::domain::text::Text;
use crate::world::port::{CloudError, FaultClass};

const OPERATION: &str = "sts:GetSessionToken";
/// A session this close to its end is not begun with.
const EARLY: SignedDuration = SignedDuration::from_mins(1);

/// A device, with the session of its owner once its code was entered. Kept in memory and nowhere else.
pub(super) struct Device {
    pub serial: String,
    session: Mutex<Option<Session>>,
    now: Now,
}

struct Session {
    credentials: Credentials,
    ends: Timestamp,
}

/// Why there are no credentials: nobody has entered a code. Found again by its type in whatever the SDK wraps around it.
#[derive(Debug, thiserror::Error)]
#[error("no code of {0} was entered")]
pub(super) struct NeedsCode(pub String);

impl Device {
    pub fn new(serial: String, now: Now) -> Self {
        Self { serial, session: Mutex::default(), now }
    }

    /// Opens a session with the code the device shows now. `sdk` signs as its owner.
    pub async fn enter(&self, code: &str, sdk: &SdkConfig, login: &Login) -> Result<(), CloudError> {
        let client = aws_sdk_sts::Client::new(sdk);
        let answer = client.get_session_token().serial_number(&self.serial).token_code(code).send().await;
        let answer = answer.map_err(|error| self.in_words(fault::of(OPERATION, &error, login)))?;
        let given = answer.credentials().ok_or_else(|| malformed(OPERATION, "an answer without credentials"))?;
        let ends = Timestamp::from_second(given.expiration().secs())
            .map_err(|_| malformed(OPERATION, "a session that ends at no time there is"))?;
        let credentials = Credentials::new(
            given.access_key_id(),
            given.secret_access_key(),
            Some(given.session_token().to_owned()),
            Some(SystemTime::from(ends)),
            "mfa",
        );
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(Session { credentials, ends });
        Ok(())
    }

    /// Fails at once where there is no session: the SDK waits a few seconds for credentials, and a person takes longer.
    fn credentials(&self) -> provider::Result {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        match &*session {
            Some(session) if (self.now)() + EARLY < session.ends => Ok(session.credentials.clone()),
            _ => Err(CredentialsError::provider_error(NeedsCode(self.serial.clone()))),
        }
    }

    /// The refusals that have a remedy, with it.
    fn in_words(&self, error: CloudError) -> CloudError {
        let said = error.message.as_str();
        let words = if said.contains("invalid MFA one time pass code") {
            "that code was not accepted; wait for the next one".to_owned()
        } else if said.contains("unable to validate MFA code") {
            format!("AWS does not know {} as a device of this user: check mfa_serial", self.serial)
        } else if said.contains("with session credentials") {
            "only keys of a user take a code, and these are those of a session already".to_owned()
        } else {
            return error;
        };
        // It is the sign-in that failed, and no permission that is missing.
        CloudError { class: FaultClass::Expired, message: Text::new(&words), missing: None, ..error }
    }
}

impl ProvideCredentials for Device {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(self.credentials())
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device").field("serial", &self.serial).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
    };
    use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
    use aws_smithy_types::body::SdkBody;

    use crate::aws::login::Endpoint;
    use crate::aws::place::Place;
    use crate::aws::profiles::{AssumedRole, CodeLogin, Source};
    use crate::aws::{ask, identity};
    use crate::domain::identity::Identity;
    use crate::domain::origin::Origin;

    const JANE: &str = "arn:aws:iam::111122223333:mfa/jane";
    const OPENED: i64 = 1_800_000_000;

    /// STS with nobody else's state: knows one code, and who signs a request by their access key.
    #[derive(Debug)]
    struct Sts;

    impl HttpConnector for Sts {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
            let signed = request.headers().get("authorization").unwrap_or_default().to_owned();
            let is_of = |key: &str| signed.contains(&format!("Credential={key}/"));
            let keys = |id: &str, ends: &str| {
                format!(
                    "<Credentials><AccessKeyId>{id}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
                     <SessionToken>t</SessionToken><Expiration>{ends}</Expiration></Credentials>"
                )
            };
            let has = |part: &str| body.contains(part);
            let (status, answer) = if has("Action=GetSessionToken") {
                assert!(is_of("JANE") && has("SerialNumber=arn%3Aaws%3Aiam%3A%3A111122223333%3Amfa%2Fjane"), "{body}");
                match (has("TokenCode=123456"), has("TokenCode=777777")) {
                    (true, _) => (
                        200,
                        format!(
                            "<GetSessionTokenResponse><GetSessionTokenResult>{}</GetSessionTokenResult></GetSessionTokenResponse>",
                            keys("SESSION", "2027-01-15T20:00:00Z")
                        ),
                    ),
                    (_, true) => refused(
                        "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.",
                    ),
                    _ => refused("MultiFactorAuthentication failed with invalid MFA one time pass code. "),
                }
            } else if has("Action=AssumeRole") && is_of("SESSION") && has("role%2Fprod") {
                (
                    200,
                    format!(
                        "<AssumeRoleResponse><AssumeRoleResult>{}</AssumeRoleResult></AssumeRoleResponse>",
                        keys("PROD", "2099-01-01T00:00:00Z")
                    ),
                )
            } else if has("Action=AssumeRole") {
                refused(
                    "User: arn:aws:iam::111122223333:user/jane is not authorized to perform: sts:AssumeRole on resource: arn",
                )
            } else if has("Action=GetCallerIdentity") && is_of("PROD") {
                (200, "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>2</Account></GetCallerIdentityResult></GetCallerIdentityResponse>".into())
            } else {
                refused("what is this")
            };
            HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(answer))))
        }
    }

    fn refused(words: &str) -> (u16, String) {
        (
            403,
            format!(
                "<ErrorResponse><Error><Code>AccessDenied</Code><Message>{words}</Message></Error></ErrorResponse>"
            ),
        )
    }

    fn sts() -> SharedHttpClient {
        http_client_fn(|_, _| SharedHttpConnector::new(Sts))
    }

    /// A device at a clock that can be set, the keys of its owner, and a way in through each of these roles.
    fn behind(roles: &[&str]) -> (Arc<AtomicI64>, Arc<Device>, SdkConfig, Vec<Place>) {
        let clock = Arc::new(AtomicI64::new(OPENED));
        let now = Arc::clone(&clock);
        let now: Now = Arc::new(move || Timestamp::from_second(now.load(Ordering::Relaxed)).unwrap());
        let device = Arc::new(Device::new(JANE.into(), now));
        let places = roles.iter().map(|role| {
            let arn = format!("arn:aws:iam::2:role/{role}");
            let origin = Origin { role_arn: Some(arn.clone()), regions: vec!["eu-west-1".into()], ..Origin::default() };
            let roles = vec![AssumedRole { arn, ..AssumedRole::default() }];
            let way = CodeLogin { serial: JANE.into(), source: Source::Chain, roles };
            let scope = origin.scopes().remove(0);
            let login = Login::new(origin, Endpoint::default(), Some((Arc::clone(&device), way)), sts());
            Place::new(scope, Arc::new(login), None)
        });
        let jane = Credentials::new("JANE", "s", None, None, "test");
        let sdk = SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new("eu-west-1"))
            .http_client(sts())
            .credentials_provider(provider::SharedCredentialsProvider::new(jane));
        (clock, Arc::clone(&device), sdk.build(), places.collect())
    }

    async fn identity_at(place: &Place) -> Result<Identity, CloudError> {
        ask::answering(place, Timestamp::UNIX_EPOCH, |ask| async move { identity::caller(&ask).await }).await.0
    }

    #[tokio::test]
    async fn one_code_opens_every_account_behind_its_device_until_the_session_ends() {
        let (clock, device, sdk, places) = behind(&["prod", "prod"]);
        for place in &places {
            let error = identity_at(place).await.unwrap_err();
            assert!(error.wants_code(), "{error}");
            assert_eq!(error.message, *format!("needs the MFA code of {JANE}"));
        }
        device.enter("123456", &sdk, &places[0].login).await.unwrap();
        for place in &places {
            assert_eq!(identity_at(place).await.unwrap().account, "2");
        }
        // The session of the answer above ends at eight in the evening.
        let ends: Timestamp = "2027-01-15T20:00:00Z".parse().unwrap();
        clock.store(ends.as_second() - 61, Ordering::Relaxed);
        assert!(device.credentials().is_ok());
        clock.store(ends.as_second() - 60, Ordering::Relaxed);
        assert!(device.credentials().is_err());
        // What the SDK holds of the role outlives that; a new sign-in does not.
        places[0].forget_login().await;
        assert!(identity_at(&places[0]).await.unwrap_err().wants_code());
    }

    #[tokio::test]
    async fn a_refused_code_is_told_in_words_and_opens_nothing() {
        let (_, device, sdk, places) = behind(&["prod"]);
        let enter = async |code: &str| device.enter(code, &sdk, &places[0].login).await.unwrap_err();
        let error = enter("000000").await;
        assert_eq!(error.message, "that code was not accepted; wait for the next one");
        assert_eq!((error.class, error.missing), (FaultClass::Expired, None));
        assert!(enter("777777").await.message.as_str().contains("check mfa_serial"));
        assert!(identity_at(&places[0]).await.unwrap_err().wants_code());
    }

    #[tokio::test]
    async fn a_role_that_may_not_be_assumed_is_denied_and_asks_for_no_code() {
        let (_, device, sdk, places) = behind(&["other"]);
        device.enter("123456", &sdk, &places[0].login).await.unwrap();
        let error = identity_at(&places[0]).await.unwrap_err();
        assert_eq!(
            (error.class, error.missing),
            (FaultClass::Denied, Some("sts:AssumeRole".into())),
            "{}",
            error.message
        );
    }
}
