//! Keys of the answers file that have another name now: an old key is an error that names the new one.

/// Old and new key.
pub(super) const RENAMED: [(&str, &str); 11] = [
    ("directory.pin", "directory.pins"),
    ("mapping.every", "mapping.interval"),
    ("frequency.every", "frequency.interval"),
    ("frequency.tz", "frequency.time_zone"),
    ("settings.proof", "settings.auth"),
    ("settings.fuse", "settings.safeguard"),
    ("settings.require_registered", "settings.offline_tokens"),
    ("settings.allow", "settings.pilot_group"),
    ("settings.daily_cap", "settings.daily_activation_limit"),
    ("installer.token_by", "installer.token_delivery"),
    ("installer.out", "installer.folder"),
];

/// The new name of an old key.
pub(super) fn new_name(key: &str) -> Option<&'static str> {
    RENAMED.iter().find(|(old, _)| *old == key).map(|(_, new)| *new)
}
