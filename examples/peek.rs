use std::sync::{Arc, Mutex};
use jiff::SignedDuration;
use opscon::{drill::{Drill, company, scenario::Scenario}, world::{World, port::Observation, sight::{Bearings, Sight}}, report::status};
fn main() {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap();
    let s = Scenario::shipped(&name).unwrap().unwrap();
    let start = s.start;
    let now = Arc::new(Mutex::new(start));
    let n2 = now.clone();
    let t=std::time::Instant::now();
    let drill = Drill::new(s, 1, 0, Arc::new(move || *n2.lock().unwrap()));
    eprintln!("open {:?}", t.elapsed());
    for m in args.map(|a| a.parse::<i64>().unwrap()) {
        let at = start + SignedDuration::from_mins(m);
        *now.lock().unwrap() = at;
        let mut world = World::of(&company::scopes());
        let keys: Vec<_> = world.keys().collect();
    let t=std::time::Instant::now();
        for key in keys { let a = drill.answer(&key); world.apply(Observation{key, at, outcome:a.outcome, usage:a.usage}); }
    eprintln!("poll {:?}", t.elapsed());
        let b = Bearings{failover: Some(company::failover_plan(start)), ..Default::default()};
    let t=std::time::Instant::now();
        let out = status::text(&name, &Sight{world:&world, at, bearings:&b});
    eprintln!("read {:?}", t.elapsed());
        println!("=== +{m} min\n{out}");
    }
}
