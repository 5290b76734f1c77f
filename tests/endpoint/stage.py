"""A few things in a region of their own, to be changed by a test.

    stage.py make URL REGION    makes them, and prints the names AWS gave to some
"""

import json
import sys

from seed import Network, home


def make(url: str, region: str) -> dict:
    session = home(url)
    network = Network(session, region)
    group(session.client("autoscaling", region), session.client("ec2", region), network)
    cluster = service(session.client("ecs", region), session.client("application-autoscaling", region))
    databases(session.client("rds", region))
    machine = session.client("ec2", region).run_instances(
        ImageId=network.image, MinCount=1, MaxCount=1, InstanceType="t3.micro", SubnetId=network.subnets[0],
    )["Instances"][0]["InstanceId"]
    orders = session.client("rds", region).describe_db_instances(DBInstanceIdentifier="orders")["DBInstances"][0]
    return {"cluster": cluster, "machine": machine, "orders": orders["DBInstanceArn"]}


def group(autoscaling, ec2, network: Network) -> None:
    ec2.create_launch_template(
        LaunchTemplateName="stage", LaunchTemplateData={"ImageId": network.image, "InstanceType": "t3.micro"},
    )
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="web", LaunchTemplate={"LaunchTemplateName": "stage", "Version": "$Latest"}, MinSize=1,
        MaxSize=4, DesiredCapacity=1, VPCZoneIdentifier=network.subnets[0],
    )


def service(ecs, scaling) -> str:
    cluster = ecs.create_cluster(clusterName="stage")["cluster"]["clusterArn"]
    for version in (1, 2):
        ecs.register_task_definition(
            family="api", cpu="256", memory="512",
            containerDefinitions=[{"name": "api", "image": f"registry.example/api:{version}", "memory": 512}],
        )
    ecs.create_service(cluster="stage", serviceName="api", taskDefinition="api:2", desiredCount=1)
    target = {"ServiceNamespace": "ecs", "ResourceId": "service/stage/api", "ScalableDimension": "ecs:service:DesiredCount"}
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=4)
    scaling.put_scaling_policy(
        **target, PolicyName="api-tasks", PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 60.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        },
    )
    return cluster


def databases(rds) -> None:
    rds.create_db_instance(
        DBInstanceIdentifier="orders", Engine="mysql", DBInstanceClass="db.t3.small", AllocatedStorage=20,
        MasterUsername="admin", MasterUserPassword="not-a-secret", MultiAZ=True, BackupRetentionPeriod=7,
    )
    rds.create_db_cluster(
        DBClusterIdentifier="ledger", Engine="aurora-mysql", MasterUsername="admin", MasterUserPassword="not-a-secret",
    )
    for name in ("ledger-1", "ledger-2"):
        rds.create_db_instance(
            DBInstanceIdentifier=name, DBClusterIdentifier="ledger", Engine="aurora-mysql", DBInstanceClass="db.r6g.large",
        )


def main() -> None:
    match sys.argv[1:]:
        case ["make", url, region]:
            json.dump(make(url, region), sys.stdout)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
