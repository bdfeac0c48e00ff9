//! The overview and the report, in words that can be drawn.

use crate::engine::{Engine, Error};
use crate::tui::listing::{Fact, Kind, Place};
use crate::tui::message::Tone;
use crate::tui::panel::report::grouped;
use crate::tui::screen::overview::OverviewView;

pub(super) fn overview(engine: &Engine) -> Result<OverviewView, Error> {
    let standing = engine.activations()?;
    let funnel = standing.funnel;
    let of = |label: &str, count: u64, kind| Fact::new(label, grouped(count)).leading(Place::List(kind));
    let mut lines = vec![
        of("Cached", funnel.cached, Kind::Users),
        of("Waiting", funnel.pending, Kind::Devices),
        of("Activated", funnel.activated, Kind::Devices),
        of("Accounts", funnel.accounts, Kind::Accounts),
    ];
    lines.extend(standing.pause.map(|_| Fact::new("Paused", "imd resume lets laptops in again").toned(Tone::Warning)));
    Ok(OverviewView { lines })
}

pub(super) fn report(engine: &Engine) -> Result<Vec<Fact>, Error> {
    Ok(overview(engine)?.lines)
}
