//! Names that lead to one of two regions, and how they are led to the other.

use opscon::domain::recovery::FailoverRecord;
use opscon::domain::scope::GLOBAL;
use opscon::domain::text::Text;
use opscon::ops::Target;
use opscon::ops::plan::Why;
use opscon::world::act::Step;
use opscon::world::feed::{Feed, Payload};
use serde_json::{Value, json};

use super::super::{AWAY, Bench, HOME, ask, on_company};
use super::releases::{planned, seen};
use super::{all, made_at, named, shown, whole, word};

async fn records(bench: &Bench, company: &Value) -> Vec<FailoverRecord> {
    let (aws, origin) = whole(bench, company).await;
    let answer = ask(&aws, &origin, GLOBAL, Feed::Records).await;
    assert_eq!(answer.gaps, []);
    let Ok(Payload::Records(all)) = answer.outcome else { panic!("{:?}", answer.outcome) };
    all.iter().map(|it| (**it).clone()).collect()
}

#[test]
fn failover_pairs() {
    on_company(async |bench, company| {
        let seen = records(&bench, &company).await;
        let facts = &company["facts"][HOME]["route53"];
        let names: Vec<&str> = seen.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["api.shop.example", "pay.shop.example", "www.shop.example"]);
        for it in &seen {
            same_pair(it, facts);
        }
        let leads: Vec<Option<&str>> = seen.iter().map(|it| it.serving.as_ref().map(Text::as_str)).collect();
        // One is turned upside down, and what leads another is told by nobody.
        assert_eq!(leads, [Some(AWAY), None, Some(HOME)]);
        assert_eq!(seen.iter().map(|it| it.asks_target).collect::<Vec<_>>(), [false, true, false]);
    });
}

fn same_pair(it: &FailoverRecord, facts: &Value) {
    let is_side =
        |fact: &&Value, side: &str| shown(&fact["Name"]) == *format!("{}.", it.name) && fact["Failover"] == *side;
    let side = |side: &str| all(&facts["records"]).iter().find(|fact| is_side(fact, side)).unwrap();
    for (region, side) in [(&it.primary_region, side("PRIMARY")), (&it.secondary_region, side("SECONDARY"))] {
        let values = format!("{}{}", side["AliasTarget"], side["ResourceRecords"]);
        assert!(values.contains(region.as_str()), "{region} is not in {values}");
    }
    let primary = side("PRIMARY");
    let check = primary["HealthCheckId"].as_str();
    assert_eq!(it.switch.as_ref().map(|switch| switch.check.as_str()), check);
    let Some(check) = check else { return };
    let config = &named(&facts["checks"], "Id", check)["HealthCheckConfig"];
    let switch = it.switch.as_ref().unwrap();
    assert_eq!(Some(switch.is_inverted), config["Inverted"].as_bool());
    let said = word(&facts["said"][check][0]["StatusReport"]["Status"]);
    assert_eq!(it.primary_healthy, Some(said.starts_with("Success")));
}

/// What a checker says is asked each time, and the records are not.
#[test]
fn what_fails_leads_away_at_the_next_look() {
    on_company(async |bench, company| {
        let (aws, origin) = whole(&bench, &company).await;
        let www = async || {
            let Ok(Payload::Records(all)) = ask(&aws, &origin, GLOBAL, Feed::Records).await.outcome else { panic!() };
            all.iter().find(|it| it.name == "www.shop.example").map(|it| (**it).clone()).unwrap()
        };
        assert_eq!(www().await.serving_word(), HOME);
        // The adapter's clock stands still, and what was said at that moment is not asked again in it.
        let later = bench.aws_at(std::slice::from_ref(&origin), made_at(&company));
        let observation = json!({ "Region": "us-east-1", "IPAddress": "192.0.2.1", "StatusReport": {
            "Status": "Failure: The health check endpoint timed out.", "CheckedTime": "2026-11-23T06:42:00Z" } });
        let body = json!({ "HealthCheckObservations": [observation] });
        bench.script("route53", "GetHealthCheckStatus", json!({ "repeat": true, "responses": [{ "body": body }] }));
        let Ok(Payload::Records(all)) = ask(&later, &origin, GLOBAL, Feed::Records).await.outcome else { panic!() };
        let leads: Vec<&str> = all.iter().map(|it| it.serving_word()).collect();
        assert_eq!(leads, [HOME, "not told", AWAY], "turned upside down it is the other way round");
    });
}

#[test]
fn a_name_can_be_led_elsewhere() {
    on_company(async |bench, company| {
        let world = seen(&bench, &company, &[Feed::Records]).await;
        let at = made_at(&company);
        let global = Target::Scope(world.places().iter().position(|place| place.scope.is_global()).unwrap());
        let plan = |name: &str, to: &str| planned(&world, at, "dns.switch", &global, &[("record", name), ("to", to)]);
        let there = plan("www.shop.example", AWAY).unwrap();
        assert!(matches!(there.steps.as_slice(), [Step::InvertHealthCheck { is_inverted: true, .. }]));
        let back = plan("api.shop.example", HOME).unwrap();
        assert!(matches!(back.steps.as_slice(), [Step::InvertHealthCheck { is_inverted: false, .. }]));
        assert_eq!(plan("pay.shop.example", AWAY).unwrap_err().why, Why::State);
        assert_eq!(plan("plain.shop.example", AWAY).unwrap_err().why, Why::Unknown);
    });
}
