//! What is told from outside in the same columns: a slot, a maker, what stands, a handover, a problem.

use std::collections::BTreeMap;

use super::BadColumn;
use super::Columns;
use super::Reader;
use super::Result;
use super::Writer;
use super::names::mode_name;
use super::names::mode_of;
use crate::visit::Slot;
use crate::visit::SourceMail;
use crate::visit::Standing;
use crate::visit::handover::Answer;
use crate::visit::handover::From;
use crate::visit::handover::Handover;
use crate::visit::maker::Candidates;
use crate::visit::maker::Grant;
use crate::visit::maker::Maker;
use crate::visit::maker::OwnAccount;
use crate::visit::problem::Problem;
use crate::visit::zoom_user::Question;
use crate::visit::zoom_user::ZoomUserChange;

impl Slot {
    /// From `start_utc`, `minutes`, `timezone` and `topic`.
    ///
    /// # Errors
    /// When a column is missing or holds what it cannot hold.
    pub fn from_columns(columns: &Columns) -> Result<Self> {
        let slot: Option<Self> =
            Reader(columns).slot("start_utc", "minutes", "timezone", "topic")?;
        slot.ok_or(BadColumn("start_utc"))
    }
}

impl Maker {
    /// From `mode`, `app`, `account`, `subject` and `host`.
    ///
    /// # Errors
    /// When a column is missing or holds what it cannot hold.
    pub fn from_columns(columns: &Columns) -> Result<Self> {
        let from = Reader(columns);
        Ok(Self {
            mode: mode_of(from.text("mode")?.ok_or(BadColumn("mode"))?)?,
            app: from.value("app")?,
            account: from.maybe("account")?,
            subject: from.maybe("subject")?,
            host: from.value("host")?,
        })
    }

    /// As [`Maker::from_columns`] reads it.
    #[must_use]
    pub fn columns(&self) -> Columns {
        let mut to = Writer::default();
        to.put("mode", mode_name(self.mode));
        to.put("app", &self.app);
        to.maybe("account", self.account.as_ref());
        to.maybe("subject", self.subject.as_ref());
        to.put("host", &self.host);
        to.0
    }
}

impl Candidates {
    /// From `is_doctor`, `mode`, `is_complete`, `app` and `account` of the clinic's app, `subject`; where they are there, `own_app`,
    /// `own_account` and `own_host`, `confirmed_account` and `confirmed_host`, `grant_is_alive`, `grant_account` and `grant_host`.
    ///
    /// # Errors
    /// When a column is missing or holds what it cannot hold.
    pub fn from_columns(columns: &Columns) -> Result<Self> {
        let from = Reader(columns);
        let own = match from.maybe("own_app")? {
            None => None,
            Some(app) => Some(OwnAccount {
                app,
                account: from.value("own_account")?,
                host: from.value("own_host")?,
            }),
        };
        let confirmed = match from.maybe("confirmed_host")? {
            None => None,
            Some(host) => Some((from.value("confirmed_account")?, host)),
        };
        let grant = match from.text("grant_is_alive")? {
            None => None,
            Some(_) => Some(Grant {
                is_alive: from.flag("grant_is_alive")?,
                account: from.maybe("grant_account")?,
                host: from.maybe("grant_host")?,
            }),
        };
        Ok(Self {
            is_doctor: from.flag("is_doctor")?,
            mode: from.text("mode")?.map(mode_of).transpose()?,
            is_complete: from.flag("is_complete")?,
            app: from.value("app")?,
            account: from.maybe("account")?,
            own,
            confirmed,
            subject: from.value("subject")?,
            grant,
        })
    }
}

impl Standing {
    /// From `takes_place`, `doctor`, `start_utc`, `minutes` and `timezone`; without e-mails.
    ///
    /// # Errors
    /// When a column is missing or holds what it cannot hold.
    pub fn from_columns(columns: &Columns) -> Result<Self> {
        let from = Reader(columns);
        Ok(Self {
            takes_place: from.flag("takes_place")?,
            doctor: from.value("doctor")?,
            start: from.moment("start_utc")?.ok_or(BadColumn("start_utc"))?,
            minutes: from.value("minutes")?,
            timezone: from.value("timezone")?,
            mails: Vec::new(),
        })
    }

    /// As [`Standing::from_columns`] reads it.
    #[must_use]
    pub fn columns(&self) -> Columns {
        let mut to = Writer::default();
        to.put("takes_place", u8::from(self.takes_place));
        to.put("doctor", self.doctor);
        to.moment("start_utc", Some(self.start));
        to.put("minutes", self.minutes);
        to.put("timezone", &self.timezone);
        to.0
    }
}

impl SourceMail {
    /// From `is_off`, `doctor` and `sequence`.
    ///
    /// # Errors
    /// When a column is missing or holds what it cannot hold.
    pub fn from_columns(columns: &Columns) -> Result<Self> {
        let from = Reader(columns);
        Ok(Self {
            is_off: from.flag("is_off")?,
            doctor: from.value("doctor")?,
            sequence: from.value("sequence")?,
        })
    }
}

impl Handover {
    /// From `lets_go` (`app`, `zoom_user`, `disconnected` or `left`) with the columns of that, `since`, `answer` (`stay`, `move`,
    /// `doctor`, `cancel`, `wait`) and `to_doctor`.
    ///
    /// # Errors
    /// When a column is missing or holds what it cannot hold.
    pub fn from_columns(columns: &Columns) -> Result<Self> {
        let from = Reader(columns);
        let lets_go = match from.text("lets_go")? {
            Some("app") => From::App(from.value("app")?),
            Some("zoom_user") => From::ZoomUser {
                subject: from.value("subject")?,
                host: from.value("host")?,
            },
            Some("disconnected") => From::Disconnected {
                subject: from.value("subject")?,
                doctor: from.value("doctor")?,
            },
            Some("left") => From::Left {
                doctor: from.value("doctor")?,
            },
            _ => return Err(BadColumn("lets_go")),
        };
        Ok(Self {
            from: lets_go,
            since: from.moment("since")?.ok_or(BadColumn("since"))?,
            answer: match from.text("answer")? {
                None => None,
                Some(name) => Some(Answer::named(name, from.maybe("to_doctor")?)?),
            },
        })
    }

    /// As [`Handover::from_columns`] reads it.
    #[must_use]
    pub fn columns(&self) -> Columns {
        let mut to = Writer::default();
        match &self.from {
            From::App(app) => {
                to.put("lets_go", "app");
                to.put("app", app);
            }
            From::ZoomUser { subject, host } => {
                to.put("lets_go", "zoom_user");
                to.put("subject", subject);
                to.put("host", host);
            }
            From::Disconnected { subject, doctor } => {
                to.put("lets_go", "disconnected");
                to.put("subject", subject);
                to.put("doctor", doctor);
            }
            From::Left { doctor } => {
                to.put("lets_go", "left");
                to.put("doctor", doctor);
            }
        }
        to.moment("since", Some(self.since));
        to.maybe("answer", self.answer.map(Answer::name));
        to.maybe("to_doctor", self.answer.and_then(Answer::doctor));
        to.0
    }
}

impl ZoomUserChange {
    /// From `question` (`open`, `accepted` or null), `is_held`, `is_told`, `is_connected`, `is_letting_go` and `is_needed`.
    ///
    /// # Errors
    /// When a column is missing or holds what it cannot hold.
    pub fn from_columns(columns: &Columns) -> Result<Self> {
        let from = Reader(columns);
        Ok(Self {
            question: match from.text("question")? {
                None => None,
                Some("open") => Some(Question::Open),
                Some("accepted") => Some(Question::Accepted),
                Some(_) => return Err(BadColumn("question")),
            },
            is_held: from.flag("is_held")?,
            is_told: from.flag("is_told")?,
            is_connected: from.flag("is_connected")?,
            is_letting_go: from.flag("is_letting_go")?,
            is_needed: from.flag("is_needed")?,
        })
    }
}

impl Answer {
    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stay => "stay",
            Self::Move => "move",
            Self::Doctor(_) => "doctor",
            Self::Cancel => "cancel",
            Self::Wait => "wait",
        }
    }

    /// Who holds the visits from then on, where it names another.
    #[must_use]
    pub fn doctor(self) -> Option<u64> {
        match self {
            Self::Doctor(doctor) => Some(doctor),
            Self::Stay | Self::Move | Self::Cancel | Self::Wait => None,
        }
    }

    /// The answer of that name; `doctor` names who holds the visits from then on.
    ///
    /// # Errors
    /// When there is no such answer, or the doctor is missing.
    pub fn named(name: &str, doctor: Option<u64>) -> Result<Self> {
        Ok(match name {
            "stay" => Self::Stay,
            "move" => Self::Move,
            "doctor" => Self::Doctor(doctor.ok_or(BadColumn("to_doctor"))?),
            "cancel" => Self::Cancel,
            "wait" => Self::Wait,
            _ => return Err(BadColumn("answer")),
        })
    }
}

impl Problem {
    /// From `id` and `passes`, with the parameters beside them.
    ///
    /// # Errors
    /// When a column is missing or holds what it cannot hold.
    pub fn from_columns(columns: &Columns, parameters: &Columns) -> Result<Self> {
        let from = Reader(columns);
        let parameters: BTreeMap<String, String> = parameters
            .iter()
            .filter_map(|(name, text)| Some((name.clone(), text.clone()?)))
            .collect();
        Ok(Self {
            id: from.value("id")?,
            parameters,
            passes: from.flag("passes")?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;
    use crate::visit::testing::*;

    fn columns(of: &[(&str, &str)]) -> Columns {
        of.iter()
            .map(|(name, text)| {
                let text = (*text != "NULL").then(|| (*text).to_owned());
                ((*name).to_owned(), text)
            })
            .collect()
    }

    #[test]
    fn a_maker_is_read_back_as_it_was_written() {
        for maker in [
            maker("app-1"),
            Maker {
                mode: crate::visit::maker::Mode::OAuth,
                account: None,
                subject: Some("user:5".to_owned()),
                ..maker("app-2")
            },
        ] {
            assert_eq!(Maker::from_columns(&maker.columns()), Ok(maker));
        }
    }

    #[test]
    fn what_stands_is_read_and_what_is_missing_is_named() {
        let mut stands = columns(&[
            ("takes_place", "1"),
            ("doctor", "5"),
            ("start_utc", "2026-12-01 09:00:00"),
            ("minutes", "30"),
            ("timezone", "Europe/Berlin"),
        ]);
        let visits_own = standing(&confirmed());
        assert_eq!(visits_own.columns(), stands);
        assert_eq!(Standing::from_columns(&stands), Ok(visits_own));
        stands.insert("takes_place".to_owned(), Some("yes".to_owned()));
        assert_eq!(
            Standing::from_columns(&stands),
            Err(BadColumn("takes_place"))
        );
        stands.remove("doctor");
        stands.insert("takes_place".to_owned(), Some("0".to_owned()));
        assert_eq!(Standing::from_columns(&stands), Err(BadColumn("doctor")));
    }

    #[test]
    fn a_handover_is_read_back_as_it_was_written() {
        let subject = || "user:5".to_owned();
        let lets_go = [
            From::App("app-1".to_owned()),
            From::ZoomUser {
                subject: subject(),
                host: "host-1".to_owned(),
            },
            From::Disconnected {
                subject: subject(),
                doctor: 5,
            },
            From::Left { doctor: 5 },
        ];
        let answers = [
            None,
            Some(Answer::Stay),
            Some(Answer::Move),
            Some(Answer::Doctor(6)),
            Some(Answer::Cancel),
            Some(Answer::Wait),
        ];
        for (from, answer) in lets_go
            .iter()
            .flat_map(|from| answers.map(|answer| (from, answer)))
        {
            let handover = Handover {
                from: from.clone(),
                since: now(),
                answer,
            };
            assert_eq!(Handover::from_columns(&handover.columns()), Ok(handover));
        }
    }

    #[test]
    fn each_handover_is_read_with_its_answer() {
        let since = ("since", "2026-11-24 10:00:00");
        let read = |lets_go: &[(&str, &str)], answer: &[(&str, &str)]| {
            let all = [lets_go, &[since], answer].concat();
            Handover::from_columns(&columns(&all))
        };
        let user = [
            ("lets_go", "zoom_user"),
            ("subject", "user:5"),
            ("host", "host-1"),
        ];
        let open = [("answer", "NULL"), ("to_doctor", "NULL")];
        assert_eq!(
            read(&user, &open),
            Ok(Handover {
                from: From::ZoomUser {
                    subject: "user:5".to_owned(),
                    host: "host-1".to_owned()
                },
                since: now(),
                answer: None
            })
        );
        let left = [("lets_go", "left"), ("doctor", "5")];
        let another = [("answer", "doctor"), ("to_doctor", "6")];
        assert_eq!(
            read(&left, &another).unwrap().answer,
            Some(Answer::Doctor(6))
        );
        let nobody = [("answer", "doctor"), ("to_doctor", "NULL")];
        assert_eq!(read(&left, &nobody), Err(BadColumn("to_doctor")));
        assert_eq!(
            read(&[("lets_go", "nobody")], &open),
            Err(BadColumn("lets_go"))
        );
    }
}
