//! The key pair of the installation, and the secrets sealed with it.
//!
//! An age X25519 identity, in the text form of `age-keygen`. The age library gets the randomness of keys and sealed
//! secrets from the operating system itself, and offers no other way.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::str::FromStr as _;

use age::secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use super::file::{name, read_guarded};
use super::{Error, Secret};

/// The file's name in the state directory.
const FILE: &str = "identity";

/// Seals and opens the secrets of this installation. No `Debug`: it is a private key.
#[expect(missing_debug_implementations, reason = "a private key must not end up in a debug print")]
pub struct Identity(age::x25519::Identity);

impl Identity {
    /// Reads the identity from the file `identity` of the state folder, or creates it.
    ///
    /// # Errors
    /// A file that other users can access, that belongs to another user, or that contains something else is refused. It
    /// is never replaced, because that would make every sealed secret unreadable.
    pub fn open_or_create(state: &Path) -> Result<Self, Error> {
        let path = state.join(FILE);
        match Self::open(&path) {
            Err(Error::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                Self::create(state, &path)?;
                // Not the identity just created: another process may have been first.
                Self::open(&path)
            }
            opened => opened,
        }
    }

    /// The text of the identity file, for a backup.
    pub fn text(state: &Path) -> Result<Secret, Error> {
        Ok(Secret(read_guarded(&state.join(FILE), 0o600)?))
    }

    /// Restores the identity of a backup in one step; another existing identity is kept as `kept` in the state folder.
    /// Repeating it changes nothing.
    pub fn put(state: &Path, text: &Secret, kept: &str) -> Result<(), Error> {
        let path = state.join(FILE);
        let failed = |source| Error::File { doing: "creating", path: name(&path), source };
        parse(text.expose()).ok_or_else(|| Error::NotAnIdentity { path: name(&path) })?;
        if path.exists() {
            if Self::text(state).is_ok_and(|there| there == *text) {
                return Ok(());
            }
            match fs::hard_link(&path, state.join(kept)) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(failed(error)),
                _ => {}
            }
        }
        let draft = state.join(format!(".{FILE}-restored"));
        let written = (|| {
            // A killed process may have left an incomplete draft.
            let _ = fs::remove_file(&draft);
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
            file.write_all(text.expose().as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, &path)?;
            File::open(state)?.sync_all()
        })();
        written.map_err(failed)
    }

    fn open(path: &Path) -> Result<Self, Error> {
        let text = read_guarded(path, 0o600)?;
        let owner =
            fs::metadata(path).map_err(|source| Error::File { doing: "reading", path: name(path), source })?.uid();
        // Root may repair the state of the service; no other user may provide an identity.
        let ours = rustix::process::geteuid();
        if owner != ours.as_raw() && !ours.is_root() {
            return Err(Error::NotOurs { path: name(path), owner });
        }
        parse(&text).map(Self).ok_or_else(|| Error::NotAnIdentity { path: name(path) })
    }

    /// Creates the file completely and under its final name, or keeps an existing file.
    fn create(state: &Path, path: &Path) -> Result<(), Error> {
        let identity = age::x25519::Identity::generate();
        let public = identity.to_public().to_string();
        let text = Zeroizing::new(format!("# public key: {public}\n{}\n", identity.to_string().expose_secret()));
        // The public key is random, so no other process and no earlier crash uses this name.
        let draft = state.join(format!(".{FILE}-{}", &public[public.len() - 16..]));
        let failed = |source| Error::File { doing: "creating", path: name(path), source };
        let written = (|| {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            // A hard link fails if the name exists, unlike a rename.
            match fs::hard_link(&draft, path) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
                _ => Ok(()),
            }
        })();
        let removed = fs::remove_file(&draft);
        written.map_err(failed)?;
        removed.map_err(failed)?;
        File::open(state).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    /// Seals a secret for this installation and one place: unsealing requires the same `label`, so a sealed secret that is
    /// moved to another row cannot be opened.
    pub fn seal(&self, secret: &Secret, label: &str) -> Result<Vec<u8>, Error> {
        let failed = || Error::Seal { label: label.to_owned() };
        let length = u16::try_from(label.len()).map_err(|_| failed())?;
        let mut plain = Zeroizing::new(Vec::with_capacity(2 + label.len() + secret.expose().len()));
        plain.extend_from_slice(&length.to_be_bytes());
        plain.extend_from_slice(label.as_bytes());
        plain.extend_from_slice(secret.expose().as_bytes());
        age::encrypt(&self.0.to_public(), &plain).map_err(|_| failed())
    }

    /// Opens a secret that [`Self::seal`] sealed with the same label.
    pub fn unseal(&self, sealed: &[u8], label: &str) -> Result<Secret, Error> {
        let plain = match age::decrypt(&self.0, sealed) {
            Ok(plain) => Zeroizing::new(plain),
            Err(age::DecryptError::NoMatchingKeys) => {
                return Err(Error::AnotherIdentity { label: label.to_owned() });
            }
            Err(_) => return Err(Error::Damaged { label: label.to_owned() }),
        };
        let (found, secret) = split(&plain).ok_or_else(|| Error::Damaged { label: label.to_owned() })?;
        if found != label.as_bytes() {
            return Err(Error::AnotherLabel { label: label.to_owned() });
        }
        let text = std::str::from_utf8(secret).map_err(|_| Error::Damaged { label: label.to_owned() })?;
        Ok(Secret::new(text))
    }
}

/// The only key in the text of an identity file.
fn parse(text: &str) -> Option<age::x25519::Identity> {
    let mut keys = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    match (keys.next().map(age::x25519::Identity::from_str), keys.next()) {
        (Some(Ok(identity)), None) => Some(identity),
        _ => None,
    }
}

/// The label and the secret: a length of two bytes, most significant first, the label, and the rest.
fn split(plain: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = plain.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn identity() -> (tempfile::TempDir, Identity) {
        let state = tempfile::tempdir().unwrap();
        let identity = Identity::open_or_create(state.path()).unwrap();
        (state, identity)
    }

    #[test]
    fn identity_is_created_once_for_its_owner_only() {
        let (state, first) = identity();
        let path = state.path().join(FILE);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        assert_eq!(fs::read_dir(state.path()).unwrap().count(), 1);
        let again = Identity::open_or_create(state.path()).unwrap();
        let sealed = first.seal(&Secret::new("pw"), "a").unwrap();
        assert!(again.unseal(&sealed, "a").unwrap().expose() == "pw");
    }

    #[test]
    fn many_that_start_at_once_end_with_the_same_identity() {
        let state = tempfile::tempdir().unwrap();
        let all: Vec<_> = std::thread::scope(|scope| {
            let started: Vec<_> =
                (0..8).map(|_| scope.spawn(|| Identity::open_or_create(state.path()).unwrap())).collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let sealed = all[0].seal(&Secret::new("pw"), "a").unwrap();
        for other in &all {
            assert!(other.unseal(&sealed, "a").unwrap().expose() == "pw");
        }
    }

    #[test]
    fn an_identity_that_others_may_read_is_refused() {
        let (state, _) = identity();
        let path = state.path().join(FILE);
        for mode in [0o640, 0o604, 0o644, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(matches!(Identity::open_or_create(state.path()), Err(Error::TooWide { .. })), "{mode:o}");
        }
    }

    #[test]
    fn a_damaged_identity_is_refused_and_not_replaced() {
        let (state, _) = identity();
        let path = state.path().join(FILE);
        let whole = fs::read_to_string(&path).unwrap();
        for text in ["", "# only a comment\n", "AGE-SECRET-KEY-1NONSENSE\n", &format!("{whole}{whole}"), &whole[..80]] {
            fs::write(&path, text).unwrap();
            assert!(matches!(Identity::open_or_create(state.path()), Err(Error::NotAnIdentity { .. })), "{text:?}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn a_sealed_secret_opens_only_under_its_own_label() {
        let (_state, identity) = identity();
        let sealed = identity.seal(&Secret::new("grün 山"), "directory/corp/svc").unwrap();
        assert!(identity.unseal(&sealed, "directory/corp/svc").unwrap().expose() == "grün 山");
        for label in ["directory/corp/sv", "directory/corp/svcg", "", "directory/other/svc"] {
            assert!(matches!(identity.unseal(&sealed, label), Err(Error::AnotherLabel { .. })), "{label}");
        }
        assert!(!sealed.windows(5).any(|part| part == "grün".as_bytes()));
    }

    #[test]
    fn a_secret_sealed_by_another_installation_stays_shut() {
        let ((_a, ours), (_b, theirs)) = (identity(), identity());
        let sealed = theirs.seal(&Secret::new("pw"), "a").unwrap();
        assert!(matches!(ours.unseal(&sealed, "a"), Err(Error::AnotherIdentity { .. })));
    }

    #[test]
    fn a_blob_with_any_byte_changed_or_cut_is_never_opened() {
        let (_state, identity) = identity();
        let sealed = identity.seal(&Secret::new("pw"), "a").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(identity.unseal(&changed, "a").is_err(), "byte {at} changed");
            assert!(identity.unseal(&sealed[..at], "a").is_err(), "cut at {at}");
        }
    }
}
