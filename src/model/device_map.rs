//! The device map: laptops that an administrator reserved for users before they log on.

use jiff::Timestamp;

use super::device::{Device, DeviceId, serial_key, uuid_key};
use super::name::Name;
use super::text::Untrusted;
use super::user::Guid;

/// What identifies a laptop. A host name does not: host names repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdType {
    Serial,
    /// The UUID of SMBIOS (DSP0134, 7.2.1).
    Uuid,
}

impl IdType {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Serial => "serial",
            Self::Uuid => "uuid",
        }
    }

    /// The folded id for comparison; `None` when it does not identify a laptop.
    pub fn key(self, id: &str) -> Option<String> {
        match self {
            Self::Serial => serial_key(id),
            Self::Uuid => uuid_key(id),
        }
    }
}

/// A laptop that is reserved for a user.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct MappedDevice {
    pub id_type: IdType,
    /// As the file has it.
    pub device_id: Untrusted,
    pub host_name: Untrusted,
    pub directory: Name,
    pub guid: Guid,
    /// As the file has them; one of the two may be empty.
    pub mail: Untrusted,
    pub user_name: Untrusted,
    /// Which of the user's laptops it replaces: a device id, a host name or a serial number. Empty: none.
    pub old_device: Untrusted,
    /// Whether the old laptop's data is to be restored to the new one: for the agent; imd moves no data.
    pub restore: bool,
    pub imported_at: Timestamp,
    pub used: Option<Used>,
}

/// The activation that used it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Used {
    pub at: Timestamp,
    pub device: DeviceId,
    /// The laptop that it replaced.
    pub replaced: Option<DeviceId>,
}

impl MappedDevice {
    /// Whether it replaces that laptop of the user.
    pub fn takes_the_place_of(&self, device: &Device) -> bool {
        let old = self.old_device.raw().trim();
        let same = |text: &Untrusted| text.raw().trim().eq_ignore_ascii_case(old);
        !old.is_empty() && (device.id.as_str() == old || same(&device.host_name) || same(&device.serial))
    }

    /// Whether both have the same values, used or not.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        let of = |one: &Self| {
            let texts = [&one.host_name, &one.mail, &one.user_name, &one.old_device];
            (one.id_type, one.directory.clone(), one.guid, one.restore, texts.map(|text| text.raw().to_owned()))
        };
        of(self) == of(other)
    }
}
