//! What this laptop says of itself.

use std::path::Path;

use crate::protocol::{Bounded, LaptopFacts};

/// Where Linux shows what SMBIOS says.
pub(super) const DMI: &str = "/sys/class/dmi/id";

/// `imd-activate 0.1.0`
pub(super) fn agent() -> Bounded<64> {
    Bounded::cut(concat!("imd-activate ", env!("CARGO_PKG_VERSION")))
}

/// The facts, with the hardware's as the files of `dmi` have them; what cannot be read is left out.
pub(super) fn facts(dmi: &Path) -> LaptopFacts {
    let of =
        |name: &str| std::fs::read_to_string(dmi.join(name)).map(|text| text.trim().to_owned()).unwrap_or_default();
    LaptopFacts {
        host_name: Bounded::cut(&rustix::system::uname().nodename().to_string_lossy()),
        uuid: Bounded::cut(&of("product_uuid")),
        serial: Bounded::cut(&of("product_serial")),
        system: Bounded::cut(std::env::consts::OS),
        agent: agent(),
    }
}
