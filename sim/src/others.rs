//! Who acts while a process waits, or between two of its steps: others run whole, where they might have run beside it.

use crate::point::Point;
use crate::world::DEEPEST;
use crate::world::World;

impl World {
    /// Who acts while an exchange is under way: an odd number before Zoom does its work, an even one after it.
    #[must_use]
    pub fn who_acts_meanwhile(&self) -> u8 {
        if self.depth() >= DEEPEST {
            return 0;
        }
        self.pick(Point::Meanwhile)
    }

    /// They act.
    pub fn meanwhile(&self, who: u8, is_before: bool) {
        if (who % 2 == 1) != is_before {
            return;
        }
        match who {
            1 | 2 => self.everybody(),
            3 | 4 => self.work_off(),
            5 => self.send_mail(),
            6 => self.sweep(),
            _ => {}
        }
    }

    /// Between two steps of a process.
    pub fn between(&self) {
        if self.depth() >= DEEPEST {
            return;
        }
        match self.pick(Point::Between) {
            1 => self.everybody(),
            2 => self.work_off(),
            3 => self.send_mail(),
            _ => {}
        }
    }

    /// The next thing of the plan happens now, if that is possible; where there is none, a sweep and the sender have a turn.
    pub fn everybody(&self) {
        // Whoever would write the same row waits for the end of the transaction.
        let can_act = !self.appointments.borrow().is_open();
        let next = if can_act {
            self.agenda.borrow_mut().pop_front()
        } else {
            None
        };
        if let Some((_, planned)) = next {
            self.act(planned);
        } else {
            self.sweep();
            self.send_mail();
        }
    }
}
