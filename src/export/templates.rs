//! The templates of `assets/targets/shared/`, which every target may use.

macro_rules! shared {
    ($($template:literal),+ $(,)?) => {
        &[$(($template, include_str!(concat!("../../assets/targets/shared/", $template)))),+]
    };
}

pub(super) const SHARED: &[(&str, &str)] = shared!(
    "install.cmd.j2",
    "installed.ps1.j2",
    "mac-install.sh.j2",
    "mac-package.sh.j2",
    "msi-install.j2",
    "msi-install.ps1.j2",
    "msi-properties.j2",
    "msi-uninstall.j2",
    "readme-end.md.j2",
    "token.txt.j2",
    "unix-place.sh.j2",
    "unix-preinstall.sh.j2",
    "unix-settings.sh.j2",
    "unix-start.sh.j2",
);

pub(super) fn shared(name: &str) -> Option<&'static str> {
    SHARED.iter().find(|(own, _)| *own == name).map(|(_, text)| *text)
}
