//! What the Zoom core asks of its outside, answered by the world: network, time and chance, token store.

use std::rc::Rc;
use std::rc::Weak;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::Timestamp;

use telemed::zoom::Clock;
use telemed::zoom::Error;
use telemed::zoom::Http;
use telemed::zoom::Result;
use telemed::zoom::TokenStore;
use telemed::zoom::http::Request;
use telemed::zoom::http::Response;
use telemed::zoom::http::SendError;
use telemed::zoom::http::SendFault;
use telemed::zoom::pace::Pace;

use crate::choices::Weather;
use crate::point::Point;
use crate::world::World;

/// The world, as the Zoom core sees it.
pub struct Outside(Weak<World>);

impl Outside {
    /// Of this world.
    #[must_use]
    pub fn new(world: Weak<World>) -> Self {
        Self(world)
    }

    fn world(&self) -> Result<Rc<World>> {
        self.0
            .upgrade()
            .ok_or_else(|| Error::store("this world has ended"))
    }
}

impl Http for Outside {
    fn send(&self, request: Request) -> Result<Response, SendError> {
        match self.0.upgrade() {
            Some(world) => world.exchange(&request),
            None => Err(SendError {
                fault: SendFault::Engine,
                maybe_delivered: false,
                detail: "this world has ended".to_owned(),
            }),
        }
    }

    fn send_all(
        &self,
        requests: Vec<Request>,
        pace: &mut Pace,
    ) -> Vec<Result<Response, SendError>> {
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            let answer = self.send(request);
            if let Ok(response) = &answer {
                pace.learn(response.status, &response.headers);
            }
            answers.push(answer);
        }
        answers
    }
}

impl Clock for Outside {
    fn now(&self) -> Timestamp {
        self.0
            .upgrade()
            .map_or(Timestamp::UNIX_EPOCH, |world| world.exact_now())
    }

    fn monotonic(&self) -> Duration {
        self.0.upgrade().map_or(Duration::MAX, |world| world.age())
    }

    fn sleep(&self, duration: Duration) {
        if let (Some(world), Ok(duration)) = (self.0.upgrade(), SignedDuration::try_from(duration))
            && world.choices().weather() != Weather::Alone
        {
            world.wait(duration);
        }
    }

    fn random(&self, bytes: &mut [u8]) {
        let Some(world) = self.0.upgrade() else {
            return;
        };
        for chunk in bytes.chunks_mut(8) {
            for (byte, drawn) in chunk.iter_mut().zip(world.random().to_le_bytes()) {
                *byte = drawn;
            }
        }
    }
}

impl TokenStore for Outside {
    fn load(&self, key: &str) -> Result<Option<String>> {
        Ok(self.world()?.records.borrow().get(key).cloned())
    }

    fn save(&self, key: &str, sealed: &str, replaces: Option<&str>) -> Result<bool> {
        let world = self.world()?;
        {
            let mut records = world.records.borrow_mut();
            if records.get(key).map(String::as_str) != replaces {
                return Ok(false);
            }
            records.insert(key.to_owned(), sealed.to_owned());
        }
        if world.pick(Point::Save) == 1 {
            World::kill();
        }
        Ok(true)
    }

    fn delete(&self, key: &str) -> Result<()> {
        self.world()?.records.borrow_mut().remove(key);
        Ok(())
    }

    fn lock(&self, key: &str, wait: Duration) -> Result<bool> {
        let world = self.world()?;
        let is_locked = world.lock(key);
        if !is_locked {
            // Whoever holds it waits for us, here; so the wait is over without it.
            world.wait(SignedDuration::try_from(wait).unwrap_or_default());
        }
        Ok(is_locked)
    }

    fn unlock(&self, key: &str) -> Result<()> {
        self.world()?.unlock(key);
        Ok(())
    }
}
