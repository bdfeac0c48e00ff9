//! The device map: which laptop is reserved for which user.

use super::{Column, Fact, Kind, Place, Tone};
use crate::model::device_map::MappedDevice;
use crate::model::moment::minute;

pub const COLUMNS: &[Column<MappedDevice>; 8] = &[
    Column::growing("laptop", "Laptop", 16, |mapped| mapped.device_id.shown()),
    Column::fixed("id-type", "ID type", 7, |mapped| mapped.id_type.word().to_owned()),
    Column::growing("user", "User", 22, user),
    Column::fixed("used", "Used", 23, |mapped| mapped.used.as_ref().map(|used| minute(used.at)).unwrap_or_default()),
    Column::growing("host", "Host", 14, |mapped| mapped.host_name.shown()),
    Column::growing("replaces", "Replaces", 14, |mapped| mapped.old_device.shown()),
    Column::listed("restore", "Restore", 13, |mapped| restore(mapped).to_owned()),
    Column::listed("device", "Device", 16, |mapped| {
        mapped.used.as_ref().map(|used| used.device.to_string()).unwrap_or_default()
    }),
];

/// The user's mail, else the name: as the file has it.
fn user(mapped: &MappedDevice) -> String {
    if mapped.mail.raw().is_empty() { mapped.user_name.shown() } else { mapped.mail.shown() }
}

const fn restore(mapped: &MappedDevice) -> &'static str {
    if mapped.restore { "requested" } else { "not requested" }
}

/// All that is known of a reserved laptop.
pub fn facts(mapped: &MappedDevice) -> Vec<Fact> {
    let used = mapped.used.as_ref();
    vec![
        Fact::new("ID type", mapped.id_type.word()),
        Fact::new("Host", mapped.host_name.shown()),
        Fact::new("User", user(mapped)).leading(Place::Entry(Kind::Users, mapped.guid.to_string())),
        Fact::new("Replaces", mapped.old_device.shown()),
        Fact::new("Restore", restore(mapped)),
        Fact::new("Imported", minute(mapped.imported_at)),
        used.map_or_else(
            || Fact::new("Used", "not yet"),
            |used| {
                let device = Place::Entry(Kind::Devices, used.device.to_string());
                Fact::new("Used", minute(used.at)).toned(Tone::Good).leading(device)
            },
        ),
    ]
}
