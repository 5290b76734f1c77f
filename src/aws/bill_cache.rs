//! The bill on disk, between sessions: what was paid for once is not paid for again after a restart.
//!
//! One small file for each account, readable by its owner alone. A file that is damaged, of another version, of another
//! account or too old is as good as none.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::spend::Spend;
use crate::domain::text::Text;
use crate::world::port::CloudError;

/// Changes with the shape of what is kept.
const FORMAT: u32 = 1;
/// Younger answers are not asked for again. The scheduler asks every six hours, a tenth more or less: a limit of six hours
/// would turn every other question away, and make twelve of them.
const GOOD_FOR: SignedDuration = SignedDuration::from_mins(320);
/// A clock may have been set back by so much.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// A bill of thousands of services is smaller than this.
const LARGEST: u64 = 4 << 20;

/// An answer, and what it had to do without.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    format: u32,
    pub spend: Spend,
    pub gaps: Vec<CloudError>,
}

impl Kept {
    pub fn new(spend: Spend, gaps: Vec<CloudError>) -> Self {
        Self { format: FORMAT, spend, gaps }
    }

    /// Whether it is of this account, and as good as a new one.
    pub fn is_good(&self, account: &Text, now: Timestamp) -> bool {
        let age = now.duration_since(self.spend.as_of);
        let month = |at: Timestamp| at.to_zoned(TimeZone::UTC).date().first_of_month();
        // On the first of a month, yesterday's bill is that of another month.
        self.spend.account == *account && age >= -SKEW && age < GOOD_FOR && month(self.spend.as_of) == month(now)
    }
}

/// Where the bill of an account is kept. What answers in AWS's place has bills of its own.
pub(super) fn file_of(folder: Option<&Path>, account: &Text, endpoint: Option<&str>) -> Option<PathBuf> {
    let plain = |text: &str| -> String {
        text.chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' }).collect()
    };
    if account.is_empty() {
        return None;
    }
    let endpoint = endpoint.map_or_else(String::new, |endpoint| format!("-at-{}", plain(endpoint)));
    Some(folder?.join(format!("bill-{}{endpoint}.json", plain(account.as_str()))))
}

pub(super) fn read(file: &Path) -> Option<Kept> {
    if fs::metadata(file).ok()?.len() > LARGEST {
        return None;
    }
    let kept: Kept = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    (kept.format == FORMAT).then_some(kept)
}

/// Whole or not at all: another console may be reading it, or writing its own.
pub(super) fn write(file: &Path, kept: &Kept) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let draft = file.with_extension(format!("{}.draft", std::process::id()));
    let written = write_new(&draft, &serde_json::to_vec(kept)?).and_then(|()| fs::rename(&draft, file));
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written
}

fn write_new(file: &Path, bytes: &[u8]) -> io::Result<()> {
    // What a crash has left of an earlier process of this number.
    let _ = fs::remove_file(file);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut draft = options.open(file)?;
    draft.write_all(bytes)?;
    draft.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::list::List;
    use crate::domain::money::Usd;
    use crate::domain::spend::{Anomaly, ServiceSpend};
    use crate::world::port::FaultClass;

    fn kept(as_of: &str) -> Kept {
        let spend = Spend {
            account: "123456789012".into(),
            as_of: as_of.parse().unwrap(),
            month_to_date: Usd::from_dollars(12.5),
            credits: None,
            forecast: Some(Usd::from_dollars(40.0)),
            last_month_same_days: None,
            services: List::new(vec![ServiceSpend {
                name: "Amazon EC2".into(),
                month_to_date: Usd::from_dollars(12.5),
                last_month_same_days: None,
            }]),
            budgets: List::default(),
            anomalies: Some(List::new(vec![Anomaly {
                id: "a".into(),
                since: None,
                service: "Amazon EC2".into(),
                cause: "BoxUsage".into(),
                impact: None,
            }])),
        };
        let gap = CloudError {
            class: FaultClass::Denied,
            operation: "ce:GetCostForecast".into(),
            message: "no".into(),
            missing: Some("ce:GetCostForecast".into()),
        };
        Kept::new(spend, vec![gap])
    }

    #[test]
    fn what_is_kept_is_what_is_read_and_nobody_else_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = file_of(Some(&folder.path().join("new")), &"123456789012".into(), None).unwrap();
        assert_eq!(read(&file), None);
        write(&file, &kept("2026-03-10T08:00:00Z")).unwrap();
        let newer = kept("2026-03-10T14:00:00Z");
        write(&file, &newer).unwrap();
        assert_eq!(read(&file), Some(newer));
        let left: Vec<_> = fs::read_dir(file.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, std::slice::from_ref(&file));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        for damage in ["", "{", "[]", r#"{"format":1}"#] {
            fs::write(&file, damage).unwrap();
            assert_eq!(read(&file), None, "{damage}");
        }
        let old = serde_json::to_string(&kept("2026-03-10T14:00:00Z")).unwrap().replace("\"format\":1", "\"format\":0");
        fs::write(&file, old).unwrap();
        assert_eq!(read(&file), None);
    }

    #[test]
    fn an_answer_is_good_for_hours_in_its_month_and_its_account() {
        let good = |as_of: &str, account: &str, now: &str| kept(as_of).is_good(&account.into(), now.parse().unwrap());
        let here = "123456789012";
        assert!(good("2026-03-10T08:00:00Z", here, "2026-03-10T13:19:00Z"));
        assert!(!good("2026-03-10T08:00:00Z", here, "2026-03-10T13:20:00Z"));
        assert!(!good("2026-03-10T08:00:00Z", "210987654321", "2026-03-10T08:01:00Z"));
        assert!(!good("2026-03-31T23:00:00Z", here, "2026-04-01T00:00:00Z"));
        assert!(good("2026-03-10T08:01:00Z", here, "2026-03-10T08:00:00Z"));
        assert!(!good("2026-03-10T09:00:00Z", here, "2026-03-10T08:00:00Z"));
    }

    #[test]
    fn a_file_names_its_account_and_cannot_leave_its_folder() {
        let folder = Path::new("/cache");
        let name = |account: &str, endpoint| file_of(Some(folder), &account.into(), endpoint);
        assert_eq!(name("123456789012", None), Some("/cache/bill-123456789012.json".into()));
        assert_eq!(name("1", Some("localhost:5000/x")), Some("/cache/bill-1-at-localhost_5000_x.json".into()));
        assert_eq!(name("../../x", None), Some("/cache/bill-______x.json".into()));
        assert_eq!(name("", None), None);
        assert_eq!(file_of(None, &"1".into(), None), None);
    }
}
