//! A life is a list of choices: one small number for each thing that may go one way or another, 0 for the plain way.
//!
//! The same list is the same life, whoever wrote it: enumeration, drawing, shrinking and replay differ only in where the numbers
//! come from. A list that is too short goes on with zeros.

use std::fmt;
use std::str::FromStr;

use crate::chance::Chance;
use crate::point::Point;

/// The weather of a life: which ways there are, and how often the bad ones are drawn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Weather {
    /// The few ways that are enumerated.
    Narrow,
    /// All ways.
    Wide,
    /// One process at a time, and nothing that fake-zoom's control API cannot order: what another loop can live again.
    Alone,
}

/// Where choices come from.
#[derive(Clone, Debug)]
enum Source {
    Listed,
    Drawn(Chance),
}

/// What was chosen at one point.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Made {
    /// At which.
    pub point: Point,
    /// The number.
    pub value: u8,
}

/// The choices of one life.
#[derive(Clone, Debug)]
pub struct Choices {
    weather: Weather,
    source: Source,
    given: Vec<u8>,
    made: Vec<Made>,
    storm: u8,
}

impl Choices {
    /// As the list says.
    #[must_use]
    pub fn listed(list: &List) -> Self {
        Self {
            weather: list.weather,
            source: Source::Listed,
            given: list.choices.clone(),
            made: Vec::with_capacity(128),
            storm: 0,
        }
    }

    /// Drawn by chance.
    #[must_use]
    pub fn drawn(weather: Weather, chance: Chance) -> Self {
        Self {
            weather,
            source: Source::Drawn(chance),
            given: Vec::new(),
            made: Vec::with_capacity(128),
            storm: 0,
        }
    }

    /// Chooses at a point.
    pub fn pick(&mut self, point: Point) -> u8 {
        let ways = point.ways(self.weather);
        let value = match &mut self.source {
            Source::Listed => {
                let given = self.given.get(self.made.len()).copied().unwrap_or(0);
                if given < ways { given } else { 0 }
            }
            Source::Drawn(chance) => point.draw(self.storm, ways, chance),
        };
        if point == Point::Storm {
            self.storm = value;
        }
        self.made.push(Made { point, value });
        value
    }

    /// Which ways there are.
    #[must_use]
    pub fn weather(&self) -> Weather {
        self.weather
    }

    /// What was chosen.
    #[must_use]
    pub fn made(&self) -> &[Made] {
        &self.made
    }

    /// What was chosen, as a list for another life.
    #[must_use]
    pub fn list(&self) -> List {
        List {
            weather: self.weather,
            choices: self.made.iter().map(|made| made.value).collect(),
        }
    }
}

/// A life, as it is printed: `wide:3=2,17=1` has 2 at the third point, 1 at the seventeenth and 0 elsewhere. Points count from 0.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct List {
    /// Which ways there are.
    pub weather: Weather,
    /// The choices.
    pub choices: Vec<u8>,
}

impl List {
    /// How many choices are not the plain one.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.choices.iter().filter(|value| **value != 0).count()
    }

    /// Without the zeros at its end, which say nothing.
    #[must_use]
    pub fn trimmed(mut self) -> Self {
        while self.choices.last() == Some(&0) {
            self.choices.pop();
        }
        self
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.weather {
            Weather::Narrow => "narrow:",
            Weather::Wide => "wide:",
            Weather::Alone => "alone:",
        })?;
        let chosen = self.choices.iter().enumerate();
        for (count, (at, value)) in chosen.filter(|(_, value)| **value != 0).enumerate() {
            let comma = if count == 0 { "" } else { "," };
            write!(f, "{comma}{at}={value}")?;
        }
        Ok(())
    }
}

impl FromStr for List {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, anyhow::Error> {
        let (weather, choices) = text
            .split_once(':')
            .ok_or_else(|| anyhow::anyhow!("a list begins with 'narrow:', 'wide:' or 'alone:'"))?;
        let weather = match weather {
            "narrow" => Weather::Narrow,
            "wide" => Weather::Wide,
            "alone" => Weather::Alone,
            other => anyhow::bail!("there is no weather '{other}'"),
        };
        let mut list = Vec::new();
        for part in choices.split(',').filter(|part| !part.is_empty()) {
            let (at, value) = part
                .split_once('=')
                .ok_or_else(|| anyhow::anyhow!("'{part}' is no POINT=CHOICE"))?;
            let at: usize = at.parse()?;
            anyhow::ensure!(at < 100_000, "no life has so many points as {at}");
            if list.len() <= at {
                list.resize(at + 1, 0);
            }
            if let Some(place) = list.get_mut(at) {
                *place = value.parse()?;
            }
        }
        Ok(Self {
            weather,
            choices: list,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    #[test]
    fn a_list_is_read_as_it_is_printed() {
        for text in ["wide:3=2,17=1", "narrow:", "narrow:0=1", "alone:2=4"] {
            let list: List = text.parse().unwrap();
            assert_eq!(list.to_string(), text);
        }
        for text in [
            "",
            "3=2",
            "mild:3=2",
            "wide:3",
            "wide:x=1",
            "wide:999999999=1",
        ] {
            assert!(text.parse::<List>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_was_drawn_is_the_same_from_its_list() {
        let points = [Point::Storm, Point::Mode, Point::Exchange, Point::Save];
        let mut drawn = Choices::drawn(Weather::Wide, Chance::new(3));
        let first: Vec<u8> = (0..40)
            .flat_map(|_| points)
            .map(|point| drawn.pick(point))
            .collect();
        let mut listed = Choices::listed(&drawn.list());
        let again: Vec<u8> = (0..40)
            .flat_map(|_| points)
            .map(|point| listed.pick(point))
            .collect();
        assert_eq!(first, again);
        assert_eq!(
            listed.pick(Point::Exchange),
            0,
            "beyond its end all is plain"
        );
    }
}
