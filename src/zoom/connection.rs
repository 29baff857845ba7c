//! One subject's connection to Zoom, as it is stored.

use jiff::Timestamp;

use super::grant::Life;
use super::grant::Place;
use super::record::Record;
use super::record::ZoomUser;
use super::subject::Subject;

/// Whether a connection can be used, as PHP is told: from its place and its life.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ConnectionStatus {
    /// It can.
    Connected,
    /// The doctor must reconnect.
    Dead,
    /// No key of the vault opens the record.
    Unreadable,
    /// Another Zoom user than the one in force; waits for the doctor's answer.
    Held,
    /// Was in force before; reaches what it made until that is moved.
    Former,
}

impl ConnectionStatus {
    /// The status as PHP sees it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Dead => "dead",
            Self::Unreadable => "unreadable",
            Self::Held => "held",
            Self::Former => "former",
        }
    }
}

/// What whoever has looked at a connection has to say of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum News {
    /// It can be used no more: the doctor must connect again.
    Ended,
    /// It can still be used, and ends by itself.
    EndsSoon,
    /// What was told is true no more.
    Mended,
}

impl News {
    /// The news as PHP sees them.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::EndsSoon => "ends_soon",
            Self::Mended => "mended",
        }
    }

    /// What is new of a connection (`None`: there is none), where it `is_told` that it has ended or is about to.
    #[must_use]
    pub fn of(seen: Option<&Connection>, is_told: bool) -> Option<Self> {
        let trouble = seen.and_then(|connection| match connection.status() {
            ConnectionStatus::Dead | ConnectionStatus::Unreadable => Some(Self::Ended),
            _ => connection.until().map(|_| Self::EndsSoon),
        });
        match trouble {
            Some(news) => (!is_told).then_some(news),
            None => is_told.then_some(Self::Mended),
        }
    }
}

/// What is known of a connection, without its tokens.
#[derive(Clone, Debug)]
pub struct Connection {
    subject: Subject,
    place: Place,
    /// `None`: no key opens the record.
    life: Option<Life>,
    since: Option<Timestamp>,
    reason: Option<String>,
    scopes: Vec<String>,
    zoom_user: Option<ZoomUser>,
    expires_at: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Connection {
    /// The grant of a record that lies there.
    #[must_use]
    pub fn of(subject: &Subject, place: Place, record: &Record) -> Self {
        let since = Timestamp::from_second(record.since).ok();
        let expires_at = Timestamp::from_second(record.expires_at).ok();
        let until = match place.longest() {
            Some(longest) => {
                let end = since.unwrap_or_default().checked_add(longest);
                Some(end.unwrap_or(Timestamp::MAX))
            }
            None => expires_at.filter(|_| record.life == Life::Ending),
        };
        Self {
            subject: subject.clone(),
            place,
            life: Some(record.life),
            since,
            reason: record.reason.clone(),
            scopes: record.scopes.clone(),
            zoom_user: record.zoom_user.clone(),
            expires_at,
            until,
        }
    }

    /// A connection whose record no key opens.
    #[must_use]
    pub fn unreadable(subject: &Subject, reason: &str) -> Self {
        Self {
            subject: subject.clone(),
            place: Place::Active,
            life: None,
            since: None,
            reason: Some(reason.to_owned()),
            scopes: Vec::new(),
            zoom_user: None,
            expires_at: None,
            until: None,
        }
    }

    /// Whose it is.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.subject.as_str()
    }

    /// Whether it can be used.
    #[must_use]
    pub fn status(&self) -> ConnectionStatus {
        match (self.life, self.place) {
            (None, _) => ConnectionStatus::Unreadable,
            (_, Place::Proposed) => ConnectionStatus::Held,
            (_, Place::Previous) => ConnectionStatus::Former,
            (Some(life), Place::Active) if life.is_alive() => ConnectionStatus::Connected,
            (Some(_), Place::Active) => ConnectionStatus::Dead,
        }
    }

    /// Since when.
    #[must_use]
    pub fn since(&self) -> Option<Timestamp> {
        self.since
    }

    /// Why it cannot be used.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// What was granted.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// Zoom's user id.
    #[must_use]
    pub fn zoom_user_id(&self) -> Option<&str> {
        self.zoom_user.as_ref().map(|user| user.id.as_str())
    }

    /// The Zoom user's e-mail.
    #[must_use]
    pub fn zoom_email(&self) -> Option<&str> {
        self.zoom_user.as_ref()?.email.as_deref()
    }

    /// The Zoom user's name.
    #[must_use]
    pub fn zoom_name(&self) -> Option<&str> {
        self.zoom_user.as_ref()?.name.as_deref()
    }

    /// The Zoom user's account.
    #[must_use]
    pub fn zoom_account_id(&self) -> Option<&str> {
        self.zoom_user.as_ref()?.account_id.as_deref()
    }

    /// Whether the Zoom user has a paid licence.
    #[must_use]
    pub fn is_licensed(&self) -> Option<bool> {
        self.zoom_user.as_ref().map(|user| user.licensed)
    }

    /// When the access token ends.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// When a grant beside the connection ends at the latest. When a connection ends whose refresh token was lost; another has no end.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        self.until
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use jiff::SignedDuration;

    use super::*;
    use crate::zoom::testing::doctor;
    use crate::zoom::testing::record;

    #[test]
    fn a_status_is_told_from_place_and_life_and_so_is_the_end() {
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let alive = record("0", now);
        let of = |place, life| {
            let record = alive.turned(life, "why", now);
            let connection = Connection::of(&doctor("12"), place, &record);
            let lasts = connection.until().map(|until| until.duration_since(now));
            (connection.status().as_str(), lasts)
        };
        let token = SignedDuration::from_secs(3_599);
        let (day, week) = (
            SignedDuration::from_hours(24),
            SignedDuration::from_hours(168),
        );
        assert_eq!(of(Place::Active, Life::Alive), ("connected", None));
        assert_eq!(of(Place::Active, Life::Ending), ("connected", Some(token)));
        assert_eq!(of(Place::Active, Life::Dead), ("dead", None));
        assert_eq!(of(Place::Active, Life::Leaving), ("dead", None));
        for life in [Life::Alive, Life::Ending] {
            assert_eq!(of(Place::Proposed, life), ("held", Some(day)));
            assert_eq!(of(Place::Previous, life), ("former", Some(week)));
        }
        let unreadable = Connection::unreadable(&doctor("12"), "why");
        assert_eq!(unreadable.status().as_str(), "unreadable");
    }

    #[test]
    fn a_connection_that_ends_is_told_once_and_so_is_that_it_was_mended() {
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let of = |life| {
            let record = record("0", now).turned(life, "why", now);
            Connection::of(&doctor("12"), Place::Active, &record)
        };
        let unreadable = Connection::unreadable(&doctor("12"), "why");
        for (seen, news) in [
            (of(Life::Dead), News::Ended),
            (of(Life::Leaving), News::Ended),
            (unreadable, News::Ended),
            (of(Life::Ending), News::EndsSoon),
        ] {
            assert_eq!(News::of(Some(&seen), false), Some(news));
            assert_eq!(News::of(Some(&seen), true), None);
        }
        let alive = of(Life::Alive);
        for seen in [Some(&alive), None] {
            assert_eq!(News::of(seen, false), None);
            assert_eq!(News::of(seen, true), Some(News::Mended));
        }
    }
}
