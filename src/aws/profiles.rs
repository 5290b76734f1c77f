//! The profiles of the shared files, as the SDK reads them, and what the SDK leaves out: a second factor.

use std::fmt;
use std::path::PathBuf;

use aws_config::profile::{Profile, ProfileSet};
use aws_credential_types::Credentials;

use crate::domain::origin::Origin;

/// Every profile there is.
#[derive(Clone)]
pub struct Profiles {
    /// Or what is wrong with the files.
    known: Result<ProfileSet, String>,
    files: Vec<PathBuf>,
    /// Keys in the environment stand above the profile nobody named.
    has_environment_keys: bool,
}

/// A sign-in that begins with the code of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CodeLogin {
    pub serial: String,
    /// Whose device it is.
    pub source: Source,
    /// Assumed one after the other, from the device's owner on.
    pub roles: Vec<AssumedRole>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AssumedRole {
    pub arn: String,
    pub external_id: Option<String>,
    /// As the profile says; else ours.
    pub session_name: Option<String>,
}

/// Where the credentials come from that nothing stands below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The SDK's own choice.
    Chain,
    Environment,
    Profile(String),
    /// The keys written in this profile, whatever else it says.
    Keys(String),
}

/// No profile, and nobody in the environment.
impl Default for Profiles {
    fn default() -> Self {
        Self { known: Ok(ProfileSet::default()), files: Vec::new(), has_environment_keys: false }
    }
}

impl Profiles {
    #[expect(clippy::default_trait_access, reason = "the types are those of crates that are named for nothing else")]
    pub async fn read() -> Self {
        let read = aws_config::profile::load(&Default::default(), &Default::default(), &Default::default(), None).await;
        let is_set = |name: &str| std::env::var(name).is_ok_and(|value| !value.trim().is_empty());
        Self {
            known: read.map_err(|error| innermost(&error)),
            files: shared_files().to_vec(),
            has_environment_keys: is_set("AWS_ACCESS_KEY_ID") && is_set("AWS_SECRET_ACCESS_KEY"),
        }
    }

    /// Whether there is one of this name; the error says which there are. `default` needs no entry.
    pub fn check(&self, name: &str) -> Result<(), String> {
        let files: Vec<String> = self.files.iter().map(|file| file.display().to_string()).collect();
        let files = files.join(" and ");
        let known = match &self.known {
            _ if name == "default" => return Ok(()),
            Ok(known) if known.get_profile(name).is_some() => return Ok(()),
            Ok(known) => known,
            Err(error) => return Err(format!("no profile `{name}`: {files} cannot be read: {error}")),
        };
        let mut names: Vec<&str> = known.profiles().collect();
        names.sort_unstable();
        let there = if names.is_empty() { "no profile".into() } else { names.join(", ") };
        Err(format!("no profile is called `{name}`\n{files}: {there}"))
    }

    /// The keys written in a profile.
    pub(super) fn keys(&self, name: &str) -> Option<Credentials> {
        keys(self.known.as_ref().ok()?.get_profile(name)?)
    }

    /// How somebody signs in whose roles want the code of a device; nothing if none does, or if the SDK can say better what
    /// is wrong with them. Follows profiles to their source as the SDK does. Only people have devices, and people are where
    /// that ends: which of the roles names the device does not matter.
    pub(super) fn code_login(&self, origin: &Origin) -> Option<CodeLogin> {
        let known = self.known.as_ref().ok()?;
        let mut serial = origin.mfa_serial.clone();
        let mut roles = Vec::new();
        if let Some(arn) = &origin.role_arn {
            let external_id = origin.external_id.clone();
            roles.push(AssumedRole { arn: arn.clone(), external_id, session_name: None });
        }
        let named = origin.signs_in_with();
        let unnamed = || {
            let name = known.selected_profile();
            (!self.has_environment_keys && known.get_profile(name).is_some()).then_some(name)
        };
        let mut next = named.or_else(unnamed);
        let mut seen = Vec::new();
        let source = loop {
            let Some(name) = next else { break Source::Chain };
            if seen.contains(&name) {
                return None;
            }
            seen.push(name);
            let profile = known.get_profile(name)?;
            // Of a profile that is the source of another, keys come before a role.
            if seen.len() > 1 && keys(profile).is_some() {
                break Source::Keys(name.to_owned());
            }
            let Some(role) = role(profile) else {
                break if seen.len() == 1 && named.is_none() {
                    Source::Chain
                } else {
                    Source::Profile(name.to_owned())
                };
            };
            roles.push(role);
            if let Some(own) = value(profile, "mfa_serial") {
                serial = Some(own.to_owned());
            }
            match (value(profile, "source_profile"), value(profile, "credential_source")) {
                (Some(itself), None) if itself == name => {
                    keys(profile)?;
                    break Source::Keys(name.to_owned());
                }
                (Some(other), None) => next = Some(other),
                (None, Some(kind)) if kind.eq_ignore_ascii_case("environment") => break Source::Environment,
                // What runs on a machine has no device; none, or both, is a mistake.
                _ => return None,
            }
        };
        roles.reverse();
        Some(CodeLogin { serial: serial?, source, roles })
    }
}

/// Names and files only: what else is in them are secrets.
impl fmt::Debug for Profiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profiles").field("files", &self.files).finish_non_exhaustive()
    }
}

fn value<'a>(profile: &'a Profile, key: &str) -> Option<&'a str> {
    profile.get(key).map(str::trim).filter(|value| !value.is_empty())
}

fn role(profile: &Profile) -> Option<AssumedRole> {
    // A role taken by a token of the web's is a source itself.
    if profile.get("web_identity_token_file").is_some() {
        return None;
    }
    Some(AssumedRole {
        arn: value(profile, "role_arn")?.to_owned(),
        external_id: value(profile, "external_id").map(str::to_owned),
        session_name: value(profile, "role_session_name").map(str::to_owned),
    })
}

fn keys(profile: &Profile) -> Option<Credentials> {
    let (id, secret) = (value(profile, "aws_access_key_id")?, value(profile, "aws_secret_access_key")?);
    Some(Credentials::new(id, secret, value(profile, "aws_session_token").map(str::to_owned), None, "profile"))
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |&error| error.source());
    chain.last().map_or_else(String::new, ToString::to_string)
}

/// The files the SDK reads, for messages: `~/.aws/config` and `~/.aws/credentials`, or what the environment names.
pub fn shared_files() -> [PathBuf; 2] {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let of = |variable: &str, name: &str| {
        std::env::var_os(variable).map_or_else(|| home.join(".aws").join(name), PathBuf::from)
    };
    [of("AWS_CONFIG_FILE", "config"), of("AWS_SHARED_CREDENTIALS_FILE", "credentials")]
}

#[cfg(test)]
#[expect(deprecated, clippy::default_trait_access, reason = "their home is a crate that is named for nothing else")]
pub(super) mod tests {
    use super::*;
    use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};

    const JANE: &str = "arn:aws:iam::111122223333:mfa/jane";

    pub(in crate::aws) async fn profiles(config: &str) -> Profiles {
        let files = ProfileFiles::builder().with_contents(ProfileFileKind::Config, config).build();
        let nobody = Some("default".into());
        let known = aws_config::profile::load(&Default::default(), &Default::default(), &files, nobody).await;
        let known = known.map_err(|error| innermost(&error));
        Profiles { known, files: vec!["f".into()], has_environment_keys: false }
    }

    fn profile(name: &str) -> Origin {
        Origin { profile: Some(name.into()), ..Origin::default() }
    }

    fn arns(login: &CodeLogin) -> Vec<&str> {
        login.roles.iter().map(|role| role.arn.as_str()).collect()
    }

    #[tokio::test]
    async fn a_name_that_is_not_there_is_answered_with_those_that_are() {
        let known =
            profiles("[profile b]\nregion = x\n[ profile a ] ; comment\n[sso-session s]\n[profile default]").await;
        assert_eq!(known.check("c").unwrap_err(), "no profile is called `c`\nf: a, b, default");
        assert!(known.check("a").is_ok() && profiles("").await.check("default").is_ok());
        assert!(profiles("").await.check("a").unwrap_err().ends_with("f: no profile"));
        let broken = profiles("[profile a]\nwithout a sign").await.check("a").unwrap_err();
        assert!(broken.starts_with("no profile `a`: f cannot be read: "), "{broken}");
    }

    #[tokio::test]
    async fn roles_are_followed_to_the_person_whose_device_it_is() {
        let known = profiles(&format!(
            "[profile prod]\nRole_ARN = arn:prod\nsource_profile = hub  # comment\nexternal_id=x\n\
             [profile hub]\nrole_arn=arn:hub\nrole_session_name = jane\nsource_profile=jane\nmfa_serial = {JANE}\n\
             [profile jane]\naws_access_key_id=A\naws_secret_access_key=S\nrole_arn=arn:not-this"
        ))
        .await;
        let login = known.code_login(&profile("prod")).unwrap();
        assert_eq!((login.serial.as_str(), &login.source), (JANE, &Source::Keys("jane".into())));
        assert_eq!(arns(&login), ["arn:hub", "arn:prod"]);
        assert_eq!(login.roles[0].session_name.as_deref(), Some("jane"));
        assert_eq!(login.roles[1].external_id.as_deref(), Some("x"));
        assert_eq!(known.keys("jane").unwrap().access_key_id(), "A");
        assert_eq!(known.code_login(&profile("gone")), None);
    }

    #[tokio::test]
    async fn a_scope_of_the_configuration_is_the_last_role() {
        let known = profiles("[profile jane]\nsso_session = s").await;
        let scope = Origin {
            role_arn: Some("arn:ops".into()),
            mfa_serial: Some(JANE.into()),
            source_profile: Some("jane".into()),
            external_id: Some("x".into()),
            ..Origin::default()
        };
        let login = known.code_login(&scope).unwrap();
        assert_eq!((arns(&login), &login.source), (vec!["arn:ops"], &Source::Profile("jane".into())));
        let unnamed = Origin { source_profile: None, ..scope.clone() };
        assert_eq!(known.code_login(&unnamed).unwrap().source, Source::Chain);
        assert_eq!(known.code_login(&Origin { mfa_serial: None, ..scope }), None);
    }

    #[tokio::test]
    async fn the_profile_nobody_names_counts_unless_the_environment_has_keys() {
        let mut known =
            profiles(&format!("[default]\nrole_arn=arn:a\nsource_profile=j\nmfa_serial={JANE}\n[profile j]")).await;
        assert_eq!(known.code_login(&Origin::default()).unwrap().source, Source::Profile("j".into()));
        known.has_environment_keys = true;
        assert_eq!(known.code_login(&Origin::default()), None);
        assert!(known.code_login(&profile("default")).is_some(), "named, it is meant");
    }

    #[tokio::test]
    async fn where_no_person_is_behind_it_nobody_is_asked() {
        let role = format!("role_arn=arn:a\nmfa_serial={JANE}\n");
        let source = |rest: &str| {
            let text = format!("[profile a]\n{role}{rest}");
            async move { profiles(&text).await.code_login(&profile("a")).map(|login| login.source) }
        };
        assert_eq!(source("credential_source = Environment").await, Some(Source::Environment));
        assert_eq!(source("credential_source = Ec2InstanceMetadata").await, None);
        assert_eq!(source("").await, None);
        assert_eq!(source("source_profile = a").await, None);
        let own = "source_profile = a\naws_access_key_id = A\naws_secret_access_key = S";
        assert_eq!(source(own).await, Some(Source::Keys("a".into())));
        assert_eq!(source("source_profile=b\n[profile b]\nrole_arn=arn:b\nsource_profile=a").await, None);
        let plain = profiles(&format!("[profile a]\nmfa_serial={JANE}")).await;
        assert_eq!(plain.code_login(&profile("a")), None, "without a role there is nothing to want it");
    }
}
