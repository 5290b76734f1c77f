//! The zones a balancer is in, and traffic that is led away from one of them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::domain::text::Text;
use crate::domain::units;

/// What Application Recovery Controller says of a balancer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shifting {
    /// Its traffic cannot be led away from a zone until somebody allows it.
    NotEnabled,
    Enabled(Zones),
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Zones {
    pub zones: Vec<Zone>,
    /// Those in progress, also those that another one keeps from being in force.
    pub shifts: Vec<ZoneShift>,
    /// AWS shifts by itself when it sees trouble in a zone; `None` where that is not told.
    pub is_automatic: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Zone {
    /// `euw1-az2`: the same everywhere.
    pub id: Text,
    /// `eu-west-1a`: another one in each account. Empty where it is not known.
    pub name: Text,
    /// Whether traffic goes there.
    pub is_on: bool,
}

/// Traffic led away from a zone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ZoneShift {
    /// Nothing of one that AWS began, which nobody else can end.
    pub id: Option<Text>,
    /// The id of the zone.
    pub away_from: Text,
    /// `ZONAL_SHIFT`, `PRACTICE_RUN`, `FIS_EXPERIMENT` or `ZONAL_AUTOSHIFT`, in AWS's spelling.
    pub kind: Text,
    pub is_applied: bool,
    /// When it ends by itself; one that AWS began, when AWS says so.
    pub until: Option<Timestamp>,
    pub comment: Text,
}

impl Zone {
    /// `eu-west-1a`, or its id where that is all there is.
    pub fn called(&self) -> &Text {
        if self.name.is_empty() { &self.id } else { &self.name }
    }
}

impl Zones {
    pub fn zone(&self, name_or_id: &str) -> Option<&Zone> {
        self.zones.iter().find(|zone| zone.name == *name_or_id || zone.id == *name_or_id)
    }

    /// What a zone is called by its id.
    pub fn name_of<'a>(&'a self, id: &'a Text) -> &'a Text {
        self.zone(id.as_str()).map_or(id, Zone::called)
    }

    /// One that an operator began, in force or not.
    pub fn by_hand(&self) -> Option<&ZoneShift> {
        self.shifts.iter().find(|shift| shift.kind == "ZONAL_SHIFT" && shift.id.is_some())
    }

    /// The one in force.
    pub fn applied(&self) -> Option<&ZoneShift> {
        self.shifts.iter().find(|shift| shift.is_applied)
    }

    /// `away from eu-west-1a until 14:30`.
    pub fn words(&self, shift: &ZoneShift, at: Timestamp, zone: &TimeZone) -> String {
        let until = shift.until.map_or_else(String::new, |until| format!(" until {}", units::until(until, at, zone)));
        let practice = if shift.kind == "PRACTICE_RUN" { ", for practice" } else { "" };
        format!("away from {}{until}{practice}", self.name_of(&shift.away_from))
    }
}
