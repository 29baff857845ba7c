//! Through what a meeting is made, and from then on read, changed and deleted: another's 'not found' proves nothing.

use serde::Deserialize;
use serde::Serialize;

/// The two ways in which a clinic uses Zoom.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Each doctor's own account.
    OAuth,
    /// The clinic's account.
    S2s,
}

/// Mode, app, account, subject and host of a meeting.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Maker {
    /// How the app logs in.
    pub mode: Mode,
    /// The app's client id.
    pub app: String,
    /// The Zoom account, where it is known.
    pub account: Option<String>,
    /// Whose grant it is; `None` in Server-to-Server mode.
    pub subject: Option<String>,
    /// The host's Zoom user id.
    pub host: String,
}

impl Maker {
    /// Whether both reach the same meetings as the same Zoom user. What is only known of the one does not tell them apart.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.mode == other.mode
            && self.app == other.app
            && self.subject == other.subject
            && self.host == other.host
    }
}

/// What is known of who could host a doctor's visits: the clinic's choice, and what the doctor has.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Candidates {
    /// Whether the user holds visits.
    pub is_doctor: bool,
    /// The mode that the clinic has chosen; `None` as long as it has not.
    pub mode: Option<Mode>,
    /// Whether the clinic has entered all that the mode needs.
    pub is_complete: bool,
    /// The client id of the clinic's app in that mode.
    pub app: String,
    /// The clinic's Zoom account, in Server-to-Server mode.
    pub account: Option<String>,
    /// The doctor's own Server-to-Server account, where there is one.
    pub own: Option<OwnAccount>,
    /// The Zoom user who was confirmed as the doctor's host, and the account that was confirmed for.
    pub confirmed: Option<(String, String)>,
    /// What the doctor is called in grants.
    pub subject: String,
    /// The doctor's grant in the clinic's app.
    pub grant: Option<Grant>,
}

/// A Server-to-Server account of a single doctor.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OwnAccount {
    /// The client id of its app.
    pub app: String,
    /// The account.
    pub account: String,
    /// The Zoom user who hosts.
    pub host: String,
}

/// What a Zoom user allowed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Grant {
    /// Whether it can be used.
    pub is_alive: bool,
    /// The Zoom account, where it is known.
    pub account: Option<String>,
    /// The Zoom user, where it is known.
    pub host: Option<String>,
}

/// Why nobody can host.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoHost {
    /// The user holds no visits, or not any more.
    NotADoctor,
    /// The clinic has not chosen how it uses Zoom, or not entered all that is needed.
    NotSetUp,
    /// No Zoom user of the clinic's account is confirmed as the doctor's host.
    NotConfirmed,
    /// The doctor has not connected a Zoom account.
    NotConnected,
    /// The doctor's connection has ended.
    Reconnect,
}

impl NoHost {
    /// The name of the problem.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::NotADoctor => "not_a_doctor",
            Self::NotSetUp => "not_set_up",
            Self::NotConfirmed => "no_host",
            Self::NotConnected => "not_connected",
            Self::Reconnect => "reconnect",
        }
    }
}

impl Maker {
    /// Who would host a new meeting of the doctor.
    ///
    /// # Errors
    /// When nobody can.
    pub fn present(known: Candidates) -> Result<Self, NoHost> {
        if !known.is_doctor {
            return Err(NoHost::NotADoctor);
        }
        match known.mode.filter(|_| known.is_complete) {
            None => Err(NoHost::NotSetUp),
            Some(Mode::S2s) => Self::of_accounts(known),
            Some(Mode::OAuth) => Self::of_grant(known),
        }
    }

    /// A doctor's own account comes before the clinic's.
    fn of_accounts(known: Candidates) -> Result<Self, NoHost> {
        let (app, account, host) = match (known.own, known.confirmed) {
            (Some(own), _) => (own.app, own.account, own.host),
            (None, Some((account, host))) if known.account.as_ref() == Some(&account) => {
                (known.app, account, host)
            }
            (None, _) => return Err(NoHost::NotConfirmed),
        };
        Ok(Self {
            mode: Mode::S2s,
            app,
            account: Some(account),
            subject: None,
            host,
        })
    }

    fn of_grant(known: Candidates) -> Result<Self, NoHost> {
        let grant = known.grant.ok_or(NoHost::NotConnected)?;
        if !grant.is_alive {
            return Err(NoHost::Reconnect);
        }
        Ok(Self {
            mode: Mode::OAuth,
            app: known.app,
            account: grant.account,
            // As long as it is not known who it is at Zoom, the grant's name stands for the host.
            host: grant.host.unwrap_or_else(|| known.subject.clone()),
            subject: Some(known.subject),
        })
    }

    /// The host to name to Zoom; `None` with a grant, whose Zoom user hosts.
    #[must_use]
    pub fn named_host(&self) -> Option<&str> {
        match self.mode {
            Mode::OAuth => None,
            Mode::S2s => Some(&self.host),
        }
    }

    /// The host's Zoom user id, where it is known.
    #[must_use]
    pub fn host_at_zoom(&self) -> Option<&str> {
        (self.subject.as_ref() != Some(&self.host)).then_some(self.host.as_str())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    fn clinic(mode: Mode) -> Candidates {
        Candidates {
            is_doctor: true,
            mode: Some(mode),
            is_complete: true,
            app: "app".to_owned(),
            account: (mode == Mode::S2s).then(|| "account".to_owned()),
            subject: "user:5".to_owned(),
            ..Candidates::default()
        }
    }

    fn confirmed(account: &str) -> (String, String) {
        (account.to_owned(), "host".to_owned())
    }

    fn grant(is_alive: bool, host: Option<&str>) -> Grant {
        Grant {
            is_alive,
            account: Some("theirs".to_owned()),
            host: host.map(str::to_owned),
        }
    }

    #[test]
    fn nobody_hosts_for_who_is_no_doctor_or_before_all_is_set_up() {
        let all = Candidates {
            confirmed: Some(confirmed("account")),
            ..clinic(Mode::S2s)
        };
        assert!(Maker::present(all.clone()).is_ok());
        for (known, why) in [
            (
                Candidates {
                    is_doctor: false,
                    ..all.clone()
                },
                NoHost::NotADoctor,
            ),
            (
                Candidates {
                    mode: None,
                    ..all.clone()
                },
                NoHost::NotSetUp,
            ),
            (
                Candidates {
                    is_complete: false,
                    ..all
                },
                NoHost::NotSetUp,
            ),
        ] {
            assert_eq!(Maker::present(known), Err(why));
        }
    }

    #[test]
    fn in_the_clinics_account_the_host_is_who_was_confirmed_there() {
        for (confirmed, host) in [
            (Some(confirmed("account")), Ok("host")),
            (Some(confirmed("another")), Err(NoHost::NotConfirmed)),
            (None, Err(NoHost::NotConfirmed)),
        ] {
            let known = Candidates {
                confirmed,
                // What is left of the other mode says nothing.
                grant: Some(grant(true, Some("other"))),
                ..clinic(Mode::S2s)
            };
            let maker = Maker::present(known);
            assert_eq!(
                maker.as_ref().map(|maker| maker.host.as_str()),
                host.as_ref().copied()
            );
            if let Ok(maker) = maker {
                assert_eq!(
                    (maker.named_host(), maker.host_at_zoom()),
                    (Some("host"), Some("host"))
                );
                assert_eq!(
                    (maker.subject.as_deref(), maker.account.as_deref()),
                    (None, Some("account"))
                );
            }
        }
    }

    #[test]
    fn a_doctors_own_account_comes_before_the_clinics() {
        let known = Candidates {
            confirmed: Some(confirmed("account")),
            own: Some(OwnAccount {
                app: "own app".to_owned(),
                account: "own account".to_owned(),
                host: "own host".to_owned(),
            }),
            ..clinic(Mode::S2s)
        };
        let maker = Maker::present(known).unwrap();
        assert_eq!(
            (maker.app.as_str(), maker.host.as_str()),
            ("own app", "own host")
        );
        assert_eq!(maker.account.as_deref(), Some("own account"));
    }

    #[test]
    fn with_grants_the_doctor_hosts() {
        for (grant, host) in [
            (Some(grant(true, Some("me"))), Ok(("me", Some("me")))),
            (Some(grant(true, None)), Ok(("user:5", None))),
            (Some(grant(false, Some("me"))), Err(NoHost::Reconnect)),
            (None, Err(NoHost::NotConnected)),
        ] {
            let known = Candidates {
                grant,
                confirmed: Some(confirmed("account")),
                ..clinic(Mode::OAuth)
            };
            let maker = Maker::present(known);
            assert_eq!(
                maker
                    .as_ref()
                    .map(|maker| (maker.host.as_str(), maker.host_at_zoom())),
                host.as_ref().copied()
            );
            if let Ok(maker) = maker {
                assert_eq!(
                    (maker.named_host(), maker.subject.as_deref()),
                    (None, Some("user:5"))
                );
                assert_eq!(maker.account.as_deref(), Some("theirs"));
            }
        }
    }
}
