//! The system's clock and random source.

use std::time::Duration;
use std::time::Instant;

use jiff::Timestamp;
use ring::rand::SecureRandom as _;
use ring::rand::SystemRandom;

use crate::zoom::Clock;

pub(super) struct SystemClock;

thread_local! {
    static START: Instant = Instant::now();
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        START.with(Instant::elapsed)
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }

    fn random(&self, bytes: &mut [u8]) {
        // The kernel is asked for each draw, so this is right after a fork too. It fails only where the kernel has no random
        // source at all; going on with predictable keys would be worse than waiting for it.
        while SystemRandom::new().fill(bytes).is_err() {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
