//! The points at which a life can go one way or another, and how often which way is drawn.

use crate::chance::Chance;
use crate::choices::Weather;

/// A point. The ways at each are named where it is chosen; 0 is always the plain one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "each says what it is about")]
pub enum Point {
    /// How bad the weather of the whole life is.
    Storm,
    Mode,
    Source,
    /// Whether the appointment system mails by itself.
    OwnMails,
    Start,
    /// Whether Zoom's own link is mailed.
    Link,
    /// How much of the hosts' day others have used up.
    UsedUp,
    /// Whether Zoom's accounts hide descriptions.
    Descriptions,
    /// Whether there is a second visit, and how long after the first it is to start.
    Second,
    /// Which of two visits it happens to.
    Case,
    /// The next thing that happens in the life; 0 ends it.
    Act,
    /// The same where visits are made on this plugin's own screens.
    ManualAct,
    Delay,
    /// Which of the slots, which of the doctors.
    Which,
    /// What becomes of a request's transaction.
    Transaction,
    /// What others do while a transaction is open.
    OpenTransaction,
    /// What becomes of an exchange.
    Exchange,
    /// Who acts while an exchange is under way.
    Meanwhile,
    /// Who acts between two steps of a process.
    Between,
    /// Whether the process dies after it has written something.
    Save,
    /// What becomes of an e-mail.
    Mail,
}

impl Point {
    /// How many ways there are.
    #[must_use]
    pub fn ways(self, weather: Weather) -> u8 {
        let (narrow, wide) = match self {
            Self::Mode | Self::OwnMails | Self::Source | Self::Save => (2, 2),
            Self::Start => (1, 6),
            Self::Second => (1, 5),
            Self::Link | Self::Descriptions | Self::Case => (1, 2),
            Self::Act => (crate::act::NARROW_KINDS, crate::act::KINDS),
            Self::ManualAct => (crate::act::NARROW_MANUAL_KINDS, crate::act::KINDS),
            Self::Delay => (2, 8),
            Self::Storm | Self::Which => (1, 3),
            Self::Transaction => (4, 6),
            Self::OpenTransaction => (2, 4),
            Self::Exchange => (7, 17),
            Self::Meanwhile => (3, 7),
            Self::Between | Self::UsedUp => (1, 4),
            Self::Mail => (3, 4),
        };
        let alone = match self {
            Self::Act | Self::ManualAct => crate::act::ALONE_KINDS,
            Self::Exchange => crate::zoom::ALONE_WAYS,
            Self::Meanwhile | Self::Between | Self::Save | Self::Descriptions | Self::Second => 1,
            _ => wide,
        };
        match weather {
            Weather::Narrow => narrow,
            Weather::Wide => wide,
            Weather::Alone => alone,
        }
    }

    /// Of 1,000, how many times the way is not the plain one.
    fn often(self, storm: u8) -> u32 {
        match self {
            Self::Storm => 600,
            Self::Source | Self::Link => 200,
            Self::UsedUp | Self::Descriptions | Self::Second => 150,
            Self::Mode | Self::OwnMails | Self::Start | Self::Case => 500,
            Self::Act | Self::ManualAct | Self::Delay => 800,
            Self::Which => 667,
            Self::Transaction => [100, 200, 400]
                .get(usize::from(storm))
                .copied()
                .unwrap_or(0),
            Self::OpenTransaction | Self::Meanwhile => {
                [30, 80, 250].get(usize::from(storm)).copied().unwrap_or(0)
            }
            Self::Exchange => [20, 100, 350].get(usize::from(storm)).copied().unwrap_or(0),
            Self::Between => [5, 20, 80].get(usize::from(storm)).copied().unwrap_or(0),
            Self::Save => [2, 10, 40].get(usize::from(storm)).copied().unwrap_or(0),
            Self::Mail => [10, 50, 200].get(usize::from(storm)).copied().unwrap_or(0),
        }
    }

    /// Whether it is part of the plan, of which all is enumerated. The others are the weather, of which a few are.
    #[must_use]
    pub fn is_planned(self) -> bool {
        matches!(self, Self::Mode | Self::Source | Self::OwnMails) || self.is_act()
    }

    /// Whether it chooses the next thing that happens.
    #[must_use]
    pub fn is_act(self) -> bool {
        matches!(self, Self::Act | Self::ManualAct)
    }

    /// A way, by chance.
    #[must_use]
    pub fn draw(self, storm: u8, ways: u8, chance: &mut Chance) -> u8 {
        if ways < 2 || chance.below(1_000) >= self.often(storm) {
            return 0;
        }
        u8::try_from(1 + chance.below(u32::from(ways) - 1)).unwrap_or(0)
    }
}
