//! The clients that change things: a call goes out once, and it is noted that it did.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

tokio::task_local! {
    /// Whether the call under way has left. The SDK's interceptors are made once for each client and cannot be handed it.
    static HAS_LEFT: Arc<AtomicBool>;
}

macro_rules! hands {
    ($($field:ident: $krate:ident),+) => {
        /// A client for each service in which something can be changed.
        #[derive(Debug)]
        pub(in crate::aws) struct Hands {
            $(pub $field: $krate::Client),+
        }

        impl Hands {
            /// Whatever the environment and the profile say of retries: to send a failover again because its answer was lost
            /// would be to fail over twice.
            pub fn new(sdk: &SdkConfig, patience: Duration) -> Self {
                let timeouts = sdk.timeout_config().map_or_else(TimeoutConfig::builder, TimeoutConfig::to_builder);
                let timeouts = timeouts.operation_attempt_timeout(patience).operation_timeout(patience).build();
                Self {
                    $($field: $krate::Client::from_conf(
                        $krate::config::Builder::from(sdk)
                            .retry_config(RetryConfig::disabled())
                            .timeout_config(timeouts.clone())
                            .interceptor(Door)
                            .build(),
                    )),+
                }
            }
        }
    };
}

hands! {
    application_autoscaling: aws_sdk_applicationautoscaling,
    arc_zonal_shift: aws_sdk_arczonalshift,
    autoscaling: aws_sdk_autoscaling,
    cloudwatch: aws_sdk_cloudwatch,
    codedeploy: aws_sdk_codedeploy,
    codepipeline: aws_sdk_codepipeline,
    ec2: aws_sdk_ec2,
    ecs: aws_sdk_ecs,
    elasticache: aws_sdk_elasticache,
    lambda: aws_sdk_lambda,
    rds: aws_sdk_rds,
    route53: aws_sdk_route53,
    sqs: aws_sdk_sqs
}

/// Runs a request, and tells whether anything of it can have left this machine.
pub(super) async fn watched<T>(request: impl Future<Output = T>) -> (T, bool) {
    let has_left = Arc::new(AtomicBool::new(false));
    let outcome = HAS_LEFT.scope(Arc::clone(&has_left), request).await;
    (outcome, has_left.load(Ordering::Relaxed))
}

/// Notes what goes out, and takes nothing for an answer of AWS that is none.
#[derive(Debug)]
struct Door;

#[dyn_dispatch_hint]
impl Intercept for Door {
    fn name(&self) -> &'static str {
        "Door"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let _ = HAS_LEFT.try_with(|has_left| has_left.store(true, Ordering::Relaxed));
        Ok(())
    }

    /// Half of these calls answer with nothing, and the SDK takes whatever comes with status 200 for that: a page of a
    /// proxy too. What comes from AWS has a request id.
    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if context.output_or_error().is_err() || has_request_id(context.response()) {
            Ok(())
        } else {
            Err("it has no request id, and is not of AWS".into())
        }
    }
}

/// In a header, or in the XML of those that came before there was one.
fn has_request_id(response: &HttpResponse) -> bool {
    let headers = response.headers();
    let in_headers = ["x-amzn-requestid", "x-amz-request-id"].iter().any(|name| headers.get(*name).is_some());
    let body = response.body().bytes().unwrap_or_default();
    in_headers || String::from_utf8_lossy(body).to_ascii_lowercase().contains("<requestid>")
}
