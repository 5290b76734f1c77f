//! Who we are: one way in, loaded once, and again after its credentials failed.

use std::sync::Arc;
use std::time::Duration;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use tokio::sync::Mutex;

use super::mfa::Device;
use super::profiles::{AssumedRole, CodeLogin, Profiles, Source};
use crate::domain::origin::Origin;
use crate::world::port::CloudError;

/// One attempt may take so long, a whole call with its retries so long, and making a connection so long.
const ATTEMPT: Duration = Duration::from_secs(10);
const CALL: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(3);
/// Attempts at one call, where neither the environment nor the profile says otherwise. The scheduler asks again anyway.
const ATTEMPTS: u32 = 2;

/// Where the services are, if not where AWS has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// From the command line; what the environment and the profiles say is found by the SDK itself.
    pub url: Option<String>,
    /// Endpoints in force by environment variables, as `NAME=URL`, for the banner.
    pub from_environment: Vec<String>,
}

impl Endpoint {
    /// What the command line and the environment say. Profiles may name endpoints too; those are the operator's own files.
    pub fn new(url: Option<String>) -> Self {
        let mut from_environment: Vec<String> = std::env::vars_os()
            // A variable that is no Unicode is none of AWS's, and no reason to fail.
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, value)| name.starts_with("AWS_ENDPOINT_URL") && !value.is_empty())
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if std::env::var("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_ok_and(|value| value.eq_ignore_ascii_case("true")) {
            from_environment.clear();
        }
        from_environment.sort();
        Self { url, from_environment }
    }

    /// For the header: the host that answers in AWS's place.
    pub fn banner(&self) -> Option<String> {
        let url = self.url.as_deref().or_else(|| self.from_environment.first()?.split_once('=').map(|(_, url)| url))?;
        Some(url.split("://").last().unwrap_or(url).trim_end_matches('/').to_owned())
    }

    /// True when some answers may come from something that is not AWS.
    pub fn is_custom(&self) -> bool {
        self.url.is_some() || !self.from_environment.is_empty()
    }
}

/// One way in.
#[derive(Debug)]
pub(super) struct Login {
    pub origin: Origin,
    pub endpoint: Endpoint,
    /// Where it begins with the code of a device.
    pub code: Option<(Arc<Device>, CodeLogin)>,
    http: SharedHttpClient,
    loaded: Mutex<Option<SdkConfig>>,
}

impl Login {
    pub fn new(
        origin: Origin,
        endpoint: Endpoint,
        code: Option<(Arc<Device>, CodeLogin)>,
        http: SharedHttpClient,
    ) -> Self {
        Self { origin, endpoint, code, http, loaded: Mutex::new(None) }
    }

    /// The configuration with its credentials, read from the files once. The credentials themselves are fetched and renewed
    /// by the SDK when they are needed.
    pub async fn sdk(&self) -> SdkConfig {
        let mut loaded = self.loaded.lock().await;
        if let Some(sdk) = &*loaded {
            return sdk.clone();
        }
        let sdk = self.load().await;
        *loaded = Some(sdk.clone());
        sdk
    }

    /// Forgets what the files said, so that a new sign-in or a rotated key is seen without a restart.
    pub async fn forget(&self) {
        *self.loaded.lock().await = None;
    }

    /// Signs in with the code the device shows. The files are read anew: keys may have been put there meanwhile.
    pub async fn enter(&self, code: &str) -> Result<(), CloudError> {
        let Some((device, way)) = &self.code else { return Ok(()) };
        let sdk = self.loader().load().await;
        let owner = match &way.source {
            Source::Chain => sdk.credentials_provider(),
            Source::Environment => Some(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new())),
            Source::Profile(name) => Some(self.of_profile(name, &sdk)),
            Source::Keys(name) => Profiles::read().await.keys(name).map(SharedCredentialsProvider::new),
        };
        let mut sdk = sdk.to_builder();
        sdk.set_credentials_provider(owner);
        device.enter(code, &sdk.build(), self).await
    }

    fn loader(&self) -> ConfigLoader {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(ATTEMPT)
            .operation_timeout(CALL)
            .build();
        let mut loader =
            aws_config::defaults(BehaviorVersion::latest()).http_client(self.http.clone()).timeout_config(timeouts);
        if std::env::var_os("AWS_MAX_ATTEMPTS").is_none() {
            loader = loader.retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
        }
        if let Some(profile) = self.origin.signs_in_with() {
            loader = loader.profile_name(profile);
        }
        if let Some(url) = &self.endpoint.url {
            loader = loader.endpoint_url(url);
        }
        if let Some(region) = self.origin.regions.first() {
            loader = loader.region(Region::new(region.clone()));
        }
        loader
    }

    async fn load(&self) -> SdkConfig {
        let mut sdk = self.loader().load().await;
        let roles = match (&self.code, &self.origin.role_arn) {
            (Some((device, way)), _) => {
                let device: Arc<dyn ProvideCredentials> = Arc::<Device>::clone(device);
                sdk = sdk.to_builder().credentials_provider(SharedCredentialsProvider::new(device)).build();
                way.roles.clone()
            }
            (None, role) => {
                if let Some(profile) = self.origin.signs_in_with() {
                    sdk = sdk.to_builder().credentials_provider(self.of_profile(profile, &sdk)).build();
                }
                let external_id = self.origin.external_id.clone();
                role.iter()
                    .map(|arn| AssumedRole { arn: arn.clone(), external_id: external_id.clone(), session_name: None })
                    .collect()
            }
        };
        for role in roles {
            let name = role.session_name.unwrap_or_else(session_name);
            let mut provider = AssumeRoleProvider::builder(role.arn).session_name(name).configure(&sdk);
            if let Some(id) = role.external_id {
                provider = provider.external_id(id);
            }
            let provider = SharedCredentialsProvider::new(provider.build().await);
            sdk = sdk.to_builder().credentials_provider(provider).build();
        }
        sdk
    }

    /// The credentials of a profile, or else of the machine. The SDK's own chain takes keys from the environment first, even
    /// where a profile is named, and would show one account under the name of another.
    fn of_profile(&self, profile: &str, sdk: &SdkConfig) -> SharedCredentialsProvider {
        let mut config = ProviderConfig::without_region()
            .with_region(sdk.region().cloned())
            .with_use_fips(sdk.use_fips())
            .with_use_dual_stack(sdk.use_dual_stack())
            .with_http_client(self.http.clone());
        if let Some(timeouts) = sdk.timeout_config() {
            config = config.with_timeout_config(timeouts.clone());
        }
        if let Some(retries) = sdk.retry_config() {
            config = config.with_retry_config(retries.clone());
        }
        let of_profile = ProfileFileCredentialsProvider::builder().configure(&config).profile_name(profile).build();
        let of_container = EcsCredentialsProvider::builder().configure(&config).build();
        let of_instance = ImdsCredentialsProvider::builder().configure(&config).build();
        let chain = CredentialsProviderChain::first_try("Profile", of_profile)
            .or_else("EcsContainer", of_container)
            .or_else("Ec2InstanceMetadata", of_instance);
        SharedCredentialsProvider::new(chain)
    }
}

/// What CloudTrail shows: the person, not the machine.
fn session_name() -> String {
    let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_default();
    let user: String =
        user.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@')).collect();
    if user.is_empty() { "opscon".into() } else { format!("opscon-{user}").chars().take(64).collect() }
}

/// How long a connection and an answer may take: what connections are told apart by.
type Patience = (Option<Duration>, Option<Duration>);

/// One pool of connections for every client of every account. Without it each of some fifteen clients for each account and
/// region has its own, with its own trust store read from disk.
pub(super) fn http_client() -> SharedHttpClient {
    let connectors: std::sync::Mutex<Vec<(Patience, SharedHttpConnector)>> = std::sync::Mutex::default();
    http_client_fn(move |settings, components| {
        let mut known = connectors.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let patience = (settings.connect_timeout(), settings.read_timeout());
        if let Some((_, connector)) = known.iter().find(|(of, _)| *of == patience) {
            return connector.clone();
        }
        let connector = connector(settings, components.sleep_impl());
        known.push((patience, connector.clone()));
        connector
    })
}

/// Connections of our own making: through the operator's proxy, with the machine's own trust.
pub(super) fn connector(settings: &HttpConnectorSettings, sleep: Option<SharedAsyncSleep>) -> SharedHttpConnector {
    let mut builder = Connector::builder();
    builder.set_sleep_impl(sleep);
    let connector = builder
        .connector_settings(settings.clone())
        .proxy_config(ProxyConfig::from_env())
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build();
    SharedHttpConnector::new(connector)
}

/// The region of the profile, the environment or the instance, for who names none.
pub async fn default_region(profile: Option<&str>) -> Option<String> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client());
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    }
    loader.load().await.region().map(ToString::to_string)
}
