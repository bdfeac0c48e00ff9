//! A laptop: what it reports, and its state.

use jiff::Timestamp;

use super::Unreadable;
use super::name::Name;
use super::settings::AuthMethod;
use super::text::Untrusted;
use super::token::TokenId;

/// 16 lower-case hexadecimal digits. Public: lists and logs contain it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct DeviceId(String);

impl DeviceId {
    pub fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(format!("{:016x}", u64::from_be_bytes(bytes)))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for DeviceId {
    type Err = Unreadable;
    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let good = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(Unreadable::new("a device id of 16 hexadecimal digits", text))
        }
    }
}

impl std::fmt::Display for DeviceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// The data that a laptop reports at enrollment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Laptop {
    pub host_name: Untrusted,
    /// The UUID of SMBIOS (DSP0134, 7.2.1), empty when there is none.
    pub uuid: Untrusted,
    pub serial: Untrusted,
    /// `linux`, `windows`, `macos`
    pub system: Untrusted,
    /// `imd-activate 0.1.0`
    pub agent: Untrusted,
}

/// Placeholders that vendors leave instead of a serial number.
const NO_SERIAL: [&str; 8] = [
    "none",
    "not specified",
    "not applicable",
    "default string",
    "system serial number",
    "to be filled by o.e.m.",
    "invalid",
    "chassis serial number",
];

impl Laptop {
    /// Identifies the same hardware after it is reimaged: UUID and serial number, folded. `None` when either is missing
    /// or a placeholder. The host name is not part of it, because host names repeat.
    pub fn hardware(&self) -> Option<String> {
        Some(format!("{}\n{}", uuid_key(self.uuid.raw())?, serial_key(self.serial.raw())?))
    }
}

/// A UUID for comparison: 32 hexadecimal digits. `None` when it is a placeholder.
pub fn uuid_key(text: &str) -> Option<String> {
    let digits = text.trim().to_ascii_lowercase();
    let hexadecimal: String = digits.chars().filter(char::is_ascii_hexdigit).collect();
    // Firmware without a UUID reports equal digits (00..., ff...), or the well-known 03000200-0400-....
    let plain = hexadecimal.len() == 32 && digits.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    let first = hexadecimal.chars().next()?;
    let unique = !hexadecimal.chars().all(|c| c == first) && !hexadecimal.starts_with("030002000400050000060007");
    (plain && unique).then_some(hexadecimal)
}

/// A serial number for comparison. `None` when it is a placeholder.
pub fn serial_key(text: &str) -> Option<String> {
    let serial = text.trim().to_lowercase();
    let first = serial.chars().next()?;
    let numbered = serial.chars().count() >= 4
        && !serial.chars().all(|c| c == first)
        && serial != "123456789"
        && !NO_SERIAL.contains(&serial.as_str());
    numbered.then_some(serial)
}

/// The state of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceState {
    /// Enrolled; it waits for the log-on of its user.
    Pending,
    Activated,
    /// Replaced by the user's next laptop, or by its own enrollment after it was reimaged.
    Replaced,
    /// Released by an administrator; the laptop may enroll again.
    Released,
    /// Revoked by an administrator: it and the same hardware are refused until it is released.
    Revoked,
}

impl DeviceState {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Activated => "activated",
            Self::Replaced => "replaced",
            Self::Released => "released",
            Self::Revoked => "revoked",
        }
    }
}

/// The record of a laptop.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Device {
    pub id: DeviceId,
    pub state: DeviceState,
    pub host_name: Untrusted,
    pub serial: Untrusted,
    pub system: Untrusted,
    pub agent: Untrusted,
    pub token: TokenId,
    pub enrolled_at: Timestamp,
    pub activation: Option<Activation>,
    /// When it was replaced, released or revoked.
    pub ended_at: Option<Timestamp>,
    pub last_seen_at: Timestamp,
    /// The stable code of its last refusal (`model::refusal`); absent if there is none.
    pub refused: Option<String>,
}

impl Device {
    /// Why it still waits: the reason of its last refused log-on in brief. Absent when it does not wait, or was not
    /// refused.
    pub fn waits_for(&self) -> Option<&'static str> {
        let reason = self.refused.as_deref().filter(|_| self.state == DeviceState::Pending)?;
        Some(super::refusal::brief(reason))
    }
}

/// The user of the laptop, and the authentication method of the activation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Activation {
    /// The number of the account.
    #[serde(skip)]
    pub account: i64,
    /// The user's name that people read.
    pub user: String,
    pub account_name: Untrusted,
    pub at: Timestamp,
    pub auth: AuthMethod,
    /// The account is preserved: its user left, or an administrator preserved it.
    pub preserved: bool,
}

/// The number of devices in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Funnel {
    /// Users in the cache who may activate.
    pub cached: u64,
    /// Accounts: users who have activated a laptop.
    pub accounts: u64,
    /// Enrolled, waiting for a log-on.
    pub pending: u64,
    pub activated: u64,
    /// Replaced, released or revoked.
    pub ended: u64,
}

/// The profile, storage and quota of a user.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Given {
    pub mapping: Name,
    pub profile: Name,
    pub storage: Name,
    pub location: String,
    /// Bytes; 0 is no limit, absent: not set.
    pub quota: Option<super::size::Size>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laptop(uuid: &str, serial: &str) -> Laptop {
        Laptop { uuid: uuid.into(), serial: serial.into(), host_name: "PC-1".into(), ..Laptop::default() }
    }

    #[test]
    fn hardware_is_the_same_however_it_is_spelled() {
        let one = laptop("4C4C4544-0042-3510-8053-B7C04F4E3732", "5B5S7N2").hardware();
        assert!(one.is_some());
        assert_eq!(one, laptop(" 4c4c4544-0042-3510-8053-b7c04f4e3732\n", "5b5s7n2 ").hardware());
        assert_ne!(one, laptop("4C4C4544-0042-3510-8053-B7C04F4E3733", "5B5S7N2").hardware());
    }

    #[test]
    fn what_firmware_says_when_it_has_no_number_is_no_hardware() {
        let uuid = "4C4C4544-0042-3510-8053-B7C04F4E3732";
        for serial in ["", "0", "00000000", "To Be Filled By O.E.M.", "Default string", "None", "123456789"] {
            assert_eq!(laptop(uuid, serial).hardware(), None, "{serial}");
        }
        for uuid in
            ["", "00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "no uuid at all here"]
        {
            assert_eq!(laptop(uuid, "5B5S7N2").hardware(), None, "{uuid}");
        }
        assert_eq!(laptop("03000200-0400-0500-0006-000700080009", "5B5S7N2").hardware(), None);
    }
}
