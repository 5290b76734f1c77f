//! Whom the operator asked to be, and where: the command line over the configuration over the SDK's own choice.

use std::path::PathBuf;

use etcetera::BaseStrategy;

use super::CliError;
use super::args::Place;
use crate::aws::{Endpoint, Profiles, default_region};
use crate::config::Config;
use crate::domain::origin::Origin;
use crate::runtime::worlds::Opened;

/// Opens AWS as asked. Everything that can be wrong with what was asked is said here, before any call is made.
pub(super) async fn open(place: &Place, config: &Config) -> Result<Opened, CliError> {
    let endpoint = Endpoint::new(place.endpoint_url.clone());
    let mut origins = named(place, config)?;
    let profiles = Profiles::read().await;
    for origin in &mut origins {
        let wanted = origin.signs_in_with().map(str::to_owned);
        if let Some(profile) = wanted.or_else(|| std::env::var("AWS_PROFILE").ok().filter(|name| !name.is_empty())) {
            profiles.check(&profile).map_err(CliError::Usage)?;
        }
        if !place.region.is_empty() {
            origin.regions.clone_from(&place.region);
        }
        if origin.regions.is_empty() {
            origin.regions = vec![region_of(origin).await?];
        }
        origin.check().map_err(CliError::Usage)?;
    }
    // An emulator's pipelines are made up, and so are the repositories they name.
    let commits = Some(&config.github).filter(|github| !endpoint.is_custom() || !github.api.is_empty());
    Ok(Opened::aws(&origins, &profiles, &endpoint, cache().as_deref(), config.polling.max_usd_per_hour, commits))
}

/// The scopes the command line names, or those of the configuration, or the one that is there without naming any.
fn named(place: &Place, config: &Config) -> Result<Vec<Origin>, CliError> {
    if !place.profile.is_empty() {
        let of = |profile: &String| {
            // What the configuration knows of a profile holds, however it came to be named.
            let known = config.scope.iter().filter(|origin| origin.profile.as_ref() == Some(profile));
            let known: Vec<Origin> = known.cloned().collect();
            if known.is_empty() { vec![Origin { profile: Some(profile.clone()), ..Origin::default() }] } else { known }
        };
        let mut names: Vec<&String> = place.profile.iter().collect();
        names.sort();
        names.dedup();
        let all: Vec<Origin> = names.into_iter().flat_map(of).collect();
        for (number, origin) in all.iter().enumerate() {
            if all.iter().take(number).any(|other| other.label() == origin.label()) {
                return Err(CliError::Usage(format!(
                    "two of the accounts asked for are called `{}`, by the configuration's `name` or by their profile",
                    origin.label()
                )));
            }
        }
        return Ok(all);
    }
    if place.scope.is_empty() {
        return Ok(if config.scope.is_empty() { vec![Origin::default()] } else { config.scope.clone() });
    }
    if let Some(unknown) = place.scope.iter().find(|name| !config.scope.iter().any(|origin| origin.label() == **name)) {
        let known: Vec<String> = config.scope.iter().map(Origin::label).collect();
        let known = if known.is_empty() { "none".into() } else { known.join(", ") };
        return Err(CliError::Usage(format!("no scope is called `{unknown}`; the configuration has: {known}")));
    }
    Ok(config.scope.iter().filter(|origin| place.scope.contains(&origin.label())).cloned().collect())
}

async fn region_of(origin: &Origin) -> Result<String, CliError> {
    default_region(origin.signs_in_with()).await.ok_or_else(|| {
        let whose = origin.signs_in_with().map_or_else(String::new, |profile| format!(" of profile `{profile}`"));
        CliError::Usage(format!(
            "no region: --region, AWS_REGION and the configuration{whose} name none\n\
             hint: `opscon --region eu-west-1`; `opscon drill` opens a simulated company, and needs no account"
        ))
    })
}

/// Where answers that cost money are kept between sessions.
fn cache() -> Option<PathBuf> {
    etcetera::choose_base_strategy().ok().map(|base| base.cache_dir().join("opscon"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn config() -> Config {
        let text = "[[scope]]\nprofile = 'prod'\nregions = ['eu-west-1']\n[[scope]]\nname = 'toys'\nprofile = 'dev'";
        Config::parse(text, Path::new("c")).unwrap()
    }

    fn labels(place: &Place, config: &Config) -> Vec<String> {
        named(place, config).unwrap().iter().map(Origin::label).collect()
    }

    #[test]
    fn the_command_line_names_them_or_the_configuration_or_nobody() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(labels(&Place::default(), &config()), ["prod", "toys"]);
        assert_eq!(labels(&Place::default(), &Config::default()), ["default"]);
        let some = Place { profile: words(&["other", "prod", "other"]), ..Place::default() };
        assert_eq!(labels(&some, &config()), ["other", "prod"]);
        assert_eq!(named(&some, &config()).unwrap()[1].regions, ["eu-west-1"], "as the configuration has it");
        let twice = Config::parse("[[scope]]\nname = 'b'\nprofile = 'a'", Path::new("c")).unwrap();
        let both = Place { profile: words(&["a", "b"]), ..Place::default() };
        let error = named(&both, &twice).unwrap_err().to_string();
        assert!(error.starts_with("two of the accounts asked for are called `b`"), "{error}");
        let one = Place { scope: words(&["toys"]), ..Place::default() };
        assert_eq!(labels(&one, &config()), ["toys"]);
        let none = Place { scope: words(&["joys"]), ..Place::default() };
        let error = named(&none, &config()).unwrap_err().to_string();
        assert_eq!(error, "no scope is called `joys`; the configuration has: prod, toys");
    }
}
