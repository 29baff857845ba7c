//! What is measured, in this order.

mod booking;
mod bulk;
mod contender;
mod create;
mod first_call;
mod idle;
mod page;
mod refresh;
mod scale;

use crate::report::Report;
use crate::setting::Setting;

type Measure = fn(&Setting, &mut Report) -> anyhow::Result<()>;

/// Each begins at the seed of fake-zoom, with its limits off.
pub fn all() -> [(&'static str, Measure); 8] {
    [
        ("create", create::measure),
        ("bulk", bulk::measure),
        ("refresh", refresh::measure),
        ("idle", idle::measure),
        ("first_call", first_call::measure),
        ("scale", scale::measure),
        ("page", page::measure),
        ("booking", booking::measure),
    ]
}
