//! Whom the operator wants to be, and where: one profile or role in some regions.

use serde::{Deserialize, Serialize};

use crate::domain::scope::{Environment, GLOBAL, Scope, ScopeRef};
use crate::domain::text::Text;

/// One way in. Without a profile or a role it is the SDK's default chain: environment, shared files, SSO, container, instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Origin {
    /// What the operator calls it; else the profile, the role, or `default`.
    pub name: Option<String>,
    pub profile: Option<String>,
    pub role_arn: Option<String>,
    pub external_id: Option<String>,
    /// Whose credentials assume the role; else the default chain's.
    pub source_profile: Option<String>,
    /// The device whose code the role wants; a profile says it of itself.
    pub mfa_serial: Option<String>,
    pub regions: Vec<String>,
    pub environment: Option<Environment>,
    /// `#rrggbb`, for its name in the header.
    #[serde(alias = "color")]
    pub colour: Option<String>,
    /// Nothing there may be changed.
    pub read_only: bool,
    /// Every change there waits for a second person.
    pub second_person: bool,
}

impl Origin {
    /// What it is called on screen.
    pub fn label(&self) -> String {
        let role = || self.role_arn.as_ref().map(|arn| arn.rsplit('/').next().unwrap_or(arn).to_owned());
        self.name.clone().or_else(|| self.profile.clone()).or_else(role).unwrap_or_else(|| "default".into())
    }

    /// The profile whose sign-in it rests on.
    pub fn signs_in_with(&self) -> Option<&str> {
        self.profile.as_deref().or(self.source_profile.as_deref())
    }

    /// As said, or as the name gives away: `acme-prod`, `dev`.
    pub fn environment(&self) -> Environment {
        self.environment.unwrap_or_else(|| Environment::in_name(&self.label()))
    }

    /// One place for each region, and one for the services without regions.
    pub fn scopes(&self) -> Vec<ScopeRef> {
        let place = |region: &str| {
            ScopeRef::new(Scope {
                account: Text::default(),
                alias: Text::new(&self.label()),
                region: Text::new(region),
                environment: self.environment(),
            })
        };
        let mut seen: Vec<&str> = Vec::new();
        for region in &self.regions {
            if !seen.contains(&region.as_str()) {
                seen.push(region);
            }
        }
        seen.into_iter().map(place).chain([place(GLOBAL)]).collect()
    }

    /// What is wrong with it, in words that name the field.
    pub fn check(&self) -> Result<(), String> {
        if self.profile.is_some() && self.role_arn.is_some() {
            return Err(
                "profile and role_arn: one of them says who to be; `source_profile` says who assumes the role".into()
            );
        }
        if self.role_arn.is_none() {
            for (field, is_there) in [
                ("external_id", self.external_id.is_some()),
                ("source_profile", self.source_profile.is_some()),
                ("mfa_serial", self.mfa_serial.is_some()),
            ] {
                if is_there {
                    return Err(format!("{field}: means something only beside `role_arn`"));
                }
            }
        }
        if let Some(arn) = &self.role_arn
            && !(arn.starts_with("arn:") && arn.contains(":role/"))
        {
            return Err(format!(
                "role_arn: `{arn}` is not the ARN of a role, such as arn:aws:iam::123456789012:role/ops"
            ));
        }
        if let Some(serial) = &self.mfa_serial
            && (serial.len() < 9 || (serial.starts_with("arn:") && !serial.contains(":mfa/")))
        {
            return Err(format!(
                "mfa_serial: `{serial}` is neither the ARN of a device, such as arn:aws:iam::123456789012:mfa/jane, nor the number on its back"
            ));
        }
        for region in &self.regions {
            let is_one = region.len() >= 9
                && region.contains('-')
                && region.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
            if !is_one {
                return Err(format!("regions: `{region}` is not a region, such as eu-west-1"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(name: &str) -> Origin {
        Origin { profile: Some(name.into()), regions: vec!["eu-west-1".into()], ..Origin::default() }
    }

    #[test]
    fn a_name_gives_its_environment_away_unless_it_is_said() {
        assert_eq!(profile("acme-prod").environment(), Environment::Prod);
        assert_eq!(profile("acme").environment(), Environment::Unknown);
        let said = Origin { environment: Some(Environment::Dev), ..profile("acme-prod") };
        assert_eq!(said.environment(), Environment::Dev);
    }

    #[test]
    fn every_region_is_a_place_once_and_so_is_what_has_no_region() {
        let twice = Origin { regions: vec!["eu-west-1".into(), "eu-west-1".into()], ..profile("x") };
        let regions: Vec<String> = twice.scopes().iter().map(|scope| scope.region.to_string()).collect();
        assert_eq!(regions, ["eu-west-1", GLOBAL]);
    }

    #[test]
    fn mistakes_name_their_field() {
        let of = |origin: Origin| origin.check().unwrap_err();
        assert!(of(Origin { role_arn: Some("ops".into()), ..Origin::default() }).starts_with("role_arn: `ops`"));
        assert!(of(Origin { external_id: Some("x".into()), ..profile("p") }).starts_with("external_id:"));
        assert!(of(Origin { regions: vec!["europe".into()], ..profile("p") }).starts_with("regions: `europe`"));
        let both = Origin { role_arn: Some("arn:aws:iam::1:role/x".into()), ..profile("p") };
        assert!(of(both).starts_with("profile and role_arn"));
        assert!(
            of(Origin { mfa_serial: Some("GAHT12345678".into()), ..profile("p") }).starts_with("mfa_serial: means")
        );
        let role = |serial: &str| Origin {
            role_arn: Some("arn:aws:iam::1:role/x".into()),
            mfa_serial: Some(serial.into()),
            ..Origin::default()
        };
        assert!(of(role("arn:aws:iam::1:user/jane")).starts_with("mfa_serial: `arn:aws:iam::1:user/jane`"));
        assert!(role("arn:aws:iam::1:mfa/jane").check().is_ok() && role("GAHT12345678").check().is_ok());
        assert!(profile("p").check().is_ok());
    }
}
