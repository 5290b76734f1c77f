//! Every step in the SDK's words. They are those of `Step::call`, which is tested on the wire.

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace};
use aws_sdk_cloudwatch::types::{MuteTargets, Rule, Schedule};
use aws_sdk_codedeploy::types::{BundleType, GitHubLocation, RevisionLocation, RevisionLocationType, S3Location};
use aws_sdk_codepipeline::types::{ApprovalResult, ApprovalStatus, StageRetryMode, StageTransitionType};
use aws_sdk_ecs::types::StopServiceDeploymentStopType;
use aws_sdk_lambda::types::AliasRoutingConfiguration;

use super::hands::Hands;
use super::outcome::Parcel;
use crate::aws::login::Login;
use crate::domain::text::Text;
use crate::world::act::{Receipt, Revision, Sent, Step, again, muted_at, muted_for};
use crate::world::port::{CloudError, FaultClass};

/// `one!(parcel, client.operation { member: value, … })` is one call; `=> |output| …` finds what was made by it.
macro_rules! one {
    ($parcel:ident, $client:ident.$operation:ident { $($member:ident: $value:expr),* $(,)? }) => {
        one!($parcel, $client.$operation { $($member: $value),* } => |_| None)
    };
    ($parcel:ident, $client:ident.$operation:ident { $($member:ident: $value:expr),* $(,)? } => |$out:pat_param| $made:expr) => {
        $parcel.send(Box::pin($client.$operation()$(.$member($value))*.send()), |$out| $made).await
    };
}

pub(super) async fn send(hands: &Hands, login: &Login, step: &Step) -> Result<Receipt, Sent> {
    let Hands {
        application_autoscaling,
        arc_zonal_shift,
        autoscaling,
        cloudwatch,
        codedeploy,
        codepipeline,
        ec2,
        ecs,
        elasticache,
        lambda,
        rds,
        route53,
        sqs,
    } = hands;
    let parcel = Parcel { action: step.action(), login };
    let whole = |number: u32| i32::try_from(number).map_err(|_| unsayable(step, &format!("{number} is too large")));
    match step {
        Step::SetDesiredCapacity { group, desired } => one!(parcel, autoscaling.set_desired_capacity {
            auto_scaling_group_name: group.as_str(), desired_capacity: whole(*desired)?, honor_cooldown: false,
        }),
        Step::UpdateAutoScalingGroup { group, min, desired, max } => {
            one!(parcel, autoscaling.update_auto_scaling_group {
                auto_scaling_group_name: group.as_str(), min_size: whole(*min)?, desired_capacity: whole(*desired)?,
                max_size: whole(*max)?,
            })
        }
        Step::SuspendProcesses { group, processes } => one!(parcel, autoscaling.suspend_processes {
            auto_scaling_group_name: group.as_str(), set_scaling_processes: Some(words(processes)),
        }),
        Step::ResumeProcesses { group, processes } => one!(parcel, autoscaling.resume_processes {
            auto_scaling_group_name: group.as_str(), set_scaling_processes: Some(words(processes)),
        }),
        Step::RollbackInstanceRefresh { group } => one!(parcel, autoscaling.rollback_instance_refresh {
            auto_scaling_group_name: group.as_str(),
        } => |output| output.instance_refresh_id()),
        Step::TagGroup { group, key, value } => one!(parcel, autoscaling.create_or_update_tags {
            tags: tag(group, key).value(value.as_str()).propagate_at_launch(false).build(),
        }),
        Step::UntagGroup { group, key } => one!(parcel, autoscaling.delete_tags { tags: tag(group, key).build() }),

        Step::SetServiceCount { cluster, service, desired } => one!(parcel, ecs.update_service {
            cluster: cluster.as_str(), service: service.as_str(), desired_count: whole(*desired)?,
        }),
        Step::SetTaskDefinition { cluster, service, task_definition } => one!(parcel, ecs.update_service {
            cluster: cluster.as_str(), service: service.as_str(), task_definition: task_definition.as_str(),
        }),
        Step::StopServiceDeployment { deployment } => one!(parcel, ecs.stop_service_deployment {
            service_deployment_arn: deployment.as_str(), stop_type: StopServiceDeploymentStopType::Rollback,
        }),
        Step::RegisterScalableTarget { resource, dimension, min, max } => {
            one!(parcel, application_autoscaling.register_scalable_target {
                service_namespace: ServiceNamespace::Ecs, resource_id: resource.as_str(),
                scalable_dimension: ScalableDimension::from(dimension.as_str()), min_capacity: whole(*min)?,
                max_capacity: whole(*max)?,
            })
        }
        Step::TagEcs { resource, key, value } => one!(parcel, ecs.tag_resource {
            resource_arn: resource.as_str(),
            tags: aws_sdk_ecs::types::Tag::builder().key(key.as_str()).value(value.as_str()).build(),
        }),
        Step::UntagEcs { resource, key } => one!(parcel, ecs.untag_resource {
            resource_arn: resource.as_str(), tag_keys: key.as_str(),
        }),

        Step::StopInstances { instances } => {
            one!(parcel, ec2.stop_instances { set_instance_ids: Some(words(instances)) })
        }
        Step::StartInstances { instances } => {
            one!(parcel, ec2.start_instances { set_instance_ids: Some(words(instances)) })
        }

        Step::TagInstances { instances, key, value } => one!(parcel, ec2.create_tags {
            set_resources: Some(words(instances)),
            tags: aws_sdk_ec2::types::Tag::builder().key(key.as_str()).value(value.as_str()).build(),
        }),
        Step::UntagInstances { instances, key } => one!(parcel, ec2.delete_tags {
            set_resources: Some(words(instances)),
            tags: aws_sdk_ec2::types::Tag::builder().key(key.as_str()).build(),
        }),

        Step::CreateReadReplica { source, replica } => one!(parcel, rds.create_db_instance_read_replica {
            db_instance_identifier: replica.as_str(), source_db_instance_identifier: source.as_str(),
        }),
        Step::CreateReader { cluster, reader, engine, class, tier } => one!(parcel, rds.create_db_instance {
            db_instance_identifier: reader.as_str(), db_cluster_identifier: cluster.as_str(), engine: engine.as_str(),
            db_instance_class: class.as_str(), promotion_tier: whole(*tier)?,
        }),
        Step::RebootWithFailover { database } => one!(parcel, rds.reboot_db_instance {
            db_instance_identifier: database.as_str(), force_failover: true,
        }),
        Step::FailoverCluster { cluster, target } => one!(parcel, rds.failover_db_cluster {
            db_cluster_identifier: cluster.as_str(), set_target_db_instance_identifier: target.as_ref().map(word),
        }),
        Step::SwitchoverGlobalCluster { global, target } => one!(parcel, rds.switchover_global_cluster {
            global_cluster_identifier: global.as_str(), target_db_cluster_identifier: target.as_str(),
        }),
        Step::FailoverGlobalCluster { global, target } => one!(parcel, rds.failover_global_cluster {
            global_cluster_identifier: global.as_str(), target_db_cluster_identifier: target.as_str(),
            allow_data_loss: true,
        }),
        Step::PromoteReadReplica { replica, retention_days } => one!(parcel, rds.promote_read_replica {
            db_instance_identifier: replica.as_str(), backup_retention_period: whole(*retention_days)?,
        }),
        Step::StopDatabase { database } => {
            one!(parcel, rds.stop_db_instance { db_instance_identifier: database.as_str() })
        }
        Step::StartDatabase { database } => {
            one!(parcel, rds.start_db_instance { db_instance_identifier: database.as_str() })
        }
        Step::StopCluster { cluster } => one!(parcel, rds.stop_db_cluster { db_cluster_identifier: cluster.as_str() }),
        Step::StartCluster { cluster } => {
            one!(parcel, rds.start_db_cluster { db_cluster_identifier: cluster.as_str() })
        }
        Step::TagDatabase { resource, key, value } => one!(parcel, rds.add_tags_to_resource {
            resource_name: resource.as_str(),
            tags: aws_sdk_rds::types::Tag::builder().key(key.as_str()).value(value.as_str()).build(),
        }),
        Step::UntagDatabase { resource, key } => one!(parcel, rds.remove_tags_from_resource {
            resource_name: resource.as_str(), tag_keys: key.as_str(),
        }),

        Step::IncreaseReplicaCount { group, replicas } => one!(parcel, elasticache.increase_replica_count {
            replication_group_id: group.as_str(), new_replica_count: whole(*replicas)?, apply_immediately: true,
        }),
        Step::DecreaseReplicaCount { group, replicas } => one!(parcel, elasticache.decrease_replica_count {
            replication_group_id: group.as_str(), new_replica_count: whole(*replicas)?, apply_immediately: true,
        }),
        Step::TestFailover { group, shard } => one!(parcel, elasticache.test_failover {
            replication_group_id: group.as_str(), node_group_id: shard.as_str(),
        }),

        Step::StartZonalShift { resource, away_from, expires_in, comment } => {
            one!(parcel, arc_zonal_shift.start_zonal_shift {
                resource_identifier: resource.as_str(), away_from: away_from.as_str(), expires_in: expires_in.as_str(),
                comment: comment.as_str(),
            } => |output| Some(output.zonal_shift_id()))
        }
        Step::CancelZonalShift { shift } => {
            one!(parcel, arc_zonal_shift.cancel_zonal_shift { zonal_shift_id: shift.as_str() })
        }
        Step::InvertHealthCheck { check, is_inverted } => one!(parcel, route53.update_health_check {
            health_check_id: check.as_str(), inverted: *is_inverted,
        }),

        Step::RollbackStage { pipeline, stage, execution } => one!(parcel, codepipeline.rollback_stage {
            pipeline_name: pipeline.as_str(), stage_name: stage.as_str(),
            target_pipeline_execution_id: execution.as_str(),
        } => |output| Some(output.pipeline_execution_id())),
        Step::PutApprovalResult { pipeline, stage, action, is_approved, comment, token } => {
            let status = if *is_approved { ApprovalStatus::Approved } else { ApprovalStatus::Rejected };
            let result = ApprovalResult::builder().summary(comment.as_str()).status(status).build();
            one!(parcel, codepipeline.put_approval_result {
                pipeline_name: pipeline.as_str(), stage_name: stage.as_str(), action_name: action.as_str(),
                result: result.map_err(|error| unsayable(step, &error.to_string()))?, token: token.as_str(),
            })
        }
        Step::RetryStage { pipeline, stage, execution } => one!(parcel, codepipeline.retry_stage_execution {
            pipeline_name: pipeline.as_str(), stage_name: stage.as_str(), pipeline_execution_id: execution.as_str(),
            retry_mode: StageRetryMode::FailedActions,
        } => |output| output.pipeline_execution_id()),
        Step::StopExecution { pipeline, execution, reason } => one!(parcel, codepipeline.stop_pipeline_execution {
            pipeline_name: pipeline.as_str(), pipeline_execution_id: execution.as_str(), abandon: false,
            reason: reason.as_str(),
        }),
        Step::DisableTransition { pipeline, stage, reason } => one!(parcel, codepipeline.disable_stage_transition {
            pipeline_name: pipeline.as_str(), stage_name: stage.as_str(), transition_type: StageTransitionType::Inbound,
            reason: reason.as_str(),
        }),
        Step::EnableTransition { pipeline, stage } => one!(parcel, codepipeline.enable_stage_transition {
            pipeline_name: pipeline.as_str(), stage_name: stage.as_str(), transition_type: StageTransitionType::Inbound,
        }),
        Step::StopDeployment { deployment } => one!(parcel, codedeploy.stop_deployment {
            deployment_id: deployment.as_str(), auto_rollback_enabled: true,
        }),
        Step::Redeploy { application, group, deployment, revision } => one!(parcel, codedeploy.create_deployment {
            application_name: application.as_str(), deployment_group_name: group.as_str(),
            description: again(deployment), revision: location(revision),
        } => |output| output.deployment_id()),

        Step::UpdateAlias { function, alias, version, revision } => one!(parcel, lambda.update_alias {
            function_name: function.as_str(), name: alias.as_str(), function_version: version.as_str(),
            routing_config: AliasRoutingConfiguration::builder()
                .set_additional_version_weights(Some(std::collections::HashMap::new())).build(),
            revision_id: revision.as_str(),
        }),

        Step::PutAlarmMuteRule { rule, alarms, from, lasts } => {
            let schedule = Schedule::builder().expression(muted_at(*from)).duration(muted_for(*lasts)).timezone("UTC");
            one!(parcel, cloudwatch.put_alarm_mute_rule {
                name: rule.as_str(), rule: Rule::builder().schedule(schedule.build()).build(),
                mute_targets: MuteTargets::builder().set_alarm_names(Some(words(alarms))).build(),
            })
        }
        Step::DeleteAlarmMuteRule { rule } => {
            one!(parcel, cloudwatch.delete_alarm_mute_rule { alarm_mute_rule_name: rule.as_str() })
        }
        Step::StartMessageMoveTask { source, per_second } => one!(parcel, sqs.start_message_move_task {
            source_arn: source.as_str(), max_number_of_messages_per_second: whole(*per_second)?,
        } => |output| output.task_handle()),
        Step::CancelMessageMoveTask { task } => {
            one!(parcel, sqs.cancel_message_move_task { task_handle: task.as_str() })
        }
    }
}

fn word(text: &Text) -> String {
    text.as_str().to_owned()
}

fn words(texts: &[Text]) -> Vec<String> {
    texts.iter().map(word).collect()
}

fn tag(group: &Text, key: &Text) -> aws_sdk_autoscaling::types::builders::TagBuilder {
    let tag = aws_sdk_autoscaling::types::Tag::builder();
    tag.resource_id(group.as_str()).resource_type("auto-scaling-group").key(key.as_str())
}

fn location(revision: &Revision) -> RevisionLocation {
    let (kind, location) = match revision {
        Revision::S3 { bucket, key, bundle, version, etag } => {
            let place = S3Location::builder()
                .bucket(bucket.as_str())
                .key(key.as_str())
                .bundle_type(BundleType::from(bundle.as_str()))
                .set_version(version.as_ref().map(word))
                .set_e_tag(etag.as_ref().map(word))
                .build();
            (RevisionLocationType::S3, RevisionLocation::builder().s3_location(place))
        }
        Revision::GitHub { repository, commit } => {
            let place = GitHubLocation::builder().repository(repository.as_str()).commit_id(commit.as_str()).build();
            (RevisionLocationType::GitHub, RevisionLocation::builder().git_hub_location(place))
        }
    };
    location.revision_type(kind).build()
}

/// What the SDK has no words for. It is not sent.
fn unsayable(step: &Step, why: &str) -> Sent {
    Sent::No(CloudError {
        class: FaultClass::Malformed,
        operation: step.action().into(),
        message: Text::new(&format!("the call cannot be put together: {why}")),
        missing: None,
    })
}
