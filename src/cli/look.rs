//! A world read once, for the commands that print and leave.

use super::CliError;
use super::args;
use crate::app::msg::WorldSpec;
use crate::app::settings::Settings;
use crate::config::Config;
use crate::runtime::worlds::Opened;
use crate::world::World;
use crate::world::feed::Feed;
use crate::world::port::Observation;

/// What is looked at, and as whom.
#[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "a drill asks nothing of accounts"))]
pub(super) struct Look<'a> {
    pub common: &'a args::Common,
    pub from: &'a args::From,
    pub config: &'a Config,
    /// The command, for hints.
    pub command: String,
}

impl Look<'_> {
    /// Opens the world asked for and puts each question that matters to it once. `settings` learns what comes with the world.
    pub fn take(&self, settings: &mut Settings, matters: impl Fn(Feed) -> bool) -> Result<(Opened, World), CliError> {
        match self.drill() {
            Some(spec) => Ok(self.look_into(Opened::frozen(&spec)?, settings)),
            None => super::console::runtime()?.block_on(self.aws(matters)),
        }
    }

    /// The same for what goes on: the drill's time passes from then on, so many times as fast as the wall's.
    pub async fn running(
        &self,
        speed: f64,
        settings: &mut Settings,
        matters: impl Fn(Feed) -> bool,
    ) -> Result<(Opened, World), CliError> {
        match self.drill() {
            Some(spec) => Ok(self.look_into(Opened::running(&WorldSpec { speed, ..spec })?, settings)),
            None => self.aws(matters).await,
        }
    }

    fn drill(&self) -> Option<WorldSpec> {
        self.from.world.as_ref().map(|spec| WorldSpec { seed: self.from.seed, ..spec.clone() })
    }

    fn look_into(&self, opened: Opened, settings: &mut Settings) -> (Opened, World) {
        let mut world = opened.session.world();
        if let Some(drill) = &opened.drill {
            for (feed, class) in &self.from.fault {
                drill.inject(*feed, *class);
            }
            for key in opened.all_keys() {
                let answer = drill.answer(&key);
                world.apply(Observation::of(key, opened.at(), answer, None));
            }
        }
        settings.bearings.failover.clone_from(&opened.session.failover);
        (opened, world)
    }

    #[cfg(feature = "aws")]
    async fn aws(&self, matters: impl Fn(Feed) -> bool) -> Result<(Opened, World), CliError> {
        if !self.from.fault.is_empty() {
            return Err(CliError::Usage("--fault: only a drill can be told to fail; name one with --world".into()));
        }
        let mut opened = super::origins::open(&self.common.place, self.config).await.map_err(|error| match error {
            CliError::Usage(message) if message.starts_with("no region") => {
                CliError::Usage(format!("{message}\nhint: `{} --world drill:bad-deploy@12m`", self.command))
            }
            error => error,
        })?;
        super::sign_in::ask(&opened).await?;
        let world = crate::runtime::once::world(&opened, matters).await;
        // Ages are told from when all of it was there.
        opened.session.opened_at = opened.clock.now();
        Ok((opened, world))
    }

    #[cfg(not(feature = "aws"))]
    #[expect(clippy::unused_async, reason = "it is one where there is AWS to wait for")]
    async fn aws(&self, _: impl Fn(Feed) -> bool) -> Result<(Opened, World), CliError> {
        let message = super::WITHOUT_AWS;
        Err(CliError::Usage(format!("{message}; name a drill\nhint: `{} --world drill:bad-deploy@12m`", self.command)))
    }
}
