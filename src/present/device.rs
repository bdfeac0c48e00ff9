//! Laptops.

use super::{Column, Fact, Kind, Place, Tone, several};
use crate::model::device::{Device, DeviceState};
use crate::model::moment::minute;
use crate::model::refusal::Refusal;
use crate::model::text::shown;

pub const COLUMNS: &[Column<Device>; 7] = &[
    Column::growing("host", "Host", 14, |device| device.host_name.shown()),
    Column::fixed("state", "State", 9, |device| device.state.word().to_owned()),
    // A laptop without a user was perhaps refused: both in one column fit eighty cells, with when it was seen.
    Column::growing("user", "User or reason", 25, |device| match (&device.activation, device.waits_for()) {
        (Some(activation), _) => activation.user.clone(),
        (None, reason) => reason.unwrap_or_default().to_owned(),
    }),
    Column::fixed("seen", "Last seen", 23, |device| minute(device.last_seen_at)),
    Column::growing("serial", "Serial", 12, |device| device.serial.shown()),
    Column::fixed("authentication", "Authentication", 14, authentication),
    Column::listed("id", "ID", 16, |device| device.id.to_string()),
];

fn authentication(device: &Device) -> String {
    device.activation.as_ref().map(|activation| activation.auth.word().to_owned()).unwrap_or_default()
}

pub const fn tone(state: DeviceState) -> Tone {
    match state {
        DeviceState::Activated => Tone::Good,
        DeviceState::Revoked => Tone::Warning,
        DeviceState::Pending | DeviceState::Replaced | DeviceState::Released => Tone::Plain,
    }
}

/// All that is known of a laptop; `token` is the name of the token that enrolled it.
pub fn facts(device: &Device, token: &str, refusals: &[Refusal]) -> Vec<Fact> {
    let mut facts = vec![
        Fact::new("State", device.state.word()).toned(tone(device.state)),
        Fact::new("Serial", device.serial.shown()),
        Fact::new("System", device.system.shown()),
        Fact::new("Agent", device.agent.shown()),
        Fact::new("Enrolled", minute(device.enrolled_at)),
        Fact::new("Token", token).leading(Place::Entry(Kind::Tokens, device.token.to_string())),
    ];
    facts.extend(device.waits_for().map(|reason| Fact::new("Reason", reason).toned(Tone::Warning)));
    if let Some(activation) = &device.activation {
        let account = Place::Entry(Kind::Accounts, activation.account_name.raw().to_owned());
        facts.push(Fact::new("User", activation.user.clone()).leading(account));
        facts.push(Fact::new("Activated", minute(activation.at)));
        facts.push(Fact::new("Authentication", authentication(device)));
    }
    facts.extend(device.ended_at.map(|at| Fact::new("Ended", minute(at))));
    facts.push(Fact::new("Last seen", minute(device.last_seen_at)));
    facts.extend(several(
        "Refused",
        refusals.iter().map(|refusal| {
            let user = refusal.user.as_ref().map(|user| format!("; user {}", user.shown())).unwrap_or_default();
            let (at, reason, id) = (minute(refusal.at), refusal.detail.shown(), shown(&refusal.correlation));
            Fact::new("", format!("{at}: {reason}{user}; correlation id {id}")).toned(Tone::Warning)
        }),
    ));
    facts.push(Fact::new("ID", device.id.to_string()));
    facts
}

/// A laptop among those of a user or an account.
pub fn of_user(device: &Device) -> Fact {
    let text = format!("{}, {}", device.host_name.shown(), device.state.word());
    Fact::new("", text).leading(Place::Entry(Kind::Devices, device.id.to_string()))
}
