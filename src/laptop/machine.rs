//! Facts about this laptop: its host name, and its UUID and serial number from SMBIOS.

use std::path::Path;

use crate::protocol::{Bounded, LaptopFacts};

/// Where Linux publishes the SMBIOS data.
pub(super) const DMI: &str = "/sys/class/dmi/id";

/// The UUID and the serial number of the hardware; empty when unknown.
type Hardware = (String, String);

/// `imd-activate 0.1.0`
pub(super) fn agent() -> Bounded<64> {
    Bounded::cut(concat!("imd-activate ", env!("CARGO_PKG_VERSION")))
}

/// The facts; on Linux the hardware data is read from files in `dmi`. Unreadable values are empty.
pub(super) fn facts(dmi: &Path) -> LaptopFacts {
    let (uuid, serial) = hardware(dmi);
    LaptopFacts {
        host_name: Bounded::cut(&host_name()),
        uuid: Bounded::cut(&uuid),
        serial: Bounded::cut(&serial),
        system: Bounded::cut(std::env::consts::OS),
        agent: agent(),
    }
}

#[cfg(unix)]
fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(windows)]
fn host_name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

#[cfg(unix)]
fn hardware(dmi: &Path) -> Hardware {
    if cfg!(target_os = "macos") {
        return io_registry(Path::new("/usr/sbin/ioreg")).unwrap_or_default();
    }
    let of =
        |name: &str| std::fs::read_to_string(dmi.join(name)).map(|text| text.trim().to_owned()).unwrap_or_default();
    (of("product_uuid"), of("product_serial"))
}

/// The hardware data of a Mac, from `ioreg`: lines such as `"IOPlatformUUID" = "..."`.
#[cfg(unix)]
fn io_registry(ioreg: &Path) -> Option<Hardware> {
    let output = std::process::Command::new(ioreg).args(["-rd1", "-c", "IOPlatformExpertDevice"]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let of = |name: &str| {
        let value = text.lines().find_map(|line| line.trim().strip_prefix(&format!("\"{name}\" = \""))).unwrap_or("");
        value.trim_end_matches('"').to_owned()
    };
    Some((of("IOPlatformUUID"), of("IOPlatformSerialNumber")))
}

/// The SMBIOS tables that the driver `mssmbios` stores in the registry, in the format of `GetSystemFirmwareTable("RSMB")`:
/// eight bytes (calling method, version in two, revision, length in four) and then the tables.
#[cfg(windows)]
fn hardware(_dmi: &Path) -> Hardware {
    let key = windows_registry::LOCAL_MACHINE.open(r"SYSTEM\CurrentControlSet\Services\mssmbios\Data");
    let data = key.and_then(|key| key.get_value("SMBiosData"));
    data.ok().and_then(|data| parse_smbios(&data)).unwrap_or_default()
}

#[cfg(windows)]
fn parse_smbios(data: &[u8]) -> Option<Hardware> {
    let (head, tables) = data.split_at_checked(8)?;
    // The crate needs an entry point (SMBIOS 3.0, table 2) for version and length; Windows does not store one.
    let mut entry = [0; 24];
    entry[..5].copy_from_slice(b"_SM3_");
    (entry[6], entry[7], entry[8]) = (24, head[1], head[2]);
    entry[10] = 1;
    entry[12..16].copy_from_slice(&u32::try_from(tables.len()).ok()?.to_le_bytes());
    entry[5] = entry.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)).wrapping_neg();
    let entry = dmidecode::EntryPoint::search(&entry).ok()?;
    entry.structures(tables).flatten().find_map(|structure| match structure {
        dmidecode::Structure::System(system) => {
            Some((system.uuid.map(|uuid| uuid.to_string()).unwrap_or_default(), system.serial.trim().to_owned()))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn mac_hardware_is_read_from_ioreg() {
        let folder = tempfile::tempdir().unwrap();
        let ioreg = folder.path().join("ioreg");
        let script = r#"#!/bin/sh
[ "$*" = '-rd1 -c IOPlatformExpertDevice' ] || exit 1
cat << 'END'
+-o MacBookPro18,3  <class IOPlatformExpertDevice, id 0x100000221, registered>
    {
      "IOPlatformUUID" = "A5E12B0C-1E9F-5C1A-9F37-0A1B2C3D4E5F"
      "IOPlatformSerialNumber" = "C02XG0FDH7JY"
    }
END
"#;
        std::fs::write(&ioreg, script).unwrap();
        std::fs::set_permissions(&ioreg, std::fs::Permissions::from_mode(0o755)).unwrap();
        let (uuid, serial) = io_registry(&ioreg).unwrap();
        assert_eq!((uuid.as_str(), serial.as_str()), ("A5E12B0C-1E9F-5C1A-9F37-0A1B2C3D4E5F", "C02XG0FDH7JY"));
        assert!(io_registry(&folder.path().join("absent")).is_none());
    }
}
