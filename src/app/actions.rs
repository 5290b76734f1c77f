//! What can be done to what is selected: the menu behind `a`.

use crate::app::model::Model;
use crate::app::tab::Tab;
use crate::domain::board::BoxId;
use crate::domain::text::Text;
use crate::ops::{OPERATIONS, On, Operation, Params, Target, of_kind};
use crate::world::item::{Item, ItemId, Kind};
use crate::world::sight::Sight;
use crate::world::timeline::EventKind;
use crate::world::{Place, World};

/// The value that says which service of a cluster is meant.
const SERVICE: &str = "service";
/// More than anybody reads; a word typed finds the rest.
const MOST: usize = 400;

#[derive(Debug)]
pub struct ActionsMenu {
    /// What it is about, in words.
    pub of: String,
    pub choices: Vec<Choice>,
    pub query: String,
    pub selected: usize,
}

/// One operation on one thing.
#[derive(Clone, Debug)]
pub struct Choice {
    pub operation: &'static Operation,
    pub target: Target,
    /// What it would be done to.
    pub name: String,
    /// The values it begins with, beside those it finds by itself: which service of a cluster is meant.
    pub params: Params,
    /// Why it cannot be done there, where that is plain without asking for anything.
    pub refused: Option<String>,
}

impl ActionsMenu {
    /// For what is selected or open; nothing where nothing is.
    pub fn of_selected(model: &Model) -> Option<Self> {
        let (of, choices) = match model.tab {
            Tab::Board => {
                let id = model.board_tab.focus;
                (id.title().to_owned(), in_box(&model.sight(), id))
            }
            Tab::Room(_) => {
                let id = match model.room().and_then(|room| room.page.as_ref()) {
                    Some(page) => page.of.clone(),
                    None => model.selected_in_list()?,
                };
                let item = model.world.find(&id)?;
                let of = match &item {
                    Item::Event(event) => event.resource.to_string(),
                    _ => format!("{} {}", item.kind().word(), item.name()),
                };
                (of, of_item(&model.sight(), &id, &item))
            }
            Tab::Operations | Tab::Feeds => return None,
        };
        Some(Self { of, choices, query: String::new(), selected: 0 })
    }

    /// Those with every word that was typed.
    pub fn matching(&self) -> Vec<&Choice> {
        let words: Vec<String> = self.query.split_whitespace().map(str::to_lowercase).collect();
        let fits = |choice: &&Choice| {
            let text = format!("{} {} {}", choice.operation.title, choice.operation.name, choice.name).to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        self.choices.iter().filter(fits).collect()
    }

    pub fn chosen(&self) -> Option<&Choice> {
        self.matching().get(self.selected).copied()
    }

    pub fn step(&mut self, by: isize) {
        let last = self.matching().len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }
}

fn choice(operation: &'static Operation, id: ItemId, item_name: &str) -> Choice {
    Choice { operation, target: Target::One(id), name: item_name.to_owned(), params: Params::new(), refused: None }
}

/// What can be done to one thing. An alarm offers what can be done to what it is about as well, an instance what can be
/// done to the group that keeps it, a deployment of a service what can be done to that, a change the way back from it.
fn of_item(sight: &Sight<'_>, id: &ItemId, item: &Item) -> Vec<Choice> {
    let world = sight.world;
    let mut all: Vec<Choice> = Vec::new();
    if let Item::Event(event) = item {
        all = in_place(world, id.place, |_, name, its_id| event.resource == *name || event.resource == *its_id);
        all.extend(of_service(world, id.place, &event.resource));
        for choice in &mut all {
            let mut params = choice.operation.present(&choice.target, sight);
            params.extend(choice.params.clone());
            choice.refused = choice.operation.plan(&choice.target, &params, sight).err().map(|refusal| refusal.text);
        }
        // What somebody started can be stopped with all that dev holds there.
        if event.kind == EventKind::Launch {
            let of_dev = OPERATIONS.iter().filter(|it| it.boxes.contains(&BoxId::DevelopmentEnvironment));
            let choices = of_dev.flat_map(|operation| scopes(sight, operation));
            all.extend(choices.filter(|choice| choice.target.place() == id.place));
        }
        // What takes it back is what is looked for here.
        all.sort_by_key(|choice| (choice.refused.is_some(), !choice.operation.name.ends_with("rollback")));
        return all;
    }
    if let Item::Instance(instance) = item
        && !instance.group.is_empty()
    {
        all = in_place(world, id.place, |kind, name, _| kind == Kind::Group && instance.group == *name);
    }
    if let Item::Deployment(deploy) = item
        && deploy.kind == "ECS"
    {
        all = of_service(world, id.place, &deploy.target);
        all.sort_by_key(|choice| !choice.operation.name.ends_with("rollback"));
        if !all.is_empty() {
            return all;
        }
    }
    if let Item::Alarm(alarm) = item {
        let values: Vec<&str> =
            alarm.metric().into_iter().flat_map(|metric| &metric.dimensions).map(|(_, value)| value.as_str()).collect();
        all = in_place(world, id.place, |kind, name, its_id| {
            kind != Kind::Alarm && values.iter().any(|value| *value == name || *value == its_id)
        });
    }
    all.extend(of_kind(item.kind()).map(|operation| choice(operation, id.clone(), item.name().as_str())));
    all
}

/// What can be done to a service, which is no thing of its own but one of its cluster.
fn of_service(world: &World, place: usize, name: &Text) -> Vec<Choice> {
    let Some(at) = world.places().get(place) else { return Vec::new() };
    let clusters = at.feeds.clusters.items().filter(|cluster| cluster.services.iter().any(|it| it.name == *name));
    let of = |operation: &'static Operation, cluster: &Text| Choice {
        name: name.to_string(),
        params: Params::from([(SERVICE.into(), name.to_string())]),
        ..choice(operation, ItemId { kind: Kind::Cluster, place, id: cluster.clone() }, cluster.as_str())
    };
    let takes_one = |operation: &&Operation| operation.params.iter().any(|param| param.name == SERVICE);
    clusters.flat_map(|cluster| of_kind(Kind::Cluster).filter(takes_one).map(move |it| of(it, &cluster.name))).collect()
}

/// What can be done to the things of a box, and what is offered there besides.
fn in_box(sight: &Sight<'_>, of: BoxId) -> Vec<Choice> {
    let world = sight.world;
    let mut all: Vec<Choice> = Vec::new();
    for operation in OPERATIONS {
        let is_offered = operation.boxes.contains(&of);
        match operation.on {
            On::One(kind) => {
                let things = world.all_of(kind).filter(|(_, item)| is_offered || item.of_box() == of);
                all.extend(things.take(MOST - all.len().min(MOST)).map(|(place, item)| {
                    choice(operation, ItemId { kind, place, id: item.id().clone() }, item.name().as_str())
                }));
            }
            On::Scope if is_offered => all.extend(scopes(sight, operation)),
            On::Scope => {}
        }
    }
    all
}

/// The places an operation on a scope could be done to; last those where nothing has to be said, and it is refused.
fn scopes(sight: &Sight<'_>, operation: &'static Operation) -> Vec<Choice> {
    let places = sight.world.places().iter().enumerate();
    let reads_all = |place: &Place| operation.feeds.iter().all(|feed| place.is_asked(*feed));
    let mut all: Vec<Choice> = places
        .filter(|(_, place)| reads_all(place))
        .map(|(at, place)| {
            let target = Target::Scope(at);
            let plan = operation.params.is_empty().then(|| operation.plan(&target, &Params::new(), sight));
            let refused = plan.and_then(Result::err).map(|refusal| refusal.text);
            Choice { operation, target, name: place.scope.to_string(), params: Params::new(), refused }
        })
        .collect();
    all.sort_by_key(|choice| choice.refused.is_some());
    all
}

fn in_place(world: &World, place: usize, is_meant: impl Fn(Kind, &str, &str) -> bool) -> Vec<Choice> {
    let Some(at) = world.places().get(place) else { return Vec::new() };
    let mut all = Vec::new();
    for operation in OPERATIONS {
        let On::One(kind) = operation.on else { continue };
        kind.visit(at, &mut |name, id| {
            if all.len() < MOST && is_meant(kind, name.as_str(), id.as_str()) {
                all.push(choice(operation, ItemId { kind, place, id: id.clone() }, name.as_str()));
            }
        });
    }
    all
}

/// Everything there is to do, for the palette: each operation once for each thing it could be done to would be too much, so
/// each once.
pub fn everything(model: &Model, operation: &'static Operation) -> ActionsMenu {
    let choices = match operation.on {
        On::One(kind) => model
            .world
            .all_of(kind)
            .take(MOST)
            .map(|(place, item)| choice(operation, ItemId { kind, place, id: item.id().clone() }, item.name().as_str()))
            .collect(),
        On::Scope => scopes(&model.sight(), operation),
    };
    ActionsMenu { of: operation.title.to_owned(), choices, query: String::new(), selected: 0 }
}
